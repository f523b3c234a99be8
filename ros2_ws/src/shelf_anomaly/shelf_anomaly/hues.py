# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
Which bay has goods of the same hues: how loose goods are told where they belong.

Fruit has no print, and its size in a picture is not that of any package; what it has is colour. So
the hues and saturations of a place are compared, by histogram intersection (Swain and Ballard,
Color Indexing, 1991), with those of windows all over the pictures of the normal bays.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from .artefact import Artefact
from .colours import cielab
from .pieces import inner_part
from .places import normal_picture
from .records import BayView, Float32Array, ImageArray

BIN, BINS = 10, 13  # CIELAB units; a and b from -65 to 65
PLACE_M = (0.06, 0.12)  # width and height of what is asked for: the inner part of a facing
WINDOW_M, STEP_M = 0.12, 0.06
NEAREST = 3  # windows of a bay whose mean counts: one alone may be chance


class Hues:
    """Histograms of windows of all normal bays."""

    def __init__(self, artefact: Artefact, bays: Sequence[str]) -> None:
        """Take the histograms of ``bays``."""
        self._windows = {bay: _windows(artefact, bay) for bay in bays}

    def alike(self, view: BayView, centre: tuple[float, float]) -> dict[str, float]:
        """
        Return how alike each bay's hues are to those of a place.

        :param centre: column and row in pixels of the view
        :return: by bay, 0..1; empty when the place is outside the view
        """
        place = inner_part(view, centre, PLACE_M)
        if place.size == 0:
            return {}
        asked = _histogram(_bins(place))
        found = {}
        for bay, windows in self._windows.items():
            common = np.minimum(windows.astype(np.float32), asked).sum(axis=1)
            found[bay] = float(np.sort(common)[-NEAREST:].mean())
        return found


def _windows(artefact: Artefact, bay: str) -> npt.NDArray[np.float16]:
    """Return a histogram a window, shape ``(windows, BINS * BINS)``."""
    picture, px_per_m = normal_picture(artefact, bay)
    bins = _bins(picture)
    side, step = round(WINDOW_M * px_per_m), round(STEP_M * px_per_m)
    rows, cols = (max(1, length - side + 1) for length in bins.shape)
    return np.stack(
        [
            _histogram(bins[top : top + side, left : left + side]).astype(np.float16)
            for top in range(0, rows, step)
            for left in range(0, cols, step)
        ]
    )


def _bins(image: ImageArray) -> npt.NDArray[np.int64]:
    which = np.clip((cielab(image)[..., 1:] + BIN * BINS / 2) // BIN, 0, BINS - 1).astype(np.int64)
    return np.asarray(which[..., 0] * BINS + which[..., 1])


def _histogram(bins: npt.NDArray[np.int64]) -> Float32Array:
    """Return the share of each bin, blurred, so that a small change of light moves little."""
    counts = np.bincount(bins.ravel(), minlength=BINS * BINS).reshape(BINS, BINS)
    blurred = np.asarray(cv2.GaussianBlur(counts.astype(np.float32), (3, 3), 0.8), np.float32)
    return np.asarray((blurred / max(float(blurred.sum()), 1e-6)).ravel(), np.float32)
