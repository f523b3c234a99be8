# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
The road over MQTT. A report is acknowledged to the broker when it is on the disk, not before:
what a crash catches on the way comes again, and the same alert twice is one.
"""

from __future__ import annotations

from dataclasses import asdict
import json
import logging
from queue import Empty, Full, Queue
import threading
import time
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from ..records import BadRecordError, Record
from ..service import NotKeptError
from ..site import Site
from ..text import clean
from ..wire import parse, REPORTS, verdict
from .topics import Broker, level, Topics

LOG = logging.getLogger(__name__)
WAITING = 1000
BATCH = 100
LOOK_S = 0.1
AGAIN_S = 1.0
SENT_S = 5.0
CURSOR = 'mqtt'
MAX_PAYLOAD = 16 * 1024 * 1024

Told = tuple[Record | None, int, int]
"""A report, or None for one that cannot be used; its number and quality of service."""


class MqttBridge:
    """Hears robots over a broker, and tells verdicts and changes. Ends with ``stop``."""

    def __init__(self, site: Site, broker: Broker, prefix: str) -> None:
        """Build it; the broker need not be there yet."""
        self._site = site
        self._broker = broker
        self._topics = Topics(prefix, site.queries.store)
        self._waiting: Queue[Told] = Queue(WAITING)
        self._ending = threading.Event()
        self._take = site.service.open_road()
        self._client = self._make_client()
        self._threads = [
            threading.Thread(target=work, name=f'mqtt {work.__name__}', daemon=True)
            for work in (self._keep_reports, self._tell)
        ]

    def start(self) -> None:
        """Begin; connects as soon as the broker is there, again and again."""
        self._client.connect_async(self._broker.host, self._broker.port, keepalive=30)
        self._client.loop_start()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Say good-bye and end."""
        self._ending.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(1.0)
        if self._client.is_connected():
            self._client.publish(self._topics.online, 'offline', qos=1, retain=True)
        self._client.disconnect()
        self._client.loop_stop()

    def _make_client(self) -> mqtt.Client:
        # The broker keeps our session by this name: what comes while we are away waits for us.
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f'shelf-dashboard-{level(self._topics.store)}',
            clean_session=False,
            manual_ack=True,
        )
        client.reconnect_delay_set(1, 30)
        client.max_queued_messages_set(10_000)
        if self._broker.user:
            client.username_pw_set(self._broker.user, self._broker.password or None)
        if self._broker.secure:
            client.tls_set()
        client.will_set(self._topics.online, 'offline', qos=1, retain=True)
        client.on_connect = self._connected
        client.on_connect_fail = self._failed
        client.on_message = self._hear
        return client

    def _connected(
        self, client: mqtt.Client, _data: Any, _flags: Any, reason: Any, _properties: Any
    ) -> None:
        if reason.is_failure:
            self._site.service.note_problem(f'MQTT broker {self._broker.host}: {reason}')
            return
        client.subscribe([(self._topics.reports(sort), 1) for sort in REPORTS])
        client.publish(self._topics.online, 'online', qos=1, retain=True)

    def _failed(self, _client: mqtt.Client, _data: Any) -> None:
        LOG.info('MQTT broker %s:%d does not answer', self._broker.host, self._broker.port)

    def _hear(self, client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        try:
            told: Told = (self._record(message), message.mid, message.qos)
        except BadRecordError as error:  # it would be no better a second time
            self._site.service.note_problem(f'MQTT: {error}')
            told = (None, message.mid, message.qos)
        try:
            # The broker sends few reports ahead of our acknowledgement; only those that need
            # none can come faster than they are kept.
            self._waiting.put(told, timeout=None if message.qos else 0.5)
        except Full:
            self._site.service.note_problem('MQTT: reports come too fast; one was left out')

    def _record(self, message: mqtt.MQTTMessage) -> Record:
        robot, sort = self._topics.read(message.topic)
        if sort not in REPORTS or not clean(robot):
            raise BadRecordError(f'topic {clean(message.topic, 120)!r} is none of a robot')
        if len(message.payload) > MAX_PAYLOAD:
            raise BadRecordError(f'{sort}: {len(message.payload)} bytes are too many')
        record: Record = parse(sort, bytes(message.payload), self._topics.store, robot)
        return record

    def _keep_reports(self) -> None:
        while not self._ending.is_set():
            batch = self._next()
            records = [record for record, _, _ in batch if record is not None]
            while records and not self._ending.is_set():
                try:
                    self._site.service.keep(records)
                    break
                except NotKeptError as error:  # the database is away: nothing is acknowledged
                    self._site.service.note_problem(f'MQTT: {error}')
                    self._ending.wait(AGAIN_S)
            if self._ending.is_set() and records:
                return
            for _, number, quality in batch:
                self._client.ack(number, quality)

    def _next(self) -> list[Told]:
        try:
            batch = [self._waiting.get(timeout=0.2)]
        except Empty:
            return []
        while len(batch) < BATCH:
            try:
                batch.append(self._waiting.get_nowait())
            except Empty:
                break
        return batch

    def _tell(self) -> None:
        last = self._begin()
        while not self._ending.is_set():
            for record in self._take():
                self._publish(self._topics.verdicts(record.robot), verdict(record))
            if self._client.is_connected() and (told := self._site.tail.after(last)):
                sent = [self._publish(self._topics.events, asdict(event)) for event in told]
                if _arrived(sent):
                    last = told[-1].id
                    self._site.options.put(CURSOR, {'last_event_id': last})
            else:
                self._ending.wait(LOOK_S)

    def _begin(self) -> int:
        kept = self._site.options.get(CURSOR).get('last_event_id')
        return kept if isinstance(kept, int) else self._site.queries.last_event_id()

    def _publish(self, topic: str, content: dict[str, Any]) -> mqtt.MQTTMessageInfo:
        return self._client.publish(topic, json.dumps(content), qos=1)


def _arrived(sent: list[mqtt.MQTTMessageInfo]) -> bool:
    end = time.monotonic() + SENT_S
    try:
        for info in sent:
            info.wait_for_publish(max(0.0, end - time.monotonic()))
    except (RuntimeError, ValueError):
        return False
    return all(info.is_published() for info in sent)
