# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""How well a model does on patrols whose faults are known, as numbers and as a page."""
