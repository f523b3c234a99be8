# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What shows a sign of a fault counts more, what shows that all is well counts less."""

from dataclasses import replace
from pathlib import Path
import sys

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from print_builder import (
    bay_arrays,
    HERE,
    prints,
    PX_PER_M,
    recoloured,
    shelf,
    soft_shelf,
    turned_piece,
    view,
    with_piece,
)
import pytest
from sign_builder import (
    APART_M,
    belonging,
    CELL,
    COLS,
    LEVELS,
    LOOSE,
    lying_front,
    MIDDLE,
    normal,
    ROWS,
    seen,
    signs,
    store,
    STRIDE,
    USUAL_BARE,
    USUAL_SCORES,
)

from shelf_anomaly.artefact import Artefact
from shelf_anomaly.bareness import Bare, structure_of
from shelf_anomaly.bay_pass import BayPass
from shelf_anomaly.belonging import Belonging
from shelf_anomaly.signs import LOOKED_AT, Signs
from shelf_anomaly.weights import COLOURS, PlaceSigns, weight


def read(known: Signs, image: np.ndarray, bare: Bare = USUAL_BARE) -> PlaceSigns:
    return known.read(seen(image), USUAL_SCORES, bare, CELL, MIDDLE)


def speaks(known: Signs, image: np.ndarray, structure: float = 1.0, emptied: float = 0.0) -> bool:
    return weight(read(known, image, Bare(structure, emptied))) > 1


def test_what_stands_where_it_always_stood_is_no_sign() -> None:
    a = shelf(1)
    assert not speaks(signs(A=a, B=shelf(2)), a)
    darker = np.clip(0.6 * a.astype(np.float32) + 20, 0, 255).astype(np.uint8)
    assert not speaks(signs(A=a, B=shelf(2)), darker)


def test_what_is_printed_otherwise_is_a_sign() -> None:
    a = shelf(1)
    assert speaks(signs(A=a, B=shelf(2)), with_piece(a, shelf(3)))


def test_what_is_closer_to_what_stands_elsewhere_is_a_sign() -> None:
    """A variety that resembles what stands here, and stands in another bay."""
    a, b = shelf(1), shelf(2)
    twin = cv2.addWeighted(a, 0.7, np.roll(a, 90, axis=1), 0.45, 0)
    b[100:180, 400:440] = twin[210:290, 280:320]
    known = signs(A=a, B=b)
    image = with_piece(a, b)
    own = prints(A=a).at_place(view('A', image), HERE).score
    assert 0.68 < own < 0.92  # alone it would not do
    assert speaks(known, image)
    assert not speaks(signs(A=a, C=shelf(3)), image)


def test_a_bare_place_is_a_sign_and_a_smooth_thing_of_its_own_colour_is_not() -> None:
    a = shelf(1)
    bare, lemon = a.copy(), a.copy()
    bare[150:350, 200:400] = 128
    lemon[150:350, 200:400] = (30, 220, 240)
    known = signs(A=a, B=shelf(2))
    assert speaks(known, bare, structure=0.3)
    assert not speaks(known, bare, structure=0.7)
    assert not speaks(known, lemon, structure=0.3)


def test_a_column_that_was_emptied_is_a_sign_though_the_usual_print_stands_beside_it() -> None:
    a = shelf(1)
    known, gap = signs(A=a, B=shelf(2)), a.copy()
    col, half = int(HERE[0]), 3  # a strip of 16 mm
    gap[int(HERE[1]) - 60 : int(HERE[1]) + 60, col - half : col + half] = 40
    somewhat, gone = (read(known, gap, Bare(1.0, emptied)) for emptied in (0.3, 2.5))
    assert gone.usual > 0.95
    assert weight(somewhat) < 0.4
    assert weight(gone) > 3 * weight(read(known, a))


