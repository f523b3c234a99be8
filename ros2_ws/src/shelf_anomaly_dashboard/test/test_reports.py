# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What Coverage and Trends tell, and the answers that open pages share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, event, text

from shelf_anomaly_dashboard.chart_svg import draw_days, nice_step
from shelf_anomaly_dashboard.database import Database
from shelf_anomaly_dashboard.heat_svg import count_places, draw_heat, shade
from shelf_anomaly_dashboard.query_trends import trends
from shelf_anomaly_dashboard.readings import Readings
from shelf_anomaly_dashboard.records import (
    AlertRecord,
    InspectionRecord,
    InspectionResult,
    Kind,
    Verdict,
)
from shelf_anomaly_dashboard.settings import Settings
from shelf_anomaly_dashboard.site import Site
from shelf_anomaly_dashboard.words import change, unseen

STORE = 'Test shop'
HOUR = 3600 * 10**9
DAY = 24 * HOUR
Make = Callable[..., AlertRecord]
YEARS = {
    'alerts_on_map': '20000 20000 6667 84 84',
    'alerts_by_urgency': '20000 20000 200 1 1',
    'alerts_by_age': '20000 20000 1 1',
    'alerts_of_assignee': '20000 20000 6667 2223',
    'alerts_by_priority': '20000 20000 6667 102 1 1',
    'alerts_listed': '20000 20000 6667 1 1',
    'alerts_by_id': '20000 1',
    'alerts_by_bay': '20000 20000 167 84',
    'sqlite_autoindex_alerts_1': '20000 20000 6667 1',
}
"""What ``ANALYZE`` of SQLite finds in the benchmark's alerts, by index."""


def look(site: Site, clock: Any, bay: str, result: InspectionResult, **refusals: int) -> None:
    site.service.write(
        [InspectionRecord(*(STORE, 'rover', bay, result), end_ns=clock(), refusals=refusals)]
    )


def test_trends_read_only_the_days_that_they_tell_of(settings: Settings, clock: Any) -> None:
    """On SQLite; its statistics are those of years of alerts."""
    database = Database(settings.database)
    with database.writing() as session:
        session.execute(text('ANALYZE'))
        for index, rows in YEARS.items():
            values = {'index': index, 'rows': rows}
            session.execute(
                text("INSERT INTO sqlite_stat1 VALUES ('alerts', :index, :rows)"), values
            )
    database.close()
    database = Database(settings.database)  # it reads the statistics when it is opened
    asked: list[tuple[str, Any]] = []

    def note(_c: object, _u: object, statement: str, values: Any, *_: object) -> None:
        asked.append((statement, values))

    with database.reading() as session:
        event.listen(Engine, 'before_cursor_execute', note)
        try:
            trends(database, STORE, clock(), 7)
        finally:
            event.remove(Engine, 'before_cursor_execute', note)
        plans = [
            str(session.connection().exec_driver_sql(f'EXPLAIN QUERY PLAN {s}', v).all())
            for s, v in asked
            if s.startswith('SELECT')
        ]
    database.close()
    assert len(plans) == 4
    assert [plan for plan in plans if 'since_ns>' not in plan] == []


def test_coverage_names_what_is_not_seen_since_when_and_why(site: Site, clock: Any) -> None:
    look(site, clock, 'A1-L01', InspectionResult.NORMAL)
    clock.advance(25 * 3600)
    look(site, clock, 'A1-L01', InspectionResult.NOT_SEEN, sharpness=2, exposure=1)
    clock.advance(60)
    look(site, clock, 'A1-L01', InspectionResult.NOT_SEEN, exposure=9)
    look(site, clock, 'A1-R01', InspectionResult.ALERT)
    look(site, clock, 'Z9', InspectionResult.NOT_SEEN)  # not in the layout
    found = site.queries.coverage(clock())

    assert (found.seen, len(found.bays)) == (1, 3)
    told = {one.view.bay: one for one in found.unseen}
    assert list(told) == ['A2-L01', 'A1-L01']  # never seen comes first
    assert (told['A1-L01'].tries, told['A1-L01'].reason) == (2, 'exposure')
    assert unseen(told['A1-L01'], clock()) == (
        'last seen 25 h ago · 2 passes in vain',
        'Too dark or too bright',
    )
    assert unseen(told['A2-L01'], clock()) == ('never seen yet', 'No robot has been here yet')


