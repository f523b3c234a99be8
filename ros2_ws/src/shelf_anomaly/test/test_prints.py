# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""A print is found where it stands normally, and nowhere else."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from shelf_anomaly.artefact import Artefact
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


def prints(**bays: np.ndarray) -> Prints:
    arrays = {}
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


def with_piece(image: np.ndarray, other: np.ndarray, turned: bool = False) -> np.ndarray:
    """Return a shelf at whose place stands, darker, what stands elsewhere on another shelf."""
    piece = other[100:180, 400:440]
    piece = np.rot90(piece) if turned else piece
    high, wide = piece.shape[:2]
    top, left = int(HERE[1]) - high // 2, int(HERE[0]) - wide // 2
    image = image.copy()
    image[top : top + high, left : left + wide] = (0.7 * piece).astype(np.uint8)
    return image


def test_a_front_is_found_where_it_stands_normally() -> None:
    a, b = shelf(1), shelf(2)
    found = prints(A=a, B=b).correlations([view('A', with_piece(a, b))], HERE)
    assert found['B'] > 0.95
    assert found['A'] < 0.8


def test_its_own_place_does_not_count() -> None:
    a, b = shelf(1), shelf(2)
    known = prints(A=a, B=b)
    assert known.correlations([view('A', a)], HERE)['A'] < 0.8
    assert known.correlations([view('B', a)], HERE)['A'] > 0.95  # but elsewhere it does


def test_a_turned_front_is_found_when_it_is_turned_back() -> None:
    a, b = shelf(1), shelf(2)
    image = with_piece(a, b, turned=True)
    known = prints(A=a, B=b)
    upright = known.correlations([view('A', image)], HERE)
    turned = known.correlations([view('A', image)], HERE, angles=(-90, 90))
    assert upright['B'] < 0.8 < 0.9 < turned['B']


def test_several_views_are_averaged() -> None:
    a, b = shelf(1), shelf(2)
    known = prints(A=a, B=b)
    views = [view('A', with_piece(a, b)), view('A', a)]
    one, other = (known.correlations([v], HERE)['B'] for v in views)
    assert known.correlations(views, HERE)['B'] == pytest.approx((one + other) / 2)


def test_a_plain_thing_is_no_print() -> None:
    a = shelf(1)
    plain = a.copy()
    plain[150:350, 200:400] = 200
    assert prints(A=a, B=shelf(2)).correlations([view('A', plain)], HERE)['B'] == -1.0


def test_the_edge_of_a_view_is_no_error() -> None:
    a = shelf(1)
    assert prints(A=a).correlations([view('A', a)], (0.0, 0.0))['A'] <= 1.0
