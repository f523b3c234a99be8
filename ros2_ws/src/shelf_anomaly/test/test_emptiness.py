# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""A gap of one facing is told from rows that were pulled back, column by column."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
import sys

import cv2
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from print_builder import PX_PER_M, shelf, view

from shelf_anomaly.bareness import Bareness
from shelf_anomaly.bay_pass import BayPass
from shelf_anomaly.emptiness import (
    BLURRED,
    edge_shares,
    emptied,
    LEAST,
    most_frontal,
    most_near,
    pack_shares,
    STEP_M,
    unpack_shares,
)
from shelf_anomaly.records import BayView, CellScores
from shelf_anomaly.store_layout import Bay, parse_store_layout

WIDTH, HEIGHT, BOARD = 1.5, 1.2, 0.6
GAP, FACING_M = 0.75, 0.07
BACK = 70  # grey level of the smooth back of the shelf


def bay() -> Bay:
    made = {
        'id': 'A',
        'side': 'left',
        'origin': [0.0, 1.0, 0.1],
        'facing_yaw': -1.5707963,
        'width': WIDTH,
        'height': HEIGHT,
        'levels': [0.0, BOARD],
    }
    aisles = [{'id': 'A', 'bays': [made]}]
    layout = parse_store_layout(
        {'version': 1, 'store': 'corner', 'frame': 'map', 'aisles': aisles}
    )
    return layout.bay('A')


def seen(*, back: float = 1.0, gap_m: float = 0.0, aside_m: float = 0.0) -> BayView:
    """
    Return a view of two boards of printed goods 25 cm high, side by side.

    :param back: size of the goods, less than 1 where they stand farther back
    :param gap_m: how wide the gap at GAP of the upper board is
    :param aside_m: how far all goods stand to the right of where they stood
    """
    goods = np.roll(shelf(1), round(aside_m * PX_PER_M), axis=1)
    goods = cv2.resize(goods, None, fx=back, fy=back, interpolation=cv2.INTER_AREA)
    goods = np.tile(goods, (1, 2, 1))
    image = np.full((round(HEIGHT * PX_PER_M), round(WIDTH * PX_PER_M), 3), BACK, np.uint8)
    high = round(0.25 * back * PX_PER_M)
    for board in (0.0, BOARD):
        foot = round((HEIGHT - board) * PX_PER_M)
        image[foot - high : foot] = goods[:high, : image.shape[1]]
    left, right = (round((GAP + side * gap_m / 2) * PX_PER_M) for side in (-1, 1))
    image[: round((HEIGHT - BOARD) * PX_PER_M), left:right] = BACK
    return view('A', image)


def compared(now: BayView, *normal: BayView) -> np.ndarray:
    return emptied(
        edge_shares([now], bay()), np.stack([edge_shares([one], bay()) for one in normal])
    )


def at_gap(columns: np.ndarray) -> float:
    return most_near(columns[1], GAP, 0.0)


def test_a_gap_as_wide_as_one_facing_is_told() -> None:
    found = compared(seen(gap_m=FACING_M), seen(), seen(aside_m=0.01))
    assert at_gap(found) > 1.5
    beside = np.abs(np.arange(found.shape[1]) * STEP_M - GAP) > 0.08
    assert found[1][beside].max() < 0.1
    assert found[0].max() < 0.1  # the other board is as it was


def test_a_row_that_was_pulled_back_is_no_gap() -> None:
    assert at_gap(compared(seen(back=0.8), seen())) < 0.3
    assert at_gap(compared(seen(back=0.8, gap_m=FACING_M), seen(), seen(back=0.8))) > 1.5


def test_goods_that_stand_a_little_aside_are_no_gap() -> None:
    usual = seen(gap_m=0.03)
    moved = view('A', np.roll(usual.image, round(0.015 * PX_PER_M), axis=1))
    assert compared(moved, usual)[1].max() < 0.15


def test_what_was_empty_on_one_normal_pass_is_not_emptied() -> None:
    gap = seen(gap_m=FACING_M)
    assert at_gap(compared(gap, seen(), gap)) == pytest.approx(0.0)
    assert at_gap(compared(seen(), seen(), gap)) < 0


