# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
The flow: frame and pose -> bay views -> scores -> (at the end of a pass) findings -> alerts.

Everything here is decided by the frames, their poses and their order; no clock is read except to
measure the stages.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
import time

from .artefact import Artefact
from .bay_pass import BayPass
from .belonging import Belonging
from .budget import Budget
from .errors import ArtefactError
from .evidence import picture, roi
from .finder import Finder, PassResult
from .inspector import Inspector
from .locator import GateSettings, Locator
from .places import bays_of
from .records import Alert, BayReport, BayResult, CameraPose, Finding, Frame, Outcome, Refusal
from .store_layout import StoreLayout
from .tracker import Tracker

MIN_COVERAGE = 0.3  # part of a bay that must have been judged for 'normal' to mean something


@dataclass(frozen=True, slots=True)
class PipelineSettings:
    """What may be chosen when the pipeline is built."""

    false_alarms_per_aisle_patrol: float = 1.0
    gate: GateSettings = field(default_factory=GateSettings)
    threads: int = 2
    pass_gap_ns: int = 2_000_000_000
    """A bay that was out of sight for as long has been passed."""
    evidence: bool = True


class Pipeline:
    """Holds the rooms together and the passes that are under way."""

    def __init__(
        self, store: StoreLayout, artefact: Artefact, settings: PipelineSettings | None = None
    ) -> None:
        """
        Build all rooms.

        :raises ArtefactError: if the artefact is damaged or was made for another store
        """
        self.settings = settings or PipelineSettings()
        known = bays_of(artefact.arrays)
        if artefact.store != store.store or not set(known) & set(store.bays):
            raise ArtefactError(
                f'{artefact.folder}: was fitted on store {artefact.store!r}, but {store.source} is store {store.store!r}; '
                'pass the store.yaml that the model was fitted with, or fit a model for this store'
            )
        self._store = store
        self._bays = tuple(bay for bay in store.bays if bay in known)
        self._inspector = Inspector(artefact, threads=self.settings.threads)
        margin_m = artefact.number('margin_m')
        self._locator = Locator(
            store, px_per_m=artefact.number('px_per_m'), margin_m=margin_m, gate=self.settings.gate
        )
        self._templates = {bay: self._inspector.normal(bay).template for bay in self._bays}
        self._budget = Budget(
            artefact.array('budget/maxima'),
            artefact.array('budget/bay_maxima'),
            artefact.number('aisle_patrols'),
        )
        self._threshold = self._budget.threshold(self.settings.false_alarms_per_aisle_patrol)
        belonging = Belonging(artefact, self._bays, self._inspector.settings.cell_m, margin_m)
        self._finder = Finder(self._budget, belonging, artefact.number('at_home_distance'))
        self._tracker = Tracker(store)
        self._patrol = 'patrol'
        self._passes: dict[str, BayPass] = {}
        self._visited: set[str] = set()
        self._last_ns: int | None = None
        self._frame_shape: tuple[int, ...] = (0, 0)
        self._frame_id = ''

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """All alerts, oldest first."""
        return self._tracker.alerts

    @property
    def open_alerts(self) -> tuple[Alert, ...]:
        """The alerts that are open, oldest first."""
        return self._tracker.open_alerts

    @property
    def threshold(self) -> float:
        """The score from which a place raises an alert, by the present budget."""
        return self._threshold

    def set_budget(self, false_alarms_per_aisle_patrol: float) -> None:
        """Change the budget; :raises SettingsError: if it is not above 0."""
        self._threshold = self._budget.threshold(false_alarms_per_aisle_patrol)
        self.settings = replace(
            self.settings, false_alarms_per_aisle_patrol=false_alarms_per_aisle_patrol
        )

    def adopt(self, fresh: Pipeline) -> Outcome:
        """
        Take over another model between two frames; alerts, patrol and budget stay.

        Passes that are under way of bays whose normal state differs are ended with the old model
        first, because scores of two models cannot be averaged; the others go on.

        :param fresh: a pipeline that was built on the new model for the same store
        :return: what the passes that were ended have brought
        """
        times: dict[str, float] = {}
        ended = self._end(
            [bay for bay in self._passes if not self._inspector.same(fresh._inspector, bay)],
            times,
        )
        self._bays, self._templates = fresh._bays, fresh._templates
        self._inspector, self._locator = fresh._inspector, fresh._locator
        self._budget, self._finder = fresh._budget, fresh._finder
        self.set_budget(self.settings.false_alarms_per_aisle_patrol)
        return replace(ended, stage_ms=tuple(times.items()))

    def begin_patrol(self, name: str) -> None:
        """Start a patrol; passes of an earlier one that was not ended are dropped."""
        self._patrol = name
        self._passes.clear()
        self._visited.clear()
        self._last_ns = None

    def process(self, frame: Frame, camera_pose: CameraPose) -> Outcome:
        """
        Inspect one frame.

        :raises PoseError: if this frame cannot be placed; nothing else is lost
        """
        times: dict[str, float] = {}
        if self._last_ns is not None and frame.stamp_ns < self._last_ns:
            self._passes.clear()  # a bag that loops, or a clock that was set: what ran is void
        self._last_ns = frame.stamp_ns
        self._frame_shape, self._frame_id = frame.image.shape, frame.frame_id
        with _timed(times, 'locate'):
            views, refused = self._locator.locate(frame, camera_pose, self._templates)
        for view in views:
            if view.bay not in self._templates:
                continue  # a bay that the model does not know
            with _timed(times, 'inspect'):
                scores = self._inspector.inspect(view)
            self._pass(view.bay, frame.stamp_ns).add(view, scores)
        for refusal in refused:
            if refusal.reason is not Refusal.COVERAGE and refusal.bay in self._templates:
                seen = self._pass(refusal.bay, frame.stamp_ns)
                seen.refused[refusal.reason] += 1
                seen.end_ns = frame.stamp_ns
        ended = self._end(
            [
                b
                for b, p in self._passes.items()
                if frame.stamp_ns - p.end_ns >= self.settings.pass_gap_ns
            ],
            times,
        )
        return replace(
            ended, views=tuple(views), refused=tuple(refused), stage_ms=tuple(times.items())
        )

    def idle(self, now_ns: int) -> Outcome:
        """End the passes of bays that have been out of sight for ``pass_gap_ns``."""
        times: dict[str, float] = {}
        gone = [
            b for b, p in self._passes.items() if now_ns - p.end_ns >= self.settings.pass_gap_ns
        ]
        return replace(self._end(gone, times), stage_ms=tuple(times.items()))

    def end_patrol(self) -> Outcome:
        """End all passes, and report the bays that were not seen at all."""
        times: dict[str, float] = {}
        outcome = self._end(list(self._passes), times)
        stamp = self._last_ns or 0
        missed = tuple(
            BayReport(
                bay,
                self._patrol,
                BayResult.NOT_SEEN,
                stamp,
                stamp,
                0,
                (),
                0.0,
                0.0,
                self._threshold,
            )
            for bay in self._bays
            if bay not in self._visited
        )
        return replace(outcome, bays=outcome.bays + missed, stage_ms=tuple(times.items()))

    def verdict(self, alert_id: str, verdict: str, stamp_ns: int) -> tuple[Alert, ...]:
        """Take what a person said of an alert: confirmed, false_alarm, resolved or reopened."""
        del stamp_ns  # kept in the interface: the history of an alert will want it
        return self._tracker.verdict(alert_id, verdict)

    def _pass(self, bay: str, stamp_ns: int) -> BayPass:
        if bay not in self._passes:
            self._passes[bay] = BayPass(bay, self._patrol, stamp_ns)
        return self._passes[bay]

    def _end(self, bays: list[str], times: dict[str, float]) -> Outcome:
        alerts: list[Alert] = []
        reports: list[BayReport] = []
        for bay in bays:
            seen = self._passes.pop(bay)
            self._visited.add(bay)
            with _timed(times, 'find'):
                changed, report = self._end_pass(seen)
            alerts.extend(changed)
            reports.append(report)
        return Outcome(alerts=tuple(alerts), bays=tuple(reports))

    def _end_pass(self, seen: BayPass) -> tuple[list[Alert], BayReport]:
        bay = self._store.bay(seen.bay)
        changed: list[Alert] = []
        ids: list[str] = []
        result, coverage, highest = BayResult.NOT_SEEN, 0.0, 0.0
        if seen.views:
            found = self._finder.find(bay, seen, self._inspector.normal(seen.bay), self._threshold)
            standing, resolved = self._tracker.update(bay, seen.patrol, seen.end_ns, found)
            changed = [
                self._with_evidence(alert, finding, seen, found) for alert, finding in standing
            ]
            ids = [alert.id for alert in changed]
            changed += resolved
            coverage, highest = found.coverage, found.highest
            if ids:
                result = BayResult.ALERT
            elif coverage >= MIN_COVERAGE:
                result = BayResult.NORMAL
        return changed, BayReport(
            bay=seen.bay,
            patrol=seen.patrol,
            result=result,
            start_ns=seen.start_ns,
            end_ns=seen.end_ns,
            views_used=len(seen.views),
            views_refused=tuple(seen.refused.items()),
            coverage=coverage,
            score=highest,
            threshold=self._threshold,
            alert_ids=tuple(ids),
        )

    def _with_evidence(
        self, alert: Alert, finding: Finding, seen: BayPass, found: PassResult
    ) -> Alert:
        bay = self._store.bay(seen.bay)
        rows, cols = found.scores.shape
        row = min(
            rows - 1, max(0, int((bay.height + found.margin_m - finding.box.y) / found.cell_m))
        )
        col = min(cols - 1, max(0, int((finding.box.x + found.margin_m) / found.cell_m)))
        best = seen.views[(seen.views_of(row, col) or [0])[0]]
        image = (
            picture(bay, best, self._inspector.normal(seen.bay), finding.box)
            if self.settings.evidence
            else b''
        )
        shown = replace(
            alert,
            frame_id=self._frame_id,
            stamp_ns=best.stamp_ns,
            roi=roi(best, bay, finding.box, self._frame_shape),
            evidence=image or alert.evidence,
        )
        self._tracker.attach(shown)
        return shown


@contextmanager
def _timed(times: dict[str, float], stage: str) -> Iterator[None]:
    start = time.perf_counter()
    try:
        yield
    finally:
        times[stage] = times.get(stage, 0.0) + (time.perf_counter() - start) * 1e3
