# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
Whether a finding rests on more than one look.

One view can be wrong in its own way: a hand, a reflection, a smear, a registration that slipped. A
fault stands in the shelf and shows in every view. So where a place was judged from several points
of the aisle, at least two of them, and half of all views, must show it by themselves.
"""

from __future__ import annotations

import numpy as np

from .bay_pass import BayPass
from .places import PlaceStatistics
from .scoring import channels, score_map

STEP_M = 0.1
"""Views whose cameras stood as far apart as this count as independent looks."""
LOOKS = 2
SHOWN = 0.6
"""Part of the threshold that a single view, noisier than their mean, must reach."""


def enough_views(
    seen: BayPass, statistics: PlaceStatistics, cell: tuple[int, int], threshold: float
) -> bool:
    """
    Return whether enough independent views show what a pass found at a cell.

    A view shows it when its own score there reaches SHOWN times the threshold. A place that was
    only judged from one point of the aisle cannot be asked twice: there the pass decides alone.
    """
    judged: list[float] = []
    shown: list[float] = []
    for index in seen.views_of(*cell):
        scores = seen.scores[index]
        own = score_map(channels(scores.distance, scores.cell_m), statistics, scores.cell_m)[cell]
        if np.isfinite(own):
            judged.append(seen.views[index].offset_m)
            if own >= SHOWN * threshold:
                shown.append(seen.views[index].offset_m)
    if 2 * len(shown) < len(judged):
        return False
    return _spots(shown) >= min(LOOKS, max(1, _spots(judged)))


def _spots(offsets_m: list[float]) -> int:
    """Count the points of the aisle, STEP_M apart, from which views were taken."""
    count, last = 0, -np.inf
    for offset in sorted(offsets_m):
        if offset - last >= STEP_M:
            count, last = count + 1, offset
    return count
