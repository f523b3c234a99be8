# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What is normal moves away: told before it raises alerts, and not told without need."""

from __future__ import annotations

from itertools import combinations
import json
from pathlib import Path
import sys

import numpy as np
import pytest

from shelf_anomaly.drift import DriftWatch, ENOUGH, highest_elsewhere, rank_sum_p
from shelf_anomaly.records import Box

sys.path.insert(0, str(Path(__file__).parent))

from pass_builder import finding, result

USUAL = np.array([2.0, 2.2, 1.8, 2.4, 2.1, 1.9, 2.3, 2.05, 1.95, 2.15])
THRESHOLD = 5.0


@pytest.mark.parametrize(('n', 'm', 'seed'), [(4, 3, 1), (6, 4, 2), (5, 5, 3)])
def test_the_test_counts_every_order(n: int, m: int, seed: int) -> None:
    values = np.random.default_rng(seed).permutation(n + m).astype(float)
    usual, recent = values[:n], values[n:]

    def above(chosen: tuple[float, ...]) -> int:
        rest = [v for v in values if v not in chosen]
        return sum(a > b for a in chosen for b in rest)

    orders = [above(chosen) for chosen in combinations(values, m)]
    expected = np.mean([count >= above(tuple(recent)) for count in orders])
    assert rank_sum_p(usual, recent) == pytest.approx(expected)


@pytest.mark.parametrize(
    ('recent', 'moved'),
    [
        ([2.0, 2.3, 1.9, 2.2, 2.4, 2.1], False),
        ([2.9, 3.0, 2.8, 3.1, 2.9, 3.0], False),  # real, but far from any alert
        ([3.9, 4.2, 3.7, 4.4], False),  # too few passes to say
        ([3.9, 4.2, 3.7, 4.4, 4.0, 4.1], True),
        ([9.0, 2.1, 1.9, 2.2, 2.0, 2.3], False),  # one bad pass
    ],
)
def test_when_a_bay_is_to_be_learnt_anew(recent: list[float], moved: bool) -> None:
    watch = DriftWatch({'L01': USUAL}, 'model 1')
    for value in recent:
        last = watch.add('L01', value, THRESHOLD)

    assert last is moved
    assert watch.moved == (('L01',) if moved else ())


def test_it_goes_on_after_a_restart_and_begins_anew_with_another_model() -> None:
    watch = DriftWatch({'L01': USUAL}, 'model 1')
    for _ in range(ENOUGH - 1):
        watch.add('L01', 4.2, THRESHOLD)
    known = json.loads(json.dumps(watch.state()))

    assert DriftWatch({'L01': USUAL}, 'model 1', known).add('L01', 4.2, THRESHOLD)
    assert not DriftWatch({'L01': USUAL}, 'model 2', known).add('L01', 4.2, THRESHOLD)
    assert not DriftWatch({}, 'model 1', known).add('L01', 4.2, THRESHOLD)


def test_the_places_of_alerts_are_not_asked() -> None:
    seen = result(finding(score=9.0), usual=1.5)

    assert highest_elsewhere(seen, [Box(0.5, 0.6, 0.1, 0.2)]) == 1.5
    assert highest_elsewhere(seen, []) == 9.0
    assert highest_elsewhere(result(judged=False), []) is None
