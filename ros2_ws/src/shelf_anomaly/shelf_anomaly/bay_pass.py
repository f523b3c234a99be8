# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""One bay's stay in view: what its views said, gathered until the bay has gone by."""

from __future__ import annotations

from collections import Counter

import numpy as np

from .records import BayView, BoolArray, CellScores, Float32Array, Refusal
from .scoring import PassMap


class BayPass:
    """Views and scores of one bay while the robot goes by."""

    def __init__(self, bay: str, patrol: str, stamp_ns: int) -> None:
        """Start with the first sight of the bay."""
        self.bay = bay
        self.patrol = patrol
        self.start_ns = stamp_ns
        self.end_ns = stamp_ns
        self.views: list[BayView] = []
        self.scores: list[CellScores] = []
        self.refused: Counter[Refusal] = Counter()
        self.covered: list[float] = []
        """Part of each view that is far from normal or without its structure, 0..1."""
        self._map: PassMap | None = None

    def add(self, view: BayView, scores: CellScores, covered: float = 0.0) -> None:
        """Add one view that was inspected; ``covered`` is the part that may be hidden."""
        if self._map is None:
            self._map = PassMap(*scores.distance.shape)
        self._map.add(scores.distance)
        self.views.append(view)
        self.scores.append(scores)
        self.covered.append(covered)
        self.end_ns = max(self.end_ns, view.stamp_ns)

    def trusted(self, most: float, after: int) -> BayPass:
        """
        Return the pass without the views that someone who stood in front has spoilt.

        Who stands before a part of a bay also draws the registration of the views aside, so that
        much of a view is far from normal although little of it is hidden. Where views were refused
        as covered, the others count only if little of them is far from normal.

        :param most: part of a view that may be
        :param after: covered views from which on the pass is looked at like this
        """
        if self.refused[Refusal.OCCLUDED] < after:
            return self
        kept = BayPass(self.bay, self.patrol, self.start_ns)
        kept.refused = self.refused.copy()
        for view, scores, covered in zip(self.views, self.scores, self.covered, strict=True):
            if covered <= most:
                kept.add(view, scores, covered)
            else:
                kept.refused[Refusal.OCCLUDED] += 1
        kept.end_ns = self.end_ns
        return kept

    @property
    def mean(self) -> Float32Array:
        """Mean distances, shape ``(scales, rows, cols)``."""
        assert self._map is not None, 'a pass without views has no scores'
        return self._map.mean

    @property
    def judged(self) -> BoolArray:
        """Cells that were judged in at least one view, shape ``(rows, cols)``."""
        assert self._map is not None, 'a pass without views has no scores'
        return self._map.judged

    def views_of(self, row: int, col: int) -> list[int]:
        """Return the indices of the views that judged a cell, the most frontal first."""
        found = [i for i, s in enumerate(self.scores) if np.isfinite(s.distance[0, row, col])]

        def aside(i: int) -> float:
            view = self.views[i]
            return abs((col + 0.5) * self.scores[i].cell_m - view.margin_m - view.offset_m)

        return sorted(found, key=aside)
