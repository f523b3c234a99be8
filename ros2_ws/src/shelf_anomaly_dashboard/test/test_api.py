# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The REST interface, asked as another program would."""

from __future__ import annotations

from collections.abc import Callable, Iterator
import uuid
import warnings

import pytest

from shelf_anomaly_dashboard.records import (
    AlertRecord,
    InspectionRecord,
    InspectionResult,
    StatusRecord,
    Verdict,
)
from shelf_anomaly_dashboard.settings import Settings
from shelf_anomaly_dashboard.site import Site
from shelf_anomaly_dashboard.webapp import build_app

with warnings.catch_warnings():  # some versions of it announce a successor of httpx
    warnings.simplefilter('ignore')
    from fastapi.testclient import TestClient

Maker = Callable[..., AlertRecord]
BASE = 'http://127.0.0.1'


@pytest.fixture
def client(site: Site, settings: Settings) -> Iterator[TestClient]:
    with TestClient(build_app(site, settings), base_url=BASE) as client:
        yield client


def test_an_alert_is_listed_and_found(
    client: TestClient, site: Site, make_alert: Maker, jpeg: bytes
) -> None:
    alert = make_alert(evidence=jpeg, suggested_bays=('A2-L01',))
    site.service.write([alert])
    listed = client.get('/api/v1/alerts', params={'state': 'open'}).json()

    assert (1, None, alert.id) == (listed['total'], listed['next'], listed['items'][0]['id'])
    found = client.get(f'/api/v1/alerts/{alert.id}').json()
    assert found['alert']['suggested_bays'] == ['A2-L01']
    assert [event['what'] for event in found['events']] == ['opened']
    picture = client.get(found['alert']['evidence'])
    assert (jpeg, 'image/jpeg', 'nosniff') == (
        *(picture.content, picture.headers['content-type']),
        picture.headers['x-content-type-options'],
    )


def test_pages(client: TestClient, site: Site, make_alert: Maker) -> None:
    site.service.write([make_alert() for _ in range(7)])
    seen, query = [], {'limit': '3'}
    while True:
        page = client.get('/api/v1/alerts', params=query).json()
        seen += [item['id'] for item in page['items']]
        if page['next'] is None:
            break
        query['cursor'] = page['next']

    assert 7 == len(set(seen)) == len(seen)


@pytest.mark.parametrize(
    'query',
    [
        {'limit': '0'},
        {'limit': '501'},
        {'limit': 'x'},
        {'cursor': 'x'},
        {'state': 'x'},
        {'kind': "'; --"},
        {'aisle': 'x' * 81},
    ],
)
def test_questions_that_make_no_sense(client: TestClient, query: dict[str, str]) -> None:
    assert client.get('/api/v1/alerts', params=query).status_code == 422


def test_no_such_alert_or_picture(client: TestClient) -> None:
    for path in (
        f'/api/v1/alerts/{uuid.uuid4()}',
        '/api/v1/alerts/..%2f..%2fetc',
        f'/evidence/{"a" * 64}.jpg',
        '/evidence/..%2fdashboard.db',
        '/evidence/%00',
    ):
        assert client.get(path).status_code == 404, path


def test_a_verdict_is_kept_and_laid_out_for_the_robot(
    client: TestClient, site: Site, make_alert: Maker
) -> None:
    alert = make_alert()
    site.service.write([alert])
    answer = client.post(
        f'/api/v1/alerts/{alert.id}/verdict',
        json={'verdict': 'false_alarm', 'author': 'Anna', 'note': 'poster'},
    )

    assert (
        *(answer.status_code, answer.json()['alert']['state']),
        answer.json()['events'][-1]['who'],
    ) == (200, 'dismissed', 'Anna')
    (said,) = site.service.take_verdicts()
    assert (alert.id, Verdict.FALSE_ALARM, 'Anna', 'poster') == (
        said.alert_id,
        said.verdict,
        said.author,
        said.note,
    )


@pytest.mark.parametrize(
    ('body', 'status'),
    [
        ({'verdict': 'maybe'}, 422),
        ({}, 422),
        ({'verdict': 'resolved', 'note': 'x' * 501}, 422),
        ({'verdict': 'resolved', 'more': 1}, 422),
        ({'verdict': 'resolved', 'note': 'x' * 100_000}, 413),
    ],
)
def test_a_verdict_that_makes_no_sense(
    client: TestClient, site: Site, make_alert: Maker, body: dict[str, object], status: int
) -> None:
    alert = make_alert()
    site.service.write([alert])

    assert status == client.post(f'/api/v1/alerts/{alert.id}/verdict', json=body).status_code
    assert site.service.take_verdicts() == []


