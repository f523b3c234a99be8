# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Compares the alerts of a live run with what was planted; the rule of recorded stores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

SLACK_M = 0.05
SLACK_PART = 0.75
HEAP_M = 0.22
"""A thing lying on a heap has no slot: this is how near an alert must be."""

Truth = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SeenAlert:
    """An alert as it came over ROS."""

    id: str
    bay: str
    x: float
    y: float
    state: str
    """open, resolved or dismissed."""
    last_seen_ns: int


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run came to."""

    planted: int
    found: int
    missed: tuple[str, ...]
    """One line for each."""
    false_alarms: int
    put_right: int
    """Faults found and later taken away."""
    resolved: int
    """Of these, whose alerts were resolved by the robot itself."""
    patrols: int


@dataclass
class _Patrol:
    start_ns: int
    end_ns: int
    faults: Sequence[Truth]


@dataclass
class Tally:
    """Collects patrols and alerts as they come."""

    patrols: dict[int, _Patrol] = field(default_factory=dict)
    _last: dict[str, SeenAlert] = field(default_factory=dict)
    _seen_in: dict[str, set[int]] = field(default_factory=dict)

    def begin(self, index: int, start_ns: int, end_ns: int, faults: Sequence[Truth]) -> None:
        """Take note of a patrol and its truth."""
        self.patrols[index] = _Patrol(start_ns, end_ns, faults)

    def alert(self, alert: SeenAlert) -> None:
        """Take note of an alert's latest words."""
        self._last[alert.id] = alert
        if alert.state == 'resolved':
            return
        for index, patrol in self.patrols.items():
            if patrol.start_ns <= alert.last_seen_ns <= patrol.end_ns:
                self._seen_in.setdefault(alert.id, set()).add(index)

    @property
    def open_alerts(self) -> int:
        """Alerts that are open now."""
        return sum(a.state == 'open' for a in self._last.values())

    def summary(self) -> Summary:
        """Return how the run stands."""
        places: dict[tuple[object, ...], tuple[Truth, list[int]]] = {}
        for index, patrol in self.patrols.items():
            for fault in patrol.faults:
                key = (fault['bay'], fault['level'], fault['slot'], fault['kind'], fault['found'])
                places.setdefault(key, (fault, []))[1].append(index)
        found, put_right, resolved = 0, 0, 0
        missed: list[str] = []
        used: set[str] = set()
        for fault, when in places.values():
            ids = {
                i
                for i, seen in self._seen_in.items()
                if seen & set(when) and matches(self._last[i], fault)
            }
            used |= ids
            found += bool(ids)
            if not ids:
                missed.append(describe(fault))
            elif any(index > max(when) for index in self.patrols):
                put_right += 1
                resolved += all(self._last[i].state == 'resolved' for i in ids)
        false_alarms = sum(i not in used for i in self._seen_in)
        return Summary(
            planted=len(places),
            found=found,
            missed=tuple(missed),
            false_alarms=false_alarms,
            put_right=put_right,
            resolved=resolved,
            patrols=len(self.patrols),
        )


def matches(alert: SeenAlert, fault: Truth) -> bool:
    """Tell whether an alert is about a fault."""
    x, y, reach_x, reach_y = (
        fault['x'],
        fault['y'],
        SLACK_PART * fault['w'] + SLACK_M,
        SLACK_PART * fault['h'] + SLACK_M,
    )
    if 'at' in fault:
        x = fault['x'] - fault['w'] / 2 + fault['at'][0] * fault['w']
        y = fault['y'] - fault['h'] / 2 + fault['at'][1] * fault['h']
        reach_x = reach_y = HEAP_M
    near = abs(alert.x - x) <= reach_x and abs(alert.y - y) <= reach_y
    return bool(alert.bay == fault['bay'] and near)


def describe(fault: Truth) -> str:
    """Return a fault in words."""
    where = (
        f'{fault["bay"]}, board {fault["level"] + 1} from below, {fault["x"]:.2f} m from the left'
    )
    what = {
        'gap': f'{fault["expected"]} is missing',
        'fallen': f'{fault["expected"]} has fallen over',
    }.get(fault['kind'], f'{fault["found"]} where {fault["expected"]} belongs')
    return f'{fault["kind"]}: {what} ({where})'
