# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
Findings of passes -> alerts: one fault keeps one alert from first sight to put right.

An alert belongs to a place of a bay, to a kind, and to how the place looked when it was found. A
later pass of the bay says one of four things about it:

- *stands*: something is found at its place again, or its place still looks as it did;
- *resolved*: its place was judged and is normal again, in a pass later than its last sight;
- *replaced*: another thing of another kind stands there: the alert is resolved, a new one raised;
- *nothing*: its place was not judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
import uuid

from .appearance import Appearance
from .finder import KEEP, PassResult
from .records import Alert, Box, Finding, Kind, State
from .store_layout import Bay, StoreLayout

SAME_PLACE_M = (0.15, 0.25)
"""Half width and half height within which a finding may be the fault that is known already."""
OWN_PLACE_M = (0.06, 0.12)
"""Within this it is at the very place."""
LYING_PLACE_M = (0.22, 0.25)
"""The same as SAME_PLACE_M for what lies: either of its ends may stand out."""
FALLEN_OFF = 0.5
"""Below this part of its own score a fault is gone, unless its place would raise an alert."""
REOPEN_WITHIN_NS = 7 * 86_400_000_000_000
"""A thing that comes back within this is the old fault."""


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """A finding of a pass, with what tells whether it is one that is known."""

    finding: Finding
    appearance: Appearance | None = None
    """How the place looked; None when it is not known."""
    enough_views: bool = True
    """Whether it was seen independently often enough to raise an alert."""


@dataclass(frozen=True, slots=True)
class PassUpdate:
    """What a pass said about the alerts of its bay."""

    seen: tuple[tuple[Alert, Sighting], ...] = ()
    """Alerts that are new or were seen again."""
    resolved: tuple[Alert, ...] = ()
    standing: tuple[str, ...] = ()
    """Ids of the alerts that are open on this bay after the pass."""


LooksAlike = Callable[[str, Appearance], 'bool | None']
"""Tells whether the place of an appearance looks alike in the pass; None: it cannot be told."""


