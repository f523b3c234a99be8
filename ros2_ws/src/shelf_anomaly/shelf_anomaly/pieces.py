# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Pieces of views, cut out to be looked for in pictures of normal bays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np

from .records import BayView, ImageArray

SIZE_M = (0.05, 0.12)
"""Width and height of the piece: the inner part of a facing, without what stands beside it."""
TURN = (-5.0, 5.0)  # degrees by which a piece is turned a little
GROWTH = (0.95, 1.05)
SHIFTS_M = ((0.02, 0.0), (-0.02, 0.0), (0.0, 0.02), (0.0, -0.02))
COARSE, FINE = 96.0, 192.0
"""Pixels per metre: the whole of each picture is searched at the first, the best places at the
second, which tells varieties apart that differ in small print."""


@dataclass(frozen=True, slots=True)
class Way:
    """How a piece is cut out of a view."""

    centre: tuple[float, float]
    """Column and row in pixels."""
    angle: float = 0.0
    """Degrees that it is turned by."""
    size: float = 1.0
    """How much larger than usual a thing looks."""

    def moved(self, px_per_m: float) -> list[Way]:
        """Return ways a little beside."""
        return [
            replace(
                self,
                centre=(self.centre[0] + right * px_per_m, self.centre[1] + down * px_per_m),
            )
            for right, down in SHIFTS_M
        ]

    def turned(self) -> list[Way]:
        """Return ways turned a little."""
        return [replace(self, angle=self.angle + more) for more in TURN]

    def sized(self) -> list[Way]:
        """Return ways a little smaller and larger."""
        return [replace(self, size=self.size * more) for more in GROWTH]


@dataclass(frozen=True)
class Pictures:
    """One picture at both scales."""

    coarse: ImageArray
    fine: ImageArray

    @classmethod
    def of(cls, image: ImageArray, px_per_m: float) -> Pictures:
        """Return a picture of ``px_per_m`` at both scales."""
        return cls(scaled(image, COARSE / px_per_m), scaled(image, FINE / px_per_m))

    @cached_property
    def grey(self) -> ImageArray:
        """The coarse picture in grey, which is searched three times as fast."""
        return grey(self.coarse)


def grey(image: ImageArray) -> ImageArray:
    """Return a picture without its colours."""
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)


def scaled(image: ImageArray, scale: float) -> ImageArray:
    """Return a picture made smaller or larger."""
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def inner_part(
    view: BayView, centre: tuple[float, float], size_m: tuple[float, float]
) -> ImageArray:
    """
    Return what a view shows around a point, as it is; nothing is repeated beyond its edges.

    :param centre: column and row in pixels
    :param size_m: width and height
    :return: empty outside the view
    """
    across, up = (round(side * view.px_per_m / 2) for side in size_m)
    left, top = round(centre[0]) - across, round(centre[1]) - up
    rows = slice(max(0, top), max(0, top + 2 * up))
    cols = slice(max(0, left), max(0, left + 2 * across))
    return np.asarray(view.image[rows, cols], np.uint8)


def piece_at(view: BayView, centre: tuple[float, float]) -> Pictures:
    """Return the piece around a point at both scales; edges of the view are repeated."""
    way = Way(centre)
    return Pictures(piece_of(view, way, COARSE), piece_of(view, way, FINE))


def piece_of(view: BayView, way: Way, px_per_m: float) -> ImageArray:
    """Return one piece at one scale; edges of the view are repeated."""
    scale = px_per_m / (view.px_per_m * way.size)
    return _turned(scaled(_square(view, way), scale), way.angle, px_per_m)


def _square(view: BayView, way: Way) -> ImageArray:
    """Return what is around a point, large enough to be turned; the view's edges are repeated."""
    reach = round(0.5 * float(np.hypot(*SIZE_M)) * view.px_per_m * way.size) + 1
    col, row = (round(value) for value in way.centre)
    rows = np.clip(np.arange(row - reach, row + reach), 0, view.image.shape[0] - 1)
    cols = np.clip(np.arange(col - reach, col + reach), 0, view.image.shape[1] - 1)
    return np.asarray(view.image[rows[:, None], cols[None, :]], np.uint8)


def _turned(square: ImageArray, angle: float, px_per_m: float) -> ImageArray:
    """Return the inner part of a square after a turn around its middle."""
    width, height = (round(side * px_per_m) for side in SIZE_M)
    middle = ((square.shape[1] - 1) / 2, (square.shape[0] - 1) / 2)
    turn = np.asarray(cv2.getRotationMatrix2D(middle, angle, 1.0), np.float64)
    turn[:, 2] += np.array([(width - 1) / 2 - middle[0], (height - 1) / 2 - middle[1]])
    return np.asarray(
        cv2.warpAffine(square, turn, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8
    )
