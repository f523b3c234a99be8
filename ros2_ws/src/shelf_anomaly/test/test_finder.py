# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""One thing is one finding."""

from pathlib import Path
import sys

from shelf_anomaly.finder import distinct
from shelf_anomaly.records import Kind

sys.path.insert(0, str(Path(__file__).parent))

from pass_builder import finding


def test_a_tall_thing_is_found_once() -> None:
    top, bottom = finding(0.5, 0.74, 9.0), finding(0.54, 0.44, 8.0)
    assert distinct([top, bottom]) == [top]


def test_what_stands_on_another_board_is_another_thing() -> None:
    here, above = finding(0.5, 0.7, 9.0), finding(0.5, 0.9, 8.0, level=2)
    assert distinct([here, above]) == [here, above]


def test_a_lying_thing_is_found_once_and_its_neighbours_too() -> None:
    lying = finding(0.5, 0.5, 9.0, kind=Kind.FALLEN)
    its_end = finding(0.32, 0.5, 8.0)
    beside = finding(0.75, 0.5, 7.0)
    assert distinct([lying, its_end, beside]) == [lying, beside]
    upright = finding(0.5, 0.5, 9.0)
    assert distinct([upright, its_end]) == [upright, its_end]


def test_only_what_is_kept_takes_others_away() -> None:
    first, second, third = (finding(x, 0.5, 9.0 - 10 * x) for x in (0.30, 0.36, 0.43))
    assert distinct([first, second, third]) == [first, third]


def test_a_lying_thing_whose_end_stands_out_most_is_found_once() -> None:
    end, lying = finding(0.5, 0.5, 9.0), finding(0.32, 0.5, 8.0, kind=Kind.FALLEN)
    assert distinct([end, lying]) == [end]


def test_what_stands_out_much_has_shadows_on_other_boards_too() -> None:
    thing, shadow = finding(0.5, 0.7, 40.0), finding(0.54, 0.4, 9.0, level=0)
    assert distinct([thing, shadow]) == [thing]
    another = finding(0.54, 0.4, 11.0, level=0)
    assert distinct([thing, another]) == [thing, another]
    farther = finding(0.6, 0.4, 9.0, level=0)
    assert distinct([thing, farther]) == [thing, farther]
