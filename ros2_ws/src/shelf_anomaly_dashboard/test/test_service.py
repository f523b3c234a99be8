# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The dashboard's memory over a real database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
import uuid

import pytest

from shelf_anomaly_dashboard import service as service_module
from shelf_anomaly_dashboard.records import (
    AlertRecord,
    InspectionRecord,
    InspectionResult,
    PlaceRecord,
    State,
    StatusRecord,
    Verdict,
)
from shelf_anomaly_dashboard.service import UnknownAlertError
from shelf_anomaly_dashboard.site import Site
from shelf_anomaly_dashboard.views import AlertDetail, AlertFilter

Maker = Callable[..., AlertRecord]
STORE = 'Test shop'


def detail(site: Site, alert: AlertRecord) -> AlertDetail:
    found = site.queries.alert(alert.id)
    assert found is not None
    return found


def story(site: Site, alert: AlertRecord) -> list[tuple[str, str]]:
    return [(e.by, e.what) for e in detail(site, alert).events]


def test_the_same_alert_many_times_is_one(site: Site, make_alert: Maker) -> None:
    alert = make_alert()
    for _ in range(5):
        site.service.write([alert, alert])

    assert site.queries.alerts(AlertFilter()).total == 1
    assert story(site, alert) == [('robot', 'opened')]


def test_every_field_comes_back(site: Site, make_alert: Maker, jpeg: bytes) -> None:
    alert = make_alert(
        suggested_bays=('A2-L01', 'A1-R01'),
        suggested_levels=(1, -1),
        suggested_confidences=(0.75, 0.25),
        seen_in=('p1',),
        reason='because',
        model='m 1',
        evidence=jpeg,
    )
    site.service.write([alert])
    kept = detail(site, alert).alert

    for name in (
        'store',
        'robot',
        'id',
        'aisle',
        'bay',
        'level',
        'x',
        'y',
        'width',
        'height',
        'score',
        'threshold',
    ):
        assert getattr(alert, name) == getattr(kept, name), name
    for name in ('p_value', 'reason', 'model', 'first_seen_ns', 'last_seen_ns', 'sightings'):
        assert getattr(alert, name) == getattr(kept, name), name
    assert kept.suggested_bays == ['A2-L01', 'A1-R01']
    assert kept.suggested_levels == [1, -1]
    assert kept.suggested_confidences == [0.75, 0.25]
    assert kept.evidence is not None
    path = site.evidence.path(kept.evidence.removeprefix('/evidence/'))
    assert path is not None
    assert jpeg == path.read_bytes()


def test_a_picture_stays_when_a_later_message_brings_none(
    site: Site, make_alert: Maker, jpeg: bytes
) -> None:
    alert = make_alert(evidence=jpeg)
    site.service.write([alert])
    site.service.write([replace(alert, evidence=b'')])

    assert detail(site, alert).alert.evidence is not None


def test_a_bad_picture_does_not_lose_the_alert(site: Site, make_alert: Maker) -> None:
    alert = make_alert(evidence=b'<svg onload=alert(1)>')
    site.service.write([alert])

    assert detail(site, alert).alert.evidence is None
    count, why = site.service.problems
    assert count == 1
    assert 'no JPEG or PNG' in why


def test_the_robot_resolves_and_reopens(site: Site, make_alert: Maker) -> None:
    alert = make_alert(seen_in=('p1',))
    later = replace(alert, stamp_ns=alert.stamp_ns + 60 * 10**9)
    site.service.write([alert])
    site.service.write([replace(later, state=State.RESOLVED, resolved_in='p2')])
    site.service.write([replace(later, stamp_ns=later.stamp_ns + 10**9, seen_in=('p1', 'p3'))])

    assert story(site, alert) == [
        ('robot', 'opened'),
        ('robot', 'resolved'),
        ('robot', 'seen_again'),
        ('robot', 'reopened'),
    ]
    assert detail(site, alert).alert.state == 'open'


def test_a_snapshot_that_comes_late_does_not_reopen(site: Site, make_alert: Maker) -> None:
    alert = make_alert()
    site.service.write([alert, replace(alert, state=State.RESOLVED)])
    site.service.write([alert])

    assert detail(site, alert).alert.state == 'resolved'


def test_a_verdict_counts_at_once_and_until_the_robot_knows(
    site: Site, make_alert: Maker, clock: Callable[[], int]
) -> None:
    alert = make_alert()
    site.service.write([alert])
    said = site.service.judge(STORE, alert.id, Verdict.FALSE_ALARM, 'Anna', 'always so')

    assert [said] == site.service.take_verdicts()
    assert (said.author, said.note, said.verdict) == ('Anna', 'always so', Verdict.FALSE_ALARM)
    clock.advance(1)  # type: ignore[attr-defined]
    site.service.write([alert])  # the robot has not heard it yet
    assert detail(site, alert).alert.state == 'dismissed'
    assert site.service.take_verdicts() == []  # and is given time
    clock.advance(5)  # type: ignore[attr-defined]
    site.service.write([alert])  # the verdict was lost on the way
    assert [said] == site.service.take_verdicts()
    site.service.write([replace(alert, state=State.DISMISSED)])
    assert story(site, alert) == [
        ('robot', 'opened'),
        ('person', 'dismissed'),
        ('robot', 'taken_over'),
    ]
    clock.advance(60)  # type: ignore[attr-defined]
    site.service.write([replace(alert, state=State.DISMISSED)])
    assert site.service.take_verdicts() == []


