# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Small stores, cameras and pictures for the tests."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from shelf_anomaly.records import CameraModel, ImageArray
from shelf_anomaly_sim.camera import CameraSpec
from shelf_anomaly_sim.drawn import drawn_catalogue as draw
from shelf_anomaly_sim.planner import build_store, StorePlan
from shelf_anomaly_sim.store import SimStore

drawn_catalogue = lru_cache(draw)  # drawn once for all tests: it does not change


def camera(width: int = 320, height: int = 240, **fields: object) -> CameraSpec:
    """Return a small camera that looks left, with the field of view of the usual one."""
    focal = 540.0 * width / 960
    k = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]])
    return CameraSpec(model=CameraModel(width, height, k, np.zeros(5)), **fields)  # type: ignore[arg-type]


def store(seed: int = 3, **fields: object) -> SimStore:
    """Return a small store with drawn art."""
    values: dict[str, object] = {'bays': 2, 'produce_bays': 0, **fields}
    return build_store(StorePlan(seed=seed, **values), drawn_catalogue(seed))  # type: ignore[arg-type]


def picture(colour: tuple[int, int, int], size: tuple[int, int] = (120, 200)) -> ImageArray:
    """Return a coloured carton on white, as in a catalogue; ``size`` is width, height."""
    width, height = size
    image = np.full((height + 40, width + 60, 3), 255, np.uint8)
    image[20 : 20 + height, 30 : 30 + width] = colour
    image[60 : 60 + height // 4, 50 : 30 + width - 20] = (255, 255, 255)  # a white label inside
    return image


def pictures(folder: Path, count: int = 6) -> Path:
    """Write a folder of pictures: two families, a produce, a thing."""
    (folder / 'packages').mkdir(parents=True)
    (folder / 'things').mkdir()
    (folder / 'produce' / 'Kiwi').mkdir(parents=True)
    for i in range(count):
        name = f'{"Ab" if i % 2 else "Cd"}-{i}.png'
        cv2.imwrite(str(folder / 'packages' / name), picture((20 + 35 * i, 90, 220 - 30 * i)))
    cv2.imwrite(str(folder / 'things' / 'Shoe.png'), picture((10, 10, 200), (200, 90)))
    photo = np.random.default_rng(0).integers(0, 255, (240, 300, 3)).astype(np.uint8)
    cv2.imwrite(str(folder / 'produce' / 'Kiwi' / '1.jpg'), photo)
    return folder
