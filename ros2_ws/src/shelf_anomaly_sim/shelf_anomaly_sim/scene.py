# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Draws one bay: panels, boards, rails with labels and what stands on them, back to front."""

from __future__ import annotations

import math

import numpy as np

from shelf_anomaly.records import FloatArray

from .item_drawing import draw_item, LYING_RAD
from .painter import Painter
from .planner import BOARD_M
from .stock import Item, Stock
from .store import SHELF_DEPTH_M, SimBay, Slot
from .wardrobe import Wardrobe

POST_M = 0.035
LABEL_M = (0.062, 0.025)
STRIPS = 6
LEVEL_DIMMING = 0.05  # each lower board gets less light
BIN_SLOPE_M = 0.16  # a bin's heap lies this much further back at its top


def draw_bay(painter: Painter, sim: SimBay, stock: Stock, wardrobe: Wardrobe) -> None:
    """
    Draw a bay with its stock.

    Boards above the camera hide what stands on them, boards below it do not; so the levels are
    drawn from the farthest (highest, lowest) towards the camera's height.
    """
    if not painter.in_sight(_hull(sim)):
        return
    eye_y = float(painter.eye[1])
    _walls(painter, sim)
    boards = list(sim.bay.levels)
    above = [i for i, y in enumerate(boards) if y >= eye_y]
    below = [i for i, y in enumerate(boards) if y < eye_y]
    for level in reversed(above):
        _level(painter, sim, level, stock, wardrobe)
        _board(painter, sim, level, wardrobe)
    for level in below:
        _board(painter, sim, level, wardrobe)
        if level != below[-1]:
            _level(painter, sim, level, stock, wardrobe)
    if below:
        _level(painter, sim, below[-1], stock, wardrobe)
        _rail(painter, sim, below[-1], wardrobe)
    _ends(painter, sim)
    _posts(painter, sim)


def _hull(sim: SimBay) -> FloatArray:
    """Return the corners of the room that a bay fills, with what sticks out."""
    xs, ys, outs = (
        (-0.3, sim.bay.width + 0.3),
        (-float(sim.bay.origin[2]), sim.bay.height + 0.3),
        (-SHELF_DEPTH_M, 0.1),
    )
    return np.array([[x, y, out] for x in xs for y in ys for out in outs])


def light_at(sim: SimBay, level: int) -> float:
    """Return how much of the light reaches a board, 1 at the highest."""
    return 1.0 - LEVEL_DIMMING * (len(sim.bay.levels) - 1 - level)


def _rect(x0: float, x1: float, y0: float, y1: float, out: float) -> FloatArray:
    return np.array([[x0, y1, out], [x1, y1, out], [x1, y0, out], [x0, y0, out]])


def _dim(bgr: tuple[int, int, int], light: float) -> tuple[float, float, float]:
    return bgr[0] * light, bgr[1] * light, bgr[2] * light


def _walls(painter: Painter, sim: SimBay) -> None:
    """Draw back panel and side panels, darker under each board, and the plinth."""
    bay, deep = sim.bay, -SHELF_DEPTH_M
    for level in range(len(bay.levels)):
        low, high = bay.level_span(level)
        light = light_at(sim, level)
        edges = np.linspace(low, high, STRIPS + 1)
        for i in range(STRIPS):
            y0, y1 = float(edges[i]), float(edges[i + 1])
            part = light * (0.92 - 0.42 * (i / (STRIPS - 1)) ** 2 - (0.12 if i == 0 else 0.0))
            painter.plain(_rect(0, bay.width, y0, y1, deep), _dim(sim.panel_bgr, part))
            for x, lit in ((0.0, painter.eye[0] > 0), (bay.width, painter.eye[0] < bay.width)):
                if lit:
                    wall = np.array([[x, y1, deep], [x, y1, 0], [x, y0, 0], [x, y0, deep]])
                    painter.plain(wall, _dim(sim.panel_bgr, part * 0.72))
    base = float(bay.origin[2])
    painter.plain(_rect(0, bay.width, -base, 0, -0.04), _dim(sim.panel_bgr, 0.35))


def _board(painter: Painter, sim: SimBay, level: int, wardrobe: Wardrobe) -> None:
    """Draw a board: its upper side from above, its darker underside from below, its rail."""
    y, width, light = sim.bay.levels[level], sim.bay.width, light_at(sim, level)
    seen_from_above = painter.eye[1] > y
    face = y if seen_from_above else y - BOARD_M
    steps = np.linspace(-SHELF_DEPTH_M, 0, STRIPS + 1)
    for i in range(STRIPS):
        o0, o1 = float(steps[i]), float(steps[i + 1])
        plane = np.array([[0, face, o0], [width, face, o0], [width, face, o1], [0, face, o1]])
        part = 0.55 + 0.4 * i / (STRIPS - 1) if seen_from_above else 0.3 + 0.15 * i / (STRIPS - 1)
        painter.plain(plane, _dim(sim.panel_bgr, part * light))
    _rail(painter, sim, level, wardrobe)


