# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What changes between two looks at a shelf and is no fault: light, colour, a small shift."""

from __future__ import annotations

import cv2
import numpy as np

from shelf_anomaly.records import Float32Array, ImageArray


def relight(image: ImageArray, rng: np.random.Generator, strength: float = 1.0) -> ImageArray:
    """
    Return the picture under another light: gain, colour cast, gamma and a gradient across it.

    :param image: shape ``(rows, cols, 3)``, uint8
    :param strength: 1 for what a store shows over a day, 0 for no change
    """
    gain = np.exp(rng.normal(0, 0.12 * strength))
    cast = np.exp(rng.normal(0, 0.03 * strength, 3))
    gamma = np.exp(rng.normal(0, 0.10 * strength))
    rows, cols = image.shape[:2]
    tilt = rng.normal(0, 0.06 * strength, 2)
    across = (
        1
        + tilt[0] * np.linspace(-1, 1, cols)[None, :, None]
        + tilt[1] * np.linspace(-1, 1, rows)[:, None, None]
    )
    value = 255 * (image.astype(np.float32) / 255) ** gamma * (gain * cast * across)
    return np.asarray(np.clip(value, 0, 255), np.uint8)


def nudge(image: ImageArray, rng: np.random.Generator, pixels: float) -> ImageArray:
    """Return the picture shifted by about ``pixels`` and scaled a little: a poor registration."""
    rows, cols = image.shape[:2]
    scale = 1 + rng.normal(0, 0.006)
    shift = rng.normal(0, pixels, 2)
    matrix = np.array(
        [
            [scale, 0, shift[0] + (1 - scale) * cols / 2],
            [0, scale, shift[1] + (1 - scale) * rows / 2],
        ]
    )
    return np.asarray(
        cv2.warpAffine(image, matrix, (cols, rows), borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def zoom(image: ImageArray, rng: np.random.Generator, most: float) -> ImageArray:
    """Return a random part of the picture at its old size, mirrored half of the time."""
    rows, cols = image.shape[:2]
    factor = rng.uniform(1, most)
    height, width = int(rows / factor), int(cols / factor)
    top, left = int(rng.integers(rows - height + 1)), int(rng.integers(cols - width + 1))
    part = cv2.resize(
        image[top : top + height, left : left + width],
        (cols, rows),
        interpolation=cv2.INTER_LINEAR,
    )
    return np.ascontiguousarray(part[:, ::-1] if rng.random() < 0.5 else part)


def to_input(image: ImageArray) -> Float32Array:
    """Return BGR uint8 as the network's input, shape ``(1, rows, cols, 3)``, RGB 0..255."""
    return np.ascontiguousarray(image[None, :, :, ::-1], dtype=np.float32)
