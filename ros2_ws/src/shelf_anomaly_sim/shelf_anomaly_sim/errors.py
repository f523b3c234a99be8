# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Errors that the simulator raises on purpose."""

from __future__ import annotations

from shelf_anomaly.errors import ShelfAnomalyError


class PicturesError(ShelfAnomalyError):
    """A folder of product pictures that cannot be used; names the folder or the file."""


class PlanError(ShelfAnomalyError):
    """A store, route or set of faults that cannot be built as asked."""
