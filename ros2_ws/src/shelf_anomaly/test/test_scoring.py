# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Scores of places: what a misaligned view raises is taken away, what a fault raises is not."""

import numpy as np
import pytest

from shelf_anomaly.places import PlaceStatistics
from shelf_anomaly.scoring import (
    fit_statistics,
    standard_scores,
    weighed,
    without_raised_lines,
)

CELL_M = 1 / 24
ROWS, COLS = 36, 30


def bay(seed: int = 0) -> np.ndarray:
    """Scores of a bay where all is normal."""
    return np.random.default_rng(seed).normal(0, 1, (ROWS, COLS)).astype(np.float32)


@pytest.mark.parametrize(
    ('line', 'what'),
    [
        ((slice(None), slice(0, 2)), 'an upright at the edge'),
        ((slice(9, 11), slice(None)), 'a board'),
    ],
)
def test_a_line_that_is_raised_as_a_whole_is_no_fault(
    line: tuple[slice, slice], what: str
) -> None:
    scores = bay()
    scores[line] += 12
    assert without_raised_lines(scores, CELL_M).max() < 5, what


def test_a_fault_stays_as_high_as_it_was() -> None:
    scores = bay()
    scores[10:15, 12:15] += 10  # one facing of one level
    after = without_raised_lines(scores, CELL_M)
    assert after[10:15, 12:15].mean() == pytest.approx(scores[10:15, 12:15].mean(), abs=0.7)


@pytest.mark.parametrize('emptied', [(slice(9, 18), slice(None)), (slice(None), slice(None))])
def test_a_level_or_a_bay_that_is_emptied_stays_an_anomaly(emptied: tuple[slice, slice]) -> None:
    scores = bay()
    scores[emptied] += 10
    assert np.median(without_raised_lines(scores, CELL_M)[emptied]) > 7


def test_what_was_not_judged_stays_unknown_and_a_few_cells_are_no_line() -> None:
    scores = bay()
    scores[:, 5:] = np.nan  # five columns of a passing view: a row of them says little
    scores[8:14, :] = np.nan
    scores[20:24, :5] += 10
    after = without_raised_lines(scores, CELL_M)
    assert np.array_equal(np.isnan(after), np.isnan(scores))
    assert np.nanmax(after) > 8


def test_a_place_that_is_always_restless_is_met_half_way() -> None:
    """Its own usual score counts half, the bay's the other half."""
    passes = np.zeros((10, 1, ROWS, COLS), np.float32)
    passes += np.random.default_rng(1).normal(0, 0.1, passes.shape).astype(np.float32)
    passes[:, :, 4, 4] += 2
    statistics = fit_statistics(passes, CELL_M)
    assert statistics.mean[0, 4, 4] == pytest.approx(1.0, abs=0.1)
    assert statistics.mean[0, 20, 20] == pytest.approx(0.0, abs=0.1)


def test_scores_are_in_usual_spreads() -> None:
    shape = (1, ROWS, COLS)
    statistics = PlaceStatistics(np.full(shape, 2, np.float32), np.full(shape, 0.5, np.float32))
    seen = np.full(shape, 2, np.float32)
    seen[0, 10, 10] = 4
    assert standard_scores(seen, statistics, CELL_M)[0, 10, 10] == pytest.approx(4.0)


def test_scores_around_places_are_weighed_once() -> None:
    scores = np.ones((10, 10), np.float32)
    scores[5, 5], scores[0, 0] = np.nan, -1.0
    found = weighed(scores, [(5, 4, 1.5), (5, 6, 0.5), (0, 0, 2.0)], 0.1, (0.2, 0.1))
    assert found[5, 6] == 1.5  # in both windows: the first counts
    assert found[5, 7] == 0.5
    assert found[4, 2] == 1.5
    assert found[4, 1] == 1.0
    assert found[3, 4] == 1.0
    assert np.isnan(found[5, 5])
    assert found[0, 0] == -1.0  # below the usual: more weight must not make it lower still
