# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Product art drawn by our own code: families of look-alike packages, produce, and lost things."""

from .assortment import drawn_catalogue

__all__ = ['drawn_catalogue']
