# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
What a model finds far below its working threshold, patrol by patrol, without memory.

Each patrol goes through a pipeline of its own with a loose budget, so that its alerts are the
findings of its passes with their scores. From these every tighter budget can be judged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from shelf_anomaly.artefact import Artefact
from shelf_anomaly.bag.bag_reader import BagReader
from shelf_anomaly.bag.topics import BagOptions
from shelf_anomaly.errors import BagError, FrameError, PoseError
from shelf_anomaly.evidence import picture
from shelf_anomaly.pipeline import Pipeline, PipelineSettings
from shelf_anomaly.places import unpack
from shelf_anomaly.records import BayView
from shelf_anomaly.store_layout import StoreLayout

from .matching import Sighting
from .truth import Fault, Truth

LOOSE = 30.0
"""Budget, false alarms per aisle and patrol: far more than anybody would bear."""
Progress = Callable[[str], None]
"""Called with the patrol's name when it is done."""


@dataclass(slots=True)
class Findings:
    """What was found in all patrols, each on its own."""

    sightings: list[Sighting] = field(default_factory=list)
    pictures: dict[tuple[str, str], bytes] = field(default_factory=dict)
    """JPEG of each fault, by patrol and identity: what was seen there, beside what is normal."""
    floor: float = 0.0
    """Score below which nothing was recorded."""


def find_loosely(
    bags: Mapping[str, Path],
    store: StoreLayout,
    artefact: Artefact,
    truth: Truth,
    *,
    options: BagOptions | None = None,
    budget: float = LOOSE,
    threads: int = 2,
    progress: Progress = lambda _: None,
) -> Findings:
    """
    Record the findings of each patrol.

    :param bags: path of each bag by the patrol's name
    :param truth: faults of the patrols, for their pictures
    :param budget: loose, false alarms per aisle and patrol
    :raises BagError: if a bag cannot be read
    """
    result = Findings()
    settings = PipelineSettings(false_alarms_per_aisle_patrol=budget, threads=threads)
    for name, path in bags.items():
        pipeline = Pipeline(store, artefact, settings)
        best = _BestViews(store, truth.get(name, ()))
        _drive(pipeline, path, name, store, options or BagOptions(), best)
        result.floor = max(result.floor, pipeline.threshold)
        for alert in pipeline.alerts:
            seen = Sighting.of(alert)
            result.sightings.append(replace(seen, id=f'{name}/{seen.id}'))
        result.pictures |= {(name, i): jpeg for i, jpeg in best.pictures(artefact).items()}
        progress(name)
    return result


def thresholds(
    store: StoreLayout, artefact: Artefact, budgets: Sequence[float]
) -> dict[float, float]:
    """Return the score from which the model raises an alert, for each budget."""
    pipeline = Pipeline(store, artefact, PipelineSettings(threads=1))
    found = {}
    for budget in budgets:
        pipeline.set_budget(budget)
        found[budget] = pipeline.threshold
    return found


class _BestViews:
    """Keeps, of each fault, the view taken from most nearly in front of it."""

    def __init__(self, store: StoreLayout, faults: Sequence[Fault]) -> None:
        self._store = store
        self._faults = faults
        self._best: dict[str, BayView] = {}

    def take(self, view: BayView) -> None:
        for fault in self._faults:
            if fault.bay != view.bay or not self._shows(view, fault):
                continue
            before = self._best.get(fault.identity)
            if before is None or self._aside(view, fault) < self._aside(before, fault):
                self._best[fault.identity] = view

    def pictures(self, artefact: Artefact) -> dict[str, bytes]:
        made = {}
        for fault in self._faults:
            view = self._best.get(fault.identity)
            if view is not None and f'{fault.bay}/codes' in artefact.arrays:
                normal = unpack(artefact, fault.bay)
                made[fault.identity] = picture(
                    self._store.bay(fault.bay), view, normal, fault.shown
                )
        return made

    @staticmethod
    def _aside(view: BayView, fault: Fault) -> float:
        return abs(view.offset_m - fault.centre[0])

    def _shows(self, view: BayView, fault: Fault) -> bool:
        x, y = fault.centre
        col = int((x + view.margin_m) * view.px_per_m)
        row = int((self._store.bay(view.bay).height + view.margin_m - y) * view.px_per_m)
        rows, cols = view.seen.shape
        return 0 <= row < rows and 0 <= col < cols and bool(view.seen[row, col])


def _drive(
    pipeline: Pipeline,
    path: Path,
    name: str,
    store: StoreLayout,
    options: BagOptions,
    best: _BestViews,
) -> None:
    pipeline.begin_patrol(name)
    placed = 0
    with BagReader(path, options, name=name, map_frame=store.frame) as bag:
        for frame, pose in bag.frames(lambda _: None):
            placed += 1
            try:
                outcome = pipeline.process(frame, pose)
            except (FrameError, PoseError):
                continue  # told by the replay, which meets it too
            for view in outcome.views:
                best.take(view)
    pipeline.end_patrol()
    if not placed:
        raise BagError(f'{path}: no frame of it could be placed')
