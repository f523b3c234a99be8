# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The pages in a real browser, as people use them."""

from __future__ import annotations

from collections.abc import Callable
import time
from typing import Any
import uuid

import httpx
import pytest

from shelf_anomaly_dashboard.records import (
    AlertRecord,
    InspectionRecord,
    InspectionResult,
    Kind,
    State,
)
from shelf_anomaly_dashboard.service import Service

pytestmark = pytest.mark.browser
Start = Callable[..., Any]


def test_live_from_the_robot_and_back(
    robot: Any,
    start_dashboard: Start,
    until: Callable[..., Any],
    phone: Any,
    new_phone: Callable[[], Any],
) -> None:
    """An alert shows up by itself; its false-alarm button works on 360 px."""
    _, address = start_dashboard(node=True)
    page = phone.open(address)
    page.wait_for_selector(f'a[href="/alerts/{robot.open_id}"]')
    page.wait_for_selector('.connection.good')

    other = new_phone()
    other.open(f'{address}/trends')
    other.page.wait_for_selector('.connection.good')

    robot.order(f'alert {(fresh := str(uuid.uuid4()))} 3')
    other.page.wait_for_selector(f'.arrived[href="/alerts/{fresh}"]', timeout=15000)
    other.assert_fits()
    page.wait_for_selector(f'a[href="/alerts/{fresh}"]', timeout=15000)
    phone.assert_fits()

    page.click(f'a[href="/alerts/{fresh}"]')
    page.wait_for_function('window.did_handshake === true')
    button = page.get_by_role('button', name='False alarm')
    box = button.bounding_box()
    assert box['height'] >= 44
    assert box['x'] >= 0
    assert box['x'] + box['width'] <= 360
    assert box['y'] + box['height'] <= 740
    page.get_by_label('Note', exact=True).fill('only a poster')
    button.tap()
    page.get_by_role('button', name='Open again').wait_for()
    until(
        lambda: any(
            f'verdict {fresh} 2 ' in line and 'only a poster' in line for line in robot.heard
        ),
        10,
        'the verdict',
    )
    page.get_by_text('Robot has taken note').wait_for()
    phone.assert_fits()

    page.goto(address)
    page.wait_for_selector(f'a[href="/alerts/{robot.open_id}"]')
    assert page.locator(f'a[href="/alerts/{fresh}"]').count() == 0


def test_every_page_fits_and_asks_nobody_else(
    start_dashboard: Start,
    service: Service,
    make_alert: Callable[..., AlertRecord],
    jpeg: bytes,
    tab: Any,
) -> None:
    alert = make_alert(
        evidence=jpeg,
        suggested_bays=('A2-L01',),
        suggested_levels=(0,),
        suggested_confidences=(0.8,),
        first_seen_ns=time.time_ns(),
    )
    service.write(
        [
            alert,
            InspectionRecord(
                'Test shop', 'r', 'A1-R01', InspectionResult.NORMAL, end_ns=time.time_ns()
            ),
        ]
    )
    _, address = start_dashboard('--no-ros')

    page = tab.open(address)
    card = page.locator('.card')
    assert 'Empty place' in card.inner_text()
    assert '3rd shelf from below' in card.inner_text()
    assert 'A2-L01' in card.locator('.belongs').inner_text()
    assert page.evaluate("document.querySelector('.card img').naturalWidth") == 130
    tab.assert_fits()

    page.keyboard.press('Tab')  # a keyboard reaches the card too
    tab.open(f'{address}/alerts/{alert.id}')
    page.wait_for_selector('.bay-front .place')
    homes = page.locator('.homes').inner_text()
    assert 'Belongs in' in homes
    assert 'bottom shelf · 80% sure' in homes
    tab.assert_fits()

    tab.open(f'{address}/store')
    page.wait_for_selector('.map .bay')
    assert {'A1-L01', 'A1-R01', 'A2-L01'} == {
        e.get_attribute('data-bay') for e in page.locator('.map .bay').all()
    }
    tab.assert_fits()
    page.locator('.map a[href="/?bay=A1-L01"]').click()
    page.wait_for_selector(f'a[href="/alerts/{alert.id}"]')

    for path in ('coverage', 'trends', 'robots', 'find', 'more'):
        tab.open(f'{address}/{path}')
        assert page.locator('h1').count() == 1
        tab.assert_fits()

    tab.open(f'{address}/alerts/{uuid.uuid4()}')
    assert 'There is no such alert' in page.inner_text('main')


