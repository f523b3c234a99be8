# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""How many alerts began when, where and of which kind, and what became of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from statistics import median

from sqlalchemy import cast, func, Integer, select

from .database import Database
from .models import AlertRow
from .views_reports import DayCount, HeatSpot, KindTrend, TrendView

DAY_NS = 24 * 3600 * 10**9
SAMPLES = 20000
"""Times to resolve that are read at most, the newest."""


def trends(
    database: Database, store: str, now_ns: int, days: int, offset_ns: int = 0
) -> TrendView:
    """
    Return what the last ``days`` days brought, today among them.

    :param offset_ns: how far the store's clock is ahead of UTC; days begin at its midnight
    """
    last = (now_ns + offset_ns) // DAY_NS
    start = (last - days + 1) * DAY_NS - offset_ns
    since = AlertRow.since_ns
    day = (since + offset_ns) // DAY_NS
    counted = (
        select(day, AlertRow.kind, AlertRow.state, func.count())
        .where(AlertRow.store == store, since >= start)
        .group_by(day, AlertRow.kind, AlertRow.state)
    )
    cm = cast(AlertRow.x * 100, Integer)
    # By the bare column, SQLite would walk through every alert of years in the index of bays,
    # which is in the order of the groups; so it reads just the days in that of ages.
    bay = func.coalesce(AlertRow.bay, '')
    placed = (
        select(bay, AlertRow.level, cm, func.count())
        .where(AlertRow.store == store, since >= start)
        .group_by(bay, AlertRow.level, cm)
    )
    lasted = (
        select(AlertRow.kind, AlertRow.closed_ns - since)
        .where(
            AlertRow.store == store,
            AlertRow.state == 'resolved',
            since >= start,
            AlertRow.closed_ns > 0,
        )
        .order_by(since.desc())
        .limit(SAMPLES)
    )
    before = (
        select(func.count())
        .select_from(AlertRow)
        .where(AlertRow.store == store, since >= start - days * DAY_NS, since < start)
    )
    with database.reading() as session:
        rows = [(int(d), k, s, int(n)) for d, k, s, n in session.execute(counted)]
        spots = [
            HeatSpot(name, int(level), (x or 0) / 100, int(n))
            for name, level, x, n in session.execute(placed)
        ]
        times: dict[str, list[int]] = defaultdict(list)
        for kind, elapsed in session.execute(lasted):
            times[kind].append(max(0, int(elapsed)))
        earlier = session.scalar(before) or 0
    return _view(start, last, days, rows, spots, times, earlier)


def _view(
    start: int,
    last: int,
    days: int,
    rows: list[tuple[int, str, str, int]],
    spots: list[HeatSpot],
    times: dict[str, list[int]],
    before: int,
) -> TrendView:
    per_day: dict[int, Counter[str]] = defaultdict(Counter)
    day_states: dict[int, Counter[str]] = defaultdict(Counter)
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    states: Counter[str] = Counter()
    for day, kind, state, count in rows:
        shown = min(day, last)  # a clock that runs ahead
        per_day[shown][kind] += count
        day_states[shown][state] += count
        kinds[kind][state] += count
        states[state] += count
    bays: Counter[str] = Counter()
    for spot in spots:
        bays[spot.bay] += spot.alerts
    told = [
        KindTrend(
            kind,
            c.total(),
            c['resolved'] + c['dismissed'],
            c['dismissed'],
            _median(times.get(kind, [])),
        )
        for kind, c in kinds.items()
    ]
    told.sort(key=lambda one: (-one.alerts, one.kind))
    return TrendView(
        start_ns=start,
        days=[
            DayCount(
                start + i * DAY_NS,
                dict(per_day[number]),
                day_states[number]['resolved'] + day_states[number]['dismissed'],
                day_states[number]['dismissed'],
            )
            for i, number in enumerate(range(last - days + 1, last + 1))
        ],
        kinds=told,
        spots=spots,
        alerts=states.total(),
        before=before,
        closed=states['resolved'] + states['dismissed'],
        dismissed=states['dismissed'],
        open=states['open'],
        median_ns=_median([t for some in times.values() for t in some]),
        bays=dict(bays),
    )


def _median(times: list[int]) -> int | None:
    return round(median(times)) if times else None
