# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What can go wrong while the environment is built."""


class BootstrapError(Exception):
    """The environment cannot be built; the text says what to do about it."""
