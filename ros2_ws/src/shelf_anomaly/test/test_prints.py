# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""A print is found where it stands normally, and nowhere else."""

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import pytest

from shelf_anomaly.artefact import Artefact
from shelf_anomaly.places import PRINT_PX_PER_M
from shelf_anomaly.prints import Prints
from shelf_anomaly.records import BayView, ViewQuality

PX_PER_M, PICTURE_PX_PER_M = 384.0, 256.0
HERE = (300.0, 250.0)  # column and row of the place in question


def shelf(seed: int) -> np.ndarray:
    """Return a metric view of one bay, 1.5 x 1.2 m, printed all over."""
    rng = np.random.default_rng(seed)
    rows, cols = round(1.2 * PX_PER_M), round(1.5 * PX_PER_M)
    blobs = rng.normal(size=(rows // 10, cols // 10, 3)).astype(np.float32)
    image = cv2.resize(blobs, (cols, rows), interpolation=cv2.INTER_CUBIC)
    return np.clip(128 + 50 * image, 0, 255).astype(np.uint8)


def prints(more: Mapping[str, np.ndarray] | None = None, /, **bays: np.ndarray) -> Prints:
    """Return the prints of bays, each seen on one normal pass, or on those of ``more`` too."""
    arrays = dict(more or {})
    for bay, image in bays.items():
        scale = PICTURE_PX_PER_M / PX_PER_M
        small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        arrays[f'{bay}/picture'] = cv2.imencode('.jpg', small)[1].ravel()
        arrays[f'{bay}/picture_px_per_m'] = np.float32(PICTURE_PX_PER_M)
    return Prints(Artefact(Path('m'), {}, b'', arrays), tuple(bays))


def view(bay: str, image: np.ndarray) -> BayView:
    return BayView(
        bay=bay,
        stamp_ns=0,
        image=image,
        seen=np.ones(image.shape[:2], bool),
        homography=np.eye(3),
        px_per_m=PX_PER_M,
        margin_m=0.0,
        offset_m=0.5,
        quality=ViewQuality(1.0, 400.0, 0.0, 1.0, 128.0),
    )


def with_piece(image: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return a shelf at whose place stands, darker, what stands elsewhere on another shelf."""
    piece = other[100:180, 400:440]
    high, wide = piece.shape[:2]
    top, left = int(HERE[1]) - high // 2, int(HERE[0]) - wide // 2
    image = image.copy()
    image[top : top + high, left : left + wide] = (0.7 * piece).astype(np.uint8)
    return image


def turned_piece(image: np.ndarray, other: np.ndarray, angle: int) -> np.ndarray:
    """Return a shelf at whose place lies, at an angle, what stands elsewhere on another shelf."""
    size, middle = (image.shape[1], image.shape[0]), (420.0, 140.0)
    turn = np.asarray(cv2.getRotationMatrix2D(middle, angle, 1.0))
    turn[:, 2] += np.subtract(HERE, middle)
    there = np.zeros(image.shape[:2], np.uint8)
    there[100:180, 395:445] = 255
    mask = cv2.warpAffine(there, turn, size)[..., None] > 127
    return np.where(mask, cv2.warpAffine(other, turn, size), image).astype(np.uint8)


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
    found = known.dropped(view('A', image), HERE)
    assert max(found, key=lambda bay: found[bay].score) == 'B'
    assert found['B'].score > 0.9
    assert all(match.score < 0.8 for bay, match in found.items() if bay != 'B')


def test_what_belongs_nowhere_is_found_nowhere_at_any_angle() -> None:
    a = shelf(1)
    found = prints(A=a, C=shelf(3)).dropped(view('A', turned_piece(a, shelf(2), 37)), HERE)
    assert all(match.score < 0.8 for match in found.values())


def test_what_lies_at_its_own_place_is_found_there_turned() -> None:
    a = shelf(1)
    lying = a.copy()
    row, col = int(HERE[1]), int(HERE[0])
    product = a[row - 45 : row + 45, col - 25 : col + 25]
    lying[row - 25 : row + 25, col - 45 : col + 45] = np.rot90(product)
    known = prints(A=a)
    upright, turned = (known.at_place(view('A', lying), HERE, q) for q in ((0,), (90, 270)))
    assert upright < 0.7 < 0.93 < turned
    assert known.at_place(view('A', a), HERE) > 0.95
    assert known.at_place(view('A', a), HERE, (90, 270)) < 0.7


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