class Tracker:
    """All alerts of a store."""

    def __init__(
        self,
        store: StoreLayout,
        *,
        reopen_within_ns: int = REOPEN_WITHIN_NS,
        new_id: Callable[[], str] = lambda: str(uuid.uuid4()),
    ) -> None:
        """
        Start without alerts.

        :param reopen_within_ns: a thing that comes back at its place within it re-opens its alert
        """
        self._store = store
        self._reopen_within_ns = reopen_within_ns
        self._new_id = new_id
        self._alerts: dict[str, Alert] = {}
        self._looks: dict[str, Appearance] = {}
        self._hearsay: set[str] = set()

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """All alerts, oldest first."""
        return tuple(self._alerts.values())

    @property
    def open_alerts(self) -> tuple[Alert, ...]:
        """The alerts that are open, oldest first, also those that only others have seen."""
        return tuple(a for a in self._alerts.values() if a.state is State.OPEN)

    @property
    def own_open_alerts(self) -> tuple[Alert, ...]:
        """The open alerts that were seen from here, oldest first."""
        return tuple(a for a in self.open_alerts if a.id not in self._hearsay)

    def hear(self, told: Alert) -> tuple[tuple[Alert, ...], tuple[Alert, ...]]:
        """
        Take in what another robot says of an alert.

        An alert that is open there and not known here is known from now on: seen at its place, it
        keeps its id. Two robots that raised one fault at once agree by rule, each for itself: the
        alert that was first seen earlier goes on (the smaller id, if at the same moment), the
        other robot's own is resolved with ``same_as``. What is said twice changes nothing.

        :return: alerts that changed here, and those among them that must be said: one's own that
            gave way
        """
        if told.bay not in self._store.bays or told.same_as:
            return (), ()
        ours = self._alerts.get(told.id)
        if ours is not None:
            return ((taken,), ()) if (taken := self._newer(ours, told)) else ((), ())
        if told.state is not State.OPEN:
            self._hearsay.add(told.id)
            return (self._put(told),), ()
        rival = next(
            (
                a
                for a in self.open_alerts
                if a.bay == told.bay and apart(a.box, told.box, SAME_PLACE_M) <= 1.0
            ),
            None,
        )
        if rival is None:
            self._hearsay.add(told.id)
            return (self._put(told),), ()
        if (rival.first_seen_ns, rival.id) <= (told.first_seen_ns, told.id):
            return (), ()
        gone = self._put(
            replace(
                rival,
                state=State.RESOLVED,
                resolved_ns=max(rival.last_seen_ns, told.last_seen_ns),
                same_as=told.id,
                reason=f'the same fault as alert {told.id}',
            )
        )
        if rival.id in self._looks:
            self._looks[told.id] = self._looks[rival.id]
        self._put(_merged(told, rival))
        said = () if rival.id in self._hearsay else (gone,)
        return (gone, self._alerts[told.id]), said

    def _newer(self, ours: Alert, told: Alert) -> Alert | None:
        """Take over what is later than what is known; None if nothing is."""

        def moment(alert: Alert) -> int:
            return max(alert.last_seen_ns, alert.resolved_ns or 0)

        if moment(told) <= moment(ours) or ours.state is State.DISMISSED:
            return None
        merged = _merged(ours, told)
        return self._put(
            replace(
                merged,
                state=told.state,
                resolved_ns=told.resolved_ns,
                resolved_in=told.resolved_in,
            )
        )

    def alert(self, alert_id: str) -> Alert | None:
        """Return an alert by its id."""
        return self._alerts.get(alert_id)

    def appearance(self, alert_id: str) -> Appearance | None:
        """Return how an alert's place looked when it was found."""
        return self._looks.get(alert_id)

    def restore(self, alerts: Iterable[tuple[Alert, Appearance | None]]) -> None:
        """Take over alerts of an earlier run, oldest first."""
        for alert, appearance in alerts:
            self._alerts[alert.id] = alert
            if appearance is not None:
                self._looks[alert.id] = appearance

    def update(
        self,
        bay: Bay,
        patrol: str,
        stamp_ns: int,
        result: PassResult,
        sightings: Sequence[Sighting],
        looks_alike: LooksAlike = lambda _bay, _then: None,
    ) -> PassUpdate:
        """
        Take in one pass of a bay.

        :param stamp_ns: when the pass ended
        :param sightings: findings that reach KEEP times the threshold
        :param looks_alike: tells whether a place still looks as it did
        """
        seen: list[tuple[Alert, Sighting]] = []
        resolved: list[Alert] = []
        opened = [a for a in self.open_alerts if a.bay == bay.id]
        pairs, free = assign(opened, sightings)
        for alert in opened:
            match = pairs.get(alert.id)
            then = self._looks.get(alert.id)
            alike = looks_alike(bay.id, then) if then is not None else None
            if match is not None and not _is_the_fault(alert, match.finding, alike):
                free.append(match)
                match = None
            if match is not None:
                seen.append((self._again(alert, match, patrol, stamp_ns), match))
            elif self._gone(alert, result, alike, stamp_ns):
                resolved.append(self._resolve(alert, patrol, stamp_ns))
        taken = [sighting for _, sighting in seen]
        for sighting in sorted(free, key=lambda s: -s.finding.score):
            if sighting.finding.score < sighting.finding.threshold or not sighting.enough_views:
                continue
            if any(_part_of(sighting.finding, other.finding) for other in taken):
                continue
            taken.append(sighting)
            old = self._came_back(bay, sighting, stamp_ns, looks_alike)
            if old is not None:
                # Named by what is seen now: the old name had its score from another day.
                old = replace(old, state=State.OPEN, resolved_in=None, resolved_ns=None, score=0.0)
                seen.append((self._again(old, sighting, patrol, stamp_ns), sighting))
            else:
                seen.append((self._new(bay, sighting, patrol, stamp_ns), sighting))
        standing = tuple(a.id for a in self.open_alerts if a.bay == bay.id)
        return PassUpdate(tuple(seen), tuple(resolved), standing)

    def attach(self, alert: Alert) -> None:
        """Keep an alert that got its evidence."""
        self._alerts[alert.id] = alert

    def verdict(self, alert_id: str, verdict: str, stamp_ns: int = 0) -> tuple[Alert, ...]:
        """Take what a person said of an alert; an unknown id changes nothing."""
        states = {
            'false_alarm': State.DISMISSED,
            'resolved': State.RESOLVED,
            'reopened': State.OPEN,
            'confirmed': None,
        }
        alert = self._alerts.get(alert_id)
        if alert is None or verdict not in states:
            return ()
        state = states[verdict]
        if state is None:
            return (alert,)
        return (
            self._put(
                replace(
                    alert,
                    state=state,
                    resolved_in=None if state is State.OPEN else alert.resolved_in,
                    resolved_ns=(stamp_ns or alert.last_seen_ns)
                    if state is State.RESOLVED
                    else None,
                )
            ),
        )

    def _gone(self, alert: Alert, result: PassResult, alike: bool | None, stamp_ns: int) -> bool:
        score = result.score_at(alert.box)
        if score is None or stamp_ns <= alert.last_seen_ns:
            return False
        if alike is not None:
            return not alike
        return score < gone_below(alert.score, result.threshold)

    def _resolve(self, alert: Alert, patrol: str, stamp_ns: int) -> Alert:
        return self._put(
            replace(alert, state=State.RESOLVED, resolved_in=patrol, resolved_ns=stamp_ns)
        )

    def _came_back(
        self, bay: Bay, sighting: Sighting, stamp_ns: int, looks_alike: LooksAlike
    ) -> Alert | None:
        """Return the resolved alert whose fault stands here again, the latest of several."""
        for alert in sorted(self._alerts.values(), key=lambda a: -(a.resolved_ns or 0)):
            if (
                alert.state is State.RESOLVED
                and alert.bay == bay.id
                and alert.resolved_ns is not None
                and not alert.same_as
                and abs(stamp_ns - alert.resolved_ns) <= self._reopen_within_ns
                and apart(alert.box, sighting.finding.box, SAME_PLACE_M) <= 1.0
            ):
                then = self._looks.get(alert.id)
                alike = looks_alike(bay.id, then) if then is not None else None
                if alike or (alike is None and alert.kind is sighting.finding.kind):
                    return alert
        return None

    def _again(self, alert: Alert, sighting: Sighting, patrol: str, stamp_ns: int) -> Alert:
        finding = sighting.finding
        seen_in = alert.seen_in if patrol in alert.seen_in else (*alert.seen_in, patrol)
        better = finding.score >= alert.score
        if sighting.appearance is not None and (better or alert.id not in self._looks):
            self._looks[alert.id] = sighting.appearance
        return self._seen_here(
            replace(
                alert,
                kind=finding.kind if better else alert.kind,
                homes=finding.homes if better else alert.homes,
                reason=finding.reason if better else alert.reason,
                box=finding.box if better else alert.box,
                level=finding.level if better else alert.level,
                score=max(finding.score, alert.score),
                p_value=min(finding.p_value, alert.p_value),
                threshold=finding.threshold,
                first_seen_ns=min(alert.first_seen_ns, stamp_ns),
                last_seen_ns=max(alert.last_seen_ns, stamp_ns),
                sightings=alert.sightings + finding.sightings,
                seen_in=seen_in,
            )
        )

    def _new(self, bay: Bay, sighting: Sighting, patrol: str, stamp_ns: int) -> Alert:
        finding, new_id = sighting.finding, self._new_id()
        if sighting.appearance is not None:
            self._looks[new_id] = sighting.appearance
        return self._put(
            Alert(
                id=new_id,
                kind=finding.kind,
                state=State.OPEN,
                store=self._store.store,
                aisle=bay.aisle,
                bay=bay.id,
                level=finding.level,
                box=finding.box,
                score=finding.score,
                threshold=finding.threshold,
                p_value=finding.p_value,
                first_seen_ns=stamp_ns,
                last_seen_ns=stamp_ns,
                sightings=finding.sightings,
                homes=finding.homes,
                seen_in=(patrol,),
                reason=finding.reason,
            )
        )

    def _seen_here(self, alert: Alert) -> Alert:
        self._hearsay.discard(alert.id)
        return self._put(alert)

    def _put(self, alert: Alert) -> Alert:
        self._alerts[alert.id] = alert
        return alert


