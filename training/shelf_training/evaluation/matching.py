# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
Alerts against the faults that were planted.

An alert matches a fault of a patrol when it was seen in that patrol, in the fault's bay, with its
centre within 0.75 slots and 5 cm of the fault's. An alert that matches no fault of a patrol in
which it was seen is a false alarm of that patrol.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from shelf_anomaly.records import Alert

from .intervals import Rate, Share
from .truth import Fault, KINDS, Truth


@dataclass(frozen=True, slots=True)
class Sighting:
    """One alert, or one finding of a pass, as far as it matters here."""

    id: str
    bay: str
    level: int
    x: float
    y: float
    kind: str
    score: float
    seen_in: tuple[str, ...]
    resolved_in: str | None = None
    suggested: tuple[str, ...] = ()
    reason: str = ''
    evidence: bytes = field(default=b'', repr=False)

    @classmethod
    def of(cls, alert: Alert) -> Sighting:
        """Return an alert of the pipeline."""
        return cls(
            id=alert.id,
            bay=alert.bay,
            level=alert.level,
            x=alert.box.x,
            y=alert.box.y,
            kind=alert.kind.value,
            score=alert.score,
            seen_in=alert.seen_in,
            resolved_in=alert.resolved_in,
            suggested=alert.suggested_bays,
            reason=alert.reason,
            evidence=alert.evidence,
        )


def matches(seen: Sighting, fault: Fault, beside_m: tuple[float, float] = (0.0, 0.0)) -> bool:
    """
    Return whether an alert stands where a fault does.

    :param beside_m: how far beside its place, and above or below it, counts as well
    """
    (x, y), (across, up) = fault.centre, fault.reach
    near = abs(seen.x - x) <= across + beside_m[0] and abs(seen.y - y) <= up + beside_m[1]
    return seen.bay == fault.bay and near


@dataclass(frozen=True, slots=True)
class Found:
    """One fault of one patrol, and the alerts that stand at its place."""

    patrol: str
    fault: Fault
    alerts: tuple[Sighting, ...]

    @property
    def score(self) -> float:
        """Highest score of them; minus infinity when there is none."""
        return max((alert.score for alert in self.alerts), default=float('-inf'))


@dataclass(frozen=True, slots=True)
class Matched:
    """All patrols, matched."""

    faults: tuple[Found, ...]
    false_alarms: tuple[tuple[str, Sighting], ...]
    """Patrol and alert."""
    aisle_patrols: float

    def recall(self, kind: str | None = None, bay: str | None = None) -> Share:
        """Return the share of faults found, of a kind, of a bay."""
        return Share.count(
            bool(found.alerts)
            for found in self.faults
            if kind in (None, found.fault.kind) and bay in (None, found.fault.bay)
        )

    @property
    def rate(self) -> Rate:
        """False alarms per aisle and patrol."""
        return Rate(len(self.false_alarms), self.aisle_patrols)

    def within(self, bays: Collection[str], patrols: int) -> Matched:
        """Return what concerns some bays of one aisle, which was patrolled so many times."""
        return Matched(
            tuple(found for found in self.faults if found.fault.bay in bays),
            tuple((patrol, alarm) for patrol, alarm in self.false_alarms if alarm.bay in bays),
            float(patrols),
        )


def match(truth: Truth, alerts: Sequence[Sighting], aisles: int) -> Matched:
    """
    Match alerts with the faults of each patrol.

    :param aisles: aisles of the store, each patrolled once a patrol
    """
    faults: list[Found] = []
    false_alarms: list[tuple[str, Sighting]] = []
    for patrol, planted in truth.items():
        here = [alert for alert in alerts if patrol in alert.seen_in]
        used: set[str] = set()
        for fault in planted:
            at = tuple(alert for alert in here if matches(alert, fault))
            used |= {alert.id for alert in at}
            faults.append(Found(patrol, fault, at))
        false_alarms += [(patrol, alert) for alert in here if alert.id not in used]
    return Matched(tuple(faults), tuple(false_alarms), float(len(truth) * aisles))


@dataclass(frozen=True, slots=True)
class Life:
    """How alerts lived."""

    one_fault_one_alert: Share
    """Faults that stood on the next patrol too and kept an alert that they had."""
    resolved: Share
    """Faults that were put right by the next patrol and whose alerts were all resolved in it."""
    duplicates: int
    """Alerts more than one at a fault's place, over all faults and patrols."""


def life_of(truth: Truth, alerts: Sequence[Sighting], matched: Matched) -> Life:
    """Return how the alerts of faults lived from one patrol to the next."""
    kept: list[bool] = []
    resolved: list[bool] = []
    patrols = list(truth)
    for patrol, after in pairwise(patrols):
        for fault in truth[patrol]:
            first = [a for a in alerts if patrol in a.seen_in and matches(a, fault)]
            if not first:
                continue
            if fault in truth[after]:
                kept.append(any(after in alert.seen_in for alert in first))
            else:
                resolved.append(all(alert.resolved_in == after for alert in first))
    duplicates = sum(max(0, len(found.alerts) - 1) for found in matched.faults)
    return Life(Share.count(kept), Share.count(resolved), duplicates)


def level_right(matched: Matched) -> Share:
    """Return the share of found faults whose board was named right."""
    return Share.count(f.alerts[0].level == f.fault.level for f in matched.faults if f.alerts)


def kind_right(matched: Matched) -> Share:
    """Return the share of found faults whose kind was named right."""
    return Share.count(f.alerts[0].kind == f.fault.wanted for f in matched.faults if f.alerts)


def home_right(matched: Matched, among: int = 1) -> Share:
    """Return the share of found misplaced things with a right home among the first suggestions."""
    return Share.count(
        bool(set(f.alerts[0].suggested[:among]) & set(f.fault.homes))
        for f in matched.faults
        if f.alerts and f.fault.wanted == 'misplaced'
    )


def confusion(matched: Matched) -> dict[str, dict[str, int]]:
    """Return how often a kind of fault (rows, as planted) was called which kind."""
    table: dict[str, dict[str, int]] = {}
    for kind in KINDS:
        said: dict[str, int] = defaultdict(int)
        for found in matched.faults:
            if found.fault.kind == kind:
                said[found.alerts[0].kind if found.alerts else 'missed'] += 1
        if said:
            table[kind] = dict(said)
    return table


def figures(truth: Truth, alerts: Sequence[Sighting], aisles: int) -> dict[str, Any]:
    """Return all numbers of a run for a JSON file."""
    matched = match(truth, alerts, aisles)
    life = life_of(truth, alerts, matched)
    return {
        'faults': len(matched.faults),
        'distinct_faults': len({found.fault.identity for found in matched.faults}),
        'recall': matched.recall().record(),
        'recall_by_kind': {
            kind: matched.recall(kind=kind).record()
            for kind in KINDS
            if matched.recall(kind=kind).of
        },
        'false_alarms_per_aisle_patrol': matched.rate.record(),
        'duplicates': life.duplicates,
        'level_right': level_right(matched).record(),
        'kind_right': kind_right(matched).record(),
        'kind_confusion': confusion(matched),
        'home_suggested_right': home_right(matched).record(),
        'home_among_three': home_right(matched, 3).record(),
        'one_fault_one_alert': life.one_fault_one_alert.record(),
        'resolved_when_put_right': life.resolved.record(),
    }
