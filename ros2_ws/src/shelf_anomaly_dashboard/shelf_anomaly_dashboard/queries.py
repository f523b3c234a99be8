# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Questions to the database; each answer is one consistent reading."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Literal

from sqlalchemy import ColumnElement, func, select, tuple_

from shelf_anomaly.errors import ShelfAnomalyError
from shelf_anomaly.store_layout import StoreLayout

from .database import Database
from .models import AlertRow, BayRow, EventRow, RobotRow, SightingRow
from .query_coverage import coverage
from .query_trends import trends
from .text import clean_id, INT64_MAX
from .views import (
    AlertDetail,
    AlertFilter,
    AlertPage,
    AlertView,
    BayView,
    EventView,
    RobotView,
    SightingView,
)
from .views_reports import CoverageView, TrendView

SILENT_NS = 10 * 10**9
"""A robot that says nothing for this long counts as not connected; it speaks once a second."""
MAX_PAGE = 500

Order = Literal['newest', 'oldest', 'priority']
_KEYS: dict[str, tuple[str, ...]] = {
    'oldest': ('since_ns', 'id'),
    'newest': ('since_ns', 'id'),
    'priority': ('priority', 'since_ns', 'id'),
}


class BadCursorError(ShelfAnomalyError):
    """A page mark that this dashboard did not give out."""


class Queries:
    """Reads what one store's pages show."""

    def __init__(self, database: Database, layout: StoreLayout) -> None:
        """Build it for the store of ``layout``."""
        self._database = database
        self._layout = layout

    @property
    def layout(self) -> StoreLayout:
        """The store's layout."""
        return self._layout

    @property
    def store(self) -> str:
        """The store's name."""
        return self._layout.store

    def alerts(
        self,
        wanted: AlertFilter,
        *,
        limit: int = 50,
        cursor: str | None = None,
        order: Order = 'newest',
    ) -> AlertPage:
        """
        List alerts: newest, oldest or most urgent first.

        :param limit: alerts on a page, 1 to 500
        :param cursor: ``next`` of the page before, of a list in the same order
        :raises BadCursorError: when the cursor is none
        """
        limit = min(MAX_PAGE, max(1, limit))
        columns = [getattr(AlertRow, name) for name in _KEYS[order]]
        listed = select(AlertRow).where(*_conditions(self.store, wanted, listed=True))
        counted = select(func.count()).where(*_conditions(self.store, wanted))
        up = order == 'oldest'
        if cursor is not None:
            mark = _parse_cursor(cursor, len(columns))
            key = tuple_(*columns)
            listed = listed.where(key > mark if up else key < mark)
        listed = listed.order_by(*(c.asc() if up else c.desc() for c in columns)).limit(limit + 1)
        with self._database.reading() as session:
            rows = session.scalars(listed).all()
            total = session.scalar(counted) or 0
        items = [_alert(row) for row in rows[:limit]]
        last = ':'.join(str(getattr(items[-1], name)) for name in _KEYS[order]) if items else None
        return AlertPage(items, total, last if len(rows) > limit else None)

    def alert(self, alert_id: str) -> AlertDetail | None:
        """Return one alert with its time line, or None."""
        wanted = clean_id(alert_id)
        if wanted is None:
            return None
        with self._database.reading() as session:
            row = session.scalars(
                select(AlertRow)
                .where(AlertRow.store == self.store, AlertRow.id == wanted)
                .order_by(AlertRow.received_ns.desc())
                .limit(1)
            ).first()
            if row is None:
                return None
            told = session.scalars(
                select(EventRow)
                .where(
                    EventRow.store == row.store,
                    EventRow.robot == row.robot,
                    EventRow.alert_id == row.id,
                )
                .order_by(EventRow.id.desc())
                .limit(MAX_PAGE)
            ).all()
            seen = session.scalars(
                select(SightingRow)
                .where(
                    SightingRow.store == row.store,
                    SightingRow.robot == row.robot,
                    SightingRow.alert_id == row.id,
                )
                .order_by(SightingRow.stamp_ns.desc())
                .limit(MAX_PAGE)
            ).all()
            return AlertDetail(
                _alert(row),
                [_view(EventView, event) for event in reversed(told)],
                [_with_picture(SightingView, sighting) for sighting in reversed(seen)],
            )

    def events_after(self, event_id: int, limit: int = MAX_PAGE) -> list[EventView]:
        """Return the changes after the one with ``event_id``, oldest first."""
        after = min(INT64_MAX, max(0, event_id))
        query = (
            select(EventRow)
            .where(EventRow.store == self.store, EventRow.id > after)
            .order_by(EventRow.id)
            .limit(limit)
        )
        with self._database.reading() as session:
            return [_view(EventView, event) for event in session.scalars(query)]

    def last_event_id(self) -> int:
        """Return the number of the newest change; 0 when there is none."""
        with self._database.reading() as session:
            return (
                session.scalar(select(func.max(EventRow.id)).where(EventRow.store == self.store))
                or 0
            )

    def bays(self) -> list[BayView]:
        """Return every bay of the layout, in its order, then those that only robots know."""
        counted = (
            select(AlertRow.bay, func.max(AlertRow.aisle), func.count())
            .where(AlertRow.store == self.store, AlertRow.state == 'open')
            .group_by(AlertRow.bay)
        )
        with self._database.reading() as session:
            looked = {
                row.bay: row
                for row in session.scalars(select(BayRow).where(BayRow.store == self.store))
            }
            alerts = {bay: (aisle, int(count)) for bay, aisle, count in session.execute(counted)}
        known = self._layout.bays
        others = sorted((looked.keys() | alerts.keys()) - known.keys() - {''})
        aisles = {name: bay.aisle for name, bay in known.items()} | {
            b: alerts.get(b, ('', 0))[0] for b in others
        }
        return [
            _bay(name, aisles[name], name in known, alerts.get(name, ('', 0))[1], looked.get(name))
            for name in (*known, *others)
        ]

    def robots(self, now_ns: int) -> list[RobotView]:
        """Return the robots of the store, the one heard last first."""
        query = (
            select(RobotRow).where(RobotRow.store == self.store).order_by(RobotRow.heard_ns.desc())
        )
        with self._database.reading() as session:
            return [_robot(row, now_ns) for row in session.scalars(query)]

    def coverage(self, now_ns: int) -> CoverageView:
        """Return which bays the robots do not see, since when and why."""
        return coverage(self._database, self.store, self.bays(), now_ns)

    def trends(self, now_ns: int, days: int, offset_ns: int = 0) -> TrendView:
        """Return what the last ``days`` days brought; days begin at midnight of the store."""
        return trends(self._database, self.store, now_ns, days, offset_ns)

    def people(self) -> list[str]:
        """Return who has open alerts to put right, by name."""
        query = (
            select(AlertRow.assignee)
            .where(AlertRow.store == self.store, AlertRow.assignee > '', AlertRow.state == 'open')
            .distinct()
            .order_by(AlertRow.assignee)
            .limit(MAX_PAGE)
        )
        with self._database.reading() as session:
            return list(session.scalars(query))

    def count_open(self) -> int:
        """Return how many alerts are open."""
        query = (
            select(func.count())
            .select_from(AlertRow)
            .where(AlertRow.store == self.store, AlertRow.state == 'open')
        )
        with self._database.reading() as session:
            return session.scalar(query) or 0


