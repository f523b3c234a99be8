# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What the people of a store do in a morning, in a real browser."""

from __future__ import annotations

from collections.abc import Callable
import csv
import io
from pathlib import Path
import time
from typing import Any

import cv2
import numpy as np
import pytest

from shelf_anomaly_dashboard.accounts import Accounts
from shelf_anomaly_dashboard.database import Database
from shelf_anomaly_dashboard.records import (
    AlertRecord,
    InspectionRecord,
    InspectionResult,
    Kind,
    StatusRecord,
)
from shelf_anomaly_dashboard.roles import Role
from shelf_anomaly_dashboard.service import Service

pytestmark = pytest.mark.browser
STORE = 'Test shop'
PASSWORD = 'correct horse battery'
LIVE = 'window.did_handshake === true'
FOCUSED = """() => {
    const active = document.activeElement;
    return (active.innerText || active.labels?.[0]?.innerText) ?? '';
}"""
Start = Callable[..., Any]
Make = Callable[..., AlertRecord]


def test_an_alert_from_new_to_resolved_and_back(
    start_dashboard: Start, service: Service, make_alert: Make, jpeg: bytes, phone: Any
) -> None:
    service.write([alert := make_alert(evidence=jpeg, suggested_bays=('A2-L01',))])
    _, address = start_dashboard('--no-ros')
    page = phone.open(address)
    page.locator(f'a[href="/alerts/{alert.id}"]').tap()
    page.wait_for_function(LIVE)
    people = page.locator('.people')
    people.get_by_role('button', name='Seen').tap()
    people.get_by_text('Seen by').wait_for()
    people.get_by_role('button', name="I'll do it").tap()
    people.get_by_text('puts it right').wait_for()
    page.get_by_label('Note', exact=True).fill('in the store room')
    page.get_by_role('button', name='Add the note').tap()
    page.locator('.time-line .said', has_text='in the store room').wait_for()
    page.get_by_role('button', name='Resolved').tap()
    page.locator('.headline .badge', has_text='Resolved').wait_for()
    phone.assert_fits()

    page.get_by_label('Note', exact=True).fill('empty again')
    page.get_by_role('button', name='Open again').tap()
    page.get_by_role('button', name='False alarm').wait_for()
    page.locator('.time-line .said', has_text='empty again').wait_for()
    page.get_by_text('Every sighting (1)').tap()
    assert page.locator('.sighting').count() == 1


def test_two_people_see_what_the_other_one_does(
    start_dashboard: Start,
    service: Service,
    make_alert: Make,
    tmp_path: Any,
    clock: Any,
    new_phone: Callable[[], Any],
) -> None:
    service.write([alert := make_alert()])
    database = Database(f'sqlite:///{tmp_path}/live.db')
    accounts = Accounts(database, STORE, clock)
    accounts.add('anna', Role.STAFF, PASSWORD)
    accounts.add('ben', Role.VIEWER, PASSWORD)
    database.close()
    _, address = start_dashboard('--no-ros', login=True)
    pages = {}
    for name in ('anna', 'ben'):
        tab = new_phone()
        tab.page.goto(f'{address}/alerts/{alert.id}')
        tab.page.get_by_label('Name').fill(name)
        tab.page.get_by_label('Password').fill(PASSWORD)
        tab.page.keyboard.press('Enter')
        tab.page.wait_for_selector('.one-alert .headline')
        tab.page.wait_for_function(LIVE)
        pages[name] = tab.page

    pages['anna'].get_by_role('button', name="I'll do it").tap()
    pages['ben'].locator('.people', has_text='anna').wait_for()
    assert pages['ben'].get_by_role('button', name='Resolved').count() == 0
    pages['anna'].get_by_role('button', name='Resolved').tap()
    pages['ben'].locator('.time-line', has_text='Resolved by anna').wait_for()


