# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
Builds the project's environment: a venv with locked packages, and the colcon workspace.

Standard library only, because it runs before anything is installed.
"""
