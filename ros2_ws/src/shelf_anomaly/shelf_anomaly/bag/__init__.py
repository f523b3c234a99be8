# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Recorded patrols: bags in, alerts and reports out. The only place that knows rosbags."""
