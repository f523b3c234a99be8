# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Findings of passes -> alerts: one fault keeps one alert from first sight to put right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
import uuid

from .finder import KEEP, PassResult
from .records import Alert, Finding, State
from .store_layout import Bay, StoreLayout

SAME_PLACE_M = (0.15, 0.25)
"""Half width and half height within which a finding is the fault that is known already."""


class Tracker:
    """All alerts of a store."""

    def __init__(
        self, store: StoreLayout, *, new_id: Callable[[], str] = lambda: str(uuid.uuid4())
    ) -> None:
        """Start without alerts."""
        self._store = store
        self._new_id = new_id
        self._alerts: dict[str, Alert] = {}

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """All alerts, oldest first."""
        return tuple(self._alerts.values())

    @property
    def open_alerts(self) -> tuple[Alert, ...]:
        """The alerts that are open, oldest first."""
        return tuple(a for a in self._alerts.values() if a.state is State.OPEN)

    def update(
        self, bay: Bay, patrol: str, stamp_ns: int, result: PassResult
    ) -> tuple[list[tuple[Alert, Finding]], list[Alert]]:
        """
        Take in one pass of a bay.

        An open alert stands while its place scores above KEEP times the threshold; it is resolved
        only when its place was judged and scored below; a place that was not judged changes nothing.

        :param stamp_ns: when the pass ended
        :return: alerts that were seen (new or again) with their finding, and alerts that were resolved
        """
        seen: list[tuple[Alert, Finding]] = []
        resolved: list[Alert] = []
        free = list(result.findings)
        for alert in [a for a in self.open_alerts if a.bay == bay.id]:
            match = nearest(alert, free)
            if match is not None:
                free.remove(match)
                seen.append((self._again(alert, match, patrol, stamp_ns), match))
                continue
            score = result.score_at(alert.box)
            if score is not None and score < KEEP * result.threshold:
                resolved.append(
                    self._put(replace(alert, state=State.RESOLVED, resolved_in=patrol))
                )
        for finding in free:
            if finding.score >= finding.threshold and not self._dismissed(finding):
                seen.append((self._new(bay, finding, patrol, stamp_ns), finding))
        return seen, resolved

    def attach(self, alert: Alert) -> None:
        """Keep an alert that got its evidence."""
        self._alerts[alert.id] = alert

    def verdict(self, alert_id: str, verdict: str) -> tuple[Alert, ...]:
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
        resolved_in = None if state is State.OPEN else alert.resolved_in
        return (self._put(replace(alert, state=state, resolved_in=resolved_in)),)

    def _again(self, alert: Alert, finding: Finding, patrol: str, stamp_ns: int) -> Alert:
        seen_in = alert.seen_in if patrol in alert.seen_in else (*alert.seen_in, patrol)
        better = finding.score >= alert.score
        return self._put(
            replace(
                alert,
                kind=finding.kind if better else alert.kind,
                suggested_bays=finding.suggested_bays if better else alert.suggested_bays,
                reason=finding.reason if better else alert.reason,
                box=finding.box if better else alert.box,
                level=finding.level if better else alert.level,
                score=max(finding.score, alert.score),
                p_value=min(finding.p_value, alert.p_value),
                threshold=finding.threshold,
                last_seen_ns=max(alert.last_seen_ns, stamp_ns),
                sightings=alert.sightings + finding.sightings,
                seen_in=seen_in,
            )
        )

    def _new(self, bay: Bay, finding: Finding, patrol: str, stamp_ns: int) -> Alert:
        return self._put(
            Alert(
                id=self._new_id(),
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
                suggested_bays=finding.suggested_bays,
                seen_in=(patrol,),
                reason=finding.reason,
            )
        )

    def _dismissed(self, finding: Finding) -> bool:
        """Return whether somebody said of this place and kind that it is no fault."""
        return any(
            a.state is State.DISMISSED
            and a.kind is finding.kind
            and nearest(a, [finding]) is not None
            for a in self._alerts.values()
        )

    def _put(self, alert: Alert) -> Alert:
        self._alerts[alert.id] = alert
        return alert


def nearest(alert: Alert, findings: Sequence[Finding]) -> Finding | None:
    """Return the finding that is at an alert's place, the nearest if there are several."""

    def apart(finding: Finding) -> float:
        across = abs(finding.box.x - alert.box.x) / SAME_PLACE_M[0]
        return max(across, abs(finding.box.y - alert.box.y) / SAME_PLACE_M[1])

    same = [f for f in findings if f.bay == alert.bay and apart(f) <= 1.0]
    return min(same, key=apart) if same else None
