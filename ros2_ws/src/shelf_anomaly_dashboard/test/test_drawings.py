# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The map and the bay from the front: geometry by hand, and text that stays text."""

from __future__ import annotations

from collections.abc import Callable
import math
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import pytest

from shelf_anomaly.store_layout import Bay, parse_store_layout
from shelf_anomaly_dashboard.bay_svg import draw_bay
from shelf_anomaly_dashboard.map_svg import (
    bay_state,
    draw_map,
    footprint,
    FRESH_NS,
    PLACE_NS,
    TODAY_NS,
)
from shelf_anomaly_dashboard.records import AlertRecord
from shelf_anomaly_dashboard.site import Site
from shelf_anomaly_dashboard.views import AlertFilter, BayView, RobotView

SVG = '{http://www.w3.org/2000/svg}'
NOW = 1_790_000_000 * 10**9


def bay(yaw: float, **changes: Any) -> Bay:
    values: dict[str, Any] = {
        'id': 'A1-L01',
        'aisle': 'A1',
        'side': 'left',
        'origin': (2.0, 3.0, 0.1),
        'facing_yaw': yaw,
        'width': 1.0,
        'height': 1.6,
        'levels': (0.0, 0.4, 0.8, 1.2),
    }
    return Bay(**{**values, **changes})


def view(**changes: Any) -> BayView:
    values: dict[str, Any] = {
        'bay': 'A1-L01',
        'aisle': 'A1',
        'on_map': True,
        'open_alerts': 0,
        'result': 'normal',
        'looked_ns': NOW,
        'seen_ns': NOW,
        'coverage': 1.0,
        'refusals': {},
        'robot': 'r',
        'patrol': 'p',
    }
    return BayView(**{**values, **changes})


def found(svg: str, css: str) -> list[Element]:
    return [e for e in fromstring(svg).iter() if css in (e.get('class') or '').split()]


@pytest.mark.parametrize(
    ('yaw', 'right_end', 'back_left', 'turn'),
    [
        # the origin is drawn at (200, -300); depth is 45 cm away from the shopper
        (
            -math.pi / 2,
            (300, -300),
            (200, -345),
            0.0,
        ),  # shopper stands south: right is east, back is north (up)
        (
            math.pi / 2,
            (100, -300),
            (200, -255),
            0.0,
        ),  # shopper stands north: right is west, back is south
        (
            0.0,
            (200, -400),
            (155, -300),
            -90.0,
        ),  # shopper stands east: right is north (up), back is west
        (math.pi, (200, -200), (245, -300), -90.0),  # shopper stands west: right is south
    ],
)
def test_footprint(
    yaw: float, right_end: tuple[float, float], back_left: tuple[float, float], turn: float
) -> None:
    where = footprint(bay(yaw))

    assert where.corners[0] == pytest.approx((200, -300))
    assert where.corners[1] == pytest.approx(right_end)
    assert where.corners[3] == pytest.approx(back_left)
    assert turn == pytest.approx(where.turn)


@pytest.mark.parametrize(
    ('changes', 'expected'),
    [
        ({}, 'fresh'),
        ({'seen_ns': NOW - FRESH_NS}, 'today'),
        ({'seen_ns': NOW - TODAY_NS}, 'old'),
        ({'result': 'not_seen'}, 'unseen'),
        ({'result': None, 'seen_ns': 0}, 'never'),
        ({'result': None, 'open_alerts': 1}, 'alert'),
        ({'result': 'not_seen', 'open_alerts': 2}, 'alert'),
        ({'result': 'alert'}, 'fresh'),  # its alerts are closed since
    ],
)
def test_bay_state(changes: dict[str, Any], expected: str) -> None:
    assert expected == bay_state(view(**changes), NOW)


def test_the_map_shows_every_bay_with_state_number_and_link(site: Site) -> None:
    views = [view(open_alerts=3), view(bay='A1-R01', result='not_seen')]
    svg = draw_map(site.queries.layout, views, (), NOW)

    states = {e.get('data-bay'): (e.get('class') or '').split()[1] for e in found(svg, 'bay')}
    assert states == {'A1-L01': 'alert', 'A1-R01': 'unseen', 'A2-L01': 'never'}
    assert [e.text for e in found(svg, 'count')] == ['3']
    assert {'/?bay=A1-L01', '/?bay=A1-R01', '/?bay=A2-L01'} == {
        e.get('href') for e in found(svg, 'bay-link')
    }
    assert {'L01', 'R01 ?'} == {e.text for e in found(svg, 'name')}


