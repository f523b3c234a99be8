# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Geometry of the drawn store map and of a drawn bay, in picture units, for any renderer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
import math

import numpy as np

from ..records import Alert, BayResult, FloatArray
from ..store_layout import Bay, StoreLayout

DEPTH_M = 0.45
"""How deep a bay is drawn."""
MARGIN_M = 0.5
WIDTH_UNITS = 640.0
MARK_UNITS = 24.0
"""Room of one fault number."""
MIN_UNITS_PER_M = 44.0
"""A bay of one metre must stay readable; larger stores get a wider map that scrolls."""


@dataclass(frozen=True, slots=True)
class DrawnBay:
    """A bay on the map."""

    id: str
    points: str
    """Corners for an SVG polygon, the shelf face first."""
    face: tuple[float, float, float, float]
    """The shelf face: x1, y1, x2, y2."""
    label: tuple[float, float, float]
    """Middle of the bay, and the angle of readable text along it in degrees."""
    font: float
    result: str


@dataclass(frozen=True, slots=True)
class Marker:
    """An alert on the map."""

    number: int
    x: float
    y: float
    resolved: bool


@dataclass(frozen=True, slots=True)
class StoreMap:
    """Everything that a map shows."""

    width: float
    height: float
    bays: tuple[DrawnBay, ...]
    track: str
    """The robot's way, points of an SVG polyline."""
    start: tuple[float, float] | None
    markers: tuple[Marker, ...]


class _Scale:
    """Map metres (x right, y up) to picture units (y down)."""

    def __init__(self, store: StoreLayout, track: Sequence[tuple[float, float]]) -> None:
        corners = [corner for bay in store.bays.values() for corner in _corners(bay)]
        points = np.array([*corners, *track])
        self._low = points.min(axis=0) - MARGIN_M
        self._high = points.max(axis=0) + MARGIN_M
        extent = self._high - self._low
        self.per_m = max(MIN_UNITS_PER_M, WIDTH_UNITS / float(extent[0]))
        self.per_m = min(self.per_m, 120.0)
        self.width, self.height = (float(side) * self.per_m for side in extent)

    def __call__(self, point: Sequence[float] | FloatArray) -> tuple[float, float]:
        x = (float(point[0]) - float(self._low[0])) * self.per_m
        y = (float(self._high[1]) - float(point[1])) * self.per_m
        return round(x, 1), round(y, 1)


def _corners(bay: Bay) -> list[FloatArray]:
    return [
        bay.to_map(x, 0.0, out)[:2]
        for x, out in ((0, 0), (bay.width, 0), (bay.width, -DEPTH_M), (0, -DEPTH_M))
    ]


def draw_store(
    store: StoreLayout,
    results: Mapping[str, BayResult],
    track: Sequence[tuple[float, float]],
    alerts: Sequence[tuple[int, Alert, bool]],
) -> StoreMap:
    """
    Lay a patrol's map out.

    :param store: the layout
    :param results: how each bay ended
    :param track: where the camera drove, metres in the map
    :param alerts: number, alert and whether it was put right, of those to mark
    """
    scale = _Scale(store, track)
    way = [scale(point) for point in track]
    return StoreMap(
        width=round(scale.width, 1),
        height=round(scale.height, 1),
        bays=tuple(_draw_bay(bay, scale, results[bay.id].value) for bay in store.bays.values()),
        track=' '.join(f'{x},{y}' for x, y in way),
        start=way[0] if way else None,
        markers=_marks(alerts, store, scale),
    )


def _draw_bay(bay: Bay, scale: _Scale, result: str) -> DrawnBay:
    corners = [scale(corner) for corner in _corners(bay)]
    (x1, y1), (x2, y2) = corners[0], corners[1]
    middle = scale(bay.to_map(bay.width / 2, 0.0, -DEPTH_M / 2))
    angle = (math.degrees(math.atan2(y2 - y1, x2 - x1)) + 90.0) % 180.0 - 90.0
    font = min(
        DEPTH_M * scale.per_m * 0.42, bay.width * scale.per_m / (0.68 * max(3, len(bay.id)))
    )
    return DrawnBay(
        id=bay.id,
        points=' '.join(f'{x},{y}' for x, y in corners),
        face=(x1, y1, x2, y2),
        label=(*middle, round(angle, 1)),
        font=round(font, 1),
        result=result,
    )


def _marks(
    alerts: Sequence[tuple[int, Alert, bool]], store: StoreLayout, scale: _Scale
) -> tuple[Marker, ...]:
    """Place the numbers before the faces; one above another on the shelf moves farther out."""
    marks: list[Marker] = []
    for number, alert, resolved in alerts:
        bay, out = store.bay(alert.bay), MARK_UNITS / 2 / scale.per_m
        x, y = scale(bay.to_map(alert.box.x, 0.0, out))
        while any(math.hypot(x - m.x, y - m.y) < MARK_UNITS for m in marks):
            out += 0.5 * MARK_UNITS / scale.per_m
            x, y = scale(bay.to_map(alert.box.x, 0.0, out))
        marks.append(Marker(number, x, y, resolved))
    return tuple(marks)


@dataclass(frozen=True, slots=True)
class DrawnFace:
    """A bay as a shopper sees it, with one place marked; centimetres, y down."""

    width: float
    height: float
    boards: tuple[float, ...]
    facings: tuple[tuple[float, float, float, float], ...]
    """Planogram facings: x, y, width, height."""
    box: tuple[float, float, float, float]


def draw_face(bay: Bay, alert: Alert) -> DrawnFace:
    """Lay out the face of a bay with the place of an alert on it."""
    facings = []
    for product in bay.products:
        low, high = bay.level_span(product.level)
        top = high - 0.15 * (high - low)  # products leave some air below the next board
        facings.append(_cm(product.x, bay.height - top, product.width, top - low))
    box = alert.box
    left, top = box.x - box.width / 2, bay.height - box.y - box.height / 2
    return DrawnFace(
        width=round(100 * bay.width, 1),
        height=round(100 * bay.height, 1),
        boards=tuple(round(100 * (bay.height - level), 1) for level in bay.levels),
        facings=tuple(facings),
        box=_cm(left, top, box.width, box.height),
    )


def _cm(x: float, y: float, width: float, height: float) -> tuple[float, float, float, float]:
    return round(100 * x, 1), round(100 * y, 1), round(100 * width, 1), round(100 * height, 1)