def test_a_form_of_another_site_cannot_judge(
    client: TestClient, site: Site, make_alert: Maker
) -> None:
    alert = make_alert()
    site.service.write([alert])
    path, body = f'/api/v1/alerts/{alert.id}/verdict', {'verdict': 'resolved'}

    for headers in (
        {'origin': 'https://evil.example'},
        {'origin': 'null'},
        {'origin': f'{BASE}:81'},
        {'sec-fetch-site': 'cross-site'},
        {'sec-fetch-site': 'same-site'},
    ):
        assert client.post(path, json=body, headers=headers).status_code == 403, headers
    # what a form can send without asking first is no JSON
    assert (
        client.post(
            path, content='{"verdict":"resolved"}', headers={'content-type': 'text/plain'}
        ).status_code
        == 422
    )
    assert site.service.take_verdicts() == []
    assert client.post(path, json=body, headers={'origin': BASE}).status_code == 200


@pytest.mark.parametrize(
    'host',
    ['evil.example', 'localhost.evil.example', '192.168.1.5', '', 'a b', '127.0.0.1.evil.example'],
)
def test_a_foreign_name_that_points_here(client: TestClient, host: str) -> None:
    assert client.get('/api/v1/status', headers={'host': host}).status_code == 421


@pytest.mark.parametrize('host', ['localhost:8080', '127.0.0.1', '[::1]:8080'])
def test_our_own_names(client: TestClient, host: str) -> None:
    assert client.get('/healthz', headers={'host': host}).status_code == 200


def test_an_answer_tells_how_long_the_server_took(client: TestClient) -> None:
    kind, _, value = client.get('/api/v1/bays').headers['server-timing'].partition(';dur=')

    assert kind == 'total'
    assert float(value) >= 0


def test_bays_and_status(client: TestClient, site: Site, make_alert: Maker) -> None:
    site.service.write(
        [
            make_alert(),
            InspectionRecord('Test shop', 'rover', 'A1-R01', InspectionResult.NORMAL, end_ns=1),
            StatusRecord('Test shop', 'rover', model='m'),
        ]
    )
    bays = {bay['bay']: bay for bay in client.get('/api/v1/bays').json()}
    status = client.get('/api/v1/status').json()

    assert (
        *(bays['A1-L01']['open_alerts'], bays['A1-R01']['result']),
        bays['A2-L01']['result'],
    ) == (1, 'normal', None)
    assert (
        *(status['store'], status['open_alerts']),
        [robot['robot'] for robot in status['robots']],
    ) == ('Test shop', 1, ['rover'])


def test_the_interface_describes_itself(client: TestClient) -> None:
    paths = client.get('/api/v1/openapi.json').json()['paths']

    assert {
        '/api/v1/alerts',
        '/api/v1/alerts/{alert_id}',
        '/api/v1/alerts/{alert_id}/verdict',
        '/api/v1/alerts/{alert_id}/acknowledge',
        '/api/v1/alerts/{alert_id}/assign',
        '/api/v1/alerts/{alert_id}/notes',
        '/api/v1/actions',
        '/api/v1/bays',
        '/api/v1/events',
        '/api/v1/me',
        '/api/v1/reports',
        '/api/v1/status',
        '/api/v1/tokens',
        '/api/v1/tokens/{number}',
        '/api/v1/users',
        '/api/v1/users/{name}',
        '/api/v1/users/{name}/password',
        '/api/v1/users/{name}/role',
        '/api/v1/webhooks',
        '/api/v1/webhooks/{number}',
        '/api/v1/webhooks/{number}/active',
        '/evidence/{name}',
        '/healthz',
    } == set(paths)


def test_hostile_text_comes_back_as_text(
    client: TestClient, site: Site, make_alert: Maker, hostile: str
) -> None:
    alert = make_alert(reason=hostile, bay=hostile, robot=hostile)
    site.service.write([alert])
    answer = client.get(f'/api/v1/alerts/{alert.id}')

    assert alert.reason == answer.json()['alert']['reason']
    assert answer.headers['content-type'] == 'application/json'
    assert "default-src 'none'" in answer.headers['content-security-policy']
