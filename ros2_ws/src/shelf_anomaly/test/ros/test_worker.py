# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The worker: newest frame wins, commands keep their order, nothing ends it."""

from __future__ import annotations

from threading import Event
import time

from graph import wait

from shelf_anomaly.ros.worker import Worker


def test_the_newest_frame_wins_and_the_executor_never_waits() -> None:
    seen: list[int] = []
    gate, begun = Event(), Event()

    def work(item: int) -> None:
        begun.set()
        gate.wait(10)
        seen.append(item)

    worker: Worker[int] = Worker(work, lambda error: None)
    worker.start()
    worker.submit(1)
    assert begun.wait(10)
    before = time.monotonic()
    for item in (2, 3, 4):
        worker.submit(item)
    assert time.monotonic() - before < 1.0
    assert worker.busy_s(time.monotonic()) > 0
    gate.set()

    assert worker.stop(10)
    assert seen == [1, 4]
    assert worker.dropped == 2


def test_commands_keep_their_order_and_are_done_before_the_end() -> None:
    seen: list[str] = []
    worker: Worker[int] = Worker(lambda item: seen.append(f'frame {item}'), lambda error: None)
    worker.start()
    for name in ('a', 'b'):
        worker.call(lambda name=name: seen.append(name))
    wait(lambda: seen == ['a', 'b'], 'both commands')
    worker.call(lambda: seen.append('last'))

    assert worker.stop(10)
    assert seen[-1] == 'last'
    assert not worker.alive


def test_an_exception_is_told_and_the_next_frame_works() -> None:
    seen: list[int] = []
    told: list[BaseException] = []

    def work(item: int) -> None:
        if item == 1:
            raise ZeroDivisionError('bad frame')
        seen.append(item)

    worker: Worker[int] = Worker(work, told.append)
    worker.start()
    worker.submit(1)
    wait(lambda: told, 'the word of it')
    worker.submit(2)

    assert worker.stop(10)
    assert seen == [2]
    assert str(told[0]) == 'bad frame'
