# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What somebody sends with ill intent, in every field, on every page: shown as text, never run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
import time
from typing import Any
import uuid

import pytest
import yaml

from shelf_anomaly.store_layout import load_store_layout
from shelf_anomaly_dashboard.accounts import Accounts
from shelf_anomaly_dashboard.database import Database
from shelf_anomaly_dashboard.evidence import EvidenceStore
from shelf_anomaly_dashboard.feed import Feed
from shelf_anomaly_dashboard.queries import Queries
from shelf_anomaly_dashboard.records import (
    AlertRecord,
    InspectionRecord,
    InspectionResult,
    Kind,
    State,
    StatusRecord,
    Verdict,
)
from shelf_anomaly_dashboard.roles import AccessError, Role
from shelf_anomaly_dashboard.service import Service
from shelf_anomaly_dashboard.tail import Tail
from shelf_anomaly_dashboard.text import clean, SENTENCE_LIMIT
from shelf_anomaly_dashboard.tokens import Tokens
from shelf_anomaly_dashboard.webhooks import Webhooks

pytestmark = pytest.mark.browser
STORE = 'Test shop'
SCRIPT = '<script>window.hacked=1</script>'
PASSWORD = 'four blue words here'
HOOK = 'https://x.example/<svg/onload=window.hacked=1>'
NUMBERS = range(9)
"""One for each hostile text."""
IDS = [str(uuid.UUID(int=number + 1)) for number in NUMBERS]
PAGES = (
    *('', '?state=closed', '?state=all&bay=%22%3E%3Cb%3Ex&who=%3Cscript%3E', 'store'),
    *('store?bay=%3Cscript%3E', 'coverage', 'trends', 'robots', 'find', 'more', 'account'),
    *('admin', *(f'alerts/{name}' for name in IDS), 'alerts/%3Cscript%3E'),
)


@dataclass
class Shop:
    """A dashboard that has heard all of it, and a phone that is logged in as admin."""

    address: str
    tab: Any
    texts: tuple[str, ...]


@pytest.fixture(scope='module')
def shop(
    browser: Any,
    run_dashboard: Any,
    make_phone: Any,
    hostile_texts: tuple[str, ...],
    shop_layout: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Shop]:
    """Run it for all tests of this file, which change nothing."""
    folder = tmp_path_factory.mktemp('hostile')
    store = folder / 'store.yaml'
    store.write_text(yaml.safe_dump(shop_layout), encoding='utf-8')
    _fill(store, folder, hostile_texts)
    with ExitStack() as stack:
        more = ('--no-ros', '--title', hostile_texts[1])
        address = stack.enter_context(run_dashboard(store, folder, more, login=True))
        tab = make_phone(browser, user_agent=SCRIPT)
        stack.callback(tab.page.context.close)
        page = tab.page
        page.goto(f'{address}/login')
        for name in (SCRIPT, 'ada'):  # the first one fails, and is written down
            page.get_by_label('Name').fill(name)
            page.get_by_label('Password').fill(PASSWORD)
            page.get_by_role('button', name='Log in').tap()
            page.wait_for_load_state()
        page.wait_for_url(f'{address}/')
        tab.complaints.clear()  # the browser calls a refused login an error
        yield Shop(address, tab, hostile_texts)


