# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The robot's edge: the only room with rclpy, TF and messages."""
