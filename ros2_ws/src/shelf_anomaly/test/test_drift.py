# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What is normal moves away: told when it does, and not told for faults or for one bad pass."""

from __future__ import annotations

import json
import math
from pathlib import Path
import sys

import numpy as np
import pytest

from shelf_anomaly.drift import DriftWatch, FAULTS, too_many, upper_quartile, USUAL

sys.path.insert(0, str(Path(__file__).parent))

from pass_builder import COLS, finding, result

ALLOWED = 0.2  # one false alarm for an aisle of five bays


def drive(watch: DriftWatch, *spreads: float) -> list[bool]:
    """Add passes without alerts, whose scores spread so many times as wide as usual."""
    return [watch.add('L01', spread * USUAL, 0, 0, ALLOWED) for spread in spreads]


@pytest.mark.parametrize(
    ('spreads', 'told'),
    [
        ([1.0] * 40, None),
        ([1.0, 1.2, 1.3, 1.2, 1.3, 1.2], None),  # a little wider: within what the threshold bears
        ([1.0, 1.0, 9.0, 1.0, 1.0], None),  # one bad pass, however bad
        ([1.0, 1.0, 2.3, 2.3], 3),
        ([1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.2, 2.4], 6),  # step by step
        ([2.3, 1.0, 1.0, 2.3, 1.0, 1.0], None),  # back to normal each time
    ],
)
def test_scores_that_spread_wider_are_told(spreads: list[float], told: int | None) -> None:
    watch = DriftWatch('model 1')
    said = drive(watch, *spreads)

    assert (said.index(True) if any(said) else None) == told
    assert watch.moved == (('L01',) if told is not None else ())


def test_normal_scores_have_the_usual_quartile() -> None:
    scores = np.random.default_rng(0).normal(0, 1, (60, 50)).astype(np.float32)

    assert upper_quartile(scores) == pytest.approx(USUAL, abs=0.1)
    assert upper_quartile(2 * scores) == pytest.approx(2 * USUAL, abs=0.2)


def test_a_bay_that_is_in_order_again_is_not_told_any_more() -> None:
    watch = DriftWatch('model 1')

    said = drive(watch, *[3.0] * 20, *[0.9] * 5)

    assert said[-6:] == [True, True, True, True, False, False]
    assert watch.moved == ()


def test_faults_do_not_count_until_they_cover_a_quarter() -> None:
    scores = result(finding(score=9.0), finding(x=0.2, score=30.0), usual=0.5).scores
    assert upper_quartile(scores) == 0.5

    scores[:, : COLS // 3] = 9.0
    assert upper_quartile(scores) == 9.0


def test_what_was_not_judged_does_not_count() -> None:
    scores = result(usual=0.5).scores
    scores[:, COLS // 4 :] = np.nan

    assert upper_quartile(scores) == 0.5
    assert upper_quartile(result(judged=False).scores) is None


@pytest.mark.parametrize('expected', [0.01, 0.2, 1.0, 6.0])
def test_too_many_is_what_chance_hardly_raises(expected: float) -> None:
    def at_least(count: int) -> float:
        return 1 - sum(math.exp(-expected) * expected**k / math.factorial(k) for k in range(count))

    count = too_many(expected)
    assert at_least(count) < 0.001 <= at_least(count - 1)


def test_many_alerts_on_one_pass_are_told_until_few_stand() -> None:
    many = too_many(ALLOWED + FAULTS)
    watch = DriftWatch('model 1')

    def add(raised: int, standing: int) -> bool:
        return watch.add('L01', USUAL, raised, standing, ALLOWED)

    assert not add(many - 1, many - 1)
    assert not add(1, many)  # as many, but of different days: single faults
    assert add(many, 2 * many)
    assert add(0, many)
    assert not add(0, many - 1)


def test_it_goes_on_after_a_restart_and_begins_anew_with_another_model() -> None:
    watch = DriftWatch('model 1')
    drive(watch, 3.0)
    watch.add('L02', USUAL, 9, 9, ALLOWED)
    known = json.loads(json.dumps(watch.state()))

    assert DriftWatch('model 1', known).moved == ('L02',)
    assert drive(DriftWatch('model 1', known), 3.0) == [True]
    assert drive(DriftWatch('model 2', known), 3.0) == [False]
    assert DriftWatch('model 2', known).moved == ()
    assert DriftWatch('model 1', {'model': 'model 1', 'recent': {'L01': [1.0]}}).moved == ()


def test_a_bay_that_was_learnt_begins_anew_and_the_others_go_on() -> None:
    watch = DriftWatch('model 1')
    drive(watch, 3.0, 3.0)
    watch.add('L02', USUAL, 9, 9, ALLOWED)

    watch.learnt('model 2', ['L01'])

    assert watch.moved == ('L02',)
    assert drive(watch, 3.0) == [False]
    assert DriftWatch('model 2', watch.state()).moved == ('L02',)
