# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""How places look in one pass, beside how they looked before and on the normal passes."""

from __future__ import annotations

from .appearance import alike, Appearance, appearance_in, normal_appearances, usual_distance
from .bay_pass import BayPass
from .finder import Finder, PassResult
from .places import NormalBay


class PassLook:
    """How places look in one pass, beside how they look on the normal ones."""

    def __init__(
        self, seen: BayPass, normal: NormalBay, finder: Finder, found: PassResult
    ) -> None:
        """Take a pass and what was found in it."""
        self._seen = seen
        self._normal = normal
        self._finder = finder
        self._found = found

    def now(self, then: Appearance) -> Appearance | None:
        """Return the place of an appearance as this pass saw it."""
        return appearance_in(self._seen, then.middle)

    def normals(self, then: Appearance) -> list[Appearance]:
        """Return the same place on each normal pass."""
        cell_m = self._seen.scores[0].cell_m
        return normal_appearances(self._normal.references, then.middle, cell_m)

    def _put_right(self, then: Appearance) -> bool:
        """Return whether nothing is found at a place any more and its usual print is there."""
        rows, cols = self._found.scores.shape
        cell = min(then.middle[0], rows - 1), min(then.middle[1], cols - 1)
        score = self._found.score_at_cell(*cell)
        quiet = score is not None and score < self._found.threshold
        return quiet and self._finder.at_home(self._seen, self._normal, cell)

    def alike(self, _bay: str, then: Appearance) -> bool | None:
        """
        Return whether the place looks as it did.

        A variety that looks much like what belongs there may be nearer to it by its codes than to
        the few normal passes; not by its print.
        """
        now = self.now(then)
        if now is None:
            return None
        if self._put_right(then):
            return False
        normals = self.normals(then)
        return alike(now, then, normals, usual_distance(normals))
