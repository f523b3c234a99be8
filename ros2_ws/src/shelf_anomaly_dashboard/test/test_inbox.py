# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The queue between the robots and the database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import threading

import pytest

from shelf_anomaly_dashboard.inbox import BATCH, Inbox
from shelf_anomaly_dashboard.records import AlertRecord, Record, StatusRecord


def test_everything_is_handed_on_in_order_and_in_batches(
    make_alert: Callable[..., AlertRecord],
) -> None:
    batches: list[list[Record]] = []
    inbox = Inbox(lambda batch: batches.append(list(batch)))
    alerts = [make_alert() for _ in range(2 * BATCH + 5)]
    assert all(inbox.put(alert) for alert in alerts)
    inbox.start()
    inbox.stop()

    assert alerts == [record for batch in batches for record in batch]
    assert [len(batch) for batch in batches] == [BATCH, BATCH, 5]


def test_a_slow_writer_never_blocks_and_alerts_keep_their_room(
    make_alert: Callable[..., AlertRecord],
) -> None:
    gate = threading.Event()

    def write(_batch: Sequence[Record]) -> None:
        gate.wait(10)

    inbox = Inbox(write, capacity=10)
    status = StatusRecord('s', 'r')
    assert [inbox.put(status) for _ in range(8)] == [True] * 5 + [False] * 3
    assert [inbox.put(make_alert()) for _ in range(6)] == [True] * 5 + [False]
    assert inbox.lost == {'StatusRecord': 3, 'AlertRecord': 1}
    gate.set()
    inbox.start()
    assert inbox.settle()
    inbox.stop()


def test_a_batch_that_fails_does_not_end_the_thread(
    make_alert: Callable[..., AlertRecord], caplog: pytest.LogCaptureFixture
) -> None:
    written: list[Record] = []

    def write(batch: Sequence[Record]) -> None:
        if not written and not caplog.records:
            raise OSError('disk full')
        written.extend(batch)

    inbox = Inbox(write)
    inbox.start()
    inbox.put(make_alert())
    assert inbox.settle()
    second = make_alert()
    inbox.put(second)
    assert inbox.settle()
    inbox.stop()

    assert [second] == written
    assert '1 records could not be written' in caplog.text


def test_nothing_is_taken_after_the_end(make_alert: Callable[..., AlertRecord]) -> None:
    inbox = Inbox(lambda _batch: None)
    inbox.start()
    inbox.stop()

    assert not inbox.put(make_alert())
