# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The store drawn to scale from its layout, north up: bays by state, robots where they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
import math
from urllib.parse import quote
from xml.etree.ElementTree import Element

from shelf_anomaly.store_layout import Bay, StoreLayout

from . import words
from .drawing import add, canvas, Point, points, text_of
from .views import BayView, RobotView

CM = 100.0
DEPTH_M = 0.45
"""How deep a shelf is drawn; a layout only knows its face."""
REACH_M = 0.35
"""How far in front of a bay a tap still means it."""
BADGE_M = 0.28
"""How far in front of a bay the number of its alerts stands."""
MARGIN_M = 0.5
FRESH_NS = 4 * 3600 * 10**9
TODAY_NS = 24 * 3600 * 10**9
PLACE_NS = 60 * 10**9
"""A robot's place that is older than this is not drawn."""

LEGEND = (
    ('alert', 'Something to do'),
    ('fresh', 'All good'),
    ('today', 'All good, some hours ago'),
    ('old', 'Not seen today'),
    ('unseen', 'Robot could not see it'),
    ('never', 'Not looked at yet'),
)


@dataclass(frozen=True, slots=True)
class Footprint:
    """A bay from above, in drawing units (centimetres, y down)."""

    corners: tuple[Point, Point, Point, Point]
    """Face left, face right, back right, back left."""
    reach: tuple[Point, Point, Point, Point]
    """Where a tap means the bay: its footprint and some floor before it."""
    middle: Point
    badge: Point
    turn: float
    """Degrees that the label is turned so that it can be read."""


def bay_state(view: BayView, now_ns: int) -> str:
    """Return a bay's state for colouring: one of those in ``LEGEND``."""
    if view.open_alerts:
        return 'alert'
    if view.result is None:
        return 'never'
    if view.result == 'not_seen':
        return 'unseen'
    elapsed = now_ns - view.seen_ns
    return 'fresh' if elapsed < FRESH_NS else 'today' if elapsed < TODAY_NS else 'old'


@lru_cache(maxsize=10_000)
def footprint(bay: Bay) -> Footprint:
    """Return where a bay stands on the drawing."""

    def at(along: float, out: float) -> Point:
        x, y, _ = bay.to_map(along, 0.0, out)
        return float(x) * CM, -float(y) * CM

    width = bay.width
    angle = math.degrees(math.atan2(-float(bay.right[1]), float(bay.right[0])))
    turn = (angle + 90.0) % 180.0 - 90.0  # never upside down
    return Footprint(
        corners=(at(0, 0), at(width, 0), at(width, -DEPTH_M), at(0, -DEPTH_M)),
        reach=(at(0, REACH_M), at(width, REACH_M), at(width, -DEPTH_M), at(0, -DEPTH_M)),
        middle=at(width / 2, -DEPTH_M / 2),
        badge=at(width / 2, BADGE_M),
        turn=-90.0 if abs(turn + 90.0) < 1e-6 else turn,
    )


def build_map(
    layout: StoreLayout,
    bays: Sequence[BayView],
    robots: Sequence[RobotView],
    now_ns: int,
    *,
    highlight: Sequence[str] = (),
    home: str = '',
    linked: bool = True,
) -> Element:
    """
    Draw the store, as a part of a page.

    :param layout: where the bays are
    :param bays: their state; a bay that is not in the layout is not drawn
    :param robots: where they are, if that is known
    :param now_ns: the present time, nanoseconds
    :param highlight: bays to point out, the others are drawn pale
    :param home: the bay where something belongs, pointed out in another colour
    :param linked: whether a tap on a bay leads to its alerts
    :return: an SVG element
    """
    views = {view.bay: view for view in bays}
    prints = {bay.id: footprint(bay) for bay in layout.bays.values()}
    drawn = [
        robot for robot in robots if robot.x is not None and now_ns - robot.placed_ns < PLACE_NS
    ]
    svg = _canvas(prints, drawn, layout.store, pale=bool(highlight))
    if linked:
        svg.set('role', 'group')  # an image may have no links inside
    for aisle in layout.aisles:
        _draw_aisle_name(svg, layout, aisle)
    for bay in layout.bays.values():
        view = views.get(bay.id) or BayView(
            bay.id, bay.aisle, True, 0, None, 0, 0, None, {}, '', ''
        )
        mark = 'marked' if bay.id in highlight else 'home' if bay.id == home else ''
        _draw_bay(svg, bay, prints[bay.id], view, now_ns, linked=linked, mark=mark)
    for robot in drawn:
        _draw_robot(svg, robot)
    _draw_scale(svg)
    return svg