def test_a_card_stays_where_one_is_while_others_come_and_go(
    start_dashboard: Start, service: Service, make_alert: Callable[..., AlertRecord], phone: Any
) -> None:
    stays, goes = make_alert(), make_alert(kind=Kind.FALLEN)
    service.write([stays, goes])
    _, address = start_dashboard('--no-ros')
    page = phone.open(address)
    page.locator(f'a[href="/alerts/{stays.id}"]').focus()
    page.evaluate("document.activeElement.dataset.mark = 'here'")

    comes = {'id': str(uuid.uuid4()), 'kind': 'foreign', 'state': 'open', 'robot': 'rover'}
    gone = {'id': goes.id, 'kind': 'fallen', 'state': 'resolved', 'robot': 'rover'}
    gone['stamp_ns'] = comes['stamp_ns'] = comes['first_seen_ns'] = time.time_ns()
    changed = {**comes, 'id': stays.id, 'kind': 'misplaced'}
    reports = {'alerts': [comes, gone, changed]}
    httpx.post(f'{address}/api/v1/reports', json=reports).raise_for_status()
    page.wait_for_selector(f'a[href="/alerts/{comes["id"]}"]')

    page.wait_for_function('document.querySelectorAll(".card").length === 2')
    page.locator('.card[data-mark=here].kind-misplaced', has_text='In the wrong place').wait_for()
    assert page.evaluate("document.activeElement.dataset.mark === 'here'")


def test_filters(
    start_dashboard: Start, service: Service, make_alert: Callable[..., AlertRecord], phone: Any
) -> None:
    service.write(
        [
            make_alert(),
            make_alert(kind=Kind.FALLEN, aisle='A2', bay='A2-L01'),
            make_alert(kind=Kind.FOREIGN, state=State.RESOLVED),
        ]
    )
    _, address = start_dashboard('--no-ros')
    page = phone.open(address)

    def shows(*kinds: str) -> None:
        page.wait_for_function(
            """kinds => [...document.querySelectorAll('.card .what')]
                .map(card => card.innerText.trim()).sort().join() === kinds""",
            arg=','.join(sorted(kinds)),
        )

    shows('Empty place', 'Fallen over')
    page.get_by_role('button', name='Fallen over').click()
    shows('Fallen over')
    page.get_by_role('button', name='Fallen over').click()
    shows('Empty place', 'Fallen over')
    page.get_by_label('Aisle', exact=True).select_option('A1')
    shows('Empty place')
    page.get_by_role('button', name='Done').click()
    shows('Does not belong here')
    assert page.url.endswith('/?state=closed&aisle=A1')
    page.reload()  # what was chosen is in the address
    page.wait_for_function('window.did_handshake === true')
    shows('Does not belong here')


def test_a_script_that_gets_into_a_page_does_not_run(start_dashboard: Start, phone: Any) -> None:
    _, address = start_dashboard('--no-ros')
    page = phone.open(address)
    page.evaluate(
        """() => {
            const script = document.createElement('script');
            script.textContent = 'window.hacked = 1';
            document.body.append(script);
            const add = html => document.body.insertAdjacentHTML('beforeend', html);
            add('<img src="/nothing" onerror="window.hacked = 2">');
            add('<img src="http://192.0.2.1/x.png" id="foreign">');
        }"""
    )
    page.wait_for_function('document.getElementById("foreign").complete')

    assert page.evaluate('window.hacked') is None
    assert any('Content Security Policy' in line for line in phone.complaints)


def test_a_broken_connection_shows_and_mends_itself(
    start_dashboard: Start, phone: Any, until: Callable[..., Any]
) -> None:
    process, address = start_dashboard('--no-ros')
    port = address.rsplit(':', 1)[1]
    page = phone.open(address)
    page.evaluate('window.before = true')
    process.terminate()
    process.wait(10)
    page.get_by_text('Connection lost, trying again').wait_for(timeout=15000)
    start_dashboard('--no-ros', '--port', port)

    page.get_by_text('Connection lost, trying again').wait_for(state='hidden', timeout=30000)
    page.wait_for_selector('.connection .said')


def test_a_doubled_alert_leads_to_the_other_one_and_a_changed_shelf_is_told(
    start_dashboard: Start,
    service: Service,
    make_alert: Callable[..., AlertRecord],
    phone: Any,
) -> None:
    first = make_alert(expected_sku='tea')
    twin = make_alert(state=State.RESOLVED, same_as=first.id)
    look = InspectionRecord(
        'Test shop', 'r', 'A1-L01', InspectionResult.ALERT, end_ns=time.time_ns(), relearn=True
    )
    service.write([first, twin, look])
    _, address = start_dashboard('--no-ros')
    page = phone.open(f'{address}/?state=closed')
    page.locator('.card', has_text='Told twice').tap()
    page.wait_for_function('window.did_handshake === true')
    page.get_by_role('link', name='To the other alert').tap()
    page.wait_for_url(f'**/alerts/{first.id}')
    page.get_by_text('Should stand here: tea').wait_for()
    page.get_by_text('This shelf has changed').wait_for()
    phone.assert_fits()

    phone.open(f'{address}/coverage')
    page.get_by_role('heading', name='Changed shelves').wait_for()
    phone.open(f'{address}/store')
    page.locator('.bay-row', has_text='the shelf has changed').wait_for()
    phone.assert_fits()
