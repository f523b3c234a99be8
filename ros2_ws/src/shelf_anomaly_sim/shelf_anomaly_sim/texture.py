# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures that are drawn at any size: premultiplied alpha and a chain of halved copies."""

from __future__ import annotations

from dataclasses import dataclass
import math

import cv2
import numpy as np

from shelf_anomaly.records import ImageArray

SMALLEST_SIDE_PX = 6


@dataclass(frozen=True, slots=True, eq=False)
class Texture:
    """A picture with premultiplied alpha, and its halved copies."""

    levels: tuple[ImageArray, ...]
    """Each ``(height, width, 4)`` uint8 BGRA, colours multiplied by alpha; largest first."""

    @classmethod
    def of(cls, image: ImageArray) -> Texture:
        """Build the chain from a BGR, or BGRA with straight alpha, picture."""
        if image.ndim != 3 or image.shape[2] not in (3, 4):
            raise ValueError(f'texture: {image.shape} is not (height, width, 3 or 4)')
        if image.shape[2] == 3:
            level = cv2.cvtColor(image, cv2.COLOR_BGR2BGRA)
        else:
            alpha = image[..., 3:].astype(np.float32) / 255
            colour = image[..., :3].astype(np.float32) * alpha
            level = np.dstack([colour.round().astype(np.uint8), image[..., 3]])
        levels = [np.ascontiguousarray(level, np.uint8)]
        while min(levels[-1].shape[:2]) >= 2 * SMALLEST_SIDE_PX:
            height, width = levels[-1].shape[:2]
            half = cv2.resize(levels[-1], (width // 2, height // 2), interpolation=cv2.INTER_AREA)
            levels.append(np.asarray(half, np.uint8))
        return cls(tuple(levels))

    @property
    def aspect(self) -> float:
        """Width over height."""
        height, width = self.levels[0].shape[:2]
        return float(width) / float(height)

    def level_for(self, width_px: float, height_px: float) -> ImageArray:
        """Return the smallest copy that is not coarser than what is drawn."""
        rows, cols = self.levels[0].shape[:2]
        ratio = min(rows / max(height_px, 1.0), cols / max(width_px, 1.0))
        step = int(math.log2(max(ratio * 1.2, 1.0)))
        return self.levels[min(step, len(self.levels) - 1)]
