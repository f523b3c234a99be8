# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
The same print elsewhere: a piece of a view, looked for in the pictures of all normal bays.

Packages of one product are printed alike to the millimetre, and a metric view shows them at one
size. So a normalised cross correlation (J. P. Lewis, Fast Normalized Cross-Correlation, 1995)
finds them wherever they stand, whatever stands beside them and however the light is. What is
loose (fruit) never looks twice the same and is not found in this way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from .artefact import Artefact
from .places import normal_picture
from .records import BayView, ImageArray

SIZE_M = (0.05, 0.12)
"""Width and height of the piece: the inner part of a facing, without what stands beside it."""
ASIDE_M = (-0.03, 0.0, 0.03)  # a finding's middle is not quite that of the thing
OWN_M = 0.1  # around its own place nothing is looked for: what is wrong there is the question
ANGLES = tuple(range(20, 360, 20))
"""Degrees by which a thing is turned that was dropped and fits nowhere upright."""
COARSE, FINE = 96.0, 192.0
"""Pixels per metre: the whole of each picture is searched at the first, the best places at the
second, which tells varieties apart that differ in small print."""
PLACES = 4  # of each bay that are looked at closely
REACH = 3  # fine pixels around a place that was found coarsely
PLAIN = 4.0  # grey levels; with less contrast nothing is printed, and it would correlate with all


@dataclass(frozen=True, slots=True)
class _Pictures:
    coarse: ImageArray
    fine: ImageArray


class Prints:
    """Small pictures of all normal bays."""

    def __init__(self, artefact: Artefact, bays: Sequence[str]) -> None:
        """Decode the pictures of ``bays``."""
        self._pictures = {bay: _pictures(artefact, bay) for bay in bays}

    def correlations(
        self,
        views: Sequence[BayView],
        centre: tuple[float, float],
        angles: Sequence[int] = (0,),
    ) -> dict[str, float]:
        """
        Look for what stands at one place, away from that place.

        :param views: views of one bay and pass
        :param centre: column and row in pixels of the views
        :param angles: degrees by which the piece is turned; the best of them counts
        :return: the highest correlation in each bay, -1..1, the mean over the views
        """
        found: dict[str, list[float]] = {bay: [] for bay in self._pictures}
        for view in views:
            # Of many angles one is nearly right, and near enough for the middle to be.
            pieces = [
                _pieces(view, (centre[0] + aside * view.px_per_m, centre[1]), angle)
                for angle in angles
                for aside in (ASIDE_M if len(angles) == 1 else (0.0,))
            ]
            own = (centre[0] / view.px_per_m, centre[1] / view.px_per_m)
            for bay, pictures in self._pictures.items():
                found[bay].append(_highest(pictures, pieces, own if bay == view.bay else None))
        return {bay: float(np.mean(values)) for bay, values in found.items() if values}


def _pictures(artefact: Artefact, bay: str) -> _Pictures:
    picture, px_per_m = normal_picture(artefact, bay)
    return _Pictures(_scaled(picture, COARSE / px_per_m), _scaled(picture, FINE / px_per_m))


def _scaled(image: ImageArray, scale: float) -> ImageArray:
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _pieces(view: BayView, centre: tuple[float, float], angle: int) -> _Pictures:
    """Return the piece around a point, turned, at both scales; edges of the view are repeated."""
    reach = round(0.5 * float(np.hypot(*SIZE_M)) * view.px_per_m) + 1
    padded = cv2.copyMakeBorder(view.image, *(2 * reach,) * 4, cv2.BORDER_REPLICATE)
    left = int(np.clip(round(centre[0]) - reach, -2 * reach, view.image.shape[1])) + 2 * reach
    top = int(np.clip(round(centre[1]) - reach, -2 * reach, view.image.shape[0])) + 2 * reach
    square = np.asarray(padded[top : top + 2 * reach, left : left + 2 * reach], np.uint8)
    return _Pictures(
        _turned(_scaled(square, COARSE / view.px_per_m), angle, COARSE),
        _turned(_scaled(square, FINE / view.px_per_m), angle, FINE),
    )


def _turned(square: ImageArray, angle: int, px_per_m: float) -> ImageArray:
    """Return the inner part of a square after a turn around its middle."""
    width, height = (round(side * px_per_m) for side in SIZE_M)
    middle = ((square.shape[1] - 1) / 2, (square.shape[0] - 1) / 2)
    turn = np.asarray(cv2.getRotationMatrix2D(middle, angle, 1.0), np.float64)
    turn[:, 2] += np.array([(width - 1) / 2 - middle[0], (height - 1) / 2 - middle[1]])
    return np.asarray(
        cv2.warpAffine(square, turn, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def _highest(
    pictures: _Pictures, pieces: Sequence[_Pictures], own_m: tuple[float, float] | None
) -> float:
    """
    Return the highest correlation of any piece with a bay.

    :param own_m: metres from the picture's left and upper edge around which nothing counts
    """
    places = [
        (score, row, col, piece)
        for piece in pieces
        for score, row, col in _places(pictures.coarse, piece.coarse, own_m)
    ]
    places.sort(key=lambda place: -place[0])
    return max(
        (_closer(pictures.fine, piece.fine, row, col) for _, row, col, piece in places[:PLACES]),
        default=-1.0,
    )


def _places(
    picture: ImageArray, piece: ImageArray, own_m: tuple[float, float] | None
) -> list[tuple[float, int, int]]:
    """Return correlation, upper row and left column of the best places, coarsely."""
    if any(a < b for a, b in zip(picture.shape, piece.shape, strict=True)) or piece.std() < PLAIN:
        return []
    rest = np.asarray(cv2.matchTemplate(picture, piece, cv2.TM_CCOEFF_NORMED), np.float32)
    high, wide = piece.shape[0] // 2, piece.shape[1] // 2

    def clear(row: float, col: float, up: float, across: float) -> None:
        top, left = max(0, round(row - up)), max(0, round(col - across))
        rest[top : max(0, round(row + up) + 1), left : max(0, round(col + across) + 1)] = -1.0

    if own_m is not None:
        near = OWN_M * COARSE
        clear(own_m[1] * COARSE - high, own_m[0] * COARSE - wide, near, near)
    found = []
    for _ in range(PLACES):
        _, score, _, (col, row) = cv2.minMaxLoc(rest)
        if score <= -1.0:
            break
        found.append((float(score), int(row), int(col)))
        clear(row, col, high, wide)
    return found


def _closer(picture: ImageArray, piece: ImageArray, row: int, col: int) -> float:
    """Return the highest correlation near a place that was found coarsely."""
    scale = FINE / COARSE
    top, left = max(0, round(row * scale) - REACH), max(0, round(col * scale) - REACH)
    part = picture[
        top : top + piece.shape[0] + 2 * REACH, left : left + piece.shape[1] + 2 * REACH
    ]
    if any(a < b for a, b in zip(part.shape, piece.shape, strict=True)):
        return -1.0
    return float(np.clip(cv2.matchTemplate(part, piece, cv2.TM_CCOEFF_NORMED).max(), -1.0, 1.0))
