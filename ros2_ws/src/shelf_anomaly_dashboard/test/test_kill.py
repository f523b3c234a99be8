# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The process is killed in the midst of reports: what was acknowledged is there afterwards."""

from __future__ import annotations

import base64
from collections.abc import Callable
import json
from pathlib import Path
import subprocess
import threading
import uuid

import httpx
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from shelf_anomaly.store_layout import load_store_layout
from shelf_anomaly_dashboard.database import Database
from shelf_anomaly_dashboard.queries import Queries
from shelf_anomaly_dashboard.throwaway import Mosquitto
from shelf_anomaly_dashboard.views import AlertFilter

Start = Callable[..., tuple[subprocess.Popen[str], str]]


def alert(picture: bytes) -> dict[str, str | float]:
    told = {'id': str(uuid.uuid4()), 'kind': 'gap', 'state': 'open', 'bay': 'A1-L01'}
    return {**told, 'robot': 'rover', 'evidence': base64.b64encode(picture).decode()}


def kept(store: Path, folder: Path) -> set[str]:
    database = Database(f'sqlite:///{folder}/live.db')
    queries = Queries(database, load_store_layout(store))
    found, cursor = set(), None
    while True:
        page = queries.alerts(AlertFilter(), limit=500, cursor=cursor)
        for one in page.items:
            found.add(one.id)
            name = (one.evidence or '').removeprefix('/evidence/')
            assert (folder / 'live' / name[:2] / name).is_file()
        if (cursor := page.next) is None:
            database.close()
            return found


def test_over_http(start_dashboard: Start, store_file: Path, tmp_path: Path, jpeg: bytes) -> None:
    process, address = start_dashboard('--no-ros')
    acknowledged: list[str] = []
    enough = threading.Event()

    def send() -> None:
        with httpx.Client(timeout=30) as client:
            while True:
                told = alert(jpeg + len(acknowledged).to_bytes(4, 'big'))
                try:
                    answer = client.post(f'{address}/api/v1/reports', json={'alerts': [told]})
                except httpx.HTTPError:
                    return
                if answer.status_code == 200 and answer.json()['kept'] == 1:
                    acknowledged.append(str(told['id']))
                if len(acknowledged) >= 20:
                    enough.set()

    threads = [threading.Thread(target=send) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert enough.wait(120)
    process.kill()
    process.wait(30)
    for thread in threads:
        thread.join(60)

    assert set(acknowledged) <= kept(store_file, tmp_path)


def test_over_mqtt(
    start_dashboard: Start,
    broker: Mosquitto,
    store_file: Path,
    tmp_path: Path,
    jpeg: bytes,
    until: Callable[..., object],
) -> None:
    process, _ = start_dashboard('--no-ros', '--mqtt', broker.url)
    events: list[bytes] = []
    online = threading.Event()

    def hear(_client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        if message.topic.endswith('/events'):
            events.append(message.payload)
        elif message.payload == b'online':
            online.set()

    robot = mqtt.Client(CallbackAPIVersion.VERSION2)
    robot.on_message = hear
    robot.connect('127.0.0.1', broker.port)
    robot.subscribe('shelf/#', 1)
    robot.loop_start()
    assert online.wait(60)
    sent: list[str] = []
    for i in range(150):  # the broker has acknowledged each of them
        told = alert(jpeg + i.to_bytes(4, 'big'))
        topic = 'shelf/Test shop/robots/rover/alerts'
        robot.publish(topic, json.dumps(told), qos=1).wait_for_publish(30)
        sent.append(str(told['id']))
        if i == 75:
            until(lambda: events, 60, 'the first changes')
            process.kill()
            process.wait(30)
    start_dashboard('--no-ros', '--mqtt', broker.url)
    until(lambda: set(sent) <= kept(store_file, tmp_path), 120, 'every alert')
    robot.disconnect()
    robot.loop_stop()
