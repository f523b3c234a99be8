# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
The flow: frame and pose -> bay views -> scores -> (at the end of a pass) findings -> alerts.

Everything here is decided by the frames, their poses and their order; no clock is read except to
measure the stages.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
import time

from .appearance import Appearance, appearance_in, cell_of
from .artefact import Artefact
from .bay_pass import BayPass
from .belonging import Belonging
from .budget import budget_of
from .defaults import FALSE_ALARMS_PER_AISLE_PATROL
from .diary import Diary
from .drift import DriftWatch, upper_quartile
from .errors import ArtefactError
from .evidence import picture, roi
from .finder import Finder, PassResult
from .hues import Hues
from .independent import enough_views
from .inspector import Inspector
from .kinds import Namer
from .learned import learn, LearnedLook, LearnedLooks
from .locator import GateSettings, Locator
from .memory import KEEP_RESOLVED_NS, Memory, Verdict
from .occlusion import FAR_PART, find_cover, SPOILT_PART, without
from .pass_look import PassLook
from .places import bays_of, NormalBay
from .prints import Prints
from .records import (
    Alert,
    BayReport,
    BayResult,
    BayView,
    CameraPose,
    Finding,
    Frame,
    Outcome,
    Refusal,
    ViewRefused,
)
from .signs import Signs
from .store_layout import Bay, StoreLayout
from .tracker import REOPEN_WITHIN_NS, Sighting, Tracker

COVERED_VIEWS = 2  # so many covered views of a pass make the others suspect
MIN_COVERAGE = 0.3  # part of a bay that must have been judged for 'normal' to mean something


@dataclass(frozen=True, slots=True)
class PipelineSettings:
    """What may be chosen when the pipeline is built."""

    false_alarms_per_aisle_patrol: float = FALSE_ALARMS_PER_AISLE_PATROL
    gate: GateSettings = field(default_factory=GateSettings)
    threads: int = 2
    pass_gap_ns: int = 2_000_000_000
    """A bay that was out of sight for as long has been passed."""
    evidence: bool = True
    reopen_within_ns: int = REOPEN_WITHIN_NS
    """A thing that comes back at its place within this re-opens its alert."""


