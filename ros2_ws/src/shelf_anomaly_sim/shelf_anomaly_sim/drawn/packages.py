# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Gives flat art the shape of its package: folds, caps, roundness, rim."""

from __future__ import annotations

import cv2
import numpy as np

from shelf_anomaly.records import ImageArray

from ..catalogue import Package, Shape
from .brand import Brand, Pack, Variety
from .label import flat_art, write

HEIGHT_PX = 460


def draw_package(brand: Brand, variety: Variety) -> Package:
    """Return one product."""
    width = max(60, round(HEIGHT_PX * brand.aspect))
    art = flat_art(brand, variety, width, HEIGHT_PX)
    front = _SHAPERS[brand.pack](art, brand, variety)
    round_ = brand.pack in (Pack.BOTTLE, Pack.CAN, Pack.JAR)
    shape = Shape.ROUND if round_ else Shape.BAG if brand.pack is Pack.BAG else Shape.CARTON
    return Package(
        sku=f'{brand.name}-{variety.flavour}',
        family=brand.name,
        shape=shape,
        front=front,
        side=_side(brand, variety, front),
        top=_lid(brand) if brand.pack is Pack.BOX else None,
        typical_height_m=(brand.height_m, brand.height_m),
    )


def _solid(art: ImageArray, mask: ImageArray | None = None) -> ImageArray:
    alpha = np.full(art.shape[:2], 255, np.uint8) if mask is None else mask
    return np.dstack([art, alpha])


def _rounded(art: ImageArray) -> ImageArray:
    """Shade as a cylinder: light from the upper left, dark at both rims."""
    x = np.linspace(-1, 1, art.shape[1])
    light = (
        0.5 + 0.55 * np.sqrt(np.maximum(0, 1 - x**2)) + 0.16 * np.exp(-((x + 0.45) ** 2) / 0.02)
    )
    return np.asarray((art * light[None, :, None]).clip(0, 255), np.uint8)


