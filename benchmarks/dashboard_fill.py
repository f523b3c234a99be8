# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Years of alerts for the benchmark of the dashboard: a layout, and a database filled for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
import time
from typing import Any
import uuid

from sqlalchemy import insert, literal, select, text
import yaml

from shelf_anomaly_dashboard.database import Database
from shelf_anomaly_dashboard.models import AlertRow, BayRow, EventRow, RobotRow, SightingRow

STORE = 'Benchmark store'
AISLES, BAYS = 10, 12
CHUNK = 10_000
DAY = 24 * 3600 * 10**9
SPAN = 300 * DAY
"""What is a year old would be removed while it is measured."""
KINDS = ('misplaced', 'foreign', 'gap', 'fallen', 'unknown')
EVENTS = ('opened', 'acknowledged', 'resolved')


def write_store(path: Path) -> Path:
    """Write the layout of a store of 120 bays and return its path."""
    aisles = [
        {
            'id': f'A{a:02d}',
            'bays': [
                {
                    'id': f'A{a:02d}-B{b:02d}',
                    'side': 'left' if b % 2 else 'right',
                    'origin': [2.0 * (b // 2), 3.0 * a + (0.0 if b % 2 else 1.8), 0.0],
                    'facing_yaw': 1.5708 if b % 2 else -1.5708,
                    'width': 1.2,
                    'height': 2.0,
                    'levels': [0.1, 0.6, 1.1, 1.6],
                }
                for b in range(BAYS)
            ],
        }
        for a in range(AISLES)
    ]
    content = {'version': 1, 'store': STORE, 'frame': 'map', 'aisles': aisles}
    path.write_text(yaml.safe_dump(content))
    return path


def fill(
    url: str, alerts: int, sightings: int, tell: Callable[[int], None] = lambda _: None
) -> list[str]:
    """
    Fill an empty database and return the ids of its alerts, the newest last.

    :param alerts: of which every fiftieth and the last hundredth are open
    :param sightings: shared out evenly among the alerts
    :param tell: called with the number of alerts that are written
    """
    database = Database(url)
    now = time.time_ns()
    ids = [str(uuid.UUID(int=i * 2**64 + 1)) for i in range(alerts)]
    for start in range(0, alerts, CHUNK):
        part = range(start, min(alerts, start + CHUNK))
        with database.writing() as session:
            session.execute(insert(AlertRow), [_alert(i, ids[i], now, alerts) for i in part])
        tell(part.stop)
    with database.writing() as session:
        # What belongs to an alert is made where it is to lie: a million rows take seconds.
        for query in (_events(now), _sightings(max(1, sightings // alerts), now)):
            session.execute(query)
        session.execute(insert(BayRow), [_bay(i, now) for i in range(AISLES * BAYS)])
        session.execute(insert(RobotRow), [_robot(i, now) for i in range(3)])
        session.execute(text('ANALYZE'))
    database.close()
    return ids


def _place(i: int) -> tuple[str, str]:
    aisle = f'A{i % AISLES:02d}'
    return aisle, f'{aisle}-B{i // AISLES % BAYS:02d}'


def _alert(i: int, name: str, now: int, count: int) -> dict[str, Any]:
    since = now - (count - i) * SPAN // count
    is_open = i >= count - count // 100 or i % 50 == 0
    aisle, bay = _place(i)
    state = 'open' if is_open else ('resolved', 'dismissed')[i % 5 == 0]
    return {
        'store': STORE,
        'robot': f'rover{i % 3}',
        'id': name,
        'kind': KINDS[i % 5],
        'state': state,
        'robot_state': state,
        'aisle': aisle,
        'bay': bay,
        'level': i % 4,
        'x': 0.1 + i % 10 / 10,
        'y': 1.0,
        'width': 0.1,
        'height': 0.2,
        'score': 5 + i % 7,
        'threshold': 5.0,
        'p_value': 0.001,
        'reason': 'unlike what is normal here',
        'model': 'm',
        'stamp_ns': since,
        'first_seen_ns': since,
        'last_seen_ns': since,
        'since_ns': since,
        'received_ns': since,
        'sightings': 10,
        'suggested_bays': [bay],
        'suggested_levels': [1],
        'suggested_confidences': [0.9],
        'seen_in': ['p1'],
        'resolved_in': '',
        'evidence': None,
        'verdict': None,
        'verdict_by': '',
        'verdict_note': '',
        'verdict_ns': 0,
        'verdict_sent_ns': 0,
        'verdict_taken': False,
        'priority': i % 100,
        'assignee': ('', 'sam', 'ada')[i % 3],
        'acknowledged_by': '',
        'acknowledged_ns': 0,
        'closed_ns': 0 if is_open else since,
    }


def _events(now: int) -> Any:
    told = select(literal(EVENTS[0]).label('what'))
    steps = told.union_all(*(select(literal(what)) for what in EVENTS[1:])).subquery()
    values: dict[str, Any] = {
        'store': AlertRow.store,
        'robot': AlertRow.robot,
        'alert_id': AlertRow.id,
        'at_ns': literal(now),
        'by': literal('robot'),
        'who': AlertRow.robot,
        'what': steps.c.what,
        'note': literal(''),
    }
    made = select(*values.values()).select_from(AlertRow).join(steps, literal(value=True))
    return insert(EventRow).from_select(list(values), made.order_by(AlertRow.since_ns))


def _sightings(each: int, now: int) -> Any:
    first = select(literal(1).label('n')).cte('numbers', recursive=True)
    numbers = first.union_all(select(first.c.n + 1).where(first.c.n < each))
    values: dict[str, Any] = {
        'store': AlertRow.store,
        'robot': AlertRow.robot,
        'alert_id': AlertRow.id,
        'stamp_ns': numbers.c.n,
        'received_ns': literal(now),
        'state': literal('open'),
        'patrol': literal('p1'),
        'score': literal(7.5),
        'p_value': literal(0.001),
        'sightings': numbers.c.n,
    }
    made = select(*values.values()).select_from(AlertRow).join(numbers, literal(value=True))
    return insert(SightingRow).from_select(list(values), made)


def _bay(i: int, now: int) -> dict[str, Any]:
    _, bay = _place(i)
    return {
        'store': STORE,
        'bay': bay,
        'robot': 'rover0',
        'end_ns': now,
        'looked_ns': now,
        'seen_ns': now,
        'result': 'normal',
        'patrol': 'p',
        'coverage': 0.9,
        'refusals': {},
    }


def _robot(i: int, now: int) -> dict[str, Any]:
    where = {'x': 2.0 + i, 'y': 3.0 * i + 0.9, 'yaw': 0.0}
    return {
        'store': STORE,
        'robot': f'rover{i}',
        'heard_ns': now,
        'model': 'm',
        'status': {},
        'placed_ns': now,
        **where,
    }
