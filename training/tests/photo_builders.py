# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""A folder of drawn product areas, each of another colour, for tests."""

from pathlib import Path

import cv2
import numpy as np

COLOURS = {'red': (40, 40, 220), 'green': (40, 200, 60), 'blue': (220, 90, 40)}  # BGR


def heap(colour: tuple[int, int, int], rng: np.random.Generator, side: int = 96) -> np.ndarray:
    """Draw a heap of round things of about one colour."""
    image = np.full((side, side, 3), 40, np.uint8)
    for _ in range(30):
        centre = tuple(int(v) for v in rng.integers(0, side, 2))
        shade = tuple(int(c * rng.uniform(0.7, 1.0)) for c in colour)
        cv2.circle(image, centre, int(rng.integers(7, 15)), shade, -1)
        cv2.circle(image, centre, 2, (20, 20, 20), -1)
    return image


def write_photos(folder: Path, count: int = 9, products: tuple[str, ...] = tuple(COLOURS)) -> Path:
    """Write ``folder/<product>/train/*.jpg``."""
    rng = np.random.default_rng(0)
    for product in products:
        train = folder / product / 'train'
        train.mkdir(parents=True)
        for i in range(count):
            cv2.imwrite(str(train / f'{i:03}.jpg'), heap(COLOURS[product], rng))
    return folder