def _conditions(
    store: str, wanted: AlertFilter, *, listed: bool = False
) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [AlertRow.store == store]
    if wanted.state == 'closed':
        # A count finds both states in an index. A list would have to sort them; it rather
        # leaves out the few open ones of the index that is in its order already.
        closed = AlertRow.state.in_(('resolved', 'dismissed'))
        where.append(AlertRow.state != 'open' if listed else closed)
    elif wanted.state is not None:
        where.append(AlertRow.state == wanted.state)
    if wanted.acknowledged is not None:
        seen = AlertRow.acknowledged_ns > 0
        where.append(seen if wanted.acknowledged else ~seen)
    if wanted.began_after_ns is not None:
        where.append(AlertRow.since_ns >= wanted.began_after_ns)
    if wanted.began_before_ns is not None:
        where.append(AlertRow.since_ns < wanted.began_before_ns)
    for name in ('kind', 'aisle', 'bay', 'robot', 'assignee'):
        if (value := getattr(wanted, name)) is not None:
            where.append(getattr(AlertRow, name) == value)
    return where


def _parse_cursor(cursor: str, parts: int) -> tuple[int | str, ...]:
    *numbers, last = cursor.split(':')
    good = clean_id(last)
    if (
        good is None
        or len(numbers) != parts - 1
        or not all(n.isascii() and n.isdigit() and len(n) <= 19 for n in numbers)
        or any(int(n) > INT64_MAX for n in numbers)
    ):
        raise BadCursorError(
            f'cursor {cursor[:60]!r} is not one of this list; begin without a cursor'
        )
    return (*(int(n) for n in numbers), good)


def _view(kind: type[Any], row: object, **changes: object) -> Any:
    values = {f.name: changes.get(f.name, getattr(row, f.name, None)) for f in fields(kind)}
    return kind(**values)


def _with_picture(kind: type[Any], row: AlertRow | SightingRow) -> Any:
    return _view(kind, row, evidence=f'/evidence/{row.evidence}' if row.evidence else None)


def _alert(row: AlertRow) -> AlertView:
    view: AlertView = _with_picture(AlertView, row)
    return view


def _bay(name: str, aisle: str, on_map: bool, open_alerts: int, row: BayRow | None) -> BayView:
    if row is None:
        return BayView(name, aisle, on_map, open_alerts, None, 0, 0, None, {}, '', '')
    view: BayView = _view(BayView, row, aisle=aisle, on_map=on_map, open_alerts=open_alerts)
    return view


def _robot(row: RobotRow, now_ns: int) -> RobotView:
    view: RobotView = _view(RobotView, row, connected=now_ns - row.heard_ns < SILENT_NS)
    return view
