# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""A simulated store, robot and camera, with planted faults and their truth."""
