# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What stands wrong on which shelf, seen from a patrolling robot's camera."""
