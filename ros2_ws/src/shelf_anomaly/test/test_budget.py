# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""From a budget to a threshold, by counting."""

from __future__ import annotations

import numpy as np
import pytest

from shelf_anomaly.budget import Budget, FEWER, SLOPE, UNSEEN
from shelf_anomaly.errors import SettingsError
from shelf_anomaly.records import FloatArray


def _spent(budget: float) -> float:
    """Return how many maxima the ten aisle patrols of ten passes may show that are left out."""
    return 10 * min(1.0, (10 / 9) ** FEWER * budget / (budget + UNSEEN)) * budget


def _budget(passes: float = 10.0, maxima: FloatArray | None = None) -> Budget:
    """Return ten aisle patrols of ``passes`` passes, with maxima as chance draws them."""
    if maxima is None:
        rank = np.arange(1, 61) - 0.5
        maxima = 2.0 * (60.0 / rank) ** SLOPE  # the quantiles of a Pareto tail
    return Budget(maxima, np.array([10.0, 8.0, 6.0, 4.0]), aisle_patrols=10.0, passes=passes)


def test_so_many_normal_maxima_lie_above_the_threshold() -> None:
    """Ten aisle patrols at one false alarm each, a part of it kept back."""
    budget = _budget()

    above = [int((budget.maxima > budget.threshold(b)).sum()) for b in (0.3, 1.0, 3.0, 5.0)]
    assert above == [pytest.approx(_spent(b), abs=1) for b in (0.3, 1.0, 3.0, 5.0)]


def test_a_smaller_budget_is_a_higher_threshold_beyond_the_data_too() -> None:
    """The tail goes on where no maximum was seen."""
    budgets = (7.0, 5.0, 4.0, 3.8, 3.77, 3.7, 3.0, 1.0, 0.3, 0.1, 0.01, 0.001)
    thresholds = [_budget().threshold(b) for b in budgets]

    assert thresholds == sorted(thresholds)
    assert len(set(thresholds)) == len(thresholds)
    assert thresholds[-1] > _budget().maxima[0]


def test_a_threshold_is_steadier_than_the_maximum_at_its_rank() -> None:
    """Two fits of one shop must not differ by the chance of one maximum."""
    rng = np.random.default_rng(1)
    drawn = np.sort(2.0 * np.exp(rng.exponential(SLOPE, size=(300, 60))))[:, ::-1]
    few = 0.3963  # the budget that three maxima are allowed for
    assert _spent(few) == pytest.approx(3.0, abs=1e-3)
    thresholds = [_budget(maxima=one).threshold(few) for one in drawn]

    assert np.std(thresholds) < 0.5 * np.std(drawn[:, 2])
    assert np.mean(thresholds) == pytest.approx(_budget().threshold(few), abs=0.2)


def test_the_store_itself_says_where_its_tail_starts_and_a_part_of_how_far_it_reaches() -> None:
    """Twice the scores are twice the threshold; a steeper tail is a lower one, but not by all."""
    usual, rank = _budget().threshold(0.3), np.arange(1, 61) - 0.5
    assert _budget(maxima=2 * _budget().maxima).threshold(0.3) == pytest.approx(2 * usual)

    steep = 2.0 * (60.0 / rank) ** (SLOPE / 3)
    lower = _budget(maxima=steep * (_budget().maxima[30] / steep[30])).threshold(0.3)
    by_itself = _budget().maxima[30] * (30 / _spent(0.3)) ** (SLOPE / 3)
    assert by_itself < 0.8 * lower < 0.8 * usual


def test_a_few_that_stand_far_above_the_others_do_not_move_the_threshold() -> None:
    """What a few normal passes showed by mistake counts as one maximum each, however high."""
    usual = _budget().maxima
    odd = np.concatenate([5 * usual[:3], usual[3:]])

    for budget in (0.3, 1.0, 3.0):
        assert _budget(maxima=odd).threshold(budget) == _budget().threshold(budget)


def test_few_passes_are_held_against_themselves_too_strictly() -> None:
    """What a pass that was left out shows counts less, the fewer the others are."""
    thresholds = [_budget(passes).threshold(1.0) for passes in (20.0, 10.0, 5.0, 3.0, 2.0)]
    assert thresholds == sorted(thresholds, reverse=True)
    assert len({*thresholds}) == 3
    assert thresholds[2] == thresholds[-1]
    assert int((_budget(2.0).maxima > thresholds[-1]).sum()) == 10  # the budget itself, ever


@pytest.mark.parametrize('maxima', [[], [5.0], [5.0, 5.0, 5.0]], ids=['none', 'one', 'equal'])
def test_hardly_any_maxima(maxima: list[float]) -> None:
    """A shelf without structure still has a threshold, above what was seen."""
    threshold = _budget(maxima=np.array(maxima)).threshold(0.1)

    assert np.isfinite(threshold)
    assert threshold >= max(maxima, default=4.0)


def test_p_value_is_conformal() -> None:
    """One more than the normal passes that score as high, over one more than all."""
    assert [_budget().p_value(s) for s in (11.0, 8.0, 1.0)] == [1 / 5, 3 / 5, 1.0]


@pytest.mark.parametrize('wrong', [0.0, -1.0, float('nan'), float('inf')])
def test_no_budget(wrong: float) -> None:
    """Nothing is no budget."""
    with pytest.raises(SettingsError, match='false_alarms_per_aisle_patrol'):
        _budget().threshold(wrong)