def draw_map(
    layout: StoreLayout,
    bays: Sequence[BayView],
    robots: Sequence[RobotView],
    now_ns: int,
    *,
    highlight: Sequence[str] = (),
    home: str = '',
    linked: bool = True,
) -> str:
    """Draw the store, as ``build_map``, and return an SVG document."""
    return text_of(
        build_map(layout, bays, robots, now_ns, highlight=highlight, home=home, linked=linked)
    )


def _canvas(
    prints: dict[str, Footprint], robots: Sequence[RobotView], store: str, *, pale: bool
) -> Element:
    corners = [corner for p in prints.values() for corner in (*p.corners, *p.reach)]
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    for robot in robots:  # a lost robot must not shrink the store to a dot
        x, y = CM * (robot.x or 0.0), -CM * (robot.y or 0.0)
        if min(xs) - 500 < x < max(xs) + 500 and min(ys) - 500 < y < max(ys) + 500:
            xs.append(x)
            ys.append(y)
    margin = MARGIN_M * CM
    left, top = min(xs) - margin, min(ys) - margin
    width, height = max(xs) - left + margin, max(ys) - top + margin
    svg = canvas(left, top, width, height + 40, f'Map of {store}', 'map pale' if pale else 'map')
    # Large stores scroll rather than shrink below what a thumb can hit.
    high = height + 40
    size = f'--cm:{width:.0f};--high:{high:.0f};aspect-ratio:{width:.0f}/{high:.0f}'
    svg.set('style', size)
    svg.set('data-left', f'{left:.1f}')
    svg.set('data-bottom', f'{top + height:.1f}')
    return svg


def _draw_aisle_name(svg: Element, layout: StoreLayout, aisle: str) -> None:
    faces = [bay.to_map(bay.width / 2, 0.0, 0.6) for bay in layout.in_aisle(aisle)]
    if not faces:
        return
    x = sum(float(p[0]) for p in faces) / len(faces) * CM
    y = -sum(float(p[1]) for p in faces) / len(faces) * CM
    add(svg, 'text', 'aisle', f'Aisle {aisle}', x=x, y=y)


def _draw_bay(
    svg: Element,
    bay: Bay,
    where: Footprint,
    view: BayView,
    now_ns: int,
    *,
    linked: bool,
    mark: str,
) -> None:
    state = bay_state(view, now_ns)
    label = f'{bay.id}: {words.bay(view, now_ns)}'
    css = f'bay {state} {mark}'.rstrip()
    parent = svg
    if linked:
        parent = add(
            svg, 'a', 'bay-link', href=f'/?bay={quote(bay.id, safe="")}', aria_label=label
        )
    group = add(parent, 'g', css, data_bay=bay.id)
    add(group, 'title', text=label)
    if linked:
        add(group, 'polygon', 'reach', points=points(where.reach))
    add(group, 'polygon', 'body', points=points(where.corners))
    (x1, y1), (x2, y2) = where.corners[:2]
    add(group, 'line', 'face', x1=x1, y1=y1, x2=x2, y2=y2)
    # A bay that was not seen is told by more than its colour.
    short = bay.id.removeprefix(f'{bay.aisle}-') + (' ?' if state == 'unseen' and linked else '')
    x, y = where.middle
    add(
        group,
        'text',
        'name',
        short,
        x=x,
        y=y,
        transform=f'rotate({where.turn:.1f} {x:.1f} {y:.1f})',
    )
    if view.open_alerts and not mark:
        x, y = where.badge
        add(group, 'circle', 'badge', cx=x, cy=y, r=19)
        add(group, 'text', 'count', str(min(99, view.open_alerts)), x=x, y=y)


def _draw_robot(svg: Element, robot: RobotView) -> None:
    x, y = CM * (robot.x or 0.0), -CM * (robot.y or 0.0)
    turn = -math.degrees(robot.yaw or 0.0)
    group = add(
        svg,
        'g',
        'robot' if robot.connected else 'robot silent',
        transform=f'translate({x:.1f} {y:.1f})',
    )
    add(group, 'title', text=f'Robot {robot.robot}')
    add(group, 'circle', 'halo', r=34)
    add(group, 'path', d='M24 0 L-15 16 L-8 0 L-15 -16 Z', transform=f'rotate({turn:.1f})')


def _draw_scale(svg: Element) -> None:
    left, bottom = float(svg.get('data-left', '0')) + 25, float(svg.get('data-bottom', '0')) + 12
    add(svg, 'path', 'scale', d=f'M{left:.1f} {bottom - 7:.1f} v7 h100 v-7')
    add(svg, 'text', 'metre', '1 m', x=left + 112, y=bottom)