def test_what_lies_is_a_sign() -> None:
    a = shelf(1)
    known, lying = signs(A=a), lying_front(a)
    assert known.lying(view('A', lying), MIDDLE)
    assert known.lying(
        view('A', lying), (MIDDLE[0] - 7, MIDDLE[1])
    )  # what it left bare stands out
    assert not known.lying(view('A', a), MIDDLE)
    both = [view('A', lying), view('A', a)]
    assert known.lying_in_most([both[0], *both], MIDDLE)
    assert not known.lying_in_most(both, MIDDLE)
    assert not known.lying_in_most([], MIDDLE)
    assert speaks(known, lying)


def test_among_loose_goods_only_what_was_dropped_there_is_a_sign() -> None:
    a, b = shelf(1), shelf(2)
    known = signs(LOOSE, A=a, B=b)
    assert not speaks(known, shelf(3))  # another heap
    assert not speaks(known, a, structure=0.3)  # a heap that has sunk
    assert not speaks(known, turned_piece(shelf(3), b, 37))  # as plain as fruit
    assert speaks(known, turned_piece(shelf(3), b, 37), structure=1.5)
    assert speaks(known, shelf(3), structure=4.0)  # more is printed on it than on any fruit


def test_among_loose_goods_what_has_many_colours_counts_more() -> None:
    a = soft_shelf(1)
    known, package = signs(LOOSE, A=a), a.copy()
    col, row = round(HERE[0]), round(HERE[1])
    package[row - 20 : row + 20, col - 20 : col] = (30, 30, 200)
    plain, many = (read(known, image).colour_spread for image in (a, package))
    assert many > 2 * plain


def test_loose_goods_among_loose_goods_are_no_sign() -> None:
    a, b = shelf(1), shelf(2)
    codes = np.zeros((ROWS, COLS, 2), np.float32)
    codes[0, 0] = 1
    arrays = bay_arrays('A', codes, 1.0, LOOSE) | bay_arrays('B', codes, 1.0, LOOSE)
    both = Belonging(Artefact(Path('m'), {}, b'', arrays), ('A', 'B'))
    known = Signs(store('A', 'B'), STRIDE, both, prints(A=a, B=b))
    assert not speaks(known, turned_piece(shelf(3), b, 37), structure=1.5)


def pushed_back(a: np.ndarray, up: int = 0) -> np.ndarray:
    """Return a shelf on which what stands at HERE stands a row farther back, and so higher."""
    behind = cv2.resize(a, None, fx=0.9, fy=0.9, interpolation=cv2.INTER_AREA)
    pushed = a.copy()
    row, col = int(HERE[1]), int(HERE[0])
    small = (round(0.9 * row), round(0.9 * col))
    pushed[row - 60 - up : row + 60 - up, col - 40 : col + 40] = behind[
        small[0] - 60 : small[0] + 60, small[1] - 40 : small[1] + 40
    ]
    return pushed


def test_the_print_that_always_stood_there_is_at_home_a_row_farther_back_too() -> None:
    a = shelf(1)
    known = signs(A=a, B=shelf(2))
    for image, structure, home in (
        (a, 1.0, True),
        (pushed_back(a), 0.8, True),
        (a, 0.5, False),  # a gap, and what stands beside it
        (with_piece(a, shelf(3)), 1.0, False),
    ):
        assert known.at_home(seen(image, structure), normal(), CELL) is home
    assert not signs(LOOSE, A=a, B=shelf(2)).at_home(seen(a), normal(), CELL)


def test_on_the_lowest_board_what_stands_farther_back_stands_higher() -> None:
    """The camera looks down on it, and where the first row stood the board is seen."""
    a = shelf(1)
    up = round(0.08 * PX_PER_M)
    image = pushed_back(a, up)
    row, col = int(HERE[1]), int(HERE[0])
    image[row - 8 : row + 80, col - 40 : col + 40] = 128
    on_lowest, on_second = (
        Signs(store('A', levels=levels), STRIDE, belonging(A=a), prints(A=a))
        .read(seen(image), USUAL_SCORES, USUAL_BARE, CELL, MIDDLE)
        .usual
        for levels in ((0.0,), LEVELS)
    )
    assert on_second < 0.85 < 0.93 < on_lowest