def gone_below(score: float, threshold: float) -> float:
    """
    Return the score below which a place is normal again.

    Half of what the fault scored, for the strong; KEEP times the threshold, for the weak; never
    more than the threshold, from which on the place raises an alert by itself.
    """
    return min(threshold, max(KEEP * threshold, FALLEN_OFF * score))


def apart(a: Box, b: Box, within_m: tuple[float, float]) -> float:
    """Return how far two places lie apart, as a part of half width and half height."""
    return max(abs(a.x - b.x) / within_m[0], abs(a.y - b.y) / within_m[1])


def assign(
    alerts: Sequence[Alert], sightings: Sequence[Sighting]
) -> tuple[dict[str, Sighting], list[Sighting]]:
    """
    Pair alerts with sightings at their place, the nearest pairs first.

    A sighting that would not raise an alert by itself counts at the alert's very place only.

    :return: the sighting of each alert by its id, and the sightings that are left
    """
    found = []
    for a, alert in enumerate(alerts):
        for s, sighting in enumerate(sightings):
            finding = sighting.finding
            within = OWN_PLACE_M
            if finding.score >= finding.threshold:
                lies = finding.kind is alert.kind is Kind.FALLEN
                within = LYING_PLACE_M if lies else SAME_PLACE_M
            far = apart(alert.box, finding.box, SAME_PLACE_M)
            if finding.bay == alert.bay and apart(alert.box, finding.box, within) <= 1.0:
                found.append((far, a, s))
    pairs: dict[str, Sighting] = {}
    used: set[int] = set()
    for _, a, s in sorted(found):
        if alerts[a].id not in pairs and s not in used:
            pairs[alerts[a].id] = sightings[s]
            used.add(s)
    return pairs, [sighting for s, sighting in enumerate(sightings) if s not in used]


