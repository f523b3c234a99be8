# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What of its usual structure a pass shows: in cells, and in fine columns of each board."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .bay_pass import BayPass
from .emptiness import edge_shares, emptied, most_near
from .places import NormalBay
from .records import Float32Array
from .scoring import PATCH_M, window_mean
from .store_layout import Bay

BESIDE_M = 0.03  # to each side of a maximum; cells are 4 cm wide


@dataclass(frozen=True, slots=True)
class Bare:
    """How bare one place is."""

    structure: float
    """Part of its usual structure, in a window of one facing; 1 where that is not known."""
    emptied: float
    """Logarithm of how many times less its column of the board shows than it ever did."""


class Bareness:
    """How bare each place of a bay is on one pass."""

    def __init__(
        self, seen: BayPass, normal: NormalBay, bay: Bay, *, columns: bool = True
    ) -> None:
        """
        Compare a pass with at least one view with normal passes.

        :param columns: whether columns are looked at, too; if not, none counts as emptied
        """
        self._bay = bay
        self._cell_m, self._margin_m = seen.scores[0].cell_m, seen.views[0].margin_m
        self._structure = structure_of(seen, normal)
        self._emptied = (
            emptied(edge_shares(seen.views, bay), normal.edges)
            if columns
            else np.zeros((len(bay.levels), 0), np.float32)
        )

    def at(self, cell: tuple[int, int]) -> Bare:
        """Return how bare a place is, given its row and column."""
        y = self._bay.height + self._margin_m - (cell[0] + 0.5) * self._cell_m
        x = (cell[1] + 0.5) * self._cell_m - self._margin_m
        columns = self._emptied[self._bay.level_at(y)]
        return Bare(float(self._structure[cell]), most_near(columns, x, BESIDE_M))


def structure_of(seen: BayPass, normal: NormalBay) -> Float32Array:
    """
    Return which part of its usual structure each place shows; 1 where that is not known.

    :return: shape ``(rows, cols)``
    """
    cell_m = seen.scores[0].cell_m
    shown, usual = activity_of(seen, cell_m), window_mean(normal.activity, cell_m, PATCH_M)
    known = np.isfinite(shown) & np.isfinite(usual) & (usual > 0)
    return np.where(known, shown / np.where(known, usual, 1.0), 1.0).astype(np.float32)


def activity_of(seen: BayPass, cell_m: float) -> Float32Array:
    """Return the pass's mean structure through a facing's window, shape ``(rows, cols)``."""
    total = np.stack(
        [np.where(np.isfinite(s.distance[0]), s.activity, np.nan) for s in seen.scores]
    )
    known = np.isfinite(total)
    mean = np.where(
        known.any(0), np.nan_to_num(total).sum(0) / np.maximum(known.sum(0), 1), np.nan
    )
    return window_mean(mean.astype(np.float32), cell_m, PATCH_M)
