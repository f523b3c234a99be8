# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Draws one thing that stands or lies on a board."""

from __future__ import annotations

import math

import numpy as np

from shelf_anomaly.records import FloatArray

from .catalogue import Shape
from .painter import Painter
from .stock import Item
from .store import Size
from .wardrobe import Wardrobe

PUSH_DIMMING = 1.3  # per metre back under the board above
LYING_RAD = 0.5


def draw_item(
    painter: Painter, item: Item, board: float, wardrobe: Wardrobe, light: float
) -> None:
    """Draw a package or thing: its contact shadow, the side that is seen, its front."""
    shape = wardrobe.shape(item.sku)
    size = item.size
    light *= item.shade * max(0.35, 1.0 - PUSH_DIMMING * item.push)
    if painter.eye[1] > board:
        reach = size.height if abs(item.lean) > LYING_RAD else size.width
        corner = np.array([item.x - 0.8 * reach, board + 0.001, -item.push - size.depth * 1.25])
        painter.textured(
            corner,
            np.array([1.6 * reach, 0, 0]),
            np.array([0, 0, size.depth * 1.7]),
            wardrobe.contact,
        )
    centre = np.array([item.x, board, -item.push - size.depth / 2])
    yaw = (
        painter.facing if shape is Shape.ROUND else item.yaw
    )  # a bottle is the same from everywhere
    right, up, out = _axes(yaw, item.lean)
    lift = _lift(size, item.lean)
    base = centre + np.array([0, lift, 0])
    if abs(item.lean) > LYING_RAD:
        base = base - up * size.height / 2 + np.array([0, _half_extent(size, item.lean) - lift, 0])
    half = size.width / 2
    front = base + out * (0 if shape is Shape.ROUND else size.depth / 2)
    if shape is Shape.CARTON:
        for sign in (-1.0, 1.0):
            face = base + sign * half * right
            if float((painter.eye - face) @ (sign * right)) > 0:
                edge = face + up * size.height - sign * -out * (size.depth / 2)
                painter.textured(
                    edge,
                    -sign * out * size.depth,
                    -up * size.height,
                    wardrobe.side(item.sku),
                    light * 0.62,
                )
    lid = wardrobe.top(item.sku) if shape is Shape.CARTON else None
    if lid and float((painter.eye - base - up * size.height) @ up) > 0:
        behind = front - half * right + up * size.height - out * size.depth
        painter.textured(behind, 2 * half * right, out * size.depth, lid, light * 0.9)
    corner = front - half * right + up * size.height
    painter.textured(corner, 2 * half * right, -up * size.height, wardrobe.front(item.sku), light)


def _axes(yaw: float, lean: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return right, up and out of a thing turned about the vertical, then leaning in its face."""
    right = np.array([math.cos(yaw), 0.0, -math.sin(yaw)])
    out = np.array([math.sin(yaw), 0.0, math.cos(yaw)])
    up = np.array([0.0, 1.0, 0.0])
    c, s = math.cos(lean), math.sin(lean)
    return c * right + s * up, c * up - s * right, out


def _lift(size: Size, lean: float) -> float:
    """Return how far the base's middle rises so that no corner sinks into the board."""
    return 0.5 * size.width * abs(math.sin(lean))


def _half_extent(size: Size, lean: float) -> float:
    """Return half the vertical extent of a leaning face."""
    return 0.5 * (size.height * abs(math.cos(lean)) + size.width * abs(math.sin(lean)))
