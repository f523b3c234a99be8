# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""One thing is one finding."""

from pathlib import Path
import sys

from shelf_anomaly.finder import distinct
from shelf_anomaly.records import Box, Kind

sys.path.insert(0, str(Path(__file__).parent))

from pass_builder import finding, result


def apart(_a: Box, _b: Box) -> float:
    """Return that nothing stands out between two places."""
    return 0.0


def test_a_tall_thing_is_found_once() -> None:
    top, bottom = finding(0.5, 0.74, 9.0), finding(0.54, 0.44, 8.0)
    assert distinct([top, bottom], apart) == [top]


def test_what_stands_on_another_board_is_another_thing() -> None:
    here, above = finding(0.5, 0.7, 9.0), finding(0.5, 0.9, 8.0, level=2)
    assert distinct([here, above], apart) == [here, above]


def test_a_lying_thing_is_found_once_and_its_neighbours_too() -> None:
    lying = finding(0.5, 0.5, 9.0, kind=Kind.FALLEN)
    its_end = finding(0.32, 0.5, 8.0)
    beside = finding(0.75, 0.5, 7.0)
    assert distinct([lying, its_end, beside], apart) == [lying, beside]
    upright = finding(0.5, 0.5, 9.0)
    assert distinct([upright, its_end], apart) == [upright, its_end]


def test_only_what_is_kept_takes_others_away() -> None:
    first, second, third = (finding(x, 0.5, 9.0 - 10 * x) for x in (0.30, 0.36, 0.43))
    assert distinct([first, second, third], apart) == [first, third]


def test_a_lying_thing_whose_end_stands_out_most_is_found_once_in_its_middle() -> None:
    end = finding(0.5, 0.5, 9.0)
    lying = finding(0.4, 0.5, 8.0, kind=Kind.FALLEN, reason='turned')
    (whole,) = distinct([end, lying], apart)
    assert (whole.kind, whole.reason, whole.score, whole.box.x) == (
        Kind.FALLEN,
        'turned',
        9.0,
        0.4,
    )


def test_what_stands_out_much_has_shadows_on_other_boards_too() -> None:
    thing, shadow = finding(0.5, 0.7, 40.0), finding(0.54, 0.4, 9.0, level=0)
    assert distinct([thing, shadow], apart) == [thing]
    another = finding(0.54, 0.4, 11.0, level=0)
    assert distinct([thing, another], apart) == [thing, another]
    farther = finding(0.6, 0.4, 9.0, level=0)
    assert distinct([thing, farther], apart) == [thing, farther]


def test_a_wide_thing_that_stands_out_at_both_sides_is_found_once() -> None:
    left, right = finding(0.38, 0.4, 9.0), finding(0.21, 0.45, 8.0)
    (whole,) = distinct([left, right], lambda _a, _b: 5.0)
    assert whole.score == 9.0
    assert 0.295 < whole.box.x < 0.305  # between both, nearer to the stronger
    assert distinct([left, right], lambda _a, _b: 4.5) == [left, right]
    gap = finding(0.21, 0.45, 8.0, kind=Kind.GAP)
    assert distinct([left, gap], lambda _a, _b: 5.0) == [left, gap]
    farther = finding(0.17, 0.45, 8.0)
    assert distinct([left, farther], lambda _a, _b: 5.0) == [left, farther]


def test_between_two_places_the_lowest_score_counts() -> None:
    left, right = finding(0.22, 0.62, 9.0), finding(0.32, 0.62, 8.0)
    assert result(left, right, usual=0.5).lowest_between(left.box, right.box) == 0.5
    between = finding(0.27, 0.62, 7.0)
    shown = result(left, between, right, usual=0.5)
    assert shown.lowest_between(left.box, right.box) == 7.0
    assert shown.lowest_between(right.box, left.box) == 7.0
