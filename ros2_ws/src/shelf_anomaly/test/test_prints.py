# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""A print is found where it stands normally, and nowhere else."""

from pathlib import Path
import sys

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from print_builder import HERE, prints, PX_PER_M, shelf, turned_piece, view, with_piece
import pytest

from shelf_anomaly.places import PRINT_PX_PER_M


def test_a_front_is_found_where_it_stands_normally() -> None:
    a, b = shelf(1), shelf(2)
    found = prints(A=a, B=b).correlations([view('A', with_piece(a, b))], HERE)
    assert found['B'].score > 0.95
    assert found['B'].down_m == pytest.approx(140 / PX_PER_M, abs=0.01)
    assert found['A'].score < 0.8


def test_its_own_place_does_not_count() -> None:
    a, b = shelf(1), shelf(2)
    known = prints(A=a, B=b)
    assert known.correlations([view('A', a)], HERE)['A'].score < 0.8
    assert known.correlations([view('B', a)], HERE)['A'].score > 0.95  # but elsewhere it does


@pytest.mark.parametrize('angle', [0, 37, 90, 203])
def test_what_was_dropped_at_any_angle_is_found(angle: int) -> None:
    a, b = shelf(1), shelf(2)
    image = turned_piece(a, b, angle)
    known = prints(A=a, B=b, C=shelf(3))
    found = known.dropped(view('A', image), HERE, 'ABC')
    assert max(found, key=lambda bay: found[bay].score) == 'B'
    assert found['B'].score > 0.9
    assert all(match.score < 0.8 for bay, match in found.items() if bay != 'B')


def test_what_belongs_nowhere_is_found_nowhere_at_any_angle() -> None:
    a = shelf(1)
    found = prints(A=a, C=shelf(3)).dropped(view('A', turned_piece(a, shelf(2), 37)), HERE, 'AC')
    assert all(match.score < 0.8 for match in found.values())


def test_what_lies_at_its_own_place_is_found_there_turned() -> None:
    a = shelf(1)
    lying = a.copy()
    row, col = int(HERE[1]), int(HERE[0])
    product = a[row - 45 : row + 45, col - 25 : col + 25]
    lying[row - 25 : row + 25, col - 45 : col + 45] = np.rot90(product)
    known = prints(A=a)
    upright, turned = (known.at_place(view('A', lying), HERE, q).score for q in ((0,), (90, 270)))
    assert upright < 0.7 < 0.93 < turned
    assert known.at_place(view('A', a), HERE).score > 0.95
    assert known.at_place(view('A', a), HERE, (90, 270)).score < 0.7


def test_pictures_of_all_passes_count() -> None:
    a, b, c = shelf(1), shelf(2), shelf(3)
    scale = PRINT_PX_PER_M / PX_PER_M
    small = cv2.resize(b, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    more = {'B/print_0': cv2.imencode('.jpg', small)[1].ravel()}
    seen = [view('A', with_piece(a, b))]
    assert prints(A=a, B=c).correlations(seen, HERE)['B'].score < 0.8
    assert prints(more, A=a, B=c).correlations(seen, HERE)['B'].score > 0.95


def test_several_views_are_averaged() -> None:
    a, b = shelf(1), shelf(2)
    known = prints(A=a, B=b)
    views = [view('A', with_piece(a, b)), view('A', a)]
    one, other = (known.correlations([v], HERE)['B'].score for v in views)
    assert known.correlations(views, HERE)['B'].score == pytest.approx((one + other) / 2)


def test_a_plain_thing_is_no_print() -> None:
    a = shelf(1)
    plain = a.copy()
    plain[150:350, 200:400] = 200
    assert prints(A=a, B=shelf(2)).correlations([view('A', plain)], HERE)['B'].score == -1.0


def test_the_edge_of_a_view_is_no_error() -> None:
    a = shelf(1)
    assert prints(A=a).correlations([view('A', a)], (0.0, 0.0))['A'].score <= 1.0


@pytest.mark.parametrize('size', [0.9, 1.0, 1.18])
def test_what_was_dropped_nearer_or_farther_is_found(size: float) -> None:
    a, b = shelf(1), shelf(2)
    image = turned_piece(a, b, 37, size)
    found = prints(A=a, B=b, C=shelf(3)).dropped(view('A', image), HERE, 'ABC')
    assert max(found, key=lambda bay: found[bay].score) == 'B'
    assert found['B'].score > 0.9
    assert all(match.score < 0.8 for bay, match in found.items() if bay != 'B')


def test_a_picture_may_be_left_out() -> None:
    a, b = shelf(1), shelf(2)
    scale = PRINT_PX_PER_M / PX_PER_M
    small = cv2.resize(b, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    known = prints({'A/print_0': cv2.imencode('.jpg', small)[1].ravel()}, A=a)
    assert known.at_place(view('A', b), HERE).score > 0.95
    assert known.at_place(view('A', b), HERE, skip=0).score > 0.95
    assert known.at_place(view('A', b), HERE, skip=1).score < 0.8


def test_each_piece_is_compared_with_its_own_place_and_with_all_else() -> None:
    """Three centimetres beside stands what always stood there, and says nothing of the thing."""
    a, b = shelf(1), shelf(2)
    row, col = int(HERE[1]), int(HERE[0])
    slim = a.copy()
    side = np.s_[row - 60 : row + 60, col - 18 : col + 18]
    slim[side] = b[side]
    assert prints(A=a, B=b).closer_elsewhere([view('A', slim)] * 2, HERE, 0.93, 1.0) > 1.9
    assert prints(A=a, B=b).closer_elsewhere([view('A', a)], HERE, 0.93, 1.0) == 0.0
    assert prints(A=a, C=shelf(3)).closer_elsewhere([view('A', slim)], HERE, 0.93, 1.0) == 0.0


def test_both_limits_hold_for_the_mean_of_the_views() -> None:
    a, b = shelf(1), shelf(2)
    known, put = prints(A=a, B=b), view('A', with_piece(a, b))
    closer = known.closer_elsewhere([put, put], HERE, 0.93, 1.0)
    assert closer > 1.9
    assert known.closer_elsewhere([put, put], HERE, 0.93, 0.99 * closer) == closer
    assert known.closer_elsewhere([put, put], HERE, 0.93, 1.01 * closer) == 0.0
    noisy = view('A', cv2.addWeighted(with_piece(a, b), 0.5, with_piece(a, shelf(3)), 0.5, 0))
    assert 0 < known.closer_elsewhere([put, noisy], HERE, 0.7, 0.1) < closer
    assert known.closer_elsewhere([put, noisy], HERE, 0.98, 0.1) == 0.0
    assert known.closer_elsewhere([put, view('A', a)], HERE, 0.0, 0.1) == 0.0


def test_a_thing_farther_back_is_known_at_its_size() -> None:
    a, size = shelf(1), 0.7
    row, col = int(HERE[1]), int(HERE[0])
    behind = cv2.resize(a, None, fx=size, fy=size, interpolation=cv2.INTER_AREA)
    image, (top, left) = a.copy(), (round(size * row) - 60, round(size * col) - 40)
    image[row - 60 : row + 60, col - 40 : col + 40] = behind[top : top + 120, left : left + 80]
    known = prints(A=a)
    assert known.at_place(view('A', image), HERE, sizes=(size, 1.0)).score > 0.95
    assert known.at_place(view('A', image), HERE).score < 0.9