def test_several_at_once_and_the_sheet(
    start_dashboard: Start, service: Service, make_alert: Make, phone: Any
) -> None:
    evil = make_alert(reason='=HYPERLINK("http://192.0.2.1")', first_seen_ns=1)
    service.write([evil, make_alert(), make_alert(kind=Kind.FALLEN)])
    _, address = start_dashboard('--no-ros')
    page = phone.open(f'{address}/?order=priority')
    cards = page.locator('.card')
    page.wait_for_function('document.querySelectorAll(".card").length === 3')
    assert 'Fallen over' in cards.first.inner_text()
    with page.expect_download() as download:
        page.get_by_role('link', name='CSV').tap()
    text = download.value.path().read_text(encoding='utf-8-sig')
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {row['reason'] for row in rows} == {'\'=HYPERLINK("http://192.0.2.1")', ''}
    assert rows[0]['kind'] == 'fallen'

    page.get_by_role('button', name='Select').tap()
    boxes = page.locator('.pick input')
    page.wait_for_function('document.querySelectorAll(".pick").length === 3')
    boxes.nth(0).check()
    boxes.nth(1).check()
    page.get_by_text('2 chosen').wait_for()
    phone.assert_fits()
    page.get_by_role('button', name='False alarm').tap()
    page.wait_for_function('document.querySelectorAll(".card").length === 1')
    page.get_by_role('button', name='Done').tap()
    page.wait_for_function('document.querySelectorAll(".card.dismissed").length === 2')


def add_admin(folder: Path) -> None:
    database = Database(f'sqlite:///{folder}/live.db')
    Accounts(database, STORE, time.time_ns).add('ada', Role.ADMIN, PASSWORD)
    database.close()


def log_in_by_keyboard(page: Any, address: str) -> None:
    page.goto(address)
    page.get_by_label('Name').wait_for()
    page.keyboard.type('ada')  # the first field waits for it
    page.keyboard.press('Tab')
    page.keyboard.type(PASSWORD)
    page.keyboard.press('Enter')
    page.wait_for_function(LIVE)


def test_keyboard_only(
    start_dashboard: Start, service: Service, make_alert: Make, phone: Any, tmp_path: Path
) -> None:
    service.write([make_alert()])
    add_admin(tmp_path)
    _, address = start_dashboard('--no-ros', login=True)
    page = phone.page
    log_in_by_keyboard(page, address)
    page.wait_for_selector('.card')

    def tab_to(text: str) -> None:
        for _ in range(80):
            page.keyboard.press('Tab')
            if text in page.evaluate(FOCUSED):
                return
        raise AssertionError(f'the keyboard does not reach {text!r}')

    tab_to('Skip to the content')
    page.keyboard.press('Enter')
    tab_to('3rd shelf from below')
    page.keyboard.press('Enter')
    page.wait_for_selector('.one-alert .headline')
    page.wait_for_function(LIVE)
    tab_to('Resolved')
    page.keyboard.press('Enter')
    page.locator('.headline .badge', has_text='Resolved').wait_for()

    page.goto(f'{address}/account')
    page.wait_for_function(LIVE)
    tab_to('Users, tokens, webhooks')
    page.keyboard.press('Enter')
    page.get_by_role('heading', name='Admin').wait_for()
    page.wait_for_function(LIVE)
    tab_to('What it is for')
    page.keyboard.type('price tags')
    tab_to('Make token')
    page.keyboard.press('Enter')
    page.get_by_text('Token, shown only now: shelf_').wait_for()
    page.locator('.row', has_text='price tags').wait_for()

    page.goto(f'{address}/account')
    page.wait_for_function(LIVE)
    tab_to('Log out')
    page.keyboard.press('Enter')
    page.get_by_label('Password').wait_for()


@pytest.fixture
def axe() -> Any:
    """Return what looks for things that some people cannot use."""
    return pytest.importorskip(
        'axe_playwright_python.sync_playwright', reason='axe-playwright-python is not installed'
    ).Axe()


def test_no_serious_finding_of_axe(
    start_dashboard: Start,
    service: Service,
    make_alert: Make,
    jpeg: bytes,
    phone: Any,
    axe: Any,
    tmp_path: Path,
) -> None:
    alert = make_alert(
        evidence=jpeg,
        suggested_bays=('A2-L01',),
        same_as='7f1c2a9e-3a40-4d0e-9a53-2f8f1e0f6f11',
        expected_sku='tea',
    )
    service.write([alert, *(make_alert(kind=kind) for kind in Kind)])
    refused = InspectionResult.NOT_SEEN
    service.write(
        [
            StatusRecord(STORE, 'rover', 'm 1', stages_ms={'find': 2.0}, last_problem='no pose'),
            InspectionRecord(STORE, 'rover', 'A1-R01', refused, refusals={'exposure': 2}),
            InspectionRecord(STORE, 'rover', 'A1-L01', InspectionResult.ALERT, relearn=True),
        ]
    )
    add_admin(tmp_path)
    _, address = start_dashboard('--no-ros', login=True)
    page, found = phone.page, []

    def look(scheme: str, path: str) -> None:
        found.extend(
            (scheme, path, one['id'], one['nodes'][0]['html'][:200])
            for one in axe.run(page).response['violations']
            if one['impact'] in ('serious', 'critical')
        )

    for scheme in ('light', 'dark'):
        page.emulate_media(color_scheme=scheme, reduced_motion='reduce')
        page.context.clear_cookies()
        page.goto(f'{address}/login')
        look(scheme, 'login')
        log_in_by_keyboard(page, address)
        for path in (
            *('', f'alerts/{alert.id}', 'store', 'coverage', 'trends'),
            *('robots', 'find', 'more', 'account', 'admin'),
        ):
            phone.open(f'{address}/{path}')
            page.wait_for_function(
                'document.querySelector(".connection .said").textContent !== ""'
            )
            look(scheme, path)
    assert found == []


