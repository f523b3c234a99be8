# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Lists: filters, order and pages."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shelf_anomaly_dashboard.queries import BadCursorError
from shelf_anomaly_dashboard.records import AlertRecord, Kind, State
from shelf_anomaly_dashboard.site import Site
from shelf_anomaly_dashboard.views import AlertFilter

SECOND = 10**9


def test_pages_follow_each_other_without_gap_or_repeat(
    site: Site, make_alert: Callable[..., AlertRecord], clock: Callable[[], int]
) -> None:
    # two alerts share each second, so that the id must break the tie
    made = [make_alert(first_seen_ns=clock() - (i // 2) * SECOND) for i in range(25)]
    site.service.write(made)
    seen: list[str] = []
    cursor = None
    for _ in range(10):
        page = site.queries.alerts(AlertFilter(), limit=4, cursor=cursor)
        assert page.total == 25
        seen += [item.id for item in page.items]
        cursor = page.next
        if cursor is None:
            break

    expected = sorted(made, key=lambda a: (a.first_seen_ns, a.id), reverse=True)
    assert [a.id for a in expected] == seen


@pytest.mark.parametrize(
    ('wanted', 'expected'),
    [
        (AlertFilter(), {'gap', 'fallen', 'foreign'}),
        (AlertFilter(state='open'), {'gap', 'foreign'}),
        (AlertFilter(state='closed'), {'fallen'}),
        (AlertFilter(state='dismissed'), set()),
        (AlertFilter(kind='gap'), {'gap'}),
        (AlertFilter(aisle='A2'), {'foreign'}),
        (AlertFilter(bay='A1-R01'), {'fallen'}),
        (AlertFilter(robot='nobody'), set()),
    ],
)
def test_filters(
    site: Site, make_alert: Callable[..., AlertRecord], wanted: AlertFilter, expected: set[str]
) -> None:
    site.service.write(
        [
            make_alert(),
            make_alert(kind=Kind.FALLEN, state=State.RESOLVED, bay='A1-R01'),
            make_alert(kind=Kind.FOREIGN, aisle='A2', bay='A2-L01'),
        ]
    )

    assert expected == {item.kind for item in site.queries.alerts(wanted).items}


@pytest.mark.parametrize(
    'cursor',
    ['', 'x', '1:2', '-1:7f1c2a9e-3a40-4d0e-9a53-2f8f1e0f6f11', '9' * 30 + ':' + 'a' * 32],
)
def test_a_cursor_from_elsewhere(site: Site, cursor: str) -> None:
    with pytest.raises(BadCursorError, match='begin without a cursor'):
        site.queries.alerts(AlertFilter(), cursor=cursor)


def test_bays_in_the_order_of_the_layout_then_strangers(
    site: Site, make_alert: Callable[..., AlertRecord]
) -> None:
    site.service.write([make_alert(bay='Z9', aisle='Z'), make_alert(bay='A2-L01')])
    bays = site.queries.bays()

    assert [b.bay for b in bays] == ['A1-L01', 'A1-R01', 'A2-L01', 'Z9']
    assert [b.open_alerts for b in bays] == [0, 0, 1, 1]
    assert [b.on_map for b in bays] == [True, True, True, False]
