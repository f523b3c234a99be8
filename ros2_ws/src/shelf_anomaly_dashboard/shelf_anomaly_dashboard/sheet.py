# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Alerts as a table for a spreadsheet, in which no cell is taken as a formula."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
import csv
from datetime import datetime, timezone
import io

from .views import AlertView

_STARTS_FORMULA = ('=', '+', '-', '@', '\t', '\r', '\n', '|', '%', '＝', '＋', '－', '＠')
COLUMNS = (
    *('id', 'state', 'kind', 'aisle', 'bay', 'level', 'x_m', 'y_m', 'priority', 'noticed'),
    *('closed', 'assignee', 'acknowledged_by', 'verdict', 'verdict_by', 'note', 'belongs_in'),
    *('reason', 'score', 'threshold', 'p_value', 'sightings', 'robot', 'model'),
)


def cell(value: object) -> str:
    """Return a cell's text; one that a spreadsheet would compute gets a quote before it."""
    if value is None:
        return ''
    if isinstance(value, (int, float)):
        return f'{value:g}' if isinstance(value, float) else str(value)
    text = str(value)
    return f"'{text}" if text.lstrip(' ').startswith(_STARTS_FORMULA) else text


def rows(alerts: Iterable[AlertView]) -> Iterator[str]:
    """Yield the lines of a CSV file (RFC 4180, UTF-8), the names of the columns first."""
    yield '\ufeff' + _line(COLUMNS)  # the mark tells spreadsheets that it is UTF-8
    for alert in alerts:
        yield _line(_values(alert))


def _values(alert: AlertView) -> tuple[object, ...]:
    return (
        *(alert.id, alert.state, alert.kind, alert.aisle, alert.bay),
        *(alert.level + 1 if alert.level >= 0 else None, alert.x, alert.y, alert.priority),
        *(_time(alert.since_ns), _time(alert.closed_ns), alert.assignee, alert.acknowledged_by),
        *(alert.verdict, alert.verdict_by, alert.verdict_note, ' '.join(alert.suggested_bays)),
        *(alert.reason, alert.score, alert.threshold, alert.p_value, alert.sightings),
        *(alert.robot, alert.model),
    )


def _line(values: Iterable[object]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow([cell(value) for value in values])
    return text.getvalue()


def _time(stamp_ns: int) -> str:
    if not stamp_ns:
        return ''
    return datetime.fromtimestamp(stamp_ns // 10**9, timezone.utc).strftime('%Y-%m-%d %H:%M:%SZ')
