# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""One bay's stay in view."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
import sys

import numpy as np
import pytest

from shelf_anomaly.bay_pass import BayPass
from shelf_anomaly.independent import enough_views
from shelf_anomaly.places import PlaceStatistics
from shelf_anomaly.scoring import CHANNELS

sys.path.insert(0, str(Path(__file__).parent))

from pass_builder import COLS, ROWS, scores, THRESHOLD, view


def a_pass(*views: tuple[float, float]) -> BayPass:
    """Return a pass of views, each by its offset along the shelf and its distance from normal."""
    seen = BayPass('L01', 'monday', 0)
    for number, (offset, distance) in enumerate(views):
        seen.add(view(offset, number), scores(distance, number))
    return seen


def test_views_are_averaged_where_they_judged() -> None:
    seen = a_pass((0.2, 1.0))
    half = scores(3.0, 5)
    half.distance[:, :, : COLS // 2] = np.nan
    seen.add(view(0.4, 5), half)

    assert (seen.start_ns, seen.end_ns) == (0, 5)
    assert seen.mean[0, 0, 0] == 1.0
    assert seen.mean[0, 0, COLS - 1] == 2.0
    assert seen.judged.all()


def test_the_most_frontal_view_of_a_place_comes_first() -> None:
    seen = a_pass((0.9, 1.0), (0.1, 1.0), (0.5, 1.0))
    blind = scores(1.0, 9)
    blind.distance[:] = np.nan
    seen.add(view(0.12, 9), blind)

    assert seen.views_of(3, 2) == [1, 2, 0]  # column 2 lies 0.075 m along the shelf


def test_a_pass_without_views_has_no_scores() -> None:
    with pytest.raises(AssertionError, match='without views'):
        _ = BayPass('L01', 'monday', 0).mean


STATISTICS = PlaceStatistics(
    np.zeros((len(CHANNELS), ROWS, COLS), np.float32),
    np.ones((len(CHANNELS), ROWS, COLS), np.float32),
)
SHOWS, NOT = 6.0, 0.5  # standard scores, with a mean of 0 and a spread of 1


@pytest.mark.parametrize(
    ('views', 'enough'),
    [
        ([(0.3, SHOWS), (0.5, SHOWS), (0.7, SHOWS)], True),
        ([(0.3, SHOWS), (0.5, SHOWS), (0.7, NOT), (0.9, NOT)], True),
        ([(0.3, 40.0), (0.5, NOT), (0.7, NOT)], False),  # one look, however strong
        ([(0.3, 40.0), (0.5, SHOWS), (0.7, NOT), (0.8, NOT), (0.9, NOT)], False),  # the few
        ([(0.3, SHOWS), (0.32, SHOWS), (0.5, NOT)], False),  # two looks from one place
        ([(0.5, SHOWS)], True),  # nothing else to ask
        ([(0.5, SHOWS), (0.51, SHOWS)], True),  # a robot that stands
    ],
)
def test_a_finding_needs_more_than_one_look(
    views: list[tuple[float, float]], enough: bool
) -> None:
    assert enough_views(a_pass(*views), STATISTICS, (10, 10), THRESHOLD) is enough


def test_views_that_did_not_judge_the_place_are_not_asked() -> None:
    seen = a_pass((0.3, SHOWS), (0.5, NOT))
    blind = replace(seen.scores[1], distance=np.full((2, ROWS, COLS), np.nan, np.float32))
    seen.scores[1] = blind

    assert enough_views(seen, STATISTICS, (10, 10), THRESHOLD)
