# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The newest wins, the rest is counted, close wakes."""

from threading import Thread

import pytest

from shelf_anomaly.mailbox import Mailbox


def test_the_newest_wins_and_drops_are_counted() -> None:
    box: Mailbox[int] = Mailbox()
    assert [box.put(i) for i in (1, 2, 3)] == [True, False, False]
    assert (box.take(), box.dropped) == (3, 2)


def test_a_falsy_item_is_an_item() -> None:
    box: Mailbox[int] = Mailbox()
    box.put(0)
    assert (box.put(0), box.take(0.0), box.dropped) == (False, 0, 1)


def test_none_is_refused() -> None:
    with pytest.raises(ValueError, match='anything but None'):
        Mailbox().put(None)


def test_time_runs_out() -> None:
    assert Mailbox[int]().take(timeout_s=0.01) is None


def test_close_wakes_a_waiting_worker_and_keeps_what_lies_there() -> None:
    box: Mailbox[int] = Mailbox()
    taken: list[int | None] = []

    def work() -> None:
        while (item := box.take()) is not None:
            taken.append(item)
        taken.append(None)

    worker = Thread(target=work)
    worker.start()
    box.put(7)
    box.close()
    worker.join(timeout=10)
    assert not worker.is_alive()
    assert taken == [7, None]
    assert box.closed
    assert box.put(8) is False
    assert box.take(0.0) is None


def test_every_item_is_taken_or_counted() -> None:
    box: Mailbox[int] = Mailbox()
    taken: list[int] = []

    def work() -> None:
        while (item := box.take()) is not None:
            taken.append(item)

    worker = Thread(target=work)
    worker.start()
    for i in range(1, 5001):
        box.put(i)
    box.close()
    worker.join(timeout=10)
    assert taken[-1] == 5000
    assert taken == sorted(set(taken))
    assert len(taken) + box.dropped == 5000
