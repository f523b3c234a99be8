# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What people read."""

from __future__ import annotations

import pytest

from shelf_anomaly.records import Refusal
from shelf_anomaly_dashboard import words
from shelf_anomaly_dashboard.records import InspectionResult, Kind, State, Verdict
from shelf_anomaly_dashboard.views import RobotView

SECOND = 10**9
NOW = 10**18


@pytest.mark.parametrize(
    ('board', 'boards', 'expected'),
    [
        (0, 4, 'bottom shelf'),
        (1, 4, '2nd shelf from below'),
        (2, 4, '3rd shelf from below'),
        (3, 4, 'top shelf'),
        (3, 0, '4th shelf from below'),
        (0, 1, 'bottom shelf'),
        (-1, 4, ''),
    ],
)
def test_level(board: int, boards: int, expected: str) -> None:
    assert expected == words.level(board, boards)


@pytest.mark.parametrize(
    ('seconds', 'expected'),
    [
        (-5, 'just now'),
        (44, 'just now'),
        (45, '1 min ago'),
        (150, '2 min ago'),
        (3569, '59 min ago'),
        (3570, '1 h ago'),
        (35 * 3600, '35 h ago'),
        (36 * 3600, '2 days ago'),
    ],
)
def test_age(seconds: int, expected: str) -> None:
    assert expected == words.age(NOW - seconds * SECOND, NOW)


def robot(connected: bool, silent_s: int = 0) -> RobotView:
    return RobotView('r', NOW - silent_s * SECOND, connected, '', {}, None, None, None, 0)


@pytest.mark.parametrize(
    ('robots', 'expected'),
    [
        ([], ('none', 'Waiting for a robot')),
        ([robot(True)], ('good', 'Robot connected')),
        ([robot(False, 180)], ('bad', 'Robot silent for 3 min')),
        ([robot(True), robot(True)], ('good', '2 robots connected')),
        ([robot(True), robot(False, 180)], ('good', '1 of 2 robots connected')),
    ],
)
def test_connection(robots: list[RobotView], expected: tuple[str, str]) -> None:
    assert expected == words.connection(robots, NOW)


def test_there_are_words_for_everything() -> None:
    assert {kind.value for kind in Kind} == words.KINDS.keys()
    assert {state.value for state in State} == words.STATES.keys()
    assert {verdict.value for verdict in Verdict} == words.VERDICTS.keys()
    assert {refusal.value for refusal in Refusal} <= words.REFUSALS.keys()
    assert {'normal', 'alert', 'not_seen'} == {result.value for result in InspectionResult}
