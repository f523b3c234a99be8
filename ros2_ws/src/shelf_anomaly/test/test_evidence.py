# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The picture of a fault shows the right place, and its rectangle in the frame is right too."""

from __future__ import annotations

from dataclasses import replace
import math

import numpy as np
import pytest

from shelf_anomaly.density import References
from shelf_anomaly.evidence import COLOUR, picture, PX_PER_M, roi
from shelf_anomaly.places import decode_picture, encode_picture, NormalBay, PlaceStatistics
from shelf_anomaly.records import BayView, Box, ImageArray, Roi, ViewQuality
from shelf_anomaly.registration import Template
from shelf_anomaly.store_layout import Bay

BAY = Bay('L01', 'A', 'left', (0.0, 1.0, 0.2), -math.pi / 2, 1.0, 0.8, (0.0, 0.4))
MARGIN, VIEW_SCALE, NORMAL_SCALE = 0.06, 400.0, 200.0
GREEN, PINK = (60, 200, 60), (200, 90, 230)
GAP_PX = 10
BOX = Box(0.5, 0.4, 0.1, 0.2)


def _face(scale: float, colour: tuple[int, int, int], box: Box) -> ImageArray:
    """Draw a view: grey, with a coloured thing that fills ``box``."""
    rows, cols = round((0.8 + 2 * MARGIN) * scale), round((1.0 + 2 * MARGIN) * scale)
    image = np.full((rows, cols, 3), 120, np.uint8)
    x0, x1 = ((box.x + s * box.width / 2 + MARGIN) * scale for s in (-1, 1))
    y0, y1 = ((0.8 + MARGIN - box.y - s * box.height / 2) * scale for s in (1, -1))
    image[round(y0) : round(y1), round(x0) : round(x1)] = colour
    return image


def _view(box: Box = BOX, homography: np.ndarray | None = None) -> BayView:
    image = _face(VIEW_SCALE, PINK, box)
    return BayView(
        bay='L01',
        stamp_ns=1,
        image=image,
        seen=np.ones(image.shape[:2], bool),
        px_per_m=VIEW_SCALE,
        margin_m=MARGIN,
        homography=np.eye(3) if homography is None else homography,
        offset_m=0.5,
        quality=ViewQuality(1.0, 400.0, 0.0, 1.0, 120.0),
    )


def _normal(box: Box = BOX) -> NormalBay:
    one = np.zeros((1, 1), np.float32)
    references = References(
        np.zeros((1, 1, 1, 1), np.float32), np.ones((1, 1, 1), bool), np.zeros(1), np.zeros(1)
    )
    return NormalBay(
        references=references,
        colours=references,
        statistics=PlaceStatistics(one[None], one[None]),
        template=Template(one, one),
        activity=one,
        error=np.stack([one, one]),
        edges=one[None],
        picture=encode_picture(_face(NORMAL_SCALE, GREEN, box), 95),
        picture_px_per_m=NORMAL_SCALE,
    )


def _near(image: ImageArray, row: float, col: float, colour: tuple[int, int, int]) -> bool:
    patch = image[round(row) - 3 : round(row) + 4, round(col) - 3 : round(col) + 4].astype(float)
    return bool(np.abs(patch.mean(axis=(0, 1)) - colour).max() < 30)


@pytest.mark.parametrize(
    'box',
    [
        pytest.param(BOX, id='in the middle'),
        pytest.param(Box(0.06, 0.1, 0.1, 0.2), id='at the left lower corner'),
        pytest.param(Box(0.95, 0.72, 0.08, 0.14), id='at the right upper corner'),
        pytest.param(Box(0.5, 0.4, 0.5, 0.3), id='wide'),
    ],
)
def test_what_is_seen_stands_beside_what_is_normal(box: Box) -> None:
    """Left the strange colour, right the usual one, both in the middle and as large as the box."""
    shown = decode_picture(picture(BAY, _view(box), _normal(box), box))
    side = shown.shape[0]
    assert shown.shape == (side, 2 * side + GAP_PX, 3)
    middle = side / 2
    assert _near(shown, middle, middle, PINK)
    assert _near(shown, middle, side + GAP_PX + middle, GREEN)
    assert np.abs(shown[round(middle), side + GAP_PX // 2].astype(int) - 255).max() < 30
    # Just outside the box there is neither colour: the crop has the box's size, no other.
    outside = box.height / 2 * PX_PER_M + 12
    assert not _near(shown, middle - outside, middle, PINK)
    assert not _near(shown, middle - outside, side + GAP_PX + middle, GREEN)


def test_the_box_is_outlined_where_the_thing_stands() -> None:
    shown = decode_picture(picture(BAY, _view(), _normal(), BOX)).astype(float)
    middle = shown.shape[0] / 2
    edge = round(middle - BOX.height / 2 * PX_PER_M)
    line = shown[edge - 1 : edge + 2, round(middle)]
    assert np.abs(line - COLOUR).max(axis=1).min() < 60


@pytest.mark.parametrize('shift', [(0, 0), (37, -12)])
def test_the_rectangle_in_the_frame_is_where_the_view_came_from(shift: tuple[int, int]) -> None:
    """A frame that is the view at half the scale, moved: known pixels."""
    scale, (dx, dy) = 2.0, shift
    homography = np.array([[scale, 0, -scale * dx], [0, scale, -scale * dy], [0, 0, 1.0]])
    found = roi(_view(homography=homography), BAY, BOX, (600, 800))
    # The box's corners in the view: x (0.45 + 0.06) * 400 - 0.5; half of it in the frame.
    left, right = (0.51 * 400 - 0.5) / 2 + dx, (0.61 * 400 - 0.5) / 2 + dx
    top, bottom = (0.36 * 400 - 0.5) / 2 + dy, (0.56 * 400 - 0.5) / 2 + dy
    assert found == Roi(
        math.floor(left),
        math.floor(top),
        math.ceil(right) - math.floor(left),
        math.ceil(bottom) - math.floor(top),
    )


def test_the_rectangle_ends_at_the_frame() -> None:
    view = _view(homography=np.eye(3))
    assert roi(view, BAY, BOX, (10, 10)) is None
    found = roi(view, BAY, BOX, (150, 230))  # the frame ends in the middle of the thing
    assert found is not None
    assert (found.x + found.width, found.y + found.height) == (230, 150)
    assert roi(view, BAY, replace(BOX, x=40.0), (600, 800)) is None