def _rail(painter: Painter, sim: SimBay, level: int, wardrobe: Wardrobe) -> None:
    """Draw the price rail on a board's front edge, one label a block."""
    y, light = sim.bay.levels[level], light_at(sim, level)
    painter.plain(_rect(0, sim.bay.width, y - BOARD_M, y, 0.004), _dim(sim.rail_bgr, light))
    painter.plain(
        _rect(0, sim.bay.width, y - 0.003, y, 0.0045), _dim(sim.rail_bgr, min(1.25 * light, 1.3))
    )
    done = set()
    for slot in sim.level_slots(level):
        if slot.block in done:
            continue
        done.add(slot.block)
        left = slot.x + max(0.004, 0.5 * (min(slot.width, 0.2) - LABEL_M[0]))
        top = y - 0.5 * (BOARD_M - LABEL_M[1])
        painter.textured(
            np.array([left, top, 0.006]),
            np.array([LABEL_M[0], 0, 0]),
            np.array([0, -LABEL_M[1], 0]),
            wardrobe.label(slot),
            light,
        )


def _ends(painter: Painter, sim: SimBay) -> None:
    """Draw the side panel that hides the inside of a bay from who looks at it from beside."""
    x = 0.0 if painter.eye[0] < 0 else sim.bay.width if painter.eye[0] > sim.bay.width else None
    if x is None:
        return
    deep, low, high = -SHELF_DEPTH_M, -float(sim.bay.origin[2]), sim.bay.height
    panel = np.array([[x, high, deep], [x, high, 0], [x, low, 0], [x, low, deep]])
    painter.plain(panel, _dim(sim.panel_bgr, 0.5))


def _posts(painter: Painter, sim: SimBay) -> None:
    """Draw the upright halves that this bay shares with its neighbours."""
    height = sim.bay.height
    for x0, x1 in (
        (-POST_M / 2, POST_M / 2),
        (sim.bay.width - POST_M / 2, sim.bay.width + POST_M / 2),
    ):
        painter.plain(
            _rect(x0, x1, -float(sim.bay.origin[2]), height + 0.05, 0.001),
            _dim(sim.panel_bgr, 0.8),
        )
        middle = (x0 + x1) / 2
        painter.plain(
            _rect(middle - 0.003, middle + 0.003, 0, height + 0.05, 0.002),
            _dim(sim.panel_bgr, 0.45),
        )


def _level(painter: Painter, sim: SimBay, level: int, stock: Stock, wardrobe: Wardrobe) -> None:
    """Draw what is on one board; a nearer column hides one farther off, never the other way."""
    light = light_at(sim, level)
    board = sim.bay.levels[level]
    slots = [s for s in sim.level_slots(level) if _in_sight(painter, s, board)]
    slots.sort(key=lambda s: -abs(s.centre - float(painter.eye[0])))
    lying: list[Item] = []
    for slot in slots:
        if slot.produce:
            _bin(painter, sim, slot, stock, wardrobe, light)
            continue
        for item in sorted(stock.items[slot.bay, slot.index], key=lambda i: -i.push):
            if abs(item.lean) > LYING_RAD:
                lying.append(item)  # reaches over its neighbours, which were pushed back for it
            else:
                draw_item(painter, item, board, wardrobe, light)
    for item in lying:
        draw_item(painter, item, board, wardrobe, light)
    top = sim.bay.level_span(level)[1] - (BOARD_M if level + 1 < len(sim.bay.levels) else -0.02)
    deep = 0.3 * (top - board)
    painter.textured(
        np.array([0, top, -0.002]),
        np.array([sim.bay.width, 0, 0]),
        np.array([0, -deep, 0]),
        wardrobe.overhang,
    )


def _in_sight(painter: Painter, slot: Slot, board: float) -> bool:
    """Tell whether any of a slot can be in the image; a little room is left for what leans out."""
    x0, x1 = slot.x - 0.12, slot.x + slot.width + 0.12
    y0, y1 = board - 0.05, board + slot.height + 0.1
    corners = np.array(
        [[x, y, o] for x in (x0, x1) for y in (y0, y1) for o in (-SHELF_DEPTH_M, 0.05)]
    )
    return painter.in_sight(corners)


def _bin(
    painter: Painter, sim: SimBay, slot: Slot, stock: Stock, wardrobe: Wardrobe, light: float
) -> None:
    """Draw a bin: its heap slopes back from the lip."""
    heap = stock.heaps[slot.bay, slot.index]
    board = sim.bay.levels[slot.level]
    top = np.array([slot.x, board + slot.height, -BIN_SLOPE_M])
    across, down = np.array([slot.width, 0, 0]), np.array([0, -slot.height, BIN_SLOPE_M - 0.01])
    painter.textured(top, across, down, wardrobe.heap(slot, heap), light)
    if heap.lying:
        name, u, v, size, turn = heap.lying
        texture = wardrobe.front(name)
        scale = size / max(1.0, texture.aspect)
        half_w, half_h = 0.5 * scale * texture.aspect, 0.5 * scale
        middle = top + u * across + (1 - v) * down + np.array([0, 0, 0.02])
        slope = down / np.linalg.norm(down)
        right = np.array([math.cos(turn), 0, 0]) + math.sin(turn) * slope
        below = -math.sin(turn) * np.array([1.0, 0, 0]) + math.cos(turn) * slope
        corner = middle - half_w * right - half_h * below
        shadow = corner + 0.012 * slope - 0.012 * right
        painter.textured(
            shadow - 0.01,
            right * (2 * half_w + 0.02),
            below * (2 * half_h + 0.02),
            wardrobe.contact,
        )
        painter.textured(corner, right * 2 * half_w, below * 2 * half_h, texture, light)
    wall = _rect(slot.x - 0.01, slot.x, board, board + slot.height + 0.02, 0.0)
    painter.plain(wall, _dim(sim.panel_bgr, 0.6 * light))
    painter.plain(wall + np.array([slot.width + 0.01, 0, 0]), _dim(sim.panel_bgr, 0.6 * light))
