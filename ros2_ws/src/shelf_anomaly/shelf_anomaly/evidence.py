# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The picture of a fault: what was seen, with the box, beside what is normal there."""

from __future__ import annotations

import cv2
import numpy as np

from .places import decode_picture, encode_picture, NormalBay
from .records import BayView, Box, FloatArray, ImageArray, Roi
from .store_layout import Bay

AROUND_M = 0.16  # shelf that is shown around the box
PX_PER_M = 500.0
MIN_SIDE_M = 0.45
COLOUR = (60, 60, 235)  # BGR: a red that stands out on shelves


def picture(bay: Bay, view: BayView, normal: NormalBay, box: Box) -> bytes:
    """Return a JPEG: left what the view shows around ``box``, right the same place when normal."""
    usual = decode_picture(normal.picture)
    left = _crop(bay, view.image, view.px_per_m, view.margin_m, box)
    right = _crop(bay, usual, normal.picture_px_per_m, view.margin_m, box)
    for image in (left, right):
        _outline(image, box, COLOUR if image is left else (120, 160, 60))
    gap = np.full((left.shape[0], 10, 3), 255, np.uint8)
    return encode_picture(np.hstack([left, gap, right]))


def roi(view: BayView, bay: Bay, box: Box, shape: tuple[int, ...]) -> Roi | None:
    """
    Return where a box lies in the undistorted source image, or None if it is outside.

    :param shape: rows and columns of the source image
    """
    x0, x1 = box.x - box.width / 2, box.x + box.width / 2
    y0, y1 = box.y - box.height / 2, box.y + box.height / 2
    corners = np.array([[x0, y0, 1], [x1, y0, 1], [x1, y1, 1], [x0, y1, 1]]).T
    s, m = view.px_per_m, view.margin_m
    to_view = np.array(
        [[s, 0.0, m * s - 0.5], [0.0, -s, (bay.height + m) * s - 0.5], [0.0, 0.0, 1.0]]
    )
    source = np.linalg.inv(view.homography) @ to_view @ corners
    points: FloatArray = source[:2] / source[2]
    u0, v0 = np.clip(np.floor(points.min(axis=1)), 0, [shape[1], shape[0]])
    u1, v1 = np.clip(np.ceil(points.max(axis=1)), 0, [shape[1], shape[0]])
    if u1 - u0 < 1 or v1 - v0 < 1:
        return None
    return Roi(int(u0), int(v0), int(u1 - u0), int(v1 - v0))


def _window(box: Box) -> tuple[float, float, float]:
    side = max(MIN_SIDE_M, box.width + 2 * AROUND_M, box.height + 2 * AROUND_M)
    return box.x - side / 2, box.y + side / 2, side


def _crop(bay: Bay, image: ImageArray, px_per_m: float, margin_m: float, box: Box) -> ImageArray:
    """Cut a square around the box out of a view and bring it to PX_PER_M."""
    left, top, side = _window(box)
    size = round(side * PX_PER_M)
    scale = px_per_m / PX_PER_M
    matrix = np.array(
        [
            [scale, 0.0, (left + margin_m) * px_per_m],
            [0.0, scale, (bay.height + margin_m - top) * px_per_m],
        ]
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpAffine(image, matrix, (size, size), flags=flags, borderValue=(225, 225, 225)),
        np.uint8,
    )


def _outline(image: ImageArray, box: Box, colour: tuple[int, int, int]) -> None:
    left, top, _ = _window(box)
    a = (
        round((box.x - box.width / 2 - left) * PX_PER_M),
        round((top - box.y - box.height / 2) * PX_PER_M),
    )
    b = (
        round((box.x + box.width / 2 - left) * PX_PER_M),
        round((top - box.y + box.height / 2) * PX_PER_M),
    )
    cv2.rectangle(image, a, b, (255, 255, 255), 5, cv2.LINE_AA)
    cv2.rectangle(image, a, b, colour, 3, cv2.LINE_AA)
