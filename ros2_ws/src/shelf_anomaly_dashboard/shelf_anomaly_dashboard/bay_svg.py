# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""One bay as someone who stands before it sees it, with the places of its alerts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from xml.etree.ElementTree import Element

from shelf_anomaly.store_layout import Bay

from .drawing import add, canvas, text_of
from .views import AlertView

CM = 100.0


class Spot(Protocol):
    """A place on a bay: an alert's, or where an item belongs."""

    @property
    def level(self) -> int:
        """Board from below."""

    @property
    def x(self) -> float | None:
        """Centre, metres right of the bay's origin."""

    @property
    def y(self) -> float | None:
        """Centre, metres above the bay's origin."""

    @property
    def width(self) -> float | None:
        """Metres."""

    @property
    def height(self) -> float | None:
        """Metres."""


SMALLEST_M = 0.09
"""A place is drawn at least this large, so that it can be seen on a phone."""


def draw_bay(bay: Bay, alert: Spot, others: Sequence[AlertView] = ()) -> str:
    """Draw a bay, as ``build_bay``, and return an SVG document."""
    return text_of(build_bay(bay, alert, others))


def build_bay(bay: Bay, alert: Spot, others: Sequence[AlertView] = ()) -> Element:
    """
    Draw a bay with the place of one alert pointed out, as a part of a page.

    :param bay: the bay
    :param alert: the alert to point out
    :param others: further open alerts of the bay, drawn faintly
    :return: an SVG element in centimetres, y down
    """
    width, height = bay.width * CM, bay.height * CM
    svg = canvas(-34, -8, width + 42, height + 20, f'Bay {bay.id} from the front', 'bay-front')
    add(svg, 'rect', 'frame', x=0, y=0, width=width, height=height, rx=3)
    for board, low in enumerate(bay.levels):
        bottom, top = bay.level_span(board)
        here = board == alert.level
        if here:
            add(
                svg,
                'rect',
                'level',
                x=0,
                y=height - top * CM,
                width=width,
                height=(top - bottom) * CM,
            )
        add(
            svg,
            'text',
            'number here' if here else 'number',
            str(board + 1),
            x=-17,
            y=height - (bottom + top) / 2 * CM,
        )
        add(svg, 'line', 'board', x1=0, y1=height - low * CM, x2=width, y2=height - low * CM)
    for other in others:
        if other.id != getattr(alert, 'id', ''):
            _draw_place(svg, bay, other, 'other')
    _draw_place(svg, bay, alert, 'place')
    return svg


def _draw_place(svg: Element, bay: Bay, alert: Spot, css: str) -> None:
    if alert.x is None or alert.y is None:
        return
    width = max(SMALLEST_M, min(bay.width, alert.width or 0.0))
    height = max(SMALLEST_M, min(bay.height, alert.height or 0.0))
    x = min(bay.width, max(0.0, alert.x))
    y = min(bay.height, max(0.0, alert.y))
    left, top = (x - width / 2) * CM, (bay.height - y - height / 2) * CM
    add(svg, 'rect', css, x=left, y=top, width=width * CM, height=height * CM, rx=3)
