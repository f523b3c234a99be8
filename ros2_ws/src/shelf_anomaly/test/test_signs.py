# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What shows a sign of a fault counts more, and nothing else does."""

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
    shelf,
    turned_piece,
    view,
    with_piece,
)
import pytest

from shelf_anomaly.artefact import Artefact
from shelf_anomaly.bay_pass import BayPass
from shelf_anomaly.belonging import Belonging
from shelf_anomaly.density import References
from shelf_anomaly.places import NormalBay, PlaceStatistics
from shelf_anomaly.records import CellScores
from shelf_anomaly.registration import Template
from shelf_anomaly.signs import LOWERED, middle_of, RAISED, Signs
from shelf_anomaly.store_layout import parse_store_layout, StoreLayout

STRIDE = 16
CELL_M = STRIDE / PX_PER_M
ROWS, COLS = 28, 36
CELL = (int(HERE[1]) // STRIDE, int(HERE[0]) // STRIDE)
MIDDLE = (HERE[1] / STRIDE, HERE[0] / STRIDE)
APART_M = (0.13, 0.26)
PACKED, LOOSE = 0.95, 0.8


def store(*bays: str) -> StoreLayout:
    """Return a store whose second board is 6 cm below the place in question."""
    made = [
        {
            'id': bay,
            'side': 'left',
            'origin': [2.0 * i, 1.0, 0.1],
            'facing_yaw': -1.5707963,
            'width': 1.5,
            'height': 1.2,
            'levels': [0.0, 1.2 - HERE[1] / PX_PER_M - 0.06],
        }
        for i, bay in enumerate(bays)
    ]
    return parse_store_layout(
        {'version': 1, 'store': 'corner', 'frame': 'map', 'aisles': [{'id': 'A', 'bays': made}]}
    )


def signs(usual_print: float = PACKED, /, **bays: np.ndarray) -> Signs:
    """Return the signs of bays; ``usual_print`` is that of bay A, the others are packed."""
    codes = np.zeros((ROWS, COLS, 2), np.float32)
    codes[0, 0] = 1
    arrays: dict[str, np.ndarray] = {}
    for bay in bays:
        arrays |= bay_arrays(bay, codes, 1.0, usual_print if bay == 'A' else PACKED)
    belonging = Belonging(Artefact(Path('m'), {}, b'', arrays), tuple(bays))
    return Signs(store(*bays), STRIDE, belonging, prints(**bays))


def seen(image: np.ndarray, structure: float = 1.0, bay: str = 'A') -> BayPass:
    """Return a pass of one view, with so much structure everywhere."""
    shape = (ROWS, COLS)
    scores = CellScores(
        bay,
        0,
        CELL_M,
        np.zeros((*shape, 2), np.float32),
        np.zeros(shape, np.float32),
        np.zeros((2, *shape), np.float32),
        np.full(shape, structure, np.float32),
    )
    one = BayPass(bay, 'p', 0)
    one.add(view(bay, image), scores)
    return one


def normal() -> NormalBay:
    shape = (ROWS, COLS)
    codes, whole = np.zeros((1, *shape, 2), np.float32), np.ones((1, *shape), bool)
    flat = np.zeros((1, *shape), np.float32)
    references = References(codes, whole, np.zeros(1), np.zeros(1, np.int64))
    return NormalBay(
        references,
        references,
        PlaceStatistics(flat, flat + 1),
        Template(flat[0], flat[0]),
        np.ones(shape, np.float32),
        np.zeros((2, *shape), np.float32),
        b'',
        1.0,
    )


def speaks(known: Signs, image: np.ndarray, structure: float = 1.0) -> bool:
    return known.shown(seen(image, structure), normal(), CELL, MIDDLE)


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
    own = prints(A=a).at_place(view('A', image), HERE)
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


def test_what_lies_is_a_sign() -> None:
    a = shelf(1)
    row, col = int(HERE[1]), int(HERE[0])
    product = a[row - 45 : row + 45, col - 25 : col + 25]
    lying = a.copy()
    lying[row - 25 : row + 25, col - 45 : col + 45] = np.rot90(product)
    known = signs(A=a)
    assert known.lying(view('A', lying), MIDDLE)
    assert known.lying(
        view('A', lying), (MIDDLE[0] - 7, MIDDLE[1])
    )  # what it left bare stands out
    assert not known.lying(view('A', a), MIDDLE)
    assert speaks(known, lying)


def test_among_loose_goods_only_what_was_dropped_there_is_a_sign() -> None:
    a, b = shelf(1), shelf(2)
    known = signs(LOOSE, A=a, B=b)
    assert not speaks(known, shelf(3))  # another heap
    assert not speaks(known, a, structure=0.3)  # a heap that has sunk
    assert not speaks(known, turned_piece(shelf(3), b, 37))  # as plain as fruit
    assert speaks(known, turned_piece(shelf(3), b, 37), structure=1.5)


def test_loose_goods_among_loose_goods_are_no_sign() -> None:
    a, b = shelf(1), shelf(2)
    codes = np.zeros((ROWS, COLS, 2), np.float32)
    codes[0, 0] = 1
    arrays = bay_arrays('A', codes, 1.0, LOOSE) | bay_arrays('B', codes, 1.0, LOOSE)
    belonging = Belonging(Artefact(Path('m'), {}, b'', arrays), ('A', 'B'))
    known = Signs(store('A', 'B'), STRIDE, belonging, prints(A=a, B=b))
    assert not speaks(known, turned_piece(shelf(3), b, 37), structure=1.5)


def test_the_print_that_always_stood_there_is_at_home_a_row_farther_back_too() -> None:
    a = shelf(1)
    known = signs(A=a, B=shelf(2))
    behind = cv2.resize(a, None, fx=0.9, fy=0.9, interpolation=cv2.INTER_AREA)
    pushed = a.copy()
    row, col = int(HERE[1]), int(HERE[0])
    small = (round(0.9 * row), round(0.9 * col))
    pushed[row - 60 : row + 60, col - 40 : col + 40] = behind[
        small[0] - 60 : small[0] + 60, small[1] - 40 : small[1] + 40
    ]
    for image, structure, home in (
        (a, 1.0, True),
        (pushed, 0.8, True),
        (a, 0.5, False),  # a gap, and what stands beside it
        (with_piece(a, shelf(3)), 1.0, False),
    ):
        assert known.at_home(seen(image, structure), normal(), CELL, MIDDLE) is home
    assert not signs(LOOSE, A=a, B=shelf(2)).at_home(seen(a), normal(), CELL, MIDDLE)


def test_an_upright_that_stands_as_always_is_not_the_goods_beside_it() -> None:
    a, row = shelf(1), int(HERE[1])
    edge = a.copy()
    edge[row - 60 : row + 60, 10:64] = shelf(3)[row - 60 : row + 60, 10:64]
    known, there = signs(A=a, B=shelf(2)), (CELL[0], 1)
    for image, home in ((a, True), (edge, False)):
        middle = (MIDDLE[0], 1.0)
        assert known.at_home(seen(image), normal(), there, middle) is home


def test_only_maxima_with_a_sign_are_raised_and_only_high_ones_looked_at() -> None:
    a = shelf(1)
    known = signs(A=a, B=shelf(2))
    scores = np.zeros((ROWS, COLS), np.float32)
    scores[CELL] = 3.0
    scores[CELL[0], 4] = 3.0  # what always stood there
    odd = seen(with_piece(a, shelf(3)))
    found = known.weighed_scores(odd, normal(), scores, 2.9 * RAISED, APART_M)
    assert found[CELL] == pytest.approx(3.0 * RAISED)
    assert found[CELL[0], 4] == pytest.approx(3.0 * LOWERED)
    assert np.array_equal(
        known.weighed_scores(odd, normal(), scores, 3.1 * RAISED, APART_M), scores
    )


def test_a_place_that_no_view_judged_shows_no_sign() -> None:
    a = shelf(1)
    odd = seen(with_piece(a, shelf(3)))
    blind = BayPass('A', 'p', 0)
    blind.add(odd.views[0], replace(odd.scores[0], distance=np.full((2, ROWS, COLS), np.nan)))
    assert not signs(A=a).shown(blind, normal(), CELL, MIDDLE)


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


def test_a_maximum_at_the_edge() -> None:
    scores = np.ones((30, 30), np.float32)
    scores[0, 29] = 8.0

    assert middle_of(scores, (8.0, 0, 29)) == (0.5, 29.5)
