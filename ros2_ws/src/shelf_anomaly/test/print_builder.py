# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Bays with prints, and artefacts that know them, for tests of what compares looks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np

from shelf_anomaly.artefact import Artefact
from shelf_anomaly.density import References
from shelf_anomaly.places import pack_codes
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


def soft_shelf(seed: int) -> np.ndarray:
    """Return the same with few colours, as on packages: brightness is most of what varies."""
    rng = np.random.default_rng(seed)
    rows, cols = round(1.2 * PX_PER_M), round(1.5 * PX_PER_M)
    grey, tint = (
        cv2.resize(rng.normal(size=(rows // s, cols // s, c)).astype(np.float32), (cols, rows))
        for s, c in ((10, 1), (30, 3))
    )
    return np.clip(128 + 40 * grey[..., None] + 8 * tint, 0, 255).astype(np.uint8)


def recoloured(image: np.ndarray) -> np.ndarray:
    """Return a picture as bright everywhere as it was, in the opposite colours."""
    lab = cv2.cvtColor(image, cv2.COLOR_BGR2LAB)
    lab[..., 1:] = 255 - lab[..., 1:]
    return np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2BGR), np.uint8)


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


def turned_piece(
    image: np.ndarray, other: np.ndarray, angle: int, size_of_it: float = 1.0
) -> np.ndarray:
    """
    Return a shelf at whose place lies, at an angle, what stands elsewhere on another shelf.

    :param size_of_it: how many times as large as there it looks
    """
    size, middle = (image.shape[1], image.shape[0]), (420.0, 140.0)
    turn = np.asarray(cv2.getRotationMatrix2D(middle, angle, size_of_it))
    turn[:, 2] += np.subtract(HERE, middle)
    there = np.zeros(image.shape[:2], np.uint8)
    there[100:180, 395:445] = 255
    mask = cv2.warpAffine(there, turn, size)[..., None] > 127
    return np.where(mask, cv2.warpAffine(other, turn, size), image).astype(np.uint8)


def bay_arrays(
    bay: str, codes: np.ndarray, activity: float, usual_print: float = 0.95
) -> dict[str, np.ndarray]:
    """
    Return what an artefact keeps of a bay that was seen whole on two passes.

    :param codes: shape ``(rows, cols, dims)``
    """
    views = np.stack([codes, codes + 0.01]).astype(np.float32)
    seen = np.ones(views.shape[:3], bool)
    packed = pack_codes(References(views, seen, np.zeros(2), np.array([0, 1])), 0.01)
    return packed.arrays(bay) | {
        f'{bay}/activity': np.full(codes.shape[:2], activity),
        f'{bay}/usual_distance': np.float32(1.0),
        f'{bay}/usual_print': np.float32(usual_print),
    }
