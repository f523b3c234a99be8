# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
Where a piece fits best in a picture, by normalised cross correlation.

See J. P. Lewis, Fast Normalized Cross-Correlation, 1995. Pictures are searched in grey and
coarsely first, the best places in colour and closely.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from .pieces import COARSE, FINE, Pictures
from .records import Float32Array, ImageArray

OWN_M = 0.1  # around its own place nothing is looked for: what is wrong there is the question
PLACES = 4  # of each picture that are looked at closely
REACH = 3  # fine pixels around a place that was found coarsely
PLAIN = 4.0  # grey levels; with less contrast nothing is printed, and it would correlate with all
NOTHING = -1.0  # correlation of what is plain: nothing is printed there
BLUR = (3, 3)  # fine pixels over which colours are averaged; cameras keep them that coarse
PART = 5
"""Fine pixels, 26 mm: side of the parts that are compared each by itself. Varieties of one brand
differ in a label, what stands a row farther back differs a little everywhere."""
FAINT = 30.0
"""Variance of colours, their three channels added up, that is laid to each part's: what hardly
varies says little."""


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Where a piece fits."""

    score: float
    """Normalised correlation, -1..1."""
    down_m: float
    """From the upper edge of the picture to the middle of the place."""
    piece: ImageArray
    place: ImageArray
    """What it fits, of its size."""


def best_fit(
    pictures: Iterable[Pictures],
    pieces: Sequence[Pictures],
    own_m: tuple[float, float] | None,
) -> Fit | None:
    """
    Return where any of the pieces fits best in any of the pictures.

    :param own_m: metres from the pictures' left and upper edge around which nothing counts
    :return: None if nothing is printed on any piece, or all are larger than the pictures
    """
    fits = (fit for one in pictures for fit in _fits(one, pieces, own_m))
    return max(fits, key=lambda fit: fit.score, default=None)


def _fits(
    picture: Pictures, pieces: Sequence[Pictures], own_m: tuple[float, float] | None
) -> list[Fit]:
    found = [
        (score, row, col, piece)
        for piece in pieces
        for score, row, col in places(picture.grey, piece.grey, own_m)
    ]
    found.sort(key=lambda place: -place[0])
    close = (_close_fit(picture, piece, row, col) for _, row, col, piece in found[:PLACES])
    return [fit for fit in close if fit is not None]


def _close_fit(picture: Pictures, piece: Pictures, row: int, col: int) -> Fit | None:
    """Return where a piece fits best near a place that was found coarsely."""
    part = part_around(picture.fine, piece.fine, row, col, REACH)
    if not comparable(part, piece.fine):
        return None
    score, place = _best_place(part, piece.fine)
    return Fit(score, (row + piece.coarse.shape[0] / 2) / COARSE, piece.fine, place)


def places(
    picture: ImageArray,
    piece: ImageArray,
    own_m: tuple[float, float] | None,
    most: int = PLACES,
) -> list[tuple[float, int, int]]:
    """Return correlation, upper row and left column of the best places, coarsely."""
    if not comparable(picture, piece):
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
    for _ in range(most):
        _, score, _, (col, row) = cv2.minMaxLoc(rest)
        if score <= -1.0:
            break
        found.append((float(score), int(row), int(col)))
        clear(row, col, high, wide)
    return found


def part_around(
    picture: ImageArray, piece: ImageArray, row: int, col: int, reach: int
) -> ImageArray:
    """Return what lies around a place that was found coarsely."""
    scale = FINE / COARSE
    top, left = max(0, round(row * scale) - reach), max(0, round(col * scale) - reach)
    return picture[
        top : top + piece.shape[0] + 2 * reach, left : left + piece.shape[1] + 2 * reach
    ]


def fit_near(
    picture: ImageArray,
    piece: ImageArray,
    own_m: tuple[float, float],
    reach_m: tuple[float, float],
) -> Fit | None:
    """Return where a piece fits best within so much to each side and up and down of a place."""
    high, wide = piece.shape[:2]
    col, row = own_m[0] * FINE, own_m[1] * FINE
    left, top = (
        round(m - r * FINE - s / 2)
        for m, r, s in zip((col, row), reach_m, (wide, high), strict=True)
    )
    right, bottom = (
        round(m + r * FINE + s / 2)
        for m, r, s in zip((col, row), reach_m, (wide, high), strict=True)
    )
    part = picture[max(0, top) : max(0, bottom), max(0, left) : max(0, right)]
    if not comparable(part, piece):
        return None
    score, place = _best_place(part, piece)
    return Fit(score, own_m[1], piece, place)


def comparable(part: ImageArray, piece: ImageArray) -> bool:
    """Return whether something is printed on a piece, and it fits into a part."""
    fits = all(a >= b for a, b in zip(part.shape, piece.shape, strict=True))
    return fits and float(piece.std()) >= PLAIN


def correlation(part: ImageArray, piece: ImageArray) -> float:
    """Return the highest correlation of a piece within a part; -1 if it is plain or larger."""
    if not comparable(part, piece):
        return NOTHING
    return float(np.clip(cv2.matchTemplate(part, piece, cv2.TM_CCOEFF_NORMED).max(), -1.0, 1.0))


def least_half(part: ImageArray, piece: ImageArray) -> float:
    """Return how the worst half of a piece correlates where the whole piece does best."""
    if not comparable(part, piece):
        return NOTHING
    _, there = _best_place(part, piece)
    down, across = piece.shape[0] // 2, piece.shape[1] // 2
    halves = (np.s_[:down], np.s_[down:], np.s_[:, :across], np.s_[:, across:])
    return min(correlation(there[half], piece[half]) for half in halves)


def worst_part(piece: ImageArray, place: ImageArray) -> float:
    """
    Return how the part of a piece correlates that does so least with what lies in its place.

    :param place: a picture of the piece's size
    :return: correlation of colours within a square of PART, -1..1
    """
    one, other = piece.astype(np.float32), place.astype(np.float32)
    means = _over_parts(one), _over_parts(other)
    both = (_over_parts(one * other) - means[0] * means[1]).sum(axis=2)
    spread = [
        np.maximum(_over_parts(image * image) - mean * mean, 0).sum(axis=2) + FAINT
        for image, mean in zip((one, other), means, strict=True)
    ]
    return float(((both + FAINT) / np.sqrt(spread[0] * spread[1])).min())


def _over_parts(image: Float32Array) -> Float32Array:
    """Return the mean of each whole part of an image."""
    edge = PART // 2
    return np.asarray(cv2.blur(image, (PART, PART))[edge:-edge, edge:-edge], np.float32)


def colour_correlation(piece: ImageArray, place: ImageArray) -> float:
    """
    Return how the colours of two pictures of one size vary together, without their brightness.

    Brightness is most of what varies in a print, so varieties of one brand correlate well that
    differ in a coloured field.

    :return: normalised correlation of a* and b* of CIELAB, -1..1; 0 where one has a single colour
    """
    one, other = _chroma(piece), _chroma(place)
    spread = float(np.sqrt((one**2).sum() * (other**2).sum()))
    return float((one * other).sum()) / spread if spread > 0 else 0.0


def _chroma(image: ImageArray) -> Float32Array:
    lab = cv2.blur(cv2.cvtColor(image, cv2.COLOR_BGR2LAB).astype(np.float32), BLUR)[..., 1:]
    return np.asarray(lab - lab.mean(axis=(0, 1)), np.float32)


def _best_place(part: ImageArray, piece: ImageArray) -> tuple[float, ImageArray]:
    """Return the highest correlation of a piece within a part, and what it fits there."""
    _, score, _, (col, row) = cv2.minMaxLoc(cv2.matchTemplate(part, piece, cv2.TM_CCOEFF_NORMED))
    there = part[row : row + piece.shape[0], col : col + piece.shape[1]]
    return float(np.clip(score, -1.0, 1.0)), there