def test_a_verdict_about_nothing(site: Site, hostile: str) -> None:
    with pytest.raises(UnknownAlertError, match='has no alert'):
        site.service.judge(STORE, hostile, Verdict.RESOLVED)
    with pytest.raises(UnknownAlertError, match='has no alert'):
        site.service.judge(STORE, str(uuid.uuid4()), Verdict.RESOLVED)
    assert site.service.take_verdicts() == []


def test_hostile_text_is_kept_as_text(site: Site, make_alert: Maker, hostile: str) -> None:
    alert = make_alert(
        robot=hostile,
        aisle=hostile,
        bay=hostile,
        reason=hostile,
        model=hostile,
        suggested_bays=(hostile,),
        seen_in=(hostile,),
    )
    site.service.write([alert])
    site.service.judge(STORE, alert.id, Verdict.CONFIRMED, hostile, hostile)
    kept = detail(site, alert)

    assert alert.reason == kept.alert.reason
    assert len(kept.events[-1].note) <= 500
    assert site.queries.alerts(AlertFilter(bay=alert.bay)).total == 1


def test_two_stores_and_two_robots_in_one_database(site: Site, make_alert: Maker) -> None:
    alert = make_alert()
    site.service.write([alert, replace(alert, store='Other'), replace(alert, robot='second')])

    assert site.queries.alerts(AlertFilter()).total == 2
    assert site.queries.alerts(AlertFilter(robot='second')).total == 1
    assert len(site.queries.robots(0)) == 2


@pytest.mark.parametrize(
    ('result', 'seen'),
    [
        (InspectionResult.NORMAL, True),
        (InspectionResult.ALERT, True),
        (InspectionResult.NOT_SEEN, False),
    ],
)
def test_an_inspection_colours_its_bay(
    site: Site, clock: Callable[[], int], result: InspectionResult, seen: bool
) -> None:
    told = InspectionRecord(
        STORE, 'rover', 'A1-R01', result, end_ns=clock() - 60 * 10**9, refusals={'sharpness': 2}
    )
    site.service.write([told, told])
    bay = next(b for b in site.queries.bays() if b.bay == 'A1-R01')

    assert (result.value, told.end_ns, told.end_ns if seen else 0) == (
        bay.result,
        bay.looked_ns,
        bay.seen_ns,
    )
    assert bay.refusals == {'sharpness': 2}


def test_a_stamp_of_another_clock_counts_as_now(
    site: Site, make_alert: Maker, clock: Callable[[], int]
) -> None:
    recorded = make_alert(first_seen_ns=5 * 10**9)
    site.service.write([recorded])

    shown = detail(site, recorded).alert
    assert (5 * 10**9, clock()) == (shown.first_seen_ns, shown.since_ns)


def test_status_and_place_make_a_robot(site: Site, clock: Callable[[], int]) -> None:
    site.service.write(
        [
            StatusRecord(STORE, 'rover', model='m', frame_rate=9.5),
            PlaceRecord(STORE, 'rover', 1.0, 2.0, 0.5),
        ]
    )
    (robot,) = site.queries.robots(clock())

    assert (
        *(robot.connected, robot.model, robot.status['frame_rate']),
        *(robot.x, robot.y, robot.yaw),
    ) == (True, 'm', 9.5, 1.0, 2.0, 0.5)
    assert not site.queries.robots(clock() + 60 * 10**9)[0].connected


def test_one_record_that_cannot_be_kept_does_not_take_the_others_along(
    site: Site, make_alert: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = make_alert(), make_alert()
    real = service_module.keep_alert

    def failing(session: Any, known: Any, record: AlertRecord, *more: Any) -> Any:
        if record is bad:
            raise ValueError('this one')
        return real(session, known, record, *more)

    monkeypatch.setattr(service_module, 'keep_alert', failing)
    site.service.write([bad, good])

    assert site.queries.alerts(AlertFilter()).total == 1
    assert 'this one' in site.service.problems[1]


def test_what_a_robot_says_of_double_alerts_and_changed_shelves(
    site: Site, make_alert: Maker
) -> None:
    first = make_alert(expected_sku='tea')
    twin = make_alert(state=State.RESOLVED, same_as=first.id)
    odd = make_alert(same_as='../no id')
    look = InspectionRecord(
        STORE, 'rover', 'A1-L01', InspectionResult.NORMAL, end_ns=1, relearn=True
    )
    site.service.write([first, twin, odd, look])

    def changed() -> list[str]:
        return [bay.bay for bay in site.queries.bays() if bay.relearn]

    assert detail(site, first).alert.expected_sku == 'tea'
    assert detail(site, twin).alert.same_as == first.id
    assert detail(site, odd).alert.same_as == ''
    assert changed() == ['A1-L01']
    # a pass that saw nothing says nothing about it, a later one that did does
    site.service.write([replace(look, result=InspectionResult.NOT_SEEN, end_ns=2, relearn=False)])
    assert changed() == ['A1-L01']
    site.service.write([replace(look, end_ns=3, relearn=False)])
    assert changed() == []


def test_a_batch_in_which_an_alert_comes_several_times(site: Site, make_alert: Maker) -> None:
    alert = make_alert(seen_in=('p1',))
    again = replace(alert, stamp_ns=alert.stamp_ns + 1, seen_in=('p1', 'p2'))
    gone = replace(again, stamp_ns=again.stamp_ns + 1, state=State.RESOLVED)
    site.service.write([alert, again, again, gone, alert])
    site.service.write([again, gone])

    assert story(site, alert) == [
        ('robot', 'opened'),
        ('robot', 'seen_again'),
        ('robot', 'resolved'),
    ]
    assert len(detail(site, alert).sightings) == 3
