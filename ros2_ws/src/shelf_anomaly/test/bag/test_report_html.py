# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The page: what it says, and that nothing from outside becomes markup."""

from html.parser import HTMLParser
import re

import pytest
from replay_builder import alert, report, store

from shelf_anomaly.bag.problems import ProblemLog
from shelf_anomaly.bag.report_html import render_report
from shelf_anomaly.bag.result import Patrol, ReplayResult
from shelf_anomaly.records import Alert, BayResult, Home, Kind, State
from shelf_anomaly.store_layout import StoreLayout

START = 1_760_000_000_000_000_000  # 2025-10-09 08:53:20 UTC
VOID = {'meta', 'img', 'br', 'link', 'input'}


class Reader(HTMLParser):
    """Collects tags and text, and checks that elements close."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ''
        self._open: list[str] = []
        self.feed(page)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def page(
    *alerts: Alert, layout: StoreLayout | None = None, model: str = 'shop', error: str = ''
) -> Reader:
    layout = layout or store()
    ends = (BayResult.ALERT, BayResult.NORMAL, BayResult.NOT_SEEN)
    bays = dict(zip(layout.bays, ends, strict=True))
    last = list(layout.bays)[2]
    passes = {last: [report(last, 'monday', BayResult.NOT_SEEN, views_used=0)]}
    monday = Patrol(
        'monday', bays, passes, 10, 8, START, START, [(0.0, 0.0), (2.0, 0.1)], ProblemLog(), error
    )
    result = ReplayResult(
        layout, model, 0.5, {'monday': monday}, alerts, 2.0, {'locate': 30.0}, {'sharpness': 4}
    )
    return Reader(render_report(result, {a.id: f'evidence/{a.id}.jpg' for a in alerts}))


def words(reader: Reader) -> str:
    return re.sub(r'\s+', ' ', reader.text)


def test_an_alert_in_words() -> None:
    text = words(page(alert(1)))
    for said in (
        'corner shop',
        '1 patrol, 2025-10-09 08:53 UTC',
        '1 open fault',
        '0 put right',
        '1 of 3 bay visits not seen',
        'Misplaced product',
        'Bay L01, 2nd shelf from below, 0.35 m from the left',
        'Belongs in L03 (2nd shelf from below, 90% sure), or L02 (40% sure)',
        'Expected here: Oat milk',
        'score 7.25, alert from 4',
        'once in 500 normal passes (p = 0.002)',
        '10 x 20 cm',
        'Seen in monday (5 pictures)',
        'L03 : 2 pictures not used, mostly: blurred',
        '8 of 10 frames inspected',
        '5.0 frames/s',
        '3.00',
    ):
        assert said.replace(' ', '') in text.replace(' ', ''), said


def test_states_are_kept_apart() -> None:
    text = words(
        page(alert(1), alert(2, state=State.RESOLVED, resolved_in='tuesday', kind=Kind.GAP))
    )
    assert re.search(
        r'Open now.*Misplaced product.*Put right.*Gap on the shelf.*Put right in\s*tuesday', text
    )


def test_nothing_wrong_is_said() -> None:
    assert 'Nothing stands wrong in what was seen. Mind the bays that were not seen' in words(
        page()
    )


def test_pictures_are_beside_the_page_and_nothing_else_is_loaded() -> None:
    made = page(alert(1))
    assert [a['src'] for t, a in made.tags if t == 'img'] == [f'evidence/{alert(1).id}.jpg']
    assert not [t for t, _ in made.tags if t in ('script', 'link', 'iframe')]
    links = [a['href'] for t, a in made.tags if t == 'a']
    assert links
    assert all(re.match(r'evidence/|#fault-\d+$', str(link)) for link in links)


def test_the_map_shows_each_bay_in_its_state_and_the_fault() -> None:
    made = page(alert(1))
    assert [a['class'] for t, a in made.tags if t == 'g' and 'bay' in str(a['class'])] == [
        'bay alert',
        'bay normal',
        'bay not_seen',
    ]
    assert ('a', {'href': '#fault-1'}) in made.tags


@pytest.mark.parametrize(
    'evil', ['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "'&lt;{{ 7*7 }}"]
)
def test_hostile_names_stay_text(evil: str) -> None:
    name = evil.replace('/', '')  # a store.yaml cannot bring slashes
    layout = store(f'{name}1', 'L02', 'L03', name=name)
    hostile = alert(
        1,
        bay=f'{name}1',
        homes=(Home(name, 0, 0.5),),
        seen_in=(evil,),
        resolved_in=evil,
        reason=evil,
    )
    made = page(hostile, layout=layout, model=evil, error=evil)
    assert not [t for t, _ in made.tags if t == 'script']
    assert not [a for _, a in made.tags if 'onerror' in a]
    assert evil in made.text
