# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Webhooks, received by a real server that checks the signature."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
import hashlib
import hmac
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import json
import threading
from typing import Any

import pytest
from sqlalchemy import select

from shelf_anomaly_dashboard.courier import Courier
from shelf_anomaly_dashboard.models_access import DeliveryRow
from shelf_anomaly_dashboard.records import AlertRecord, Verdict
from shelf_anomaly_dashboard.roles import AccessError
from shelf_anomaly_dashboard.site import Site
from shelf_anomaly_dashboard.webhooks import MAX_ATTEMPTS, sign, Webhooks

Maker = Callable[..., AlertRecord]
STORE = 'Test shop'


class Receiver:
    """A server that answers what it is told to, and remembers what it got."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers['content-length']))
                receiver.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
                status = receiver.answers.pop(0) if receiver.answers else 204
                self.send_response(status)
                if status == 302:
                    self.send_header('location', '/elsewhere')
                self.send_header('content-length', '0')
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.url = f'http://127.0.0.1:{self.server.server_address[1]}/hook'
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def told(self) -> list[str]:
        return [json.loads(body)['type'] for _, body in self.got]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    one = Receiver()
    yield one
    one.server.shutdown()
    one.server.server_close()


@pytest.fixture
def courier(site: Site) -> Iterator[Courier]:
    one = Courier(site)
    one.start()
    yield one
    one.stop()


def test_a_change_arrives_signed(
    site: Site, receiver: Receiver, courier: Courier, make_alert: Maker, until: Callable[..., Any]
) -> None:
    site.service.write([make_alert()])  # before the webhook: not told
    secret = site.webhooks.add(receiver.url, by='ada')
    alert = make_alert()
    site.service.write([alert])
    site.service.judge(STORE, alert.id, Verdict.RESOLVED, 'anna')
    until(lambda: len(receiver.got) == 2, what='both changes')
    assert receiver.told() == ['alert.opened', 'alert.resolved']
    head, body = receiver.got[1]
    said = json.loads(body)['data']
    assert (said['event']['who'], said['alert']['id']) == ('anna', alert.id)

    key = base64.b64decode(secret.removeprefix('whsec_'))
    signed = f'{head["webhook-id"]}.{head["webhook-timestamp"]}.'.encode() + body
    mark = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert head['webhook-signature'] == f'v1,{mark}'
    assert abs(int(head['webhook-timestamp']) - site.clock() // 10**9) < 5


def test_only_what_was_asked_for(
    site: Site, receiver: Receiver, courier: Courier, make_alert: Maker, until: Callable[..., Any]
) -> None:
    site.webhooks.add(receiver.url, ['resolved'])
    alert = make_alert()
    site.service.write([alert])
    site.service.judge(STORE, alert.id, Verdict.RESOLVED, 'anna')
    until(lambda: receiver.got, what='the change')

    assert receiver.told() == ['alert.resolved']


@pytest.mark.parametrize('status', [500, 404, 302])
def test_what_does_not_arrive_is_tried_again(
    site: Site,
    clock: Any,
    receiver: Receiver,
    courier: Courier,
    make_alert: Maker,
    until: Callable[..., Any],
    status: int,
) -> None:
    receiver.answers = [status, status]
    site.webhooks.add(receiver.url)
    site.service.write([make_alert()])
    until(lambda: site.webhooks.webhooks()[0].status == status, what='the first attempt')
    shown = site.webhooks.webhooks()[0]
    assert (shown.waiting, shown.problem) == (1, f'answered {status}')

    def arrived() -> bool:
        clock.advance(5)
        return bool(site.webhooks.webhooks()[0].waiting == 0)

    until(arrived, 60, 'the delivery')
    ids = {head['webhook-id'] for head, _ in receiver.got}
    assert (len(receiver.got), len(ids)) == (3, 1)


def test_it_is_given_up_in_the_end(site: Site, clock: Any, make_alert: Maker) -> None:
    site.webhooks.add('http://127.0.0.1:9/')
    site.service.write([make_alert()])
    assert site.webhooks.lay_out() == 1
    pauses = []
    for attempt in range(MAX_ATTEMPTS):
        (parcels,) = site.webhooks.due(set()).values()
        assert parcels[0].attempts == attempt
        site.webhooks.failed(parcels[0], None, 'no answer')
        assert site.webhooks.due(set()) == {}
        with site.webhooks._database.reading() as session:
            due_ns = session.scalars(select(DeliveryRow.next_ns)).one()
        pauses.append((due_ns - clock()) / 10**9)
        clock.advance(pauses[-1] + 1)
    shown = site.webhooks.webhooks()[0]

    assert (shown.waiting, shown.given_up) == (0, 1)
    assert pauses[0] < 3
    assert pauses[:10] == sorted(pauses[:10])
    assert max(pauses) <= 3600 * 1.2


def test_gone_means_no_more(
    site: Site, receiver: Receiver, courier: Courier, make_alert: Maker, until: Callable[..., Any]
) -> None:
    receiver.answers = [410]
    site.webhooks.add(receiver.url)
    site.service.write([make_alert()])

    until(lambda: not site.webhooks.webhooks()[0].active, what='the end')


def test_what_waits_outlives_a_restart(
    site: Site, receiver: Receiver, make_alert: Maker, until: Callable[..., Any]
) -> None:
    site.webhooks.add(receiver.url)
    site.service.write([make_alert()])
    site.webhooks.lay_out()  # and then the process dies
    again = Courier(site)
    again.start()
    until(lambda: receiver.got, what='the delivery')
    again.stop()


def test_a_slow_one_holds_up_no_other(
    site: Site, receiver: Receiver, courier: Courier, make_alert: Maker, until: Callable[..., Any]
) -> None:
    import socket

    with socket.create_server(('127.0.0.1', 0)) as silent:  # takes connections, never answers
        site.webhooks.add(f'http://127.0.0.1:{silent.getsockname()[1]}/')
        site.webhooks.add(receiver.url)
        site.service.write([make_alert()])
        until(lambda: receiver.got, 8, 'the delivery to the other')


@pytest.mark.parametrize(
    'url',
    [
        *('', 'ftp://x/', 'http://', 'https://user:pw@host/', 'http://h:99999/', 'javascript:1'),
        *('http://host/\r\nx: y', 'http://ho st/', 'https://h/' + 'x' * 500),
    ],
)
def test_an_address_that_is_none(site: Site, url: str) -> None:
    with pytest.raises(AccessError, match='address'):
        site.webhooks.add(url)


def test_changes_that_are_none(site: Site) -> None:
    with pytest.raises(AccessError, match='some of'):
        site.webhooks.add('https://host/', ['everything'])


def test_a_webhook_that_is_none(site: Site) -> None:
    with pytest.raises(AccessError, match='no webhook'):
        site.webhooks.remove(7)
    assert isinstance(site.webhooks, Webhooks)


def test_the_signature_of_the_standard() -> None:
    # the example of standardwebhooks.com's reference libraries
    secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
    said = sign(secret, 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1614265330, b'{"test": 2432232314}')

    assert said == 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
