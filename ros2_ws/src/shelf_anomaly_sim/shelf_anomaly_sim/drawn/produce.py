# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Produce that is laid anew each time: shaded balls and long things, back to front."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from shelf_anomaly.records import ImageArray

from .brand import Bgr

PX_PER_M = 620


@dataclass(frozen=True, slots=True)
class DrawnProduce:
    """One kind of produce."""

    sku: str
    colour: Bgr
    blush: Bgr
    """What some of it is tinted with."""
    size_m: float
    length: float
    """1 is round; 4 is a carrot."""

    def heap(self, rng: np.random.Generator, width_px: int, height_px: int) -> ImageArray:
        """Lay a heap."""
        heap = np.full((height_px, width_px, 3), (30, 40, 48), np.uint8)
        thick = self.size_m * PX_PER_M
        step = thick * 0.8
        rows = int(height_px / (step * 0.62)) + 3
        for row in range(rows):
            y = row * step * 0.62 - thick * 0.3
            count = int(width_px / (step * max(1.0, self.length * 0.6))) + 3
            for i in range(count):
                x = (i - 0.5 + 0.5 * (row % 2)) * step * max(1.0, self.length * 0.6)
                self._one(
                    heap, x + rng.normal(0, step * 0.2), y + rng.normal(0, step * 0.15), thick, rng
                )
        return heap

    def _one(
        self, heap: ImageArray, x: float, y: float, thick: float, rng: np.random.Generator
    ) -> None:
        size = thick * float(rng.uniform(0.88, 1.1))
        mix = float(rng.beta(1.2, 3.0))
        light = float(rng.uniform(0.86, 1.06))
        tone = (np.array(self.colour) * (1 - mix) + np.array(self.blush) * mix) * light
        angle = float(rng.uniform(0, 180)) if self.length < 1.5 else float(rng.normal(75, 22))
        axes = np.array([size / 2 * self.length, size / 2])
        centre = (int(x), int(y))
        steps = (
            (1.04, 0.35, 0.0),
            (1.0, 0.72, 0.0),
            (0.86, 0.9, 0.08),
            (0.62, 1.0, 0.17),
            (0.34, 1.12, 0.25),
        )
        for part, bright, shift in steps:
            spot = (int(x - shift * size * 0.5), int(y - shift * size * 0.6))
            colour = tuple(int(v) for v in (tone * bright).clip(0, 255))
            extent = (max(1, int(axes[0] * part)), max(1, int(axes[1] * part)))
            cv2.ellipse(
                heap, spot if part < 1 else centre, extent, angle, 0, 360, colour, -1, cv2.LINE_AA
            )
        glint = (int(x - 0.2 * size), int(y - 0.24 * size))
        cv2.circle(
            heap,
            glint,
            max(1, int(size * 0.05)),
            tuple(int(min(255, v + 60)) for v in tone),
            -1,
            cv2.LINE_AA,
        )


KINDS = (
    DrawnProduce('Apples-Red', (40, 35, 185), (70, 190, 215), 0.075, 1.0),
    DrawnProduce('Apples-Green', (70, 195, 130), (90, 210, 190), 0.075, 1.0),
    DrawnProduce('Oranges', (30, 140, 245), (40, 170, 250), 0.08, 1.0),
    DrawnProduce('Lemons', (60, 215, 245), (80, 200, 190), 0.06, 1.35),
    DrawnProduce('Tomatoes', (40, 40, 215), (50, 90, 230), 0.055, 1.0),
    DrawnProduce('Carrots', (35, 120, 235), (45, 150, 240), 0.032, 4.6),
    DrawnProduce('Cucumbers', (55, 115, 45), (80, 150, 90), 0.042, 4.8),
    DrawnProduce('Potatoes', (110, 165, 195), (80, 120, 150), 0.06, 1.4),
    DrawnProduce('Plums', (95, 35, 80), (120, 60, 60), 0.045, 1.15),
    DrawnProduce('Limes', (50, 160, 70), (70, 190, 130), 0.05, 1.15),
)
