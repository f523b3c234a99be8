# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Who comes in, who does not, and what they may do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
import re
import uuid
import warnings

from argon2 import PasswordHasher
import pytest
from sqlalchemy import select
from starlette.websockets import WebSocketDisconnect

from shelf_anomaly_dashboard.accounts import IDLE_NS, LIFE_NS
from shelf_anomaly_dashboard.dashboard import build_site
from shelf_anomaly_dashboard.database import Database
from shelf_anomaly_dashboard.login import inside
from shelf_anomaly_dashboard.models_access import SessionRow, TokenRow, UserRow
from shelf_anomaly_dashboard.records import AlertRecord
from shelf_anomaly_dashboard.roles import AccessError, Role
from shelf_anomaly_dashboard.settings import Settings
from shelf_anomaly_dashboard.site import Site
from shelf_anomaly_dashboard.webapp import build_app

with warnings.catch_warnings():  # some versions of it announce a successor of httpx
    warnings.simplefilter('ignore')
    from fastapi.testclient import TestClient

Maker = Callable[..., AlertRecord]
BASE = 'http://127.0.0.1'
PASSWORD = 'four blue words here'
HTML = {'accept': 'text/html'}
DAY = 24 * 3600


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    cheap = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr('shelf_anomaly_dashboard.passwords._HASHER', cheap)


@pytest.fixture
def guarded(settings: Settings) -> Settings:
    return replace(settings, login=True)


@pytest.fixture
def site(guarded: Settings, clock: Callable[[], int]) -> Iterator[Site]:
    with ExitStack() as stack:
        site = build_site(guarded, stack, clock)
        for name, role in (('vera', Role.VIEWER), ('sam', Role.STAFF), ('ada', Role.ADMIN)):
            site.accounts.add(name, role, PASSWORD)
        yield site


@pytest.fixture
def client(site: Site, guarded: Settings) -> Iterator[TestClient]:
    with TestClient(build_app(site, guarded), base_url=BASE, follow_redirects=False) as client:
        yield client


def log_in(client: TestClient, name: str, password: str = PASSWORD, aim: str = '/') -> int:
    page = client.get('/login', params={'next': aim})
    (form,) = re.findall(r'name="form" value="([0-9a-f]{64})"', page.text)
    answer = client.post(
        '/login',
        data={'name': name, 'password': password, 'form': form, 'next': aim},
        headers={'origin': BASE},
    )
    return answer.status_code


def csrf(client: TestClient) -> dict[str, str]:
    return {'x-csrf-token': client.get('/api/v1/me').json()['csrf']}


@pytest.mark.parametrize(
    'path',
    [
        *('/api/v1/alerts', '/api/v1/bays', '/api/v1/status', '/api/v1/me', '/api/v1/events'),
        *(f'/api/v1/alerts/{uuid.uuid4()}', f'/evidence/{"a" * 64}.jpg', '/_nicegui/x.js'),
    ],
)
def test_a_stranger_sees_nothing(client: TestClient, path: str) -> None:
    answer = client.get(path, headers=HTML)

    assert (answer.status_code, answer.headers['www-authenticate']) == (401, 'Bearer')


def test_a_stranger_is_led_to_the_login_and_then_to_the_page(client: TestClient) -> None:
    answer = client.get('/store', headers=HTML)
    assert (answer.status_code, answer.headers['location']) == (303, '/login?next=%2Fstore')
    page = client.get('/login')

    assert page.status_code == 200
    assert '<script' not in page.text
    assert "script-src 'self' 'nonce-" in page.headers['content-security-policy']
    assert log_in(client, 'Sam', aim='/store') == 303
    assert client.get('/api/v1/me').json()['name'] == 'sam'
    assert client.get('/login').headers['location'] == '/'


def test_a_stranger_gets_no_websocket(client: TestClient) -> None:
    with pytest.raises(WebSocketDisconnect) as closed, client.websocket_connect('/_nicegui_ws/x'):
        pass
    assert closed.value.code == 1008


def test_the_cookie_is_out_of_reach(client: TestClient, guarded: Settings, site: Site) -> None:
    def cookie(base: str, settings: Settings) -> str:
        with TestClient(build_app(site, settings), base_url=base) as one:
            page = one.get('/login')
            (form,) = re.findall(r'name="form" value="([0-9a-f]{64})"', page.text)
            sent = {'name': 'sam', 'password': PASSWORD, 'form': form}
            answer = one.post('/login', data=sent, follow_redirects=False)
            return next(
                c for c in answer.headers.get_list('set-cookie') if c.startswith('shelf_session=')
            ).lower()

    plain, safe = cookie(BASE, guarded), cookie('https://127.0.0.1', replace(guarded, https=True))
    assert 'httponly' in plain
    assert 'samesite=lax' in plain
    assert 'secure' not in plain
    assert 'secure' in safe


