# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Loose goods are told by their colours, whatever their size in the picture."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from shelf_anomaly.artefact import Artefact
from shelf_anomaly.hues import Hues
from shelf_anomaly.records import BayView, ViewQuality

PX_PER_M = 256.0
ORANGE, GREY, BLUE = (30, 140, 240), (120, 120, 120), (200, 90, 40)  # BGR
HERE = (150.0, 120.0)


def heap(colour: tuple[int, int, int], radius_px: int, seed: int = 0) -> np.ndarray:
    """Return a picture, 1.2 x 0.9 m, of balls of one colour, lit from above."""
    rng = np.random.default_rng(seed)
    image = np.full((round(0.9 * PX_PER_M), round(1.2 * PX_PER_M), 3), GREY, np.uint8)
    for _ in range(round(6 * image[..., 0].size / radius_px**2)):
        middle = (int(rng.integers(image.shape[1])), int(rng.integers(image.shape[0])))
        light = rng.uniform(0.7, 1.0)
        cv2.circle(image, middle, radius_px, tuple(int(light * c) for c in colour), -1)
    return image


def hues(**bays: np.ndarray) -> Hues:
    arrays = {}
    for bay, image in bays.items():
        arrays[f'{bay}/picture'] = cv2.imencode('.jpg', image)[1].ravel()
        arrays[f'{bay}/picture_px_per_m'] = np.float32(PX_PER_M)
    return Hues(Artefact(Path('m'), {}, b'', arrays), tuple(bays))


def view(image: np.ndarray) -> BayView:
    seen = np.ones(image.shape[:2], bool)
    quality = ViewQuality(1.0, 400.0, 0.0, 1.0, 128.0)
    return BayView('C', 0, image, seen, PX_PER_M, 0.0, np.eye(3), 0.5, quality)


def test_oranges_of_another_size_belong_to_the_oranges() -> None:
    known = hues(A=heap(ORANGE, 12), B=heap(BLUE, 12))
    shelf = np.full_like(heap(BLUE, 12), GREY)
    cv2.circle(shelf, (150, 120), 25, ORANGE, -1)
    alike = known.alike(view(shelf), HERE)
    assert alike['A'] > 0.55
    assert alike['A'] > alike['B'] + 0.3


def test_a_little_less_light_changes_little() -> None:
    known = hues(A=heap(ORANGE, 12))
    bright, dark = (
        known.alike(view((f * heap(ORANGE, 20, seed=1)).astype(np.uint8)), HERE)['A']
        for f in (1.0, 0.85)
    )
    assert dark == pytest.approx(bright, abs=0.3)


def test_a_place_outside_the_view_is_like_nothing() -> None:
    assert hues(A=heap(ORANGE, 12)).alike(view(heap(BLUE, 12)), (-500.0, 120.0)) == {}