def _is_the_fault(alert: Alert, finding: Finding, alike: bool | None) -> bool:
    """Return whether what was found at an alert's place is its fault."""
    if alike is None or alike:
        return True
    if finding.score < finding.threshold:
        return False
    return finding.kind is alert.kind and apart(alert.box, finding.box, OWN_PLACE_M) <= 1.0


def _part_of(finding: Finding, other: Finding) -> bool:
    """Return whether a finding lies within a stronger one: a large thing has several peaks."""
    inside = (other.box.width / 2, other.box.height / 2)
    return finding.score < other.score and apart(finding.box, other.box, inside) <= 1.0


def _merged(alert: Alert, other: Alert) -> Alert:
    """Return an alert with what another robot saw of the same fault."""
    better = other if other.score > alert.score else alert
    return replace(
        alert,
        kind=better.kind,
        homes=better.homes,
        reason=better.reason,
        score=better.score,
        p_value=min(alert.p_value, other.p_value),
        first_seen_ns=min(alert.first_seen_ns, other.first_seen_ns),
        last_seen_ns=max(alert.last_seen_ns, other.last_seen_ns),
        sightings=max(alert.sightings, other.sightings),
        seen_in=(*alert.seen_in, *(p for p in other.seen_in if p not in alert.seen_in)),
        evidence=better.evidence or alert.evidence,
    )
