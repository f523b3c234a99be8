# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Learns what is normal on the shelves of a store; the command is ``shelf-train``."""
