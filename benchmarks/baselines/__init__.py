# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Published methods on bay views, to compare with; none of them runs on the robot."""
