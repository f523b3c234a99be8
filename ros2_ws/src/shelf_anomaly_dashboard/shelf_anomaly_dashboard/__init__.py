# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The store's side: keeps what the robots report, and shows it to the people who put it right."""