def test_the_usual_print_in_other_colours_is_less_usual() -> None:
    a = soft_shelf(1)
    same, variety = (read(signs(A=a), image).usual for image in (a, recoloured(a)))
    assert prints(A=a).at_place(view('A', recoloured(a)), HERE).score > 0.9
    assert variety < 0.87 < 0.95 < same


def test_above_the_goods_all_is_as_always_whatever_stands_below() -> None:
    """What stands out above a thing that stands there now is no place of the usual print."""
    a = shelf(1)
    row, col = int(HERE[1]), int(HERE[0])
    below = a.copy()
    below[row + 70 : row + 190, col - 40 : col + 40] = shelf(3)[
        row + 70 : row + 190, col - 40 : col + 40
    ]
    board = 1.2 - (row + 170) / PX_PER_M  # the foot of the goods is 8 cm above it
    on_board = (0.0, board)
    usual = [
        Signs(store('A', levels=on_board), STRIDE, belonging(A=a), prints(A=a))
        .read(seen(image), USUAL_SCORES, USUAL_BARE, CELL, MIDDLE)
        .usual
        for image in (a, below)
    ]
    assert usual[0] > 0.95
    assert usual[1] < 0.85


def test_an_upright_that_stands_as_always_is_not_the_goods_beside_it() -> None:
    a, row = shelf(1), int(HERE[1])
    edge = a.copy()
    edge[row - 60 : row + 60, 10:64] = shelf(3)[row - 60 : row + 60, 10:64]
    known = signs(A=a, B=shelf(2))
    for image, home in ((a, True), (edge, False)):
        assert known.at_home(seen(image), normal(), (CELL[0], 1)) is home


def test_maxima_are_weighed_by_their_signs_and_only_high_ones_looked_at() -> None:
    a = shelf(1)
    known = signs(A=a, B=shelf(2))
    standard = 0.9 * USUAL_SCORES
    standard[0][CELL] = LOOKED_AT
    standard[0, CELL[0], 4] = LOOKED_AT  # what always stood there
    odd = seen(with_piece(a, shelf(3)))
    found = known.weighed_scores(odd, known.bareness(odd, normal()), standard, APART_M)
    shown = known.read(odd, standard, USUAL_BARE, CELL, MIDDLE)
    assert found[CELL] == pytest.approx(LOOKED_AT * weight(shown))
    assert found[CELL] > 1.4 * LOOKED_AT
    assert found[CELL[0], 4] < 0.5 * LOOKED_AT
    low = 0.99 * standard
    assert np.array_equal(
        known.weighed_scores(odd, known.bareness(odd, normal()), low, APART_M), low.max(axis=0)
    )


def test_a_place_tells_its_colours_and_its_least_channel_of_codes() -> None:
    """Their maxima may lie a little beside; farther away they are another thing's."""
    a = shelf(1)
    row, col = CELL
    standard = USUAL_SCORES.copy()
    standard[0, row, col], standard[1, row + 2, col], standard[2, row, col + 1] = 9.0, 4.0, 5.0
    standard[3, row - 2, col - 1], standard[3, row, col + 2] = 3.0, 8.0
    known = signs(A=a).read(seen(a), standard, USUAL_BARE, CELL, MIDDLE)
    assert (known.colours, known.codes) == (3.0, 4.0)
    standard[3, row - 2, col - 1] = np.nan
    assert signs(A=a).read(seen(a), standard, USUAL_BARE, CELL, MIDDLE).colours == COLOURS


def test_a_place_that_no_view_judged_shows_no_sign() -> None:
    a = shelf(1)
    odd = seen(with_piece(a, shelf(3)))
    blind = BayPass('A', 'p', 0)
    blind.add(odd.views[0], replace(odd.scores[0], distance=np.full((2, ROWS, COLS), np.nan)))
    assert weight(signs(A=a).read(blind, USUAL_SCORES, Bare(0.1, 0.0), CELL, MIDDLE)) == 1.0


def test_structure_is_told_in_parts_of_what_is_usual() -> None:
    found = structure_of(seen(shelf(1), 0.4), normal())
    assert found[CELL] == pytest.approx(0.4)
