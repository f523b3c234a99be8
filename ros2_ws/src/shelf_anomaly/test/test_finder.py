# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Where the middle of a finding is."""

import numpy as np
import pytest

from shelf_anomaly.finder import _middle


def test_the_middle_is_that_of_all_that_stands_out() -> None:
    scores = np.full((30, 30), np.nan, np.float32)
    scores[2:28, 2:28] = 1.0
    scores[10:16, 12:15] = 6.0  # rows 10..15, columns 12..14
    scores[10, 12] = 8.0  # its highest cell is a corner

    row, col = _middle(scores, (8.0, 10, 12))
    assert row == pytest.approx(13.0, abs=0.2)
    assert col == pytest.approx(13.5, abs=0.2)


def test_another_thing_farther_away_does_not_draw_the_middle() -> None:
    scores = np.ones((30, 30), np.float32)
    scores[10, 10] = scores[10, 20] = 8.0

    assert _middle(scores, (8.0, 10, 10)) == (10.5, 10.5)


def test_a_maximum_at_the_edge() -> None:
    scores = np.ones((30, 30), np.float32)
    scores[0, 29] = 8.0

    assert _middle(scores, (8.0, 0, 29)) == (0.5, 29.5)