def test_the_map_is_to_scale(site: Site) -> None:
    svg = draw_map(site.queries.layout, (), (), NOW)
    faces = [
        float(e.get(k) or 'nan') for e in found(svg, 'face') for k in ('x1', 'y1', 'x2', 'y2')
    ]

    # each 1.2 m: from (0, 1) to the east, from (1.2, -1) to the west, from (5, 0) to the north
    assert [0, -100, 120, -100, *(120, 100, 0, 100), *(500, 0, 500, -120)] == pytest.approx(faces)


def robot(**changes: Any) -> RobotView:
    values: dict[str, Any] = {
        'robot': 'rover',
        'heard_ns': NOW,
        'connected': True,
        'model': '',
        'status': {},
        'x': 0.5,
        'y': 0.2,
        'yaw': 0.0,
        'placed_ns': NOW,
    }
    return RobotView(**{**values, **changes})


def test_a_robot_is_drawn_where_it_is_and_only_while_that_is_known(site: Site) -> None:
    layout = site.queries.layout

    (group,) = found(draw_map(layout, (), [robot()], NOW), 'robot')
    assert group.get('transform') == 'translate(50.0 -20.0)'
    for unknown in (robot(x=None), robot(placed_ns=NOW - PLACE_NS)):
        assert found(draw_map(layout, (), [unknown], NOW), 'robot') == []


def test_a_lost_robot_does_not_shrink_the_store(site: Site) -> None:
    layout = site.queries.layout
    size = fromstring(draw_map(layout, (), (), NOW)).get('viewBox')

    assert size == fromstring(draw_map(layout, (), [robot(x=1e6)], NOW)).get('viewBox')


def test_a_place_on_the_bay(site: Site, make_alert: Callable[..., AlertRecord]) -> None:
    # 10 cm wide and 20 cm high around (40, 100) cm; the bay is 160 cm high and y goes down
    site.service.write([make_alert(x=0.4, y=1.0, width=0.1, height=0.2, level=2)])
    (alert,) = site.queries.alerts(AlertFilter()).items
    svg = draw_bay(site.queries.layout.bay('A1-L01'), alert)

    (place,) = found(svg, 'place')
    assert [float(place.get(k) or 'nan') for k in ('x', 'y', 'width', 'height')] == [
        35,
        50,
        10,
        20,
    ]
    assert [e.text for e in found(svg, 'here')] == ['3']
    (level,) = found(svg, 'level')
    assert [float(level.get(k) or 'nan') for k in ('y', 'height')] == [40, 40]


def test_a_place_that_is_not_known(site: Site, make_alert: Callable[..., AlertRecord]) -> None:
    site.service.write([make_alert(x=math.nan, level=-1)])
    (alert,) = site.queries.alerts(AlertFilter()).items

    assert found(draw_bay(site.queries.layout.bay('A1-L01'), alert), 'place') == []


def test_hostile_names_stay_text() -> None:
    name = '"><script>alert(1)<b> &'
    document = {
        'version': 1,
        'store': name.replace('/', ''),
        'aisles': [
            {
                'id': name,
                'bays': [
                    {
                        'id': name,
                        'origin': [0, 0, 0],
                        'facing_yaw': 0,
                        'width': 1,
                        'height': 1,
                        'levels': [0],
                    }
                ],
            }
        ],
    }
    layout = parse_store_layout(document)
    svg = draw_map(
        layout, [view(bay=name, refusals={name: 1}, result='not_seen')], [robot(robot=name)], NOW
    )

    assert '<script' not in svg
    assert {
        SVG + t for t in ['svg', 'g', 'a', 'title', 'polygon', 'line', 'text', 'circle', 'path']
    } >= {e.tag for e in fromstring(svg).iter()}
    (link,) = found(svg, 'bay-link')
    assert link.get('href') == '/?bay=%22%3E%3Cscript%3Ealert%281%29%3Cb%3E%20%26'
