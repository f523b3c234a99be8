# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""From a budget to a threshold, by counting."""

from __future__ import annotations

import numpy as np
import pytest

from shelf_anomaly.budget import Budget
from shelf_anomaly.errors import SettingsError


def _budget(passes: float = 10.0) -> Budget:
    maxima, tops = np.arange(40, 0, -1) / 4, np.array([10.0, 8.0, 6.0, 4.0])
    return Budget(maxima, tops, aisle_patrols=10.0, passes=passes)


def test_so_many_normal_maxima_lie_above_the_threshold() -> None:
    """Ten aisle patrols at one false alarm each, half of it kept back: five maxima."""
    budget = _budget()

    assert int((budget.maxima > budget.threshold(1.0)).sum()) == 5
    assert int((budget.maxima > budget.threshold(3.0)).sum()) == 15


def test_a_smaller_budget_is_a_higher_threshold_beyond_the_data_too() -> None:
    """The tail goes on where no maximum was seen."""
    thresholds = [_budget().threshold(b) for b in (3.0, 1.0, 0.3, 0.1, 0.01, 0.001)]

    assert thresholds == sorted(thresholds)
    assert len(set(thresholds)) == len(thresholds)
    assert thresholds[-1] > 10.0


def test_few_passes_are_held_against_themselves_too_strictly() -> None:
    """What a pass that was left out shows counts less, the fewer the others are."""
    thresholds = [_budget(passes).threshold(1.0) for passes in (20.0, 10.0, 5.0, 3.0, 2.0)]
    assert thresholds == sorted(thresholds, reverse=True)
    assert len({*thresholds[:4]}) == 4
    assert int((_budget(2.0).maxima > thresholds[-1]).sum()) == 15  # and no more, ever


def test_p_value_is_conformal() -> None:
    """One more than the normal passes that score as high, over one more than all."""
    assert [_budget().p_value(s) for s in (11.0, 8.0, 1.0)] == [1 / 5, 3 / 5, 1.0]


@pytest.mark.parametrize('wrong', [0.0, -1.0, float('nan'), float('inf')])
def test_no_budget(wrong: float) -> None:
    """Nothing is no budget."""
    with pytest.raises(SettingsError, match='false_alarms_per_aisle_patrol'):
        _budget().threshold(wrong)
