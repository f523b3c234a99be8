# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What people do with alerts, and what the time line keeps of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
import uuid

import pytest

from shelf_anomaly_dashboard.life import priority
from shelf_anomaly_dashboard.records import AlertRecord, Kind, State, Verdict
from shelf_anomaly_dashboard.service import BadActionError, UnknownAlertError
from shelf_anomaly_dashboard.site import Site
from shelf_anomaly_dashboard.views import AlertDetail, AlertFilter

Maker = Callable[..., AlertRecord]
STORE = 'Test shop'


def detail(site: Site, alert: AlertRecord) -> AlertDetail:
    found = site.queries.alert(alert.id)
    assert found is not None
    return found


def told(site: Site, alert: AlertRecord) -> list[tuple[str, str, str]]:
    return [(e.who, e.what, e.note) for e in detail(site, alert).events if e.by == 'person']


def test_taking_note_handing_over_and_writing_down(
    site: Site, make_alert: Maker, clock: Callable[[], int]
) -> None:
    alert = make_alert()
    site.service.write([alert])
    site.service.acknowledge(STORE, [alert.id], 'anna')
    site.service.acknowledge(STORE, [alert.id], 'ben')  # it is known already
    site.service.assign(STORE, [alert.id], 'anna', 'ben', 'you are near')
    site.service.note(STORE, [alert.id], 'ben', 'on my way')
    shown = detail(site, alert).alert

    assert ('anna', clock(), 'ben') == (
        shown.acknowledged_by,
        shown.acknowledged_ns,
        shown.assignee,
    )
    assert told(site, alert) == [
        ('anna', 'acknowledged', ''),
        ('anna', 'assigned', 'ben: you are near'),
        ('ben', 'noted', 'on my way'),
    ]
    site.service.assign(STORE, [alert.id], 'ben')
    assert detail(site, alert).alert.assignee == ''
    assert told(site, alert)[-1] == ('ben', 'unassigned', '')


def test_bulk_is_all_or_nothing(site: Site, make_alert: Maker) -> None:
    alerts = [make_alert() for _ in range(3)]
    site.service.write(alerts)
    ids = [alert.id for alert in alerts]

    with pytest.raises(UnknownAlertError, match='has no alert'):
        site.service.judge_all(STORE, [*ids, str(uuid.uuid4())], Verdict.RESOLVED, 'anna')
    assert site.queries.alerts(AlertFilter(state='open')).total == 3
    said = site.service.judge_all(STORE, ids, Verdict.RESOLVED, 'anna', 'tidied')
    assert sorted(ids) == sorted(record.alert_id for record in said)
    assert site.queries.alerts(AlertFilter(state='resolved')).total == 3
    assert len(site.service.take_verdicts()) == 3


@pytest.mark.parametrize('count', [0, 501])
def test_none_or_too_many(site: Site, count: int) -> None:
    with pytest.raises(BadActionError, match='1 to 500'):
        site.service.acknowledge(STORE, ['x'] * count, 'anna')


def test_an_empty_note(site: Site, make_alert: Maker) -> None:
    alert = make_alert()
    site.service.write([alert])

    with pytest.raises(BadActionError, match='empty'):
        site.service.note(STORE, [alert.id], 'anna', ' \n')


def test_an_alert_of_another_store(site: Site, make_alert: Maker) -> None:
    alert = make_alert(store='Other')
    site.service.write([alert])

    with pytest.raises(UnknownAlertError):
        site.service.assign(STORE, [alert.id], 'anna', 'ben')


def test_a_fault_that_comes_back_wants_to_be_seen_anew(
    site: Site, make_alert: Maker, clock: Callable[[], int]
) -> None:
    alert = make_alert()
    site.service.write([alert])
    site.service.acknowledge(STORE, [alert.id], 'anna')
    site.service.judge(STORE, alert.id, Verdict.RESOLVED, 'anna')
    assert detail(site, alert).alert.closed_ns == clock()
    later = replace(alert, stamp_ns=alert.stamp_ns + 60 * 10**9, state=State.RESOLVED)
    site.service.write([later])
    site.service.write([replace(later, stamp_ns=later.stamp_ns + 60 * 10**9, state=State.OPEN)])
    shown = detail(site, alert).alert

    assert (shown.state, shown.acknowledged_by, shown.closed_ns) == ('open', '', 0)


def test_each_report_is_a_sighting_and_a_repetition_is_none(
    site: Site, make_alert: Maker, jpeg: bytes
) -> None:
    first = make_alert(seen_in=('p1',), evidence=jpeg)
    second = replace(first, stamp_ns=first.stamp_ns + 1, score=9.0, evidence=b'')
    site.service.write([first, first, second, first, second])
    seen = detail(site, first).sightings

    assert [(s.stamp_ns - first.stamp_ns, s.score, s.patrol) for s in seen] == [
        (0, 7.5, 'p1'),
        (1, 9.0, 'p1'),
    ]
    assert seen[0].evidence == detail(site, first).alert.evidence


def test_the_most_urgent_first_page_by_page(site: Site, make_alert: Maker) -> None:
    kinds = [Kind.GAP, Kind.FALLEN, Kind.UNKNOWN, Kind.FOREIGN, Kind.MISPLACED]
    site.service.write([make_alert(kind=kind) for kind in kinds])
    seen: list[str] = []
    cursor = None
    while True:
        page = site.queries.alerts(AlertFilter(), limit=2, cursor=cursor, order='priority')
        seen += [alert.kind for alert in page.items]
        if (cursor := page.next) is None:
            break

    assert seen == ['fallen', 'foreign', 'misplaced', 'gap', 'unknown']


def test_filters_of_work(site: Site, make_alert: Maker) -> None:
    mine, seen, new = make_alert(), make_alert(), make_alert()
    site.service.write([mine, seen, new])
    site.service.assign(STORE, [mine.id], 'anna', 'anna')
    site.service.acknowledge(STORE, [seen.id, mine.id], 'anna')

    def ids(wanted: AlertFilter) -> set[str]:
        return {alert.id for alert in site.queries.alerts(wanted).items}

    assert ids(AlertFilter(assignee='anna')) == {mine.id}
    assert ids(AlertFilter(assignee='')) == {seen.id, new.id}
    assert ids(AlertFilter(acknowledged=False)) == {new.id}


@pytest.mark.parametrize(
    ('score', 'threshold', 'expected'),
    [(5.0, 5.0, 45), (7.5, 5.0, 60), (99.0, 5.0, 75), (None, 5.0, 45), (1.0, 0.0, 45)],
)
def test_priority_grows_with_sureness(
    score: float | None, threshold: float, expected: int
) -> None:
    assert priority(Kind.GAP, score, threshold) == expected
