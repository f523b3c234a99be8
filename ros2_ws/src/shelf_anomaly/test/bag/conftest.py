# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Lets the tests here import the builders beside and above them."""

from pathlib import Path
import sys

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
