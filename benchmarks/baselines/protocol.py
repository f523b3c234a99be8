# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
One protocol for all methods: what a method says of cells becomes findings of passes.

The views of a pass are averaged, looked at through a window of about a facing, and compared with
how the bay's normal passes score when each is left out. Local maxima are findings; the threshold
follows from the maxima of the normal passes by the project's own budget rule.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from shelf_anomaly.budget import Budget
from shelf_anomaly.records import Float32Array
from shelf_anomaly.scoring import peaks, window_mean
from shelf_training.evaluation.matching import Sighting

from .views import View, Views

FACING_M = (0.09, 0.20)
APART_M = (0.13, 0.26)
LOWEST = 0.5
"""Standard scores below this are no finding."""


class Method(Protocol):
    """A published method, for one store."""

    name: str

    def learn(self, views: Views, patrols: Sequence[str], told: Callable[[str], None]) -> None:
        """Learn what is normal from the views of some patrols."""

    def score(self, view: View, without: str | None = None) -> Float32Array:
        """
        Return how strange each cell is, ``(rows, cols)``, NaN where not judged; a normal
        patrol's own views are left out with ``without``.
        """


def pass_map(
    method: Method, views: Sequence[View], cell_m: float, without: str | None = None
) -> Float32Array | None:
    """Return the mean of a pass's cells through a facing's window, or None without views."""
    if not views:
        return None
    maps = np.stack([method.score(view, without) for view in views])
    known = np.isfinite(maps)
    count = known.sum(axis=0)
    total = np.where(known, maps, 0.0).sum(axis=0)
    mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return window_mean(mean.astype(np.float32), cell_m, FACING_M)


def run_method(
    method: Method, views: Views, patrols: Sequence[str], told: Callable[[str], None]
) -> tuple[list[Sighting], Callable[[float], float]]:
    """
    Run a method on all test patrols.

    :param patrols: the normal patrols to learn from
    :return: findings of the test patrols, and the threshold of a budget
    """
    method.learn(views, patrols, told)
    store = views.dataset.store
    found: list[Sighting] = []
    maxima: list[float] = []
    tops: list[float] = []
    for bay in views.dataset.bays:
        normal = [
            m
            for p in patrols
            if (m := pass_map(method, views.of(bay, p), views.cell_m, without=p)) is not None
        ]
        told(f'{method.name}: {bay}')
        if len(normal) < 2:
            continue
        stack = np.stack(normal)
        middle, spread = float(np.nanmean(stack)), float(np.nanstd(stack)) + 1e-9
        for one in stack:
            ranked = [
                s for s, _, _ in peaks((one - middle) / spread, views.cell_m, LOWEST, APART_M)
            ]
            maxima += ranked
            tops.append(ranked[0] if ranked else 0.0)
        for patrol in views.tests:
            seen = pass_map(method, views.of(bay, f'test-{patrol}'), views.cell_m)
            if seen is None:
                continue
            margin, height = views.dataset.margin_m, store.bay(bay).height
            for score, row, col in peaks((seen - middle) / spread, views.cell_m, LOWEST, APART_M):
                x = (col + 0.5) * views.cell_m - margin
                y = height + margin - (row + 0.5) * views.cell_m
                level = store.bay(bay).level_at(y)
                name = f'{patrol}/{bay}/{row}/{col}'
                found.append(Sighting(name, bay, level, x, y, 'unknown', score, (patrol,)))
    budget = Budget(
        maxima=np.sort(np.array(maxima))[::-1],
        bay_maxima=np.array(tops),
        aisle_patrols=float(len(patrols) * len(store.aisles)),
        passes=float(len(patrols)),
    )
    return found, budget.threshold
