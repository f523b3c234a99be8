# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Frames that wait for their pose: in order, for a bounded time, in a bounded number."""

from __future__ import annotations

from shelf_anomaly.ros.waiting import WaitingList


def test_they_go_on_in_order_when_the_answer_is_there() -> None:
    waiting: WaitingList[int] = WaitingList(limit=4, wait_s=0.5)
    for item in (1, 2, 3):
        assert waiting.add(item, 10.0) is None

    ready, expired = waiting.release(lambda item: f'pose {item}' if item < 3 else None, 10.1)

    assert ready == [(1, 'pose 1'), (2, 'pose 2')]
    assert expired == []
    assert len(waiting) == 1


def test_they_are_given_up_after_their_time() -> None:
    waiting: WaitingList[int] = WaitingList(limit=4, wait_s=0.5)
    waiting.add(1, 10.0)
    waiting.add(2, 10.3)

    assert waiting.release(lambda _: None, 10.49) == ([], [])
    assert waiting.release(lambda _: None, 10.5) == ([], [1])
    assert len(waiting) == 1


def test_the_oldest_gives_way() -> None:
    waiting: WaitingList[int] = WaitingList(limit=2, wait_s=0.5)
    assert [waiting.add(i, 0.0) for i in (1, 2, 3)] == [None, None, 1]
    assert waiting.clear() == 2
    assert len(waiting) == 0