@pytest.mark.parametrize(
    ('name', 'password'), [('sam', 'wrong'), ('nobody', PASSWORD), ('sam', ''), ('', '')]
)
def test_a_wrong_login_says_the_same_whatever_is_wrong(
    client: TestClient, name: str, password: str
) -> None:
    assert log_in(client, name, password) == 401
    assert client.get('/api/v1/me').status_code == 401


def test_a_login_form_of_another_page_is_refused(client: TestClient) -> None:
    sent = {'name': 'sam', 'password': PASSWORD}
    assert client.post('/login', data=sent).status_code == 403
    client.get('/login')  # has the cookie now, not the mark in the form
    assert client.post('/login', data=sent | {'form': '0' * 64}).status_code == 403
    evil = {'origin': 'https://evil.example'}
    assert client.post('/login', data=sent, headers=evil).status_code == 403
    assert client.get('/api/v1/me').status_code == 401


def test_hostile_login(client: TestClient, hostile: str) -> None:
    page = client.get('/login', params={'next': hostile[:500].encode('utf-8', 'replace')})
    assert '<script>window' not in page.text
    (form,) = re.findall(r'name="form" value="([0-9a-f]{64})"', page.text)
    text = hostile[:5000].encode('utf-8', 'replace').decode()
    answer = client.post(
        '/login', data={'name': text, 'password': text, 'form': form, 'next': text}
    )
    assert answer.status_code == 401
    assert '<script>window' not in answer.text
    assert '<img' not in answer.text


@pytest.mark.parametrize(
    'path',
    ['//evil.example', 'https://evil.example', '/\\evil.example', 'x', '', '/login', '/a\r\nb: c'],
)
def test_the_login_leads_to_no_other_site(path: str) -> None:
    assert inside(path) == '/'
    assert inside('/alerts/1?x=2') == '/alerts/1?x=2'


def test_who_tries_passwords_is_held_up(client: TestClient, clock: Callable[[], int]) -> None:
    assert [log_in(client, 'sam', 'wrong') for _ in range(9)] == [401] * 8 + [429]
    assert log_in(client, 'sam') == 429  # the right one too
    assert log_in(client, 'ada') == 303  # others go on
    client.cookies.clear()
    clock.advance(301)  # type: ignore[attr-defined]
    assert log_in(client, 'sam') == 303


def test_many_names_from_one_address_are_held_up(client: TestClient) -> None:
    answers = [log_in(client, f'user{i}', 'wrong') for i in range(31)]

    assert answers == [401] * 30 + [429]


def test_logging_out_ends_the_session_and_a_forged_one_does_not(client: TestClient) -> None:
    log_in(client, 'sam')
    assert client.post('/logout').status_code == 403
    assert client.post('/logout', headers={'origin': 'https://evil.example'}).status_code == 403
    kept = client.cookies.get('shelf_session')
    mark = client.get('/api/v1/me').json()['csrf']
    assert client.post('/logout', data={'csrf': mark}).status_code == 303
    assert client.get('/api/v1/me').status_code == 401
    client.cookies.set('shelf_session', kept or '')
    assert client.get('/api/v1/me').status_code == 401


@pytest.mark.parametrize('name', ['', 'x', '"', 'a' * 9000])
def test_a_made_up_session(client: TestClient, name: str) -> None:
    client.cookies.set('shelf_session', name)

    assert client.get('/api/v1/me').status_code == 401


