# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The road over MQTT, with a real broker between."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
import json
from typing import Any
import uuid

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
import pytest

from shelf_anomaly.errors import SettingsError
from shelf_anomaly_dashboard.mqtt.bridge import MqttBridge
from shelf_anomaly_dashboard.mqtt.topics import broker as parse_broker
from shelf_anomaly_dashboard.mqtt.topics import Topics
from shelf_anomaly_dashboard.records import Verdict
from shelf_anomaly_dashboard.service import NotKeptError
from shelf_anomaly_dashboard.site import Site
from shelf_anomaly_dashboard.throwaway import Mosquitto
from shelf_anomaly_dashboard.views import AlertFilter

STORE = 'Test shop'
ROOT = f'shelf/{STORE}/robots/rover'


class Robot:
    """Another program at the broker."""

    def __init__(self, broker: Mosquitto) -> None:
        self.heard: list[tuple[str, Any]] = []
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = lambda _c, _u, m: self.heard.append((m.topic, _read(m.payload)))
        self._client.on_connect = lambda client, *_: client.subscribe('shelf/#', 1)
        self._client.connect('127.0.0.1', broker.port)
        self._client.loop_start()

    def say(self, topic: str, content: object) -> None:
        payload = content if isinstance(content, bytes) else json.dumps(content)
        self._client.publish(topic, payload, qos=1).wait_for_publish(20)

    def told(self, topic: str) -> list[Any]:
        return [content for name, content in self.heard if name == topic]

    def connected(self) -> bool:
        return bool(self._client.is_connected())

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def _read(payload: bytes) -> Any:
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):  # else paho's thread would end, and with it the robot
        return payload.decode(errors='replace')


@pytest.fixture
def robot(broker: Mosquitto) -> Iterator[Robot]:
    one = Robot(broker)
    yield one
    one.stop()


@pytest.fixture
def bridge(site: Site, broker: Mosquitto, robot: Robot, until: Callable[..., Any]) -> Any:
    road = MqttBridge(site, parse_broker(broker.url), 'shelf')
    road.start()
    until(lambda: 'online' in robot.told(f'shelf/{STORE}/dashboard'), 30, 'the bridge')
    yield road
    road.stop()


def alert(**changes: object) -> dict[str, object]:
    values = {'id': str(uuid.uuid4()), 'kind': 'gap', 'state': 'open', 'bay': 'A1-L01'}
    return {**values, 'stamp_ns': 5, 'score': 7.5, 'threshold': 5.0, **changes}


def test_an_alert_comes_in_and_the_verdict_goes_back(
    site: Site, bridge: MqttBridge, robot: Robot, jpeg: bytes, until: Callable[..., Any]
) -> None:
    told = alert(evidence=base64.b64encode(jpeg).decode())
    for _ in range(3):
        robot.say(f'{ROOT}/alerts', told)
    detail = until(lambda: site.queries.alert(str(told['id'])), what='the alert')
    assert (detail.alert.robot, detail.alert.store) == ('rover', STORE)
    assert detail.alert.evidence is not None
    until(lambda: robot.told(f'shelf/{STORE}/events'), what='the change')
    site.service.judge(STORE, str(told['id']), Verdict.RESOLVED, 'anna', 'done')
    (said,) = until(lambda: robot.told(f'{ROOT}/verdicts'), what='the verdict')

    assert (said['alert_id'], said['verdict'], said['author']) == (told['id'], 'resolved', 'anna')
    until(lambda: len(robot.told(f'shelf/{STORE}/events')) == 2, what='both changes')
    assert [e['what'] for e in robot.told(f'shelf/{STORE}/events')] == ['opened', 'resolved']
    robot.say(f'{ROOT}/alerts', {**told, 'state': 'resolved', 'stamp_ns': 6})
    taken = until(
        lambda: (d := site.queries.alert(str(told['id']))) and d.alert.verdict_taken and d,
        what='that the robot took it over',
    )
    assert [s.state for s in taken.sightings] == ['open', 'resolved']


def test_the_other_reports(
    site: Site, bridge: MqttBridge, robot: Robot, until: Callable[..., Any]
) -> None:
    robot.say(f'{ROOT}/inspections', {'bay': 'A1-R01', 'result': 'normal', 'end_ns': 9})
    robot.say(f'{ROOT}/status', {'model': 'm', 'frame_rate': 9.5})
    robot.say(f'{ROOT}/place', {'x': 1, 'y': 2, 'yaw': 0.5})
    until(lambda: site.queries.robots(site.clock()), what='the robot')
    shown = until(
        lambda: [r for r in site.queries.robots(site.clock()) if r.x == 1.0], what='its place'
    )[0]

    assert (shown.connected, shown.model) == (True, 'm')
    assert [b.result for b in site.queries.bays() if b.bay == 'A1-R01'] == ['normal']


