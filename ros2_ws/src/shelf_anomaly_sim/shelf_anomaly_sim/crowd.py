# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Shoppers and trolleys that pass, or stand, between the camera and the shelves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import math

import numpy as np

from shelf_anomaly.records import CameraModel, FloatArray, Pose
from shelf_anomaly.store_layout import Bay

from .painter import Painter
from .store import SimStore

SHOPPER, TROLLEY = 'shopper', 'trolley'
GRID = 14
"""Points across a bay at which it is asked whether something stands before them."""


@dataclass(frozen=True, slots=True)
class Passer:
    """Someone or something in front of the shelves of one side of an aisle."""

    kind: str
    """``shopper`` or ``trolley``."""
    bay: str
    """The bay whose face its place is told from."""
    x: float
    """Where its middle is when the patrol begins, metres right of the bay's origin."""
    speed: float = 0.0
    """Metres a second to the right."""
    out: float = 0.35
    """Metres before the face."""
    seed: int = 0
    """Of its clothes and goods."""

    @property
    def size(self) -> tuple[float, float]:
        """Width and height, metres."""
        rng = np.random.default_rng([self.seed, 7])
        if self.kind == TROLLEY:
            return 0.55 + 0.1 * float(rng.random()), 1.0
        return 0.46 + 0.1 * float(rng.random()), 1.55 + 0.3 * float(rng.random())

    def at(self, seconds: float) -> float:
        """Return where its middle is, metres right of the bay's origin."""
        return self.x + self.speed * seconds


def draw_passer(painter: Painter, passer: Passer, bay: Bay, seconds: float) -> None:
    """
    Draw one, over the shelves that were drawn before.

    :param painter: of the passer's own bay
    """
    x, floor = passer.at(seconds), -float(bay.origin[2])
    rng = np.random.default_rng([passer.seed, 8])
    width, height = passer.size
    if passer.kind == TROLLEY:
        _trolley(painter, x, floor, width, height, passer.out, rng)
    else:
        _shopper(painter, x, floor, width, height, passer.out, rng)


def _colour(
    rng: np.random.Generator, low: int = 25, high: int = 200
) -> tuple[float, float, float]:
    b, g, r = (float(v) for v in rng.integers(low, high, 3))
    return b, g, r


def _dimmed(bgr: tuple[float, float, float], by: float) -> tuple[float, float, float]:
    return bgr[0] * by, bgr[1] * by, bgr[2] * by


def _quad(
    x0: float, x1: float, y0: float, y1: float, out: float, slant: float = 0.0
) -> FloatArray:
    return np.array([[x0 + slant, y1, out], [x1 - slant, y1, out], [x1, y0, out], [x0, y0, out]])


def _disc(x: float, y: float, radius: float, out: float) -> FloatArray:
    turn = np.linspace(0, 2 * math.pi, 24, endpoint=False)
    return np.stack(
        [x + 0.85 * radius * np.cos(turn), y + radius * np.sin(turn), np.full(24, out)], axis=1
    )


def _shopper(
    painter: Painter,
    x: float,
    floor: float,
    width: float,
    height: float,
    out: float,
    rng: np.random.Generator,
) -> None:
    """Draw a body seen from behind: legs, coat with folds, arms, head with hair."""
    trousers, coat, hair = _colour(rng, 20, 110), _colour(rng), _colour(rng, 10, 90)
    hip, shoulder = floor + 0.48 * height, floor + 0.83 * height
    half = width / 2
    for side in (-1, 1):
        middle = x + side * 0.22 * width
        painter.plain(_quad(middle - 0.2 * width, middle + 0.2 * width, floor, hip, out), trousers)
        arm = x + side * half
        painter.plain(
            _quad(arm - 0.11 * width, arm + 0.11 * width, hip - 0.02, shoulder - 0.02, out),
            _dimmed(coat, 0.82),
        )
    painter.plain(_quad(x - half, x + half, hip - 0.05, shoulder, out, 0.06 * width), coat)
    for fold in rng.uniform(-0.8, 0.8, 4) * half:
        painter.plain(
            _quad(x + fold - 0.008, x + fold + 0.008, hip, shoulder - 0.08, out + 0.001),
            _dimmed(coat, 0.7),
        )
    painter.plain(
        _quad(x - 0.05, x + 0.05, shoulder - 0.02, shoulder + 0.07, out), (130, 160, 205)
    )
    painter.plain(_disc(x, floor + 0.92 * height, 0.075 * height, out + 0.002), hair)


