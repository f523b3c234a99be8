# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What the light and the camera's electronics do to an image; another draw every patrol."""

from __future__ import annotations

import cv2
import numpy as np

from shelf_anomaly.records import Float32Array, ImageArray

BANK_MARGIN_PX = 97


class Light:
    """One patrol's light: gain, cast, vignette, gradient, blur and sensor noise."""

    def __init__(self, width: int, height: int, rng: np.random.Generator) -> None:
        """Draw the light for images of this size."""
        y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
        gain = float(rng.uniform(0.72, 1.18))
        cast = rng.normal(0, 0.035, 3)
        turn = float(rng.uniform(0, 2 * np.pi))
        gradient = float(rng.uniform(0, 0.16)) * (np.cos(turn) * x + np.sin(turn) * y)
        vignette = float(rng.uniform(0.05, 0.2)) * (x * x + y * y) / 2
        field = gain * (1 + gradient - vignette)
        self._field: Float32Array = (field[..., None] * (1 + cast - cast.mean())).astype(
            np.float32
        )
        sigma = float(rng.uniform(1.5, 4.0))
        shape = (height + BANK_MARGIN_PX, width + BANK_MARGIN_PX)
        grey = rng.normal(0, sigma, shape).astype(np.float32)
        colour = rng.normal(0, 0.5 * sigma, (*shape, 3)).astype(np.float32)
        self._bank = (grey[..., None] + colour).round().astype(np.int16)
        self._focus = float(rng.uniform(0.4, 0.8)) * width / 960
        self._smear = float(rng.uniform(0.2, 1.6)) * width / 960
        self._flicker = float(rng.uniform(0.0, 0.02))
        self._rng = rng

    def expose(self, image: ImageArray, *, speed: float = 1.0) -> ImageArray:
        """Return the image as the sensor gives it; ``speed`` scales the motion blur."""
        height, width = image.shape[:2]
        out = cv2.GaussianBlur(
            image,
            (0, 0),
            sigmaX=float(np.hypot(self._focus, 0.3 * self._smear * speed)),
            sigmaY=self._focus,
        )
        flicker = 1.0 + float(self._rng.normal(0, self._flicker))
        out = cv2.multiply(out, self._field, scale=flicker, dtype=cv2.CV_8U)
        y, x = (int(v) for v in self._rng.integers(0, BANK_MARGIN_PX, 2))
        noise = self._bank[y : y + height, x : x + width]
        return np.asarray(cv2.add(out, noise, dtype=cv2.CV_8U), np.uint8)
