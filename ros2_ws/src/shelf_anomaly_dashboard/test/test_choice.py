# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What is chosen above the list, its sheet, and the door to whoever knows items."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import csv
import threading
from typing import Any
from urllib.parse import parse_qsl

import pytest

from shelf_anomaly_dashboard.choice import Choice, NOBODY
from shelf_anomaly_dashboard.finder import AT_ONCE, Finder, FindError, FoundPlace
from shelf_anomaly_dashboard.records import AlertRecord
from shelf_anomaly_dashboard.sheet import cell, COLUMNS, rows
from shelf_anomaly_dashboard.site import Site

NOW = 1_790_000_000 * 10**9


@pytest.mark.parametrize(
    'choice',
    [
        Choice(),
        Choice(state='all', kind='gap', aisle='A 1', bay='"&<', age='older', who=NOBODY),
        Choice(order='priority', robot='r=1', who='Anna'),
    ],
)
def test_the_address_keeps_a_choice(choice: Choice) -> None:
    assert choice == Choice.read(dict(parse_qsl(choice.query())))


def test_what_is_not_known_is_not_chosen() -> None:
    assert (
        Choice.read({'state': 'x', 'order': '-1', 'age': '9', 'kind': "'", 'z': '1'}) == Choice()
    )


def test_a_choice_becomes_a_filter() -> None:
    wanted = Choice(state='all', who=NOBODY, age='day').wanted(NOW)

    assert (wanted.state, wanted.assignee, wanted.began_before_ns) == (None, '', None)
    assert wanted.began_after_ns is not None
    assert 0 <= NOW - 86400 * 10**9 - wanted.began_after_ns < 60 * 10**9
    assert Choice(who='Anna', age='week').wanted(NOW).began_after_ns is None


def test_the_oldest_first_go_on_without_gap_or_repeat(
    site: Site, make_alert: Callable[..., AlertRecord], clock: Any
) -> None:
    made = [make_alert(first_seen_ns=clock() - (i // 2) * 10**9) for i in range(9)]
    site.service.write(made)
    seen: list[str] = []
    cursor = None
    for _ in range(5):
        page = site.queries.alerts(
            Choice().wanted(clock()), limit=4, cursor=cursor, order='oldest'
        )
        seen += [item.id for item in page.items]
        if (cursor := page.next) is None:
            break

    assert seen == [a.id for a in sorted(made, key=lambda a: (a.first_seen_ns, a.id))]


@pytest.mark.parametrize(
    'text', ['=1+1', '+1', '-1', '@SUM(A1)', '  =cmd|/c calc', '\t=1', '＝1', '%0A', '|x']
)
def test_no_text_is_taken_as_a_formula(text: str) -> None:
    assert cell(text) == f"'{text}"


def test_the_sheet_keeps_every_text_in_its_cell(
    site: Site, make_alert: Callable[..., AlertRecord], hostile: str
) -> None:
    site.service.write([make_alert(reason=hostile, model=hostile, robot=hostile)])
    alert = site.queries.alerts(Choice().wanted(NOW)).items[0]
    told = list(csv.reader(''.join(rows([alert])).lstrip('\ufeff').splitlines()))

    assert told[0] == list(COLUMNS)
    assert [len(row) for row in told] == [len(COLUMNS)] * 2
    assert told[1][COLUMNS.index('reason')].lstrip("'") == alert.reason.lstrip("'")
    assert cell(-0.5) == '-0.5'  # a number stays one


class Known:
    """A locator that answers with what it was given."""

    def __init__(self, places: Sequence[FoundPlace]) -> None:
        self.places = places

    def locate(self, photo: bytes, max_places: int) -> Sequence[FoundPlace]:
        return self.places


JPEG = b'\xff\xd8\xff\xe0'


def test_the_finder_says_why_there_is_no_answer() -> None:
    finder = Finder()
    with pytest.raises(FindError, match='No robot answers'):
        finder.find(JPEG)
    finder.use(Known([]))
    with pytest.raises(FindError, match='not a picture'):
        finder.find(b'<svg/>')
    with pytest.raises(FindError, match='too large'):
        finder.find(JPEG + bytes(800_000))
    assert finder.find(JPEG) == []


def test_photos_that_wait_for_a_robot_leave_the_pages_their_threads() -> None:
    waiting, go = threading.Barrier(AT_ONCE + 1), threading.Event()

    class Slow:
        def locate(self, photo: bytes, max_places: int) -> Sequence[FoundPlace]:
            waiting.wait(10)
            go.wait(10)
            return []

    finder = Finder()
    finder.use(Slow())
    threads = [threading.Thread(target=finder.find, args=(JPEG,)) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    waiting.wait(10)
    with pytest.raises(FindError, match='busy'):
        finder.find(JPEG)
    go.set()
    for thread in threads:
        thread.join(10)
    finder.use(Known([]))
    assert finder.find(JPEG) == []


def test_a_found_place_is_cleaned_and_the_list_is_cut(hostile: str) -> None:
    nan = float('nan')
    place = FoundPlace(
        hostile, hostile, 500, nan, nan, nan, nan, nan, hostile.encode('utf-8', 'replace')
    )

    assert len(place.bay) <= 80
    assert (place.x, place.confidence, place.level, place.picture) == (None, 0.0, 99, b'')
    finder = Finder()
    finder.use(Known([place] * 9))
    assert len(finder.find(JPEG, 4)) == 4