def test_a_bay_that_was_missed_just_now_is_told_though_it_still_counts(
    site: Site, clock: Any
) -> None:
    look(site, clock, 'A1-L01', InspectionResult.NORMAL)
    clock.advance(60)
    look(site, clock, 'A1-L01', InspectionResult.NOT_SEEN, registration=1)
    found = site.queries.coverage(clock())

    assert found.seen == 1
    assert 'A1-L01' in [one.view.bay for one in found.unseen]


def test_trends_count_days_kinds_places_and_times(
    site: Site, clock: Any, make_alert: Make
) -> None:
    begin = clock()
    old = make_alert(first_seen_ns=begin - 9 * DAY)
    slow, quick, wrong = (
        make_alert(first_seen_ns=begin - 2 * DAY, kind=Kind.FALLEN),
        make_alert(first_seen_ns=begin, x=1.19),
        make_alert(first_seen_ns=begin),
    )
    site.service.write([old, slow, quick, wrong, make_alert(first_seen_ns=begin)])
    clock.advance(3600)
    site.service.judge(STORE, quick.id, Verdict.RESOLVED)
    site.service.judge(STORE, slow.id, Verdict.RESOLVED)
    site.service.judge(STORE, wrong.id, Verdict.FALSE_ALARM)
    found = site.queries.trends(clock(), 7)

    assert (found.alerts, found.before, found.open) == (4, 1, 1)
    assert (found.closed, found.dismissed) == (3, 1)
    assert [sum(day.kinds.values()) for day in found.days] == [0, 0, 0, 0, 1, 0, 3]
    assert {one.kind: one.median_ns for one in found.kinds} == {
        'gap': HOUR,
        'fallen': 2 * DAY + HOUR,
    }
    assert dict(found.bays) == {'A1-L01': 4}
    bays = list(site.queries.layout.bays.values())
    assert count_places(bays, found.spots) == {('A1-L01', 2, 1): 3, ('A1-L01', 2, 3): 1}


def test_days_begin_at_midnight_of_the_store(site: Site, clock: Any, make_alert: Make) -> None:
    midnight = clock() // DAY * DAY
    clock.now = midnight + 12 * HOUR
    site.service.write([make_alert(first_seen_ns=midnight - HOUR)])

    assert [len(day.kinds) for day in site.queries.trends(clock(), 2).days] == [1, 0]
    ahead = site.queries.trends(clock(), 2, 2 * HOUR)
    assert [len(day.kinds) for day in ahead.days] == [0, 1]


def test_drawings_take_hostile_kinds_and_empty_days(site: Site, clock: Any) -> None:
    found = site.queries.trends(clock(), 7)
    bays = list(site.queries.layout.bays.values())

    assert draw_days(found.days, []).startswith('<svg')
    assert '<b>' not in draw_heat(bays, [], 0, '<b>')


@pytest.mark.parametrize(('highest', 'step'), [(0, 1), (5, 1), (6, 2), (14, 5), (480, 100)])
def test_steps_of_an_axis(highest: int, step: int) -> None:
    assert step == nice_step(highest)


def test_shades_and_changes() -> None:
    assert [shade(n, 10) for n in (0, 1, 5, 10, 99)] == [0, 1, 3, 5, 5]
    assert change(3, 2, 7) == '50 % more than in the 7 days before'
    assert change(3, 0, 7) == 'none in the 7 days before'


def test_open_pages_share_one_reading_of_the_same_change() -> None:
    async def ask() -> tuple[list[int], int]:
        readings, asked = Readings(), []

        def read() -> int:
            asked.append(1)
            return len(asked)

        same = await asyncio.gather(*(readings.get(1, 'bays', read) for _ in range(50)))
        return [*set(same), await readings.get(2, 'bays', read)], len(asked)

    assert asyncio.run(ask()) == ([1, 2], 2)


def test_an_answer_that_failed_is_asked_for_again() -> None:
    async def ask() -> int:
        readings, asked = Readings(), []

        def read() -> int:
            asked.append(1)
            if len(asked) == 1:
                raise OSError('disk')
            return len(asked)

        with pytest.raises(OSError, match='disk'):
            await readings.get(1, 'bays', read)
        return await readings.get(1, 'bays', read)

    assert asyncio.run(ask()) == 2
