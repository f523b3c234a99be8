# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The pages that people open; each file is one page, ``frame`` is what they share."""
