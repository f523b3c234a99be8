# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Lets the tests import their builders, whichever folder they are started from."""

from pathlib import Path
import sys

sys.path.insert(0, str(Path(__file__).parent))
