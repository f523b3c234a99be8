# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The middle of what stands out is that of one thing, whatever stands out beside it."""

from pathlib import Path
import sys

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from sign_builder import store

from shelf_anomaly.middles import middle_of, middle_on_board


def test_the_middle_is_that_of_all_that_stands_out() -> None:
    scores = np.full((30, 30), np.nan, np.float32)
    scores[2:28, 2:28] = 1.0
    scores[10:16, 12:15] = 6.0  # rows 10..15, columns 12..14
    scores[10, 12] = 8.0  # its highest cell is a corner

    row, col = middle_of(scores, (8.0, 10, 12))
    assert row == pytest.approx(13.0, abs=0.2)
    assert col == pytest.approx(13.5, abs=0.2)


def test_another_thing_farther_away_does_not_draw_the_middle() -> None:
    scores = np.ones((30, 30), np.float32)
    scores[10, 10] = scores[10, 20] = 8.0

    assert middle_of(scores, (8.0, 10, 10)) == (10.5, 10.5)


def test_a_thing_beside_that_stands_out_more_does_not_draw_the_middle() -> None:
    """As something fallen on the board below did, which made one alert of both."""
    scores = np.ones((30, 30), np.float32)
    scores[10, 10] = 8.0
    scores[14:16, 12:14] = 40.0

    assert middle_of(scores, (8.0, 10, 10)) == (10.5, 10.5)


def test_a_maximum_at_the_edge() -> None:
    scores = np.ones((30, 30), np.float32)
    scores[0, 29] = 8.0

    assert middle_of(scores, (8.0, 0, 29)) == (0.5, 29.5)


def test_a_thing_that_lies_ends_at_its_board() -> None:
    """What stands out on the next board less than twice as little is another thing."""
    bay, cell_m = store('A', levels=(0.0, 0.6)).bay('A'), 0.05  # rows 0 to 11 are above 0.6 m
    scores = np.ones((24, 30), np.float32)
    scores[11, 8:12] = 8.0
    scores[13:15, 12] = 7.0

    assert middle_on_board(scores, (8.0, 11, 8), bay, cell_m, 0.0) == (11.5, 10.0)
    assert middle_of(scores, (8.0, 11, 8))[0] > 11.6
