# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Things that no shelf sells and that people leave there."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from shelf_anomaly.records import ImageArray

SIDE = 300


def lost_things() -> dict[str, ImageArray]:
    """Return each thing's picture, BGRA with straight alpha, cut to its size."""
    return {name: _draw(painter) for name, painter in _PAINTERS.items()}


def _draw(painter: Callable[[ImageArray], None]) -> ImageArray:
    canvas = np.zeros((SIDE, SIDE, 4), np.uint8)
    painter(canvas)
    alpha = canvas[..., 3]
    rows, cols = np.flatnonzero(alpha.any(1)), np.flatnonzero(alpha.any(0))
    return np.ascontiguousarray(canvas[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1])


def _fill(canvas: ImageArray, points: list[tuple[int, int]], bgr: tuple[int, int, int]) -> None:
    cv2.fillPoly(canvas, [np.array(points, np.int32)], (*bgr, 255), cv2.LINE_AA)


def _cup(canvas: ImageArray) -> None:
    _fill(canvas, [(90, 40), (210, 40), (190, 290), (110, 290)], (225, 230, 235))
    _fill(canvas, [(98, 110), (202, 110), (195, 210), (105, 210)], (60, 85, 120))
    cv2.ellipse(canvas, (150, 38), (68, 14), 0, 0, 360, (40, 40, 45, 255), -1, cv2.LINE_AA)


def _glove(canvas: ImageArray) -> None:
    for x, top in ((90, 70), (125, 40), (160, 45), (195, 75)):
        cv2.line(canvas, (x, top), (x + (145 - x) // 5, 190), (150, 70, 40, 255), 32, cv2.LINE_AA)
    cv2.ellipse(canvas, (145, 205), (72, 62), 0, 0, 360, (150, 70, 40, 255), -1, cv2.LINE_AA)
    cv2.line(canvas, (60, 180), (110, 220), (150, 70, 40, 255), 32, cv2.LINE_AA)
    _fill(canvas, [(85, 245), (205, 245), (200, 295), (90, 295)], (60, 60, 200))


def _phone(canvas: ImageArray) -> None:
    cv2.rectangle(canvas, (90, 20), (210, 280), (35, 35, 35, 255), -1)
    cv2.rectangle(canvas, (98, 40), (202, 262), (190, 130, 60, 255), -1)
    for row in range(4):
        for col in range(3):
            cv2.circle(
                canvas,
                (118 + 32 * col, 70 + 40 * row),
                11,
                (90 + 40 * col, 200 - 40 * row, 220, 255),
                -1,
                cv2.LINE_AA,
            )


def _ball(canvas: ImageArray) -> None:
    cv2.circle(canvas, (150, 150), 120, (60, 60, 220, 255), -1, cv2.LINE_AA)
    cv2.ellipse(canvas, (150, 150), (50, 120), 25, 0, 360, (240, 240, 240, 255), -1, cv2.LINE_AA)
    cv2.circle(canvas, (105, 100), 22, (200, 200, 255, 255), -1, cv2.LINE_AA)


def _purse(canvas: ImageArray) -> None:
    _fill(canvas, [(30, 110), (270, 110), (285, 260), (15, 260)], (40, 30, 110))
    cv2.rectangle(canvas, (30, 100), (270, 128), (60, 190, 210, 255), -1)
    cv2.circle(canvas, (150, 100), 16, (80, 215, 235, 255), -1, cv2.LINE_AA)


def _duck(canvas: ImageArray) -> None:
    cv2.ellipse(canvas, (150, 210), (115, 75), 0, 0, 360, (40, 215, 250, 255), -1, cv2.LINE_AA)
    cv2.circle(canvas, (190, 110), 65, (40, 215, 250, 255), -1, cv2.LINE_AA)
    _fill(canvas, [(240, 105), (290, 120), (240, 140)], (30, 120, 245))
    cv2.circle(canvas, (205, 95), 10, (20, 20, 20, 255), -1, cv2.LINE_AA)


_PAINTERS: dict[str, Callable[[ImageArray], None]] = {
    'Paper-Cup': _cup,
    'Glove': _glove,
    'Phone': _phone,
    'Toy-Ball': _ball,
    'Purse': _purse,
    'Toy-Duck': _duck,
}