def test_less_light_is_no_gap_and_less_sharpness_hardly() -> None:
    usual = seen()
    dark = view('A', (0.5 * usual.image).astype(np.uint8))
    assert compared(dark, usual).max() < 0.4  # 1.5 and more at a gap
    soft = view('A', cv2.GaussianBlur(usual.image, (0, 0), 3.0))
    sharp, softer = (edge_shares([one], bay()) for one in (usual, soft))
    missing = np.log(sharp + LEAST) - np.log(softer + LEAST)
    assert 0.3 < np.median(missing) < BLURRED
    assert np.median(compared(soft, usual)) < 0.1


def test_the_most_frontal_view_of_a_column_counts_and_those_that_do_not_show_it_do_not() -> None:
    gap, full = seen(gap_m=FACING_M), seen()
    near, far = (replace(one, offset_m=x) for one, x in ((gap, GAP), (full, 0.1)))
    shares = edge_shares([far, near], bay())
    column = round(GAP / STEP_M)
    assert shares[1, column] == pytest.approx(edge_shares([gap], bay())[1, column])
    hidden = near.seen.copy()
    hidden[:, hidden.shape[1] // 3 :] = False
    shares = edge_shares([far, replace(near, seen=hidden)], bay())
    assert shares[1, column] == pytest.approx(edge_shares([full], bay())[1, column])
    nowhere = edge_shares([replace(near, seen=hidden)], bay())
    assert np.isnan(nowhere[1, column])
    assert at_gap(emptied(nowhere, edge_shares([full], bay())[None])) == 0.0
    assert at_gap(emptied(edge_shares([gap], bay()), nowhere[None])) == 0.0


def test_each_column_comes_from_the_view_before_it() -> None:
    left, right = np.full((1, 11), 0.1, np.float32), np.full((1, 11), 0.9, np.float32)
    left[0, 1] = np.nan
    found = most_frontal([left, right], [0.0, 0.1])
    assert found[0, [0, 1, 3, 8]].tolist() == pytest.approx([0.1, 0.9, 0.1, 0.9])


def test_shares_take_a_byte_each_and_what_is_not_known_is_full() -> None:
    shares = np.array([[[0.0, 0.5, 1.0, np.nan]]], np.float32)
    packed = pack_shares(shares)
    assert packed.dtype == np.uint8
    assert unpack_shares(packed)[0, 0].tolist() == pytest.approx([0.0, 0.5, 1.0, 1.0], abs=0.003)


def test_without_normal_passes_of_these_boards_nothing_was_emptied() -> None:
    shares = edge_shares([seen(gap_m=FACING_M)], bay())
    for shape in ((0, *shares.shape), (2, 3, shares.shape[1]), (2, 2, shares.shape[1] - 10)):
        found = emptied(shares, np.ones(shape, np.float32))
        assert found.shape == shares.shape
        assert not found.any()


def test_a_place_is_asked_on_its_board_and_a_little_to_each_side() -> None:
    cell_m = 16 / PX_PER_M
    shape = (round(HEIGHT / cell_m), round(WIDTH / cell_m))
    scores = CellScores(
        'A',
        0,
        cell_m,
        np.zeros((*shape, 1), np.float32),
        np.zeros(shape, np.float32),
        np.zeros((3, *shape), np.float32),
        np.full(shape, 0.5, np.float32),
    )
    stay = BayPass('A', 'p', 0)
    stay.add(seen(gap_m=FACING_M), scores)
    usual = type(
        'Usual', (), {'activity': np.ones(shape), 'edges': edge_shares([seen()], bay())[None]}
    )
    bareness = Bareness(stay, usual(), bay())  # type: ignore[arg-type]

    def cell(x: float, y: float) -> tuple[int, int]:
        return int((HEIGHT - y) / cell_m), int(x / cell_m)

    assert bareness.at(cell(GAP, 0.7)).emptied > 1.5
    assert bareness.at(cell(GAP + 0.04, 0.7)).emptied > 1.5
    assert bareness.at(cell(GAP + 0.2, 0.7)).emptied < 0.1
    assert bareness.at(cell(GAP, 0.1)).emptied < 0.1
    assert bareness.at(cell(GAP, 0.1)).structure == pytest.approx(0.5)
    without = Bareness(stay, usual(), bay(), columns=False)  # type: ignore[arg-type]
    assert without.at(cell(GAP, 0.7)).emptied == 0.0
    assert without.at(cell(GAP, 0.7)).structure == bareness.at(cell(GAP, 0.7)).structure
