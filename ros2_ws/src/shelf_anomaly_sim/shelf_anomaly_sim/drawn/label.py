# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The flat art of a package: background, motif, badge with name, small label of the flavour."""

from __future__ import annotations

import cv2
import numpy as np

from shelf_anomaly.records import ImageArray

from .brand import Bgr, Brand, Variety

SUPER = 2  # drawn larger, then shrunk: smooth edges
FONT = cv2.FONT_HERSHEY_DUPLEX


def flat_art(brand: Brand, variety: Variety, width: int, height: int) -> ImageArray:
    """Return a package's front before it gets a shape, ``(height, width, 3)`` uint8 BGR."""
    w, h = width * SUPER, height * SUPER
    art = np.empty((h, w, 3), np.uint8)
    shade = np.linspace(1.06, 0.9, h)[:, None, None]
    art[:] = (np.array(brand.base) * shade).clip(0, 255)
    band = variety.colour if brand.colours_vary else brand.accent
    _motif(art, brand.motif, band)
    _badge(art, brand)
    _flavour(art, brand, variety)
    _small_print(art)
    return np.asarray(cv2.resize(art, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def write(
    art: ImageArray, text: str, centre: tuple[float, float], width: float, colour: Bgr
) -> None:
    """Write a word as wide as asked, in the middle of a place; both as parts of the picture."""
    h, w = art.shape[:2]
    (unit, high), _ = cv2.getTextSize(text, FONT, 1.0, 1)
    scale = min(width * w / max(unit, 1), 0.16 * h / max(high, 1))
    thick = max(1, round(scale * 2.2))
    origin = (int(centre[0] * w - unit * scale / 2), int(centre[1] * h + high * scale / 2))
    cv2.putText(art, text, origin, FONT, scale, colour, thick, cv2.LINE_AA)


def _motif(art: ImageArray, motif: str, colour: Bgr) -> None:
    h, w = art.shape[:2]
    if motif == 'waves':
        for i, part in enumerate((0.72, 0.82, 0.92)):
            along = np.arange(0, w + 8, 8)
            up = part * h + 0.02 * h * np.sin(along / w * 9 + i)
            shape = np.concatenate([np.stack([along, up], 1), [[w, h], [0, h]]]).astype(np.int32)
            mix = 0.55 + 0.2 * i
            tone = tuple(int(c * mix + 255 * (1 - mix)) for c in colour)
            cv2.fillPoly(art, [shape], tone, cv2.LINE_AA)
    elif motif == 'stripes':
        for i in range(-2, 8):
            x = int(i * w / 5)
            stripe = np.array(
                [
                    [x, h],
                    [x + w // 9, h],
                    [x + w // 9 + h // 5, int(0.66 * h)],
                    [x + h // 5, int(0.66 * h)],
                ]
            )
            cv2.fillPoly(art, [stripe.astype(np.int32)], colour, cv2.LINE_AA)
    elif motif == 'dots':
        for row in range(5):
            for col in range(7):
                spot = (int((col + 0.5 * (row % 2)) * w / 6), int(h * (0.7 + 0.065 * row)))
                cv2.circle(art, spot, max(2, w // 26), colour, -1, cv2.LINE_AA)
    elif motif == 'hills':
        for part, size in ((0.2, 0.45), (0.75, 0.6)):
            cv2.ellipse(
                art,
                (int(part * w), h),
                (int(size * w), int(0.24 * h)),
                0,
                180,
                360,
                colour,
                -1,
                cv2.LINE_AA,
            )


def _badge(art: ImageArray, brand: Brand) -> None:
    h, w = art.shape[:2]
    middle, ink = (w // 2, int(0.2 * h)), brand.ink
    if brand.badge == 'oval':
        cv2.ellipse(
            art, middle, (int(0.43 * w), int(0.1 * h)), 0, 0, 360, brand.accent, -1, cv2.LINE_AA
        )
        cv2.ellipse(
            art,
            middle,
            (int(0.39 * w), int(0.086 * h)),
            0,
            0,
            360,
            ink,
            max(1, w // 90),
            cv2.LINE_AA,
        )
    elif brand.badge == 'banner':
        cv2.rectangle(art, (0, int(0.12 * h)), (w, int(0.28 * h)), brand.accent, -1)
    elif brand.badge == 'shield':
        shape = np.array([[0.14, 0.1], [0.86, 0.1], [0.86, 0.24], [0.5, 0.33], [0.14, 0.24]]) * (
            w,
            h,
        )
        cv2.fillPoly(art, [shape.astype(np.int32)], brand.accent, cv2.LINE_AA)
    else:
        ink = brand.accent
    write(art, brand.name, (0.5, 0.2), 0.66, ink)


def _flavour(art: ImageArray, brand: Brand, variety: Variety) -> None:
    """Draw what tells varieties apart: about 3 cm of picture and a word."""
    h, w = art.shape[:2]
    radius = int(min(0.2 * w, 0.09 * h))
    middle = (w // 2, int(0.46 * h))
    cv2.circle(art, middle, int(radius * 1.25), (245, 245, 245), -1, cv2.LINE_AA)
    cv2.circle(art, middle, radius, variety.colour, -1, cv2.LINE_AA)
    light = tuple(min(255, c + 70) for c in variety.colour)
    cv2.circle(
        art,
        (middle[0] - radius // 3, middle[1] - radius // 3),
        radius // 4,
        light,
        -1,
        cv2.LINE_AA,
    )
    leaf = (middle[0] + radius // 2, middle[1] - radius)
    cv2.ellipse(art, leaf, (radius // 2, radius // 5), -35, 0, 360, (60, 140, 60), -1, cv2.LINE_AA)
    dark = sum(brand.base) < 330
    write(art, variety.flavour, (0.5, 0.61), 0.5, (245, 245, 245) if dark else (50, 45, 40))


def _small_print(art: ImageArray) -> None:
    h, w = art.shape[:2]
    for i, length in enumerate((0.3, 0.24)):
        y = int((0.945 + 0.018 * i) * h)
        cv2.line(
            art,
            (int(0.08 * w), y),
            (int((0.08 + length) * w), y),
            (235, 235, 235),
            max(1, h // 220),
        )