def _fill(store: Path, folder: Path, texts: tuple[str, ...]) -> None:
    database = Database(f'sqlite:///{folder}/live.db')
    service = Service(database, EvidenceStore(folder / 'live'), Feed(), time.time_ns)
    now = time.time_ns()
    for i, text in enumerate(texts):
        alert = AlertRecord(
            *(STORE, text, IDS[i], list(Kind)[i % 5], State.OPEN, text, text),
            reason=text,
            model=text,
            suggested_bays=(text,),
            suggested_levels=(1,),
            suggested_confidences=(0.5,),
            seen_in=(text,),
            resolved_in=text,
            expected_sku=text,
            stamp_ns=now,
            first_seen_ns=now,
            x=0.4,
            y=1.0,
            level=2,
        )
        told = [
            alert,
            StatusRecord(STORE, text, text, stages_ms={text: 1.0}, last_problem=text),
            InspectionRecord(
                *(STORE, text, ('A1-R01', text)[i % 2] or 'x', InspectionResult.NOT_SEEN),
                aisle=text,
                patrol=text,
                end_ns=now,
                refusals={text: 3},
            ),
        ]
        service.write(told)
        service.judge(STORE, alert.id, Verdict.CONFIRMED, text, text)
        service.assign(STORE, [alert.id], text, text)
        service.note(STORE, [alert.id], text, text + '!')
        if i % 3 == 0:
            service.judge(STORE, alert.id, Verdict.RESOLVED, text, text)
    Accounts(database, STORE, time.time_ns).add('ada', Role.ADMIN, PASSWORD, SCRIPT)
    tokens = Tokens(database, STORE, time.time_ns)
    for text in texts:
        tokens.make(text, ['read'], text)
    queries = Queries(database, load_store_layout(store))
    hooks = Webhooks(database, STORE, time.time_ns, Tail(queries, Feed()))
    hooks.add(HOOK, [], SCRIPT)
    for text in texts:
        with pytest.raises(AccessError):
            hooks.add(text, [], text)
    database.close()


@pytest.mark.parametrize('path', PAGES)
def test_it_is_text_on_every_page(shop: Shop, path: str) -> None:
    tab = shop.tab
    page = tab.open(f'{shop.address}/{path}')
    page.wait_for_function('document.querySelector(".connection .said").textContent !== ""')

    assert page.evaluate('window.hacked') is None
    assert (
        page.evaluate('document.querySelectorAll("main script, main b, main svg[onload]").length')
        == 0
    )
    assert page.evaluate('document.querySelectorAll("[onerror], [onload]").length') == 0
    tab.assert_fits()


@pytest.mark.parametrize(
    ('path', 'told'),
    [
        ('', SCRIPT),
        ('coverage', clean('A' * 1000)),
        ('robots', SCRIPT),
        ('account', 'Unknown browser'),
        ('admin', SCRIPT),
        ('admin', HOOK),
    ],
)
def test_it_is_told_and_not_left_out(shop: Shop, path: str, told: str) -> None:
    page = shop.tab.open(f'{shop.address}/{path}')
    page.wait_for_function('document.querySelector(".connection .said").textContent !== ""')

    assert told in page.evaluate('document.body.textContent')


def test_a_browser_has_a_name_and_what_it_calls_itself_is_at_hand(shop: Shop) -> None:
    page = shop.tab.open(f'{shop.address}/account')
    named = page.get_by_text('Unknown browser')
    named.wait_for()

    assert named.get_attribute('title') == SCRIPT


@pytest.mark.parametrize('number', NUMBERS)
def test_an_alert_tells_it_as_it_was_sent(shop: Shop, number: int) -> None:
    assert len(shop.texts) == len(NUMBERS)
    page = shop.tab.open(f'{shop.address}/alerts/{IDS[number]}')
    page.wait_for_selector('.one-alert .headline')
    text = page.evaluate('document.body.textContent')

    assert clean(shop.texts[number], SENTENCE_LIMIT) in text
    assert f'Should stand here: {clean(shop.texts[number])}' in text


def test_a_login_that_fails_says_nothing_of_what_was_typed(shop: Shop) -> None:
    page = shop.tab.page.context.browser.new_page()
    page.goto(f'{shop.address}/login?next={SCRIPT}')
    page.get_by_label('Name').fill(SCRIPT)
    page.get_by_label('Password').fill(SCRIPT)
    page.get_by_role('button', name='Log in').click()
    page.get_by_text('The name or the password is wrong.').wait_for()

    assert page.evaluate('document.scripts.length') == 0
    assert page.evaluate('window.hacked') is None
    page.close()


def test_the_name_of_a_photo_is_never_used(shop: Shop) -> None:
    page = shop.tab.open(f'{shop.address}/find')
    page.locator('input[type=file]').first.set_input_files(
        {
            'name': '"><img src=x onerror="window.hacked=1">photo-of-mine.jpg',
            'mimeType': 'image/jpeg',
            'buffer': b'x',
        }
    )
    page.get_by_text('cannot read that picture').wait_for()

    assert page.evaluate('window.hacked') is None
    assert 'photo-of-mine' not in page.content()
