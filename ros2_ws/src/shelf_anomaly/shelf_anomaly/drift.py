# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
Whether what is normal on a bay has moved away from what the model learnt.

For each bay the highest score of a pass, outside the places of alerts, is compared with the same
number on the normal passes of the calibration, each scored without itself. The test is the
one-sided rank sum of Mann and Whitney (1947) with its exact distribution, since both samples are
small. Its p-value alone would call any difference that is real, so the shift must also have used
up a good part of the way to the threshold. Then the bay is to be learnt anew, before it raises
alerts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .artefact import Artefact
from .finder import APART_M, PassResult
from .places import bays_of
from .records import Box, FloatArray

RECENT = 8
"""Passes that are compared."""
ENOUGH = 5
P_VALUE = 0.01
USED_UP = 0.5
"""Part of the way from the usual highest score to the threshold that the shift must have gone."""


def calibrated_maxima(artefact: Artefact) -> dict[str, FloatArray]:
    """Return the highest score of each normal pass by bay; empty if the model does not tell."""
    bays = bays_of(artefact.arrays)
    counts = [int(np.unique(artefact.array(f'{bay}/passes')).size) for bay in bays]
    maxima = artefact.array('budget/bay_maxima')
    if sum(counts) != maxima.size:
        return {}
    parts = np.split(maxima.astype(np.float64), np.cumsum(counts)[:-1])
    return dict(zip(bays, parts, strict=True))


def rank_sum_p(usual: FloatArray, recent: FloatArray) -> float:
    """
    Return the one-sided exact p-value that ``recent`` lies above ``usual`` by chance.

    :param usual: shape ``(n,)``; ties count half
    :param recent: shape ``(m,)``
    """
    n, m = len(usual), len(recent)
    above = (recent[:, None] > usual[None]).sum() + 0.5 * (recent[:, None] == usual[None]).sum()
    # ways[k, u]: choices of k of the first i places with a statistic of u (Mann and Whitney 1947).
    ways = np.zeros((m + 1, n * m + 1))
    ways[0, 0] = 1.0
    for place in range(n + m):
        for k in range(min(m, place + 1), 0, -1):
            shift = place - (k - 1)  # how many of the other sample lie below
            if shift <= n:
                moved = np.zeros(n * m + 1)
                moved[shift:] = ways[k - 1, : n * m + 1 - shift]
                ways[k] += moved
    counts = ways[m]
    return float(counts[int(np.floor(above)) :].sum() / counts.sum())


def highest_elsewhere(result: PassResult, alerts: Sequence[Box]) -> float | None:
    """Return the highest score of a pass outside alerts; None when nothing was judged there."""
    scores = result.scores.copy()
    x = (np.arange(scores.shape[1]) + 0.5) * result.cell_m - result.margin_m
    y = result.bay_height_m + result.margin_m - (np.arange(scores.shape[0]) + 0.5) * result.cell_m
    for box in alerts:
        near = (np.abs(y - box.y) <= APART_M[1])[:, None] & (np.abs(x - box.x) <= APART_M[0])
        scores[near] = np.nan
    return float(np.nanmax(scores)) if np.isfinite(scores).any() else None


class DriftWatch:
    """The last passes of each bay, beside those of the calibration."""

    def __init__(self, usual: Mapping[str, FloatArray], model: str, known: Any = None) -> None:
        """
        Begin, or go on.

        :param usual: highest score of the normal passes by bay
        :param model: tells one fit from another; what was seen under another one does not count
        :param known: what :meth:`state` returned in an earlier run
        """
        self._usual = usual
        self._model = model
        self._recent: dict[str, list[float]] = {}
        if isinstance(known, Mapping) and known.get('model') == model:
            self._recent = {bay: [float(v) for v in vs] for bay, vs in known['recent'].items()}
        self._moved: set[str] = set()

    @property
    def moved(self) -> tuple[str, ...]:
        """Bays to be learnt anew, sorted."""
        return tuple(sorted(self._moved))

    def state(self) -> dict[str, Any]:
        """Return what is to be kept over a restart."""
        return {'model': self._model, 'recent': self._recent}

    def add(self, bay: str, highest: float, threshold: float) -> bool:
        """Take in a pass; :return: whether what is normal on the bay has moved."""
        usual = self._usual.get(bay)
        if usual is None or len(usual) < 2:
            return False
        recent = self._recent.setdefault(bay, [])
        recent.append(highest)
        del recent[:-RECENT]
        middle = float(np.median(usual))
        far = float(np.median(recent)) - middle >= USED_UP * (threshold - middle)
        if len(recent) >= ENOUGH and far and rank_sum_p(usual, np.array(recent)) < P_VALUE:
            self._moved.add(bay)
        else:
            self._moved.discard(bay)
        return bay in self._moved
