# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Whose word counts."""

from __future__ import annotations

import pytest

from shelf_anomaly_dashboard.life import after_robot, after_verdict, stale, Told
from shelf_anomaly_dashboard.records import State, Verdict

OPEN, RESOLVED, DISMISSED = State.OPEN, State.RESOLVED, State.DISMISSED
SECOND = 10**9


@pytest.mark.parametrize(
    ('shown', 'told', 'verdict', 'taken', 'expected'),
    [
        # no verdict: the robot's word
        (OPEN, OPEN, None, False, Told(OPEN, False, None)),
        (OPEN, RESOLVED, None, False, Told(RESOLVED, False, 'resolved')),
        (RESOLVED, OPEN, None, False, Told(OPEN, False, 'reopened', verdict_over=True)),
        # a verdict that the robot has not heard yet stands against its "open"
        (DISMISSED, OPEN, Verdict.FALSE_ALARM, False, Told(DISMISSED, False, None)),
        (RESOLVED, OPEN, Verdict.RESOLVED, False, Told(RESOLVED, False, None)),
        (OPEN, RESOLVED, Verdict.REOPENED, False, Told(OPEN, False, None)),
        # the robot takes it over; its own name for "closed" does not matter
        (DISMISSED, DISMISSED, Verdict.FALSE_ALARM, False, Told(DISMISSED, True, 'taken_over')),
        (DISMISSED, RESOLVED, Verdict.FALSE_ALARM, False, Told(DISMISSED, True, 'taken_over')),
        (OPEN, OPEN, Verdict.REOPENED, False, Told(OPEN, True, 'taken_over')),
        # afterwards the robot's word counts again
        (RESOLVED, OPEN, Verdict.RESOLVED, True, Told(OPEN, True, 'reopened', verdict_over=True)),
        (DISMISSED, DISMISSED, Verdict.FALSE_ALARM, True, Told(DISMISSED, True, None)),
        # a confirmation changes no state and holds nothing up
        (OPEN, RESOLVED, Verdict.CONFIRMED, False, Told(RESOLVED, False, 'resolved')),
    ],
)
def test_after_robot(
    shown: State, told: State, verdict: Verdict | None, taken: bool, expected: Told
) -> None:
    assert expected == after_robot(shown, told, verdict, taken)


@pytest.mark.parametrize(
    ('verdict', 'expected'),
    [
        (Verdict.CONFIRMED, (OPEN, 'confirmed')),
        (Verdict.FALSE_ALARM, (DISMISSED, 'dismissed')),
        (Verdict.RESOLVED, (RESOLVED, 'resolved')),
        (Verdict.REOPENED, (OPEN, 'reopened')),
    ],
)
def test_after_verdict(verdict: Verdict, expected: tuple[State, str]) -> None:
    assert expected == after_verdict(verdict)


@pytest.mark.parametrize(
    ('heard_state', 'behind_s', 'state', 'expected'),
    [
        (RESOLVED, 0, OPEN, True),  # the snapshot that was on its way when the alert closed
        (RESOLVED, 5, OPEN, True),
        (RESOLVED, -1, OPEN, False),  # newer: it came back
        (RESOLVED, 3600, OPEN, False),  # an hour back is a clock that jumped
        (OPEN, 5, OPEN, False),
        (OPEN, 5, RESOLVED, False),
    ],
)
def test_stale(heard_state: State, behind_s: int, state: State, expected: bool) -> None:
    now = 10**18
    told = stale(
        heard_stamp_ns=now, heard_state=heard_state, stamp_ns=now - behind_s * SECOND, state=state
    )

    assert expected is told
