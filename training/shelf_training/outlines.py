# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
Outlines of fruit and vegetables that were never photographed, and the light on them.

Round, long and bent, or a few together: what is sold loose. The light is that of a body whose
height rises with the distance from its outline (Lambert 1760; the highlight is Blinn's, 1977).
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from shelf_anomaly.records import Float32Array

ROUND_SHARE, LONG_SHARE = 0.5, 0.3  # of the outlines; the rest is a few round things together
TURN = 2 * math.pi


def outline(side_px: int, rng: np.random.Generator) -> Float32Array:
    """Return 1 where the thing is, 0 elsewhere, shape ``(side_px, side_px)``."""
    mask = np.zeros((side_px, side_px), np.float32)
    draw = rng.random()
    if draw < ROUND_SHARE:
        _round(mask, rng)
    elif draw < ROUND_SHARE + LONG_SHARE:
        _long(mask, rng)
    else:
        _several(mask, rng)
    return mask


def _round(mask: Float32Array, rng: np.random.Generator) -> None:
    """Fill a superellipse (Lame 1818) with a few gentle waves in its outline."""
    side = mask.shape[0]
    angle = np.linspace(0, TURN, 120, endpoint=False)
    flat = rng.uniform(0.6, 1.0) if rng.random() < 0.6 else 1.0
    power = rng.uniform(1.8, 2.8)
    radius = (np.abs(np.cos(angle)) ** power + np.abs(np.sin(angle) / flat) ** power) ** -(
        1 / power
    )
    for wave in range(1, 6):
        depth = rng.normal(0, 0.05 / wave**0.7)
        radius *= 1 + depth * np.cos(wave * angle + rng.uniform(0, TURN))
    radius *= 0.46 * side / radius.max()
    angle += rng.uniform(0, TURN)
    points = side / 2 + radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    cv2.fillPoly(mask, [np.round(points * 16).astype(np.int32)], 1.0, shift=4)


def _long(mask: Float32Array, rng: np.random.Generator) -> None:
    """Fill one to three tapered, bent bodies that lie almost side by side."""
    side = mask.shape[0]
    along = np.linspace(-1, 1, 40)
    across = rng.uniform(0, 0.28) * (along**2 - 0.4)
    taper = 1 - np.abs(along) ** rng.uniform(2, 6) * rng.uniform(0.3, 1)
    lopsided = 1 + rng.uniform(-0.7, 0.7) * along * rng.integers(0, 2)
    width = np.maximum(0.5 / side, rng.uniform(0.06, 0.2) * taper * lopsided)
    turned = rng.uniform(0, TURN)
    for number in range(int(rng.integers(1, 4)) if rng.random() < 0.4 else 1):
        angle = turned + number * rng.normal(0, 0.15)
        beside = across + number * rng.uniform(0.08, 0.2)
        x = 0.5 + 0.42 * along * np.cos(angle) - beside * np.sin(angle)
        y = 0.5 + 0.42 * along * np.sin(angle) + beside * np.cos(angle)
        for centre_x, centre_y, half in np.round(16 * side * np.stack([x, y, width], axis=1)):
            cv2.circle(mask, (int(centre_x), int(centre_y)), int(half), 1.0, -1, shift=4)


def _several(mask: Float32Array, rng: np.random.Generator) -> None:
    """Fill two to five ellipses that touch."""
    side = mask.shape[0]
    radius = rng.uniform(0.17, 0.27) * side
    for _ in range(int(rng.integers(2, 6))):
        angle, away = rng.uniform(0, TURN), rng.uniform(0.05, 0.24) * side
        centre = (side / 2 + away * math.cos(angle), side / 2 + away * math.sin(angle))
        width, height = 2 * radius * rng.uniform(0.8, 1.1, 2)
        cv2.ellipse(
            mask, (centre, (float(width), float(height)), float(rng.uniform(0, 180))), 1.0, -1
        )


def inside(mask: Float32Array) -> Float32Array:
    """Return how far inside its outline each pixel of a thing lies, in pixels."""
    return np.asarray(
        cv2.distanceTransform((mask > 0.5).astype(np.uint8), cv2.DIST_L2, 5), np.float32
    )


def light(mask: Float32Array, rng: np.random.Generator) -> tuple[Float32Array, Float32Array]:
    """
    Light a body with this outline, mostly from above.

    :return: brightness of each pixel and of its highlight, 0..1, each of the shape of ``mask``
    """
    depth = inside(mask)
    half = max(float(depth.max()), 1.0)
    height = np.sqrt(1 - (1 - depth / half) ** 2) * half * rng.uniform(0.6, 1.1)
    height = cv2.GaussianBlur(height.astype(np.float32), (0, 0), 0.02 * mask.shape[0])
    slope = [cv2.Sobel(height, cv2.CV_32F, *order, ksize=3) / 8 for order in ((1, 0), (0, 1))]
    normal = np.stack([-slope[0], -slope[1], np.ones_like(height)], axis=2)
    normal /= np.linalg.norm(normal, axis=2, keepdims=True)
    angle = rng.uniform(0, TURN) if rng.random() < 0.4 else rng.normal(-TURN / 4, 0.6)
    tilt = rng.uniform(0.1, 0.8)
    lamp = np.array([math.cos(angle) * tilt, math.sin(angle) * tilt, 1.0])
    lamp /= np.linalg.norm(lamp)
    halfway = lamp + np.array([0.0, 0.0, 1.0])
    halfway /= np.linalg.norm(halfway)
    around = rng.uniform(0.3, 0.8)
    bright = around + (1 - around) * np.clip(normal @ lamp, 0, 1)
    bright *= normal[..., 2] ** rng.uniform(0, 0.5)  # rims are darker
    strength = rng.uniform(0, 0.6) if rng.random() < 0.7 else 0.0
    gloss = strength * np.clip(normal @ halfway, 0, 1) ** rng.uniform(10, 80)
    return bright.astype(np.float32), gloss.astype(np.float32)
