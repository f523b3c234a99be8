# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Where a look is at home: at its own place, in another bay, or nowhere."""

from pathlib import Path
import sys

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from print_builder import bay_arrays
import pytest

from shelf_anomaly.artefact import Artefact
from shelf_anomaly.belonging import Belonging, Comparison, Likeness, mean_of
from shelf_anomaly.places import WINDOW

ROWS, COLS, DIMS = 12, 10, 6
HERE = (6, 5)


def plain(value: float) -> np.ndarray:
    """Return a bay of one product."""
    codes = np.full((ROWS, COLS, DIMS), value, np.float32)
    codes[0, 0] = value + 1  # two values, so that there is a scale
    return codes


def belonging(activity: float = 1.0) -> Belonging:
    arrays = (
        bay_arrays('A', plain(0), 1.0)
        | bay_arrays('B', plain(5), 1.0)
        | bay_arrays('C', plain(9), activity)
    )
    return Belonging(Artefact(Path('m'), {}, b'', arrays), ('A', 'B', 'C'))


def look(value: float) -> np.ndarray:
    return np.full((3, *WINDOW, DIMS), value, np.float32)


def test_a_product_of_another_bay_is_at_home_there() -> None:
    found = belonging().compare(look(5), 'A', HERE)
    assert found.homes[0].bay == 'B'
    assert found.homes[0].distance == pytest.approx(0, abs=0.05)
    assert found.own == pytest.approx(5 * np.sqrt(DIMS), rel=0.02)
    assert [home.bay for home in found.homes] == ['B', 'C', 'A']


def test_its_own_place_is_no_other_place_of_its_bay() -> None:
    codes = plain(0)
    codes[HERE[0] - 2 : HERE[0] + 2, HERE[1] - 1 : HERE[1] + 1] = 7
    arrays = bay_arrays('A', codes, 1.0)
    found = Belonging(Artefact(Path('m'), {}, b'', arrays), ('A',)).compare(look(7), 'A', HERE)
    assert found.own == pytest.approx(0, abs=0.05)
    assert found.homes[0].distance > 5


def test_bare_shelf_is_nobodys_home() -> None:
    assert {home.bay for home in belonging(activity=0.2).compare(look(9), 'A', HERE).homes} == {
        'A',
        'B',
    }


def test_a_pass_can_be_left_out() -> None:
    store = belonging()
    with_all = store.own_distance(look(0.01), 'A', HERE)
    without = store.own_distance(look(0.01), 'A', HERE, without_pass=1)
    assert with_all < without


def test_views_are_averaged_over_the_bays_that_all_of_them_know() -> None:
    said = mean_of(
        [
            Comparison(2.0, (Likeness('A', 1.0, 5), Likeness('B', 3.0, 2))),
            Comparison(4.0, (Likeness('B', 1.0, 7), Likeness('A', 5.0, 6), Likeness('C', 0.1, 0))),
        ]
    )
    assert said.own == 3.0
    assert said.homes == (Likeness('B', 2.0, 7), Likeness('A', 3.0, 5))