def _gable(art: ImageArray, brand: Brand, variety: Variety) -> ImageArray:
    h, w = art.shape[:2]
    fold = int(0.13 * h)
    roof = art[:fold].astype(np.float32) * np.linspace(1.12, 0.82, fold)[:, None, None]
    art[:fold] = roof.clip(0, 255)
    art[: int(0.035 * h)] = (np.array(brand.base) * 0.9).clip(0, 255)
    cv2.line(art, (0, fold), (w, fold), tuple(int(c * 0.7) for c in brand.base), 2)
    cap = variety.colour if brand.colours_vary else brand.accent
    middle = (w // 2, int(0.085 * h))
    cv2.ellipse(
        art,
        middle,
        (int(0.17 * w), int(0.035 * h)),
        0,
        0,
        360,
        tuple(int(c * 0.7) for c in cap),
        -1,
        cv2.LINE_AA,
    )
    cv2.ellipse(
        art,
        (middle[0], middle[1] - 4),
        (int(0.16 * w), int(0.03 * h)),
        0,
        0,
        360,
        cap,
        -1,
        cv2.LINE_AA,
    )
    return _solid(art)


def _box(art: ImageArray, brand: Brand, variety: Variety) -> ImageArray:
    h, w = art.shape[:2]
    cv2.rectangle(art, (0, 0), (w - 1, h - 1), tuple(int(c * 0.75) for c in brand.base), 2)
    return _solid(art)


def _bottle(art: ImageArray, brand: Brand, variety: Variety) -> ImageArray:
    h, w = art.shape[:2]
    liquid = np.array(variety.colour if brand.colours_vary else brand.accent, np.float32)
    body = np.empty_like(art)
    body[:] = (liquid * 0.75).clip(0, 255)
    top, bottom = int(0.42 * h), int(0.86 * h)
    body[top:bottom] = cv2.resize(art, (w, bottom - top), interpolation=cv2.INTER_AREA)
    cap = int(0.075 * h)
    body[:cap] = brand.accent
    outline = [
        (0.36, 0),
        (0.64, 0),
        (0.64, 0.2),
        (0.8, 0.27),
        (0.97, 0.38),
        (0.97, 0.985),
        (0.9, 1),
        (0.1, 1),
        (0.03, 0.985),
        (0.03, 0.38),
        (0.2, 0.27),
        (0.36, 0.2),
    ]
    return _solid(_rounded(body), _mask(outline, w, h))


def _can(art: ImageArray, brand: Brand, variety: Variety) -> ImageArray:
    h, w = art.shape[:2]
    body = art.copy()
    rim = int(0.05 * h)
    body[:rim] = body[-rim // 2 :] = (190, 190, 190)
    shaded = _rounded(body)
    cv2.ellipse(
        shaded,
        (w // 2, rim // 2),
        (int(0.47 * w), rim // 2),
        0,
        0,
        360,
        (205, 205, 205),
        -1,
        cv2.LINE_AA,
    )
    return _solid(
        shaded,
        _mask(
            [
                (0.04, 0),
                (0.96, 0),
                (1, 0.05),
                (1, 0.96),
                (0.93, 1),
                (0.07, 1),
                (0, 0.96),
                (0, 0.05),
            ],
            w,
            h,
        ),
    )


def _jar(art: ImageArray, brand: Brand, variety: Variety) -> ImageArray:
    h, w = art.shape[:2]
    body = np.empty_like(art)
    body[:] = (np.array(variety.colour, np.float32) * 0.8).clip(0, 255)
    lid = int(0.17 * h)
    body[:lid] = brand.accent
    top, bottom = int(0.32 * h), int(0.9 * h)
    body[top:bottom] = cv2.resize(art, (w, bottom - top), interpolation=cv2.INTER_AREA)
    outline = [
        (0.06, 0),
        (0.94, 0),
        (0.94, 0.18),
        (1, 0.26),
        (1, 0.96),
        (0.93, 1),
        (0.07, 1),
        (0, 0.96),
        (0, 0.26),
        (0.06, 0.18),
    ]
    return _solid(_rounded(body), _mask(outline, w, h))


def _bag(art: ImageArray, brand: Brand, variety: Variety) -> ImageArray:
    h, w = art.shape[:2]
    y, x = np.mgrid[-1 : 1 : h * 1j, -1 : 1 : w * 1j]
    puff = (
        0.74 + 0.36 * np.cos(0.9 * x) * np.cos(0.8 * y) + 0.05 * np.sin(9 * x + 5 * y) * np.abs(x)
    )
    puffed = (art * puff[..., None]).clip(0, 255).astype(np.uint8)
    for part in (0.0, 0.955):
        strip = puffed[int(part * h) : int((part + 0.045) * h)]
        strip[:, ::6] = (strip[:, ::6] * 0.7).astype(np.uint8)
    outline = [
        (0.03, 0),
        (0.97, 0),
        (0.94, 0.08),
        (1, 0.5),
        (0.94, 0.93),
        (0.97, 1),
        (0.03, 1),
        (0.06, 0.93),
        (0, 0.5),
        (0.06, 0.08),
    ]
    return _solid(puffed, _mask(outline, w, h))


def _mask(outline: list[tuple[float, float]], w: int, h: int) -> ImageArray:
    mask = np.zeros((h, w), np.uint8)
    points = (np.array(outline) * (w - 1, h - 1) * 16).round().astype(np.int32)
    cv2.fillPoly(mask, [points], 255, cv2.LINE_AA, 4)
    return mask


def _side(brand: Brand, variety: Variety, front: ImageArray) -> ImageArray:
    """Return a carton's side: the same board, small print, and a gable's slope."""
    h, w = front.shape[:2]
    side = np.empty((h, w, 3), np.uint8)
    side[:] = brand.base
    write(side, brand.name, (0.5, 0.22), 0.5, brand.accent)
    ink = (90, 90, 90) if sum(brand.base) > 400 else (210, 210, 210)
    for i in range(9):
        y = int((0.38 + 0.045 * i) * h)
        cv2.line(side, (int(0.15 * w), y), (int((0.6 + 0.25 * ((i * 7) % 3) / 2) * w), y), ink, 2)
    cv2.rectangle(
        side, (int(0.3 * w), int(0.82 * h)), (int(0.7 * w), int(0.92 * h)), (240, 240, 240), -1
    )
    if brand.pack is not Pack.GABLE:
        return _solid(side)
    return _solid(side, _mask([(0.5, 0), (1, 0.13), (1, 1), (0, 1), (0, 0.13)], w, h))


def _lid(brand: Brand) -> ImageArray:
    """Return a box's top: the same board, a flap's edge across."""
    lid = np.empty((60, 120, 3), np.uint8)
    lid[:] = [min(255, int(c * 1.1)) for c in brand.base]
    cv2.line(lid, (0, 30), (120, 30), tuple(int(c * 0.75) for c in brand.base), 2)
    return _solid(lid)


_SHAPERS = {
    Pack.GABLE: _gable,
    Pack.BOX: _box,
    Pack.BOTTLE: _bottle,
    Pack.CAN: _can,
    Pack.JAR: _jar,
    Pack.BAG: _bag,
}
