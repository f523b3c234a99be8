# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The offline loop: bags in order, one patrol each, through the same pipeline as the robot's."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
import math
from pathlib import Path
import time
from typing import Protocol

from ..defaults import FALSE_ALARMS_PER_AISLE_PATROL
from ..errors import BagError, FrameError, PoseError
from ..records import Alert, BayResult, CameraPose, Frame, Outcome, State
from ..store_layout import StoreLayout
from .bag_reader import BagReader
from .problems import Problem
from .result import Patrol, ReplayResult
from .topics import BagOptions

TRACK_STEP_M = 0.1
READING = 'read and decode'


class PatrolPipeline(Protocol):
    """What the loop needs of the pipeline."""

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """All alerts in any state."""

    def begin_patrol(self, name: str) -> None:
        """Start a patrol."""

    def process(self, frame: Frame, camera_pose: CameraPose) -> Outcome:
        """Inspect one frame."""

    def end_patrol(self) -> Outcome:
        """End all passes of the patrol."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a replay is."""

    bag: str
    number: int
    """Of this bag, from 1."""
    bags: int
    frames: int
    """Of this bag so far."""
    frames_total: int
    """Of this bag."""
    all_frames: int
    """Of all bags so far."""
    open_alerts: int
    seconds: float
    """Since the run began."""


@dataclass(frozen=True, slots=True)
class ReplaySettings:
    """What a run is told beside its bags."""

    model: str
    """Name for the report."""
    false_alarms_per_aisle_patrol: float = FALSE_ALARMS_PER_AISLE_PATROL
    """For the report; the pipeline was built with it."""
    options: BagOptions = field(default_factory=BagOptions)


def replay(
    bags: Mapping[str, Path],
    store: StoreLayout,
    pipeline: PatrolPipeline,
    settings: ReplaySettings,
    *,
    on_progress: Callable[[Progress], None] | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> ReplayResult:
    """
    Drive bags through a pipeline.

    A bag that cannot be used, a bad frame, a bad pose: each is kept in the result with its reason
    and the rest goes on.

    :param bags: path of each bag by the patrol's name, in order
    :param store: the layout
    :param pipeline: fresh, built for this store
    :param settings: names for the report, topics of the bags
    :param on_progress: told after every frame
    :param clock: seconds; for times in the report, never for decisions
    :raises BagError: if not one bag could be used, saying why for each
    """
    run = _Run(store, pipeline, settings, clock)
    tell = on_progress or (lambda _: None)
    for number, (name, path) in enumerate(bags.items(), start=1):
        for frames, total in run.patrol(name, path):
            opened = sum(alert.state is State.OPEN for alert in pipeline.alerts)
            tell(Progress(name, number, len(bags), frames, total, run.frames, opened, run.elapsed))
    failed = [patrol.error for patrol in run.patrols.values() if patrol.error]
    if len(failed) == len(bags):
        raise BagError('\n'.join(failed) if failed else 'no bags were named')
    return run.result()


class _Run:
    """What grows while bags are replayed."""

    def __init__(
        self,
        store: StoreLayout,
        pipeline: PatrolPipeline,
        settings: ReplaySettings,
        clock: Callable[[], float],
    ) -> None:
        self.patrols: dict[str, Patrol] = {}
        self.frames = 0
        self._store = store
        self._pipeline = pipeline
        self._settings = settings
        self._clock = clock
        self._start = clock()
        self._refused: Counter[str] = Counter()
        self._stages: defaultdict[str, float] = defaultdict(float)

    @property
    def elapsed(self) -> float:
        return self._clock() - self._start

    def patrol(self, name: str, path: Path) -> Iterator[tuple[int, int]]:
        """Replay one bag; yield the frames done and in all after each."""
        patrol = Patrol(name, dict.fromkeys(self._store.bays, BayResult.NOT_SEEN))
        self.patrols[name] = patrol
        options, frame = self._settings.options, self._store.frame
        began = False
        try:
            with BagReader(path, options, name=name, map_frame=frame) as bag:
                self._pipeline.begin_patrol(name)
                began = True
                for frame_number in self._frames(bag, patrol):
                    yield frame_number, bag.frames_total
        except BagError as error:
            patrol.error = str(error)
        if began:
            self._take(self._pipeline.end_patrol(), patrol)

    def _frames(self, bag: BagReader, patrol: Patrol) -> Iterator[int]:
        before = self.frames

        def told(problem: Problem) -> None:
            patrol.problems.add(problem)
            self.frames += problem.frame_lost

        frames = bag.frames(told)
        while True:
            start = self._clock()
            placed = next(frames, None)
            self._stages[READING] += 1e3 * (self._clock() - start)
            patrol.frames = self.frames - before
            if placed is None:
                return
            self.frames += 1
            patrol.frames += 1
            self._inspect(*placed, patrol)
            yield patrol.frames

    def _inspect(self, frame: Frame, pose: CameraPose, patrol: Patrol) -> None:
        patrol.start_ns = patrol.start_ns or frame.stamp_ns
        patrol.end_ns = max(patrol.end_ns, frame.stamp_ns)
        here = (float(pose.pose.position[0]), float(pose.pose.position[1]))
        if not patrol.track or math.dist(patrol.track[-1], here) >= TRACK_STEP_M:
            patrol.track.append(here)
        try:
            outcome = self._pipeline.process(frame, pose)
        except (FrameError, PoseError) as error:
            patrol.problems.add(
                Problem(patrol.name, '', frame.stamp_ns, error.reason, str(error), frame_lost=True)
            )
            return
        patrol.frames_inspected += bool(outcome.views)
        self._take(outcome, patrol)

    def _take(self, outcome: Outcome, patrol: Patrol) -> None:
        self._refused.update(view.reason.value for view in outcome.refused)
        for stage, ms in outcome.stage_ms:
            self._stages[stage] += ms
        rank = (BayResult.NOT_SEEN, BayResult.NORMAL, BayResult.ALERT)
        for report in outcome.bays:
            patrol.reports.setdefault(report.bay, []).append(report)
            worst = max(patrol.bays[report.bay], report.result, key=rank.index)
            patrol.bays[report.bay] = worst

    def result(self) -> ReplayResult:
        return ReplayResult(
            store=self._store,
            model=self._settings.model,
            false_alarms_per_aisle_patrol=self._settings.false_alarms_per_aisle_patrol,
            patrols=self.patrols,
            alerts=tuple(
                sorted(
                    self._pipeline.alerts, key=lambda a: (a.first_seen_ns, a.bay, a.level, a.box.x)
                )
            ),
            seconds=self.elapsed,
            stage_ms=dict(self._stages),
            refused=dict(self._refused.most_common()),
        )
