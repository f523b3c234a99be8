# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What the worker does with frames, time and verdicts: the pipeline's calls, patrol by patrol."""

from __future__ import annotations

from collections.abc import Callable
import time
from typing import Protocol

from ..errors import FrameError, PoseError
from ..image_io import Decoded
from ..pipeline import Pipeline
from ..records import Alert, CameraPose, Frame, Outcome
from .guard import Guard
from .health import Health
from .patrols import PatrolBook
from .shot import Shot


class Outlet(Protocol):
    """Takes what the pipeline brings."""

    def outcome(
        self,
        outcome: Outcome,
        open_alerts: tuple[Alert, ...],
        frame: Frame | None,
        shot: Shot | None,
    ) -> None:
        """Publish one step; ``frame`` and ``shot`` are those of the step, if it had any."""

    def heard(self) -> bool:
        """Return whether somebody reads the alerts."""


class Pupil(Protocol):
    """Gathers frames while the robot is being taught."""

    def begin(self) -> None:
        """Get ready."""

    def add(self, frame: Frame, pose: CameraPose, patrol: str) -> None:
        """Take a frame."""

    def end(self) -> None:
        """Keep what was gathered."""


class Session:
    """Owns the pipeline; every method runs in the worker's thread."""

    def __init__(
        self,
        pipeline: Pipeline,
        book: PatrolBook,
        decode: Callable[..., Decoded],
        outlet: Outlet,
        health: Health,
        guard: Guard,
    ) -> None:
        """Take the parts; ``decode`` turns a message into pixels."""
        self._pipeline = pipeline
        self._book = book
        self._decode = decode
        self._outlet = outlet
        self._health = health
        self._guard = guard
        interrupted = pipeline.interrupted_patrol
        self._patrolling = interrupted is not None
        if interrupted is not None:
            book.resume(*interrupted)
        self.relearn_bays: tuple[str, ...] = ()
        """Bays to be learnt anew; any thread may read it."""
        self.unsent = bool(pipeline.unsent())
        """Whether there are alerts whose latest state nobody was told."""
        self._pupil: Pupil | None = None
        self.open_alerts: tuple[Alert, ...] = pipeline.open_alerts
        """A snapshot that any thread may read."""

    def frame(self, shot: Shot) -> None:
        """Inspect one frame; what is wrong with it is counted, and only it is lost."""
        begun = time.perf_counter()
        try:
            decoded = self._decode(shot.message)
            frame = Frame(shot.stamp_ns, decoded.image, shot.camera, shot.frame_id)
        except FrameError as error:
            self._health.count('rejected')
            self._guard.trouble(error.reason, str(error))
            return
        if decoded.note:
            self._guard.trouble('format', f'image: {decoded.note}')
        decode_ms = (time.perf_counter() - begun) * 1e3
        self._turn_page(shot.stamp_ns)
        try:
            if self._pupil is not None:
                self._pupil.add(frame, shot.pose, self._book.running or '')
                return
            outcome = self._pipeline.process(frame, shot.pose)
        except (FrameError, PoseError) as error:
            self._health.count('rejected' if isinstance(error, FrameError) else 'unplaced')
            self._guard.trouble(error.reason, str(error))
            return
        self._health.count('views', len(outcome.views))
        self._health.count('refused', len(outcome.refused))
        published = time.perf_counter()
        self._put(outcome, frame, shot)
        publish_ms = (time.perf_counter() - published) * 1e3
        latency_ms = (time.monotonic() - shot.arrived_s + shot.age_s) * 1e3
        stages = (('decode', decode_ms), *outcome.stage_ms, ('publish', publish_ms))
        self._health.frame_inspected(latency_ms, stages)

    def idle(self, now_ns: int) -> None:
        """End what has been out of sight, and the patrol after a long silence."""
        if not self._patrolling:
            return
        if self._pupil is None:
            self._put(self._pipeline.idle(now_ns))
        if self._book.silence(now_ns):
            self._end()

    def verdict(
        self, alert_id: str, verdict: str, stamp_ns: int, author: str = '', note: str = ''
    ) -> None:
        """Take over what a person said about an alert."""
        changed = self._pipeline.verdict(alert_id, verdict, stamp_ns, author=author, note=note)
        self._put(Outcome(alerts=changed))

    def hear(self, told: Alert) -> None:
        """Take in what another robot says of an alert."""
        before = self.open_alerts
        changed = self._pipeline.hear(told)
        if changed or self._pipeline.open_alerts != before:
            self._put(Outcome(alerts=changed))

    def say_again(self) -> None:
        """Publish what nobody was told, because nobody read or the process was killed."""
        if not self._outlet.heard():
            return
        alerts = self._pipeline.unsent()
        self.unsent = False
        self._outlet.outcome(Outcome(alerts=alerts), self.open_alerts, None, None)
        self._pipeline.sent(alerts)

    def set_budget(self, false_alarms_per_aisle_patrol: float) -> None:
        """Use another false-alarm budget from the next decision on."""
        self._pipeline.set_budget(false_alarms_per_aisle_patrol)

    def teach(self, pupil: Pupil | None) -> None:
        """Gather frames instead of inspecting them, until this is called with None."""
        self._end()
        if self._pupil is not None:
            self._pupil.end()
        self._pupil = pupil
        self._book.rename(self._book.name)
        if pupil is not None:
            pupil.begin()

    def adopt(self, fresh: Pipeline) -> None:
        """Inspect with another model from the next frame on; no frame is lost."""
        self._put(self._pipeline.adopt(fresh))

    def rename(self, name: str) -> None:
        """End the patrol; the next frame begins one of this name."""
        self._end()
        self._book.rename(name)

    def finish(self) -> None:
        """End all passes and the patrol, and publish what they bring."""
        self._end()

    def _turn_page(self, stamp_ns: int) -> None:
        beginning = self._book.frame(stamp_ns)
        if beginning is not None:
            if not beginning.jumped_back:
                self._end()
            self._pipeline.begin_patrol(beginning.name)
            self._patrolling = True

    def _end(self) -> None:
        if self._patrolling:
            self._patrolling = False
            if self._pupil is not None:
                return  # what is being taught is not inspected: there is nothing to report
            self._put(self._pipeline.end_patrol())

    def _put(self, outcome: Outcome, frame: Frame | None = None, shot: Shot | None = None) -> None:
        self.open_alerts = self._pipeline.open_alerts
        self._outlet.outcome(outcome, self.open_alerts, frame, shot)
        if outcome.alerts and self._outlet.heard():
            self._pipeline.sent(outcome.alerts)
        elif outcome.alerts:
            self.unsent = True
        moved = tuple(bay for bay in self._pipeline.relearn_bays if bay not in self.relearn_bays)
        self.relearn_bays = self._pipeline.relearn_bays
        for bay in moved:
            self._guard.trouble(
                'relearn',
                f'bay {bay}: what is normal there has moved away from what the model learnt; '
                'drive by it again and fit it anew',
            )
        problem = self._pipeline.memory_problem()
        if problem:
            self._guard.trouble('memory', problem)