class Pipeline:
    """Holds the rooms together and the passes that are under way."""

    def __init__(
        self,
        store: StoreLayout,
        artefact: Artefact,
        settings: PipelineSettings | None = None,
        memory: Memory | None = None,
    ) -> None:
        """
        Build all rooms.

        :param memory: what is known from earlier runs, and where every step is written to before
            it is returned; without it all is forgotten at the end
        :raises ArtefactError: if the artefact is damaged or was made for another store
        :raises MemoryFileError: if the memory is damaged
        """
        self.settings = settings or PipelineSettings()
        known = bays_of(artefact.arrays)
        if artefact.store != store.store or not set(known) & set(store.bays):
            raise ArtefactError(
                f'{artefact.folder}: was fitted on store {artefact.store!r}, '
                f'but {store.source} is store {store.store!r}; '
                'pass the store.yaml that the model was fitted with, or fit a model for this store'
            )
        self._store = store
        self._bays = tuple(bay for bay in store.bays if bay in known)
        self._inspector = Inspector(artefact, threads=self.settings.threads)
        self._locator = Locator(
            store,
            px_per_m=artefact.number('px_per_m'),
            margin_m=artefact.number('margin_m'),
            gate=self.settings.gate,
        )
        self._templates = {bay: self._inspector.normal(bay).template for bay in self._bays}
        self._budget = budget_of(artefact)
        self._threshold = self._budget.threshold(self.settings.false_alarms_per_aisle_patrol)
        belonging, prints = Belonging(artefact, self._bays), Prints(artefact, self._bays)
        hues, signs = Hues(artefact, self._bays), Signs(store, artefact.stride, belonging, prints)
        namer = Namer(store, self._inspector.network, belonging, prints, hues, signs)
        self._finder = Finder(self._budget, signs, namer)
        self._tracker = Tracker(store, reopen_within_ns=self.settings.reopen_within_ns)
        self._learned = LearnedLooks()
        self._diary = Diary(memory, self._tracker)
        model = str(artefact.manifest.get('files', {}).get('density.npz', artefact.name))
        self._drift = DriftWatch(model, self._diary.note('drift'))
        self._patrol = 'patrol'
        self._passes: dict[str, BayPass] = {}
        self._visited: set[str] = set()
        self._last_ns: int | None = None
        self._frame_shape: tuple[int, ...] = (0, 0)
        self._frame_id = ''
        if memory is not None:
            self._remember(memory)

    def _remember(self, memory: Memory) -> None:
        known = [(a, look) for a, look in memory.alerts() if a.bay in self._store.bays]
        self._tracker.restore(known)
        self._learned.replace(memory.learned())
        newest = max((alert.last_seen_ns for alert, _ in known), default=0)
        memory.prune(newest - max(KEEP_RESOLVED_NS, self.settings.reopen_within_ns))
        patrol = self._diary.note('patrol')
        if patrol:
            self._patrol, self._visited = str(patrol['name']), set(patrol['visited'])
            self._last_ns = int(patrol['last_ns'])

    @property
    def interrupted_patrol(self) -> tuple[str, int] | None:
        """Name and last time of the patrol that was cut off when an earlier run ended."""
        patrol = self._diary.note('patrol')
        return (str(patrol['name']), int(patrol['last_ns'])) if patrol else None

    @property
    def relearn_bays(self) -> tuple[str, ...]:
        """Bays whose normal look has moved away from what the model learnt, sorted."""
        return self._drift.moved

    @property
    def learned(self) -> tuple[LearnedLook, ...]:
        """Appearances that are normal because people said so, oldest first."""
        return self._learned.looks

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """All alerts, oldest first."""
        return self._tracker.alerts

    @property
    def open_alerts(self) -> tuple[Alert, ...]:
        """The open alerts that were seen from here, oldest first."""
        return self._tracker.own_open_alerts

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
        both = {*self._bays, *fresh._bays}
        learnt = {b for b in both if not self._inspector.same(fresh._inspector, b)}
        ended = self._end([bay for bay in self._passes if bay in learnt], times)
        self._drift.learnt(fresh._drift.model, learnt)
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
        used: list[BayView] = []
        for view in views:
            if view.bay not in self._templates:
                continue  # a bay that the model does not know
            with _timed(times, 'inspect'):
                scores = self._inspector.inspect(view)
                normal = self._inspector.normal(view.bay)
                cover = find_cover(
                    view, scores, normal, self._threshold, self._store.bay(view.bay)
                )
            if cover.whole:
                refused.append(
                    ViewRefused(view.bay, view.stamp_ns, Refusal.OCCLUDED, cover.part, FAR_PART)
                )
                continue
            used.append(view)
            seen = self._pass(view.bay, frame.stamp_ns)
            seen.add(*without(view, scores, cover.hidden), cover.part)
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
        self._write(ended.alerts, ended.bays)
        return replace(
            ended, views=tuple(used), refused=tuple(refused), stage_ms=tuple(times.items())
        )

    def idle(self, now_ns: int) -> Outcome:
        """End the passes of bays that have been out of sight for ``pass_gap_ns``."""
        times: dict[str, float] = {}
        gone = [
            b for b, p in self._passes.items() if now_ns - p.end_ns >= self.settings.pass_gap_ns
        ]
        ended = self._end(gone, times)
        self._write(ended.alerts, ended.bays)
        return replace(ended, stage_ms=tuple(times.items()))

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
        self._write(outcome.alerts, outcome.bays, patrol_ended=True)
        return replace(outcome, bays=outcome.bays + missed, stage_ms=tuple(times.items()))

    def verdict(
        self, alert_id: str, verdict: str, stamp_ns: int, *, author: str = '', note: str = ''
    ) -> tuple[Alert, ...]:
        """
        Take what a person said of an alert: confirmed, false_alarm, resolved or reopened.

        A false alarm makes what was seen normal at that place, at once and after a restart;
        ``reopened`` takes that back.

        :return: the alert in its new state; nothing when its id is not known
        """
        changed = self._tracker.verdict(alert_id, verdict, stamp_ns)
        for alert in changed:
            look = self._tracker.appearance(alert.id)
            learned: list[LearnedLook] = []
            forgotten: list[str] = []
            if verdict == 'false_alarm':
                learned = [self._learn(alert, look, author, note, stamp_ns)]
            elif verdict in {'reopened', 'confirmed'}:
                self._learned.forget(alert.id)
                forgotten = [alert.id]
            self._diary.save(
                [alert],
                learned=learned,
                forgotten=forgotten,
                verdict=Verdict(alert.id, verdict, author, note, stamp_ns, alert),
            )
        return changed

    def hear(self, told: Alert) -> tuple[Alert, ...]:
        """
        Take in what another robot says of an alert; see :meth:`Tracker.hear`.

        :return: one's own alerts that gave way to an earlier one, to be said
        """
        changed, said = self._tracker.hear(told)
        if changed:
            self._diary.save(changed)
            self.sent([alert for alert in changed if alert not in said])
        return said

    def unsent(self) -> tuple[Alert, ...]:
        """Return the alerts whose latest state was not said by an earlier run."""
        return self._diary.unsent()

    def sent(self, alerts: Sequence[Alert]) -> None:
        """Take note that alerts were said."""
        self._diary.sent(alerts)

    def memory_problem(self) -> str:
        """Return, once, why the memory could not be written lately; empty if it could."""
        return self._diary.problem()

    def _learn(
        self, alert: Alert, look: Appearance | None, author: str, note: str, stamp_ns: int
    ) -> LearnedLook:
        bay = self._store.bay(alert.bay)
        grid = (bay.height, self._locator.margin_m, self._inspector.settings.cell_m)
        learned = learn(
            alert,
            look,
            self._inspector.normal(alert.bay),
            grid,
            author=author,
            note=note,
            stamp_ns=stamp_ns,
        )
        self._learned.add(learned)
        return learned

    def _write(
        self, alerts: Sequence[Alert], bays: Sequence[BayReport], *, patrol_ended: bool = False
    ) -> None:
        """Write a step before anything of it is said."""
        if not (alerts or bays or patrol_ended):
            return
        patrol = (
            None
            if patrol_ended
            else {
                'name': self._patrol,
                'last_ns': self._last_ns,
                'visited': sorted(self._visited),
            }
        )
        self._diary.save(alerts, notes={'patrol': patrol, 'drift': self._drift.state()})

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
        bay, seen = self._store.bay(seen.bay), seen.trusted(SPOILT_PART, COVERED_VIEWS)
        changed: list[Alert] = []
        ids: list[str] = []
        result, coverage, highest, moved = BayResult.NOT_SEEN, 0.0, 0.0, False
        if seen.views:
            normal = self._inspector.normal(seen.bay)
            known = [alert.box for alert in self._tracker.open_alerts if alert.bay == bay.id]
            found = self._finder.find(bay, seen, normal, self._threshold, known)
            sightings = self._sightings(bay, seen, normal, found)
            look = PassLook(seen, normal, self._finder, found)
            update = self._tracker.update(
                bay, seen.patrol, seen.end_ns, found, sightings, look.alike
            )
            changed = [
                self._with_evidence(alert, sighting.finding, seen, found)
                for alert, sighting in update.seen
            ]
            ids = list(update.standing)
            changed += update.resolved
            coverage, highest = found.coverage, found.highest
            quartile = upper_quartile(found.plain)
            if quartile is not None and coverage >= MIN_COVERAGE:
                raised = sum(alert.first_seen_ns == seen.end_ns for alert, _ in update.seen)
                moved = self._drift.add(
                    bay.id, quartile, raised, len(update.standing), self._allowed(bay)
                )
            if update.seen:
                result = BayResult.ALERT
            elif coverage >= MIN_COVERAGE:  # what stands may be behind what was not seen
                result = BayResult.ALERT if ids else BayResult.NORMAL
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
            relearn=moved,
        )

    def _allowed(self, bay: Bay) -> float:
        """Return the false alarms that the budget allows on one pass of a bay."""
        bays = [one for one in self._bays if self._store.bay(one).aisle == bay.aisle]
        return self.settings.false_alarms_per_aisle_patrol / len(bays)

    def _sightings(
        self, bay: Bay, seen: BayPass, normal: NormalBay, found: PassResult
    ) -> list[Sighting]:
        """Return the findings that nobody has called normal, with what the tracker asks."""
        learned = self._diary.learned_elsewhere()
        if learned is not None:
            self._learned.replace(learned)
        look = PassLook(seen, normal, self._finder, found)
        sightings = []
        for finding in found.findings:
            if self._learned.explains(finding, look.now, look.normals):
                continue
            cell = cell_of(finding.box, bay.height, found.margin_m, found.cell_m)
            cell = (
                min(max(cell[0], 0), found.scores.shape[0] - 1),
                min(max(cell[1], 0), found.scores.shape[1] - 1),
            )
            strong = finding.score >= finding.threshold
            sightings.append(
                Sighting(
                    finding,
                    appearance_in(seen, cell),
                    strong
                    and enough_views(
                        seen, normal.statistics, cell, found.threshold / finding.weight
                    ),
                )
            )
        return sightings

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
