# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
The colour of each cell of a bay view, and of single places.

Look-alike varieties of one brand differ in little but their colour, and a network that was trained
to name things in any light makes little of it.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from .density import Neighbourhood, PlaceDensity, References
from .pieces import inner_part
from .preprocess import padded_size
from .records import BayView, BoolArray, Float32Array, ImageArray

GREY = 0.45
"""What the mean of each of a view's three channels is brought to, of 1: a usual shelf."""
BRIGHTEST = 1.5  # of 1, after that
DARKEST = 0.02  # of 1; a view that is darker is not brightened as a whole
COLOURED, BRIGHT = 12.0, 12.0
"""In CIELAB; a smooth place whose hue and saturation differ as much from what is around it shows a
thing (a lemon). Empty places of grey shelves differ by at most 3, most fruit by over 13. One that
is so much brighter may show a white thing: 69 of 74 empty places of nine stores of our own were
less so."""
SPREAD_M = (0.1, 0.1)  # width and height within which colours are compared with each other


def cell_colours(view: BayView, stride: int) -> Float32Array:
    """
    Return the mean colour of each cell as it would be in grey light of a usual strength.

    The light is taken to be what turns grey into the mean of the view (J. von Kries, Chromatic
    Adaptation, 1902): two views of a bay show nearly the same goods. Brightness is left out, as it
    differs with how far back a thing stands.

    :param stride: side of a cell in pixels
    :return: a* and b* of CIELAB, shape ``(rows, cols, 2)``
    """
    height, width = view.image.shape[:2]
    rows, cols = padded_size(height, width, stride)
    edges = (0, rows - height, 0, cols - width)
    padded = cv2.copyMakeBorder(view.image, *edges, cv2.BORDER_REPLICATE)
    seen = cv2.copyMakeBorder(view.seen.astype(np.float32), *edges, cv2.BORDER_CONSTANT)
    size = (cols // stride, rows // stride)
    cells = cv2.resize(padded, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    whole = cv2.resize(seen, size, interpolation=cv2.INTER_AREA) > 0.99
    light = cells[whole].mean(axis=0) if whole.any() else np.full(3, GREY)
    lit = np.minimum(cells / np.maximum(light, DARKEST) * GREY, BRIGHTEST)
    return np.asarray(cv2.cvtColor(lit.astype(np.float32), cv2.COLOR_BGR2LAB)[..., 1:], np.float32)


def cielab(image: ImageArray) -> Float32Array:
    """Return an image in CIELAB, of its shape."""
    return np.asarray(cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_BGR2LAB), np.float32)


class Contrast(NamedTuple):
    """How a place stands out by its median colour, in CIELAB."""

    lightness: float
    """How much lighter it is than the view."""
    hue: float
    """How far its hue and saturation are from those of the view."""

    @property
    def coloured(self) -> bool:
        """Whether it has another colour than what is around it."""
        return self.hue > COLOURED

    @property
    def bright(self) -> bool:
        """Whether it is much brighter than what is around it."""
        return self.lightness > BRIGHT


def contrast(view: BayView, cell: tuple[int, int], stride: int) -> Contrast:
    """
    Return how a place stands out from its view.

    :param cell: row and column of the place
    :param stride: side of a cell in pixels
    """
    lab = cielab(view.image)
    top, left = cell[0] * stride - stride, cell[1] * stride
    place = lab[max(0, top) : top + 3 * stride, left : left + stride]
    around = lab[view.seen]
    if not (place.size and len(around)):
        return Contrast(0.0, 0.0)
    apart = np.median(place.reshape(-1, 3), axis=0) - np.median(around, axis=0)
    return Contrast(float(apart[0]), float(np.linalg.norm(apart[1:])))


def colour_spread(view: BayView, centre: tuple[float, float]) -> float:
    """
    Return how much the colours at a place differ from each other: a package has several.

    :param centre: column and row in pixels
    :return: standard deviation of a* plus that of b*, in CIELAB; 0 outside the view
    """
    place = inner_part(view, centre, SPREAD_M)
    if place.size == 0:
        return 0.0
    return float(cielab(place)[..., 1:].reshape(-1, 2).std(axis=0).sum())


class ColourDensity:
    """Density of colours at every place of one bay."""

    def __init__(
        self, references: References, bandwidth: float, neighbourhood: Neighbourhood
    ) -> None:
        """
        Lay the references out.

        :param references: colours of the bay's normal views in place of codes
        """
        self._references = references
        self._reach_m = neighbourhood.offset_m
        self._density = PlaceDensity(references, bandwidth, neighbourhood)

    def distance(
        self,
        colour: Float32Array,
        seen: BoolArray,
        offset_m: float,
        *,
        without_pass: int | None = None,
    ) -> Float32Array:
        """
        Return how far each cell's colour is from what is normal at its place, in CIELAB.

        What most cells of the view have moved by is light that was judged wrongly: a large patch
        of another colour moves the mean of the view, and so all of its colours.

        :param colour: shape ``(rows, cols, 2)``
        :param seen: shape ``(rows, cols)``: cells to judge
        :return: shape ``(rows, cols)``; NaN where a cell is not to be judged or has no reference
        """
        near = np.abs(self._references.offsets_m - offset_m) <= self._reach_m
        near &= self._references.passes != (-1 if without_pass is None else without_pass)
        known = self._references.seen[near][..., None]
        count = known.sum(axis=0)
        usual = (self._references.codes[near] * known).sum(axis=0) / np.maximum(count, 1)
        both = seen & (count[..., 0] > 0)
        moved = np.median((colour - usual)[both], axis=0) if both.any() else np.zeros(2)
        return self._density.distance(
            (colour - moved).astype(np.float32), seen, offset_m, without_pass=without_pass
        )