def test_a_session_ends_by_itself(client: TestClient, clock: Callable[[], int]) -> None:
    log_in(client, 'sam')
    for _ in range(LIFE_NS // 10**9 // (6 * DAY)):
        clock.advance(6 * DAY)  # type: ignore[attr-defined]
        assert client.get('/api/v1/me').status_code == 200
    clock.advance(DAY)  # type: ignore[attr-defined]
    assert client.get('/api/v1/me').status_code == 401
    log_in(client, 'sam')
    clock.advance(IDLE_NS // 10**9 + 1)  # type: ignore[attr-defined]
    assert client.get('/api/v1/me').status_code == 401


def test_roles_hold_in_the_interface(client: TestClient, site: Site, make_alert: Maker) -> None:
    alert = make_alert()
    site.service.write([alert])
    path = f'/api/v1/alerts/{alert.id}/acknowledge'
    log_in(client, 'vera')
    assert client.get('/api/v1/alerts').status_code == 200
    assert client.post(path, json={}, headers=csrf(client)).status_code == 403
    client.cookies.clear()
    log_in(client, 'sam')
    assert client.post(path, json={}).status_code == 403  # forged
    assert client.post(path, json={}, headers={'x-csrf-token': '0' * 64}).status_code == 403
    answer = client.post(path, json={'author': 'somebody else'}, headers=csrf(client))

    assert (answer.status_code, answer.json()['alert']['acknowledged_by']) == (200, 'sam')


def test_admins_rule_over_access_by_program_too(client: TestClient, site: Site) -> None:
    log_in(client, 'ada')
    head = csrf(client)
    made = client.post('/api/v1/users', json={'name': 'Eva', 'role': 'viewer'}, headers=head)
    assert (made.status_code, made.json()['name']) == (201, 'eva')
    again = client.post('/api/v1/users', json={'name': 'eva', 'role': 'staff'}, headers=head)
    assert again.status_code == 409
    weak = {'name': 'kim', 'role': 'viewer', 'password': 'short'}
    assert client.post('/api/v1/users', json=weak, headers=head).status_code == 422
    role = client.put('/api/v1/users/eva/role', json={'role': 'staff'}, headers=head)
    assert role.status_code == 204
    assert {u['name']: u['role'] for u in client.get('/api/v1/users').json()}['eva'] == 'staff'
    with TestClient(client.app, base_url=BASE, follow_redirects=False) as other:
        assert log_in(other, 'eva', made.json()['password']) == 303
        fresh = client.post('/api/v1/users/eva/password', headers=head).json()['password']
        assert other.get('/api/v1/alerts').status_code == 401  # the old login has ended
        assert log_in(other, 'eva', fresh) == 303
        assert client.delete('/api/v1/users/eva', headers=head).status_code == 204
        assert other.get('/api/v1/alerts').status_code == 401
    assert client.delete('/api/v1/users/eva', headers=head).status_code == 404
    assert client.delete('/api/v1/users/ada', headers=head).status_code == 409  # the last admin

    wanted = {'name': 'ERP', 'scopes': ['read', 'write']}
    token = client.post('/api/v1/tokens', json=wanted, headers=head).json()['token']
    (listed,) = client.get('/api/v1/tokens').json()
    assert token not in str(listed)
    hook = {'url': 'https://erp.example/shelf', 'events': ['opened']}
    secret = client.post('/api/v1/webhooks', json=hook, headers=head).json()['secret']
    (told,) = client.get('/api/v1/webhooks').json()
    assert (told['url'], told['active']) == (hook['url'], True)
    assert secret not in str(told)
    at = f'/api/v1/webhooks/{told["id"]}'
    assert client.put(f'{at}/active', json={'active': False}, headers=head).status_code == 204
    assert client.get('/api/v1/webhooks').json()[0]['active'] is False
    assert client.delete(at, headers=head).status_code == 204
    assert client.delete(at, headers=head).status_code == 404
    strange = {'url': 'https://erp.example/', 'events': ['nonsense']}
    assert client.post('/api/v1/webhooks', json=strange, headers=head).status_code == 422
    gone = f'/api/v1/tokens/{listed["id"]}'
    assert client.delete(gone, headers=head).status_code == 204
    assert client.delete(gone, headers=head).status_code == 404
    said = {line.what for line in site.audit()}
    assert {'user_added', 'role_set', 'password_set', 'user_removed', 'token_made'} <= said


@pytest.mark.parametrize('name', ['sam', 'vera', 'token'])
@pytest.mark.parametrize('path', ['users', 'tokens', 'webhooks'])
def test_nobody_else_rules_over_access(
    client: TestClient, site: Site, name: str, path: str
) -> None:
    if name == 'token':
        secret = site.tokens.make('all', ['read', 'write', 'ingest'])
        head = {'authorization': f'Bearer {secret}'}
    else:
        log_in(client, name)
        head = csrf(client)
    bodies = {
        'users': {'name': 'mallory', 'role': 'admin'},
        'tokens': {'name': 'mine', 'scopes': ['read']},
        'webhooks': {'url': 'https://evil.example/'},
    }

    assert client.get(f'/api/v1/{path}', headers=head).status_code == 403
    assert client.post(f'/api/v1/{path}', json=bodies[path], headers=head).status_code == 403
    assert client.delete(f'/api/v1/{path}/1', headers=head).status_code == 403


def test_tokens_may_what_they_are_for(client: TestClient, site: Site, make_alert: Maker) -> None:
    alert = make_alert()
    site.service.write([alert])
    path = f'/api/v1/alerts/{alert.id}/verdict'

    def ask(secret: str) -> tuple[int, int]:
        bearer = {'authorization': f'Bearer {secret}'}
        return (
            client.get('/api/v1/alerts', headers=bearer).status_code,
            client.post(path, json={'verdict': 'confirmed'}, headers=bearer).status_code,
        )

    reads = site.tokens.make('wall', ['read'], by='ada')
    assert ask(reads) == (200, 403)
    assert ask(site.tokens.make('erp', ['write'], by='ada')) == (200, 200)
    assert ask(site.tokens.make('robot', ['ingest'], by='ada')) == (403, 403)
    assert ask('shelf_made-up') == ask('') == (401, 401)
    site.tokens.remove(site.tokens.tokens()[0].id, by='ada')
    assert ask(reads) == (401, 401)


def test_a_token_ends(client: TestClient, site: Site, clock: Callable[[], int]) -> None:
    bearer = {'authorization': f'Bearer {site.tokens.make("w", ["read"], days=2)}'}
    assert client.get('/api/v1/bays', headers=bearer).status_code == 200
    clock.advance(2 * DAY + 1)  # type: ignore[attr-defined]
    assert client.get('/api/v1/bays', headers=bearer).status_code == 401


@pytest.mark.parametrize(
    ('name', 'scopes', 'days'),
    [('x', [], None), ('x', ['all'], None), (' ', ['read'], None), ('x', ['read'], 0)],
)
def test_tokens_that_make_no_sense(
    site: Site, name: str, scopes: list[str], days: int | None
) -> None:
    with pytest.raises(AccessError):
        site.tokens.make(name, scopes, days=days)


def test_no_secret_lies_in_the_database(client: TestClient, site: Site, guarded: Settings) -> None:
    log_in(client, 'sam')
    token = site.tokens.make('erp', ['read'])
    database = Database(guarded.database)
    with database.reading() as session:
        kept = [
            *(value for row in session.scalars(select(UserRow)) for value in vars(row).values()),
            *(
                value
                for row in session.scalars(select(SessionRow))
                for value in vars(row).values()
            ),
            *(value for row in session.scalars(select(TokenRow)) for value in vars(row).values()),
        ]
    database.close()
    cookie = client.cookies['shelf_session']

    assert all(PASSWORD not in str(v) and cookie not in str(v) for v in kept)
    assert all(token not in str(value) for value in kept)
    assert sum(str(value).startswith('$argon2id$') for value in kept) == 3


def test_users_change(site: Site) -> None:
    with pytest.raises(AccessError, match='already'):
        site.accounts.add('SAM', Role.STAFF, PASSWORD)
    with pytest.raises(AccessError, match='characters'):
        site.accounts.add('new', Role.STAFF, 'short')
    with pytest.raises(AccessError, match='last admin'):
        site.accounts.remove('ada')
    with pytest.raises(AccessError, match='last admin'):
        site.accounts.set_role('ada', Role.STAFF)
    secret = site.accounts.log_in('sam', PASSWORD, 'here')
    site.accounts.set_role('sam', Role.ADMIN)
    who = site.accounts.who(secret)
    assert who is not None
    assert who.role is Role.ADMIN
    site.accounts.remove('sam')
    assert site.accounts.who(secret) is None
    assert [user.name for user in site.accounts.users()] == ['ada', 'vera']


def test_ones_own_password(site: Site) -> None:
    here = site.accounts.who(site.accounts.log_in('sam', PASSWORD, 'here'))
    there = site.accounts.log_in('sam', PASSWORD, 'there')
    assert here is not None
    with pytest.raises(AccessError, match='old password'):
        site.accounts.change_password(here, 'wrong', 'another long one')
    site.accounts.change_password(here, PASSWORD, 'another long one')

    assert site.accounts.who(there) is None
    assert site.accounts.who_of(here.session) is not None
    with pytest.raises(AccessError):
        site.accounts.log_in('sam', PASSWORD, 'here')


def test_users_of_another_store_are_strangers(site: Site, guarded: Settings) -> None:
    from shelf_anomaly_dashboard.accounts import Accounts

    database = Database(guarded.database)
    other = Accounts(database, 'Other', site.clock)
    secret = site.accounts.log_in('sam', PASSWORD, 'here')

    assert other.who(secret) is None
    with pytest.raises(AccessError):
        other.log_in('sam', PASSWORD, 'here')
    assert other.first_admin() is not None
    assert other.first_admin() is None
    database.close()
