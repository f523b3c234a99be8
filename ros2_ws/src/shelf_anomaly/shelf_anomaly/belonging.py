# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Where else in the store an appearance is normal: tells misplaced from foreign and names the home."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .artefact import Artefact
from .density import patch_codes
from .places import unpack
from .records import Float32Array
from .scoring import PATCH_M

CHUNK = 65536  # patches compared at once
STEP = 2  # cells between the patches that are kept
OWN_PLACE_M = 0.25  # patches as near as this to the place itself are no 'elsewhere'
MIN_ACTIVITY = 0.35  # a patch with less structure than this shows the shelf, not a product


@dataclass(frozen=True, slots=True)
class Home:
    """A bay where an appearance is normal."""

    bay: str
    distance: float


class Belonging:
    """Patches of all normal bays."""

    def __init__(
        self, artefact: Artefact, bays: tuple[str, ...], cell_m: float, margin_m: float
    ) -> None:
        """Gather the patches of ``bays``; every second view is enough to know a product."""
        codes, homes, xs, ys, empty = [], [], [], [], []
        for index, bay in enumerate(bays):
            normal = unpack(artefact, bay)
            rows, cols = normal.activity.shape
            grid = np.zeros((rows, cols), bool)
            grid[::STEP, ::STEP] = True
            for view in range(0, len(normal.references.codes), 2):
                patch, enough = patch_codes(
                    normal.references.codes[view], normal.references.seen[view], cell_m, PATCH_M
                )
                row, col = np.nonzero(grid & enough)
                codes.append(patch[row, col].astype(np.float16))
                empty.append(normal.activity[row, col] < MIN_ACTIVITY)
                homes.append(np.full(row.size, index, np.int32))
                xs.append(((col + 0.5) * cell_m - margin_m).astype(np.float32))
                ys.append((row * cell_m).astype(np.float32))
        self._bays = bays
        self._codes = np.concatenate(codes)
        self._empty = np.concatenate(empty)
        self._homes, self._x, self._row_m = (
            np.concatenate(homes),
            np.concatenate(xs),
            np.concatenate(ys),
        )

    def homes(
        self, codes: Sequence[Float32Array], bay: str, x: float, row_m: float
    ) -> tuple[list[Home], float]:
        """
        Return the bays in which an appearance is most at home, best first.

        :param codes: the patch's code in one or more views, shape ``(dims,)`` each; distances are averaged
        :param bay: where it was seen; its own place there does not count
        :param x: metres right of that bay's origin
        :param row_m: metres below the top of that bay's view
        :return: the homes, and the distance to what an empty piece of shelf looks like anywhere (infinite if unknown)
        """
        if self._codes.size == 0 or not codes:
            return [], float('inf')
        own = np.zeros(len(self._codes), bool)
        if bay in self._bays:
            own = (
                (self._homes == self._bays.index(bay))
                & (np.abs(self._x - x) < OWN_PLACE_M)
                & (np.abs(self._row_m - row_m) < OWN_PLACE_M)
            )
        distances = [self._distances(code) for code in codes]
        found = []
        for index, name in enumerate(self._bays):
            mine = (self._homes == index) & ~self._empty & ~own
            if mine.any():
                found.append(Home(name, float(np.mean([d[mine].min() for d in distances]))))
        empty = (
            float(np.mean([d[self._empty].min() for d in distances]))
            if self._empty.any()
            else float('inf')
        )
        return sorted(found, key=lambda home: home.distance), empty

    def _distances(self, code: Float32Array) -> Float32Array:
        squared = np.empty(len(self._codes), np.float32)
        for start in range(0, len(self._codes), CHUNK):
            part = self._codes[start : start + CHUNK].astype(np.float32)
            squared[start : start + CHUNK] = ((part - code) ** 2).sum(axis=1)
        return np.sqrt(squared)
