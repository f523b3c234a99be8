# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""When patrols begin and end, and what time it is when no message comes."""

from __future__ import annotations

import pytest

from shelf_anomaly.ros.patrols import Beginning, MessageClock, patrol_name, PatrolBook

S = 1_000_000_000
T0 = 1_769_850_723 * S


def test_a_patrol_is_named_after_its_first_frame() -> None:
    assert patrol_name(T0 + 999_999_999) == '2026-01-31T09:12:03Z'
    assert PatrolBook(30 * S).frame(T0) == Beginning('2026-01-31T09:12:03Z', False)


@pytest.mark.parametrize(
    ('step_ns', 'begins', 'back'),
    [
        (S // 2, False, False),
        (30 * S, False, False),  # exactly the gap
        (30 * S + 1, True, False),  # the silence was longer: the next bag, or after the charger
        (-S, False, False),  # frames out of order
        (-S - 1, True, True),  # a bag that starts again
        (-86400 * S, True, True),
    ],
)
def test_what_begins_a_patrol(step_ns: int, begins: bool, back: bool) -> None:
    book = PatrolBook(30 * S)
    book.frame(T0)

    beginning = book.frame(T0 + step_ns)

    assert (beginning is not None) == begins
    assert beginning is None or beginning.jumped_back == back


def test_a_frame_out_of_order_does_not_turn_time_back() -> None:
    book = PatrolBook(30 * S)
    book.frame(T0)
    book.frame(T0 - S // 2)

    assert book.frame(T0 + 30 * S) is None  # counted from the newest frame


def test_a_name_given_is_used_and_numbered() -> None:
    book = PatrolBook(30 * S, 'morning')
    names = [book.frame(T0 + i * 60 * S) for i in range(3)]

    assert [n.name for n in names if n] == ['morning', 'morning-2', 'morning-3']
    book.rename('evening')
    assert book.frame(T0 + 121 * S) == Beginning('evening', False)


def test_silence_ends_a_patrol_once() -> None:
    book = PatrolBook(30 * S)
    assert not book.silence(T0)
    book.frame(T0)
    assert not book.silence(T0 + 30 * S)
    assert book.silence(T0 + 30 * S + 1)
    assert not book.silence(T0 + 60 * S)
    assert book.running is None
    assert book.frame(T0 + 61 * S) is not None


def test_the_clock_follows_the_messages_and_runs_on_when_they_stop() -> None:
    clock = MessageClock(grace_s=1.0)
    assert clock.now_ns(5.0) is None
    clock.see(T0, 10.0)
    clock.see(T0 - S, 10.5)  # older news changes nothing

    assert clock.now_ns(10.9) == T0
    assert clock.now_ns(11.0) == T0  # within the grace
    assert clock.now_ns(13.0) == T0 + 3 * S

    clock.see(T0 + S, 13.5)
    assert clock.now_ns(13.6) == T0 + S
    clock.reset(T0 - 100 * S, 14.0)
    assert clock.now_ns(14.1) == T0 - 100 * S