def test_a_photo_tells_where_an_item_belongs(dashboard_with_locator: str, phone: Any) -> None:
    page = phone.open(f'{dashboard_with_locator}/find')

    def send(colour: tuple[int, int, int]) -> None:
        photo = cv2.imencode('.png', np.full((1600, 2400, 3), colour, np.uint8))[1].tobytes()
        page.locator('input[type=file]').nth(1).set_input_files(
            {'name': '../../x.png', 'mimeType': 'image/png', 'buffer': photo}
        )

    send((20, 20, 220))
    page.locator('.found-place').nth(1).wait_for()
    assert 'A2-L01' in page.locator('.found-place').first.inner_text()
    assert 'very likely' in page.locator('.found-place').first.inner_text()
    assert page.locator('.found-place .found-picture').count() == 1
    assert page.locator('.found-place .map .home').count() == 1
    phone.assert_fits()
    send((220, 20, 20))
    page.get_by_text('<b>Not known</b> in this store.').wait_for()
    page.locator('input[type=file]').nth(0).set_input_files(
        {'name': 'x.jpg', 'mimeType': 'image/jpeg', 'buffer': b'<script>no picture</script>'}
    )
    page.get_by_text('cannot read that picture').wait_for()
    phone.assert_fits()


def test_without_a_robot_the_page_says_so_and_the_pages_can_be_installed(
    start_dashboard: Start, phone: Any
) -> None:
    _, address = start_dashboard('--no-ros')
    page = phone.open(f'{address}/find')
    photo = cv2.imencode('.jpg', np.zeros((40, 40, 3), np.uint8))[1].tobytes()
    page.locator('input[type=file]').first.set_input_files(
        {'name': 'x.jpg', 'mimeType': 'image/jpeg', 'buffer': photo}
    )
    page.get_by_text('No robot answers').wait_for()

    session = page.context.new_cdp_session(page)
    manifest = session.send('Page.getAppManifest')
    assert manifest['errors'] == []
    assert manifest['url'].endswith('/static/manifest.webmanifest')
    told = session.send('Page.getInstallabilityErrors')['installabilityErrors']
    assert [one['errorId'] for one in told if one['errorId'] != 'in-incognito'] == []


def test_a_new_employee_gets_the_first_alert_out_of_the_world(
    robot: Any, start_dashboard: Start, until: Callable[..., Any], phone: Any
) -> None:
    """Only what the pages themselves say leads on; no address is typed but the one printed."""
    _, address = start_dashboard(node=True)
    page = phone.open(address)
    page.get_by_text('Put these right. Tap one').wait_for()
    first = page.locator('.card').first
    place = first.locator('.where').inner_text()
    first.tap()
    page.wait_for_function(LIVE)
    page.get_by_role('heading', name='In the wrong place').wait_for()
    assert place in page.inner_text('.headline')
    button = page.get_by_role('button', name='Resolved', exact=True)
    assert button.bounding_box()['y'] + button.bounding_box()['height'] <= 740
    button.tap()
    page.locator('.headline .badge', has_text='Resolved').wait_for()
    until(
        lambda: any(f'verdict {robot.open_id} 3 ' in line for line in robot.heard), 10, 'verdict'
    )
    page.get_by_text('Robot has taken note').wait_for()

    page.get_by_label('Back to the alerts').tap()
    page.get_by_text('Nothing to do').wait_for()
    for _ in range(2):  # it stays so, also for somebody who comes later
        page.reload()
        page.wait_for_function(LIVE)
        page.get_by_text('Nothing to do').wait_for()
        page.get_by_role('button', name='Done').tap()
        page.locator('.card.resolved').wait_for()
        page.get_by_role('button', name='To do').tap()
        page.get_by_text('Nothing to do').wait_for()
    phone.assert_fits()
