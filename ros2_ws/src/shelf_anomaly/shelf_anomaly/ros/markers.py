# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The store in a 3-D view (RViz, Foxglove): bays coloured by their result, alerts as boxes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import math

from builtin_interfaces.msg import Time
from geometry_msgs.msg import Point
from std_msgs.msg import ColorRGBA
from visualization_msgs.msg import Marker, MarkerArray

from ..records import Alert, BayResult
from ..store_layout import Bay, StoreLayout

THICK_M = 0.04
MIN_SIDE_M = 0.02
TEXT_M = 0.10
LINE_M = 0.02
COLOURS: Mapping[BayResult | None, tuple[float, float, float]] = {
    None: (0.55, 0.55, 0.6),
    BayResult.NORMAL: (0.2, 0.75, 0.3),
    BayResult.ALERT: (0.9, 0.2, 0.15),
    BayResult.NOT_SEEN: (1.0, 0.65, 0.0),
}


def markers(
    store: StoreLayout, results: Mapping[str, BayResult], alerts: Sequence[Alert], stamp: Time
) -> MarkerArray:
    """
    Return the whole scene; it replaces the one before.

    :param results: the last result of each bay that was inspected
    :param alerts: the open alerts
    :param stamp: time of publishing
    """
    wipe = Marker(action=Marker.DELETEALL)
    wipe.header.frame_id, wipe.header.stamp = store.frame, stamp
    scene = [wipe]
    for number, bay in enumerate(store.bays.values()):
        colour = COLOURS[results.get(bay.id)]
        outline = _marker(store, stamp, 'bays', number, Marker.LINE_STRIP, colour)
        outline.scale.x = LINE_M
        outline.pose.orientation.w = 1.0
        corners = (
            (0.0, 0.0),
            (bay.width, 0.0),
            (bay.width, bay.height),
            (0.0, bay.height),
            (0.0, 0.0),
        )
        outline.points = [_point(bay, x, y) for x, y in corners]
        scene += [
            outline,
            _text(
                store,
                stamp,
                'bay_names',
                number,
                bay,
                bay.width / 2,
                bay.height + TEXT_M,
                bay.id,
                colour,
            ),
        ]
    for number, alert in enumerate(alerts):
        bay, box = store.bay(alert.bay), alert.box
        cube = _marker(
            store, stamp, 'alerts', number, Marker.CUBE, COLOURS[BayResult.ALERT], alpha=0.6
        )
        cube.pose.position = _point(bay, box.x, box.y)
        cube.pose.orientation.z = math.sin(bay.facing_yaw / 2)
        cube.pose.orientation.w = math.cos(bay.facing_yaw / 2)
        cube.scale.x = THICK_M
        cube.scale.y, cube.scale.z = max(MIN_SIDE_M, box.width), max(MIN_SIDE_M, box.height)
        words = alert.kind.value + (
            f', belongs in {alert.suggested_bays[0]}' if alert.suggested_bays else ''
        )
        height = box.y + box.height / 2 + TEXT_M / 2
        scene += [
            cube,
            _text(store, stamp, 'alert_names', number, bay, box.x, height, words, (1.0, 1.0, 1.0)),
        ]
    return MarkerArray(markers=scene)


def _marker(
    store: StoreLayout,
    stamp: Time,
    namespace: str,
    number: int,
    kind: int,
    colour: tuple[float, float, float],
    alpha: float = 1.0,
) -> Marker:
    marker = Marker(ns=namespace, id=number, type=kind, action=Marker.ADD)
    marker.header.frame_id, marker.header.stamp = store.frame, stamp
    marker.color = ColorRGBA(r=colour[0], g=colour[1], b=colour[2], a=alpha)
    return marker


def _text(
    store: StoreLayout,
    stamp: Time,
    namespace: str,
    number: int,
    bay: Bay,
    x: float,
    y: float,
    words: str,
    colour: tuple[float, float, float],
) -> Marker:
    marker = _marker(store, stamp, namespace, number, Marker.TEXT_VIEW_FACING, colour)
    marker.pose.position = _point(bay, x, y, THICK_M)
    marker.pose.orientation.w = 1.0
    marker.scale.z = TEXT_M
    marker.text = words
    return marker


def _point(bay: Bay, x: float, y: float, out: float = 0.0) -> Point:
    px, py, pz = bay.to_map(x, y, out)
    return Point(x=float(px), y=float(py), z=float(pz))