@pytest.mark.parametrize(
    ('topic', 'payload'),
    [
        ('alerts', b'{'),
        ('alerts', b'\xff\xfe'),
        ('alerts', b'null'),
        (
            'alerts',
            json.dumps({'id': '../../etc/passwd', 'kind': 'gap', 'state': 'open'}).encode(),
        ),
        ('alerts', json.dumps(alert(state='maybe')).encode()),
        ('alerts', json.dumps(alert(robot='somebody else')).encode()),
        ('alerts', json.dumps(alert(evidence='no base64!')).encode()),
        ('alerts', json.dumps(alert(score=float('nan'))).encode()),
        ('place', b'{"x": 1e999, "y": 0, "yaw": 0}'),
        ('inspections', b'{"bay": "", "result": "normal"}'),
        ('inspections', b'[' * 100_000),
    ],
)
def test_a_report_that_cannot_be_used_holds_up_nothing(
    site: Site,
    bridge: MqttBridge,
    robot: Robot,
    until: Callable[..., Any],
    topic: str,
    payload: bytes,
) -> None:
    good = alert()
    robot.say(f'{ROOT}/{topic}', payload)
    robot.say(f'{ROOT}/alerts', good)
    until(lambda: site.queries.alert(str(good['id'])), what='the good one')

    assert site.service.problems[0] == 1
    assert site.queries.alerts(AlertFilter()).total == 1


def test_nothing_is_lost_while_the_database_is_away(
    site: Site,
    bridge: MqttBridge,
    robot: Robot,
    until: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keep, tried = site.service.keep, []

    def failing(batch: Any) -> int:
        tried.append(batch)
        if len(tried) < 3:
            raise NotKeptError('the database is away')
        return keep(batch)

    monkeypatch.setattr(site.service, 'keep', failing)
    told = alert()
    robot.say(f'{ROOT}/alerts', told)

    assert until(lambda: site.queries.alert(str(told['id'])), what='the alert')
    assert len(tried) >= 3


def test_what_comes_while_the_dashboard_is_away_waits(
    site: Site, broker: Mosquitto, robot: Robot, bridge: MqttBridge, until: Callable[..., Any]
) -> None:
    bridge.stop()
    told = [alert() for _ in range(5)]
    for one in told:
        robot.say(f'{ROOT}/alerts', one)
    assert site.queries.alerts(AlertFilter()).total == 0
    again = MqttBridge(site, parse_broker(broker.url), 'shelf')
    again.start()
    try:
        until(lambda: site.queries.alerts(AlertFilter()).total == 5, 30, 'all five')
    finally:
        again.stop()


def test_a_broker_that_goes_and_comes(
    site: Site, broker: Mosquitto, bridge: MqttBridge, robot: Robot, until: Callable[..., Any]
) -> None:
    broker.stop()
    broker.start()
    told = alert()
    until(robot.connected, 60, 'that the robot is back')
    robot.say(f'{ROOT}/alerts', told)

    assert until(lambda: site.queries.alert(str(told['id'])), 60, 'the alert')


def test_names_become_one_level_of_a_topic_and_names_again() -> None:
    topics = Topics('a/b', 'Shop #1+/x')
    wild = 'r/2#+ é'

    assert topics.root == 'a/b/Shop %231%2B%2Fx'
    assert topics.read(topics.verdicts(wild)) == (wild, 'verdicts')
    assert topics.read('a/b/other/robots/x/alerts') == ('', '')


@pytest.mark.parametrize('url', ['', 'host', 'http://h', 'mqtt://', 'mqtt://h:x', 'mqtt://h/path'])
def test_a_broker_that_is_none(url: str) -> None:
    with pytest.raises(SettingsError, match='mqtt'):
        parse_broker(url)


def test_a_broker_with_a_user() -> None:
    found = parse_broker('mqtts://sh%40p@b.example', 'secret')

    assert (
        *(found.host, found.port, found.secure),
        *(found.user, found.password),
    ) == ('b.example', 8883, True, 'sh@p', 'secret')