def _trolley(
    painter: Painter,
    x: float,
    floor: float,
    width: float,
    height: float,
    out: float,
    rng: np.random.Generator,
) -> None:
    """Draw a wire basket full of goods on a frame."""
    steel, half, low = (150.0, 152.0, 155.0), width / 2, floor + 0.45 * height
    painter.plain(_quad(x - half, x + half, floor + 0.12, floor + 0.2, out), _dimmed(steel, 0.6))
    for side in (-1, 1):
        leg = x + side * (half - 0.04)
        painter.plain(_quad(leg - 0.02, leg + 0.02, floor, low, out), _dimmed(steel, 0.7))
    painter.plain(_quad(x - half, x + half, low, floor + 0.9 * height, out), (70, 72, 74))
    for _ in range(9):
        left = x + float(rng.uniform(-0.95, 0.55)) * half
        wide, tall = float(rng.uniform(0.1, 0.2)), float(rng.uniform(0.15, 0.32))
        goods = _quad(left, min(left + wide, x + half), low, low + tall + 0.1, out + 0.001)
        painter.plain(goods, _colour(rng, 30, 240))
    for wire in np.linspace(x - half, x + half, 13):
        painter.plain(
            _quad(wire - 0.004, wire + 0.004, low, floor + 0.9 * height, out + 0.01), steel
        )
    for y in np.linspace(low, floor + 0.9 * height, 5):
        painter.plain(_quad(x - half, x + half, y - 0.004, y + 0.004, out + 0.01), steel)
    painter.plain(
        _quad(
            x - half - 0.03, x + half + 0.03, floor + 0.95 * height, floor + height, out + 0.012
        ),
        _colour(rng, 20, 220),
    )


def covered_part(
    bay: Bay,
    camera: Pose,
    model: CameraModel,
    standing: Sequence[tuple[Passer, Bay]],
    seconds: float,
) -> float | None:
    """
    Return the part of what an image shows of a bay that someone stands in front of.

    :param camera: the optical frame in the map
    :param standing: who is there, with the bay that its place is told from
    :return: 0..1; None when the image does not show the bay
    """
    xs, ys = np.meshgrid(np.linspace(0, bay.width, GRID), np.linspace(0, bay.height, GRID))
    points = np.stack(
        [bay.to_map(float(x), float(y)) for x, y in zip(xs.flat, ys.flat, strict=True)]
    )
    local = (points - camera.position) @ camera.rotation
    depth = local[:, 2]
    ahead = depth > 0.1
    pixels = (model.k @ local.T).T
    u, v = pixels[:, 0] / np.where(ahead, depth, 1), pixels[:, 1] / np.where(ahead, depth, 1)
    shown = ahead & (u >= 0) & (u < model.width) & (v >= 0) & (v < model.height)
    if float((camera.position - np.asarray(bay.origin)) @ bay.normal) <= 0 or not shown.any():
        return None
    hidden = np.zeros(len(points), bool)
    for passer, home in standing:
        eye = camera.position - np.asarray(home.origin)
        far = points - np.asarray(home.origin)
        eye_out, far_out = float(eye @ home.normal), far @ home.normal
        if eye_out <= passer.out:
            continue
        part = (eye_out - passer.out) / (eye_out - far_out)
        cut = eye + part[:, None] * (far - eye)
        across, up = cut @ home.right - passer.at(seconds), cut[:, 2] + float(home.origin[2])
        width, height = passer.size
        hidden |= (np.abs(across) <= width / 2) & (up <= height) & (part > 0) & (part < 1)
    return float(hidden[shown].mean())


def draw_crowd(
    store: SimStore, count: int, seconds: float, rng: np.random.Generator
) -> tuple[Passer, ...]:
    """Return ``count`` shoppers and trolleys of one patrol: some walk, some stand."""
    bays = list(store.bays.values())
    crowd = []
    for _ in range(count):
        bay = bays[int(rng.integers(len(bays)))].bay
        stands = rng.random() < 0.5
        speed = 0.0 if stands else float(rng.choice([-1, 1])) * float(rng.uniform(0.2, 0.6))
        x = float(rng.uniform(0.1, 0.9)) * bay.width - speed * float(rng.uniform(0, seconds))
        kind = SHOPPER if rng.random() < 0.6 else TROLLEY
        out = float(rng.uniform(0.25, 0.5))
        crowd.append(Passer(kind, bay.id, x, speed, out, int(rng.integers(1 << 30))))
    return tuple(crowd)
