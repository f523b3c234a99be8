# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The debug image and the markers: what is drawn lies where it belongs."""

from __future__ import annotations

from dataclasses import replace

from builtin_interfaces.msg import Time
import numpy as np
import pytest
from test_conversions import ALERT
import tiny_store
from visualization_msgs.msg import Marker

from shelf_anomaly.locator import Locator
from shelf_anomaly.records import (
    BayResult,
    Box,
    CameraModel,
    CameraPose,
    Frame,
    Outcome,
    Refusal,
    ViewRefused,
)
from shelf_anomaly.ros.debug_image import ALERT as RED
from shelf_anomaly.ros.debug_image import draw, project, REFUSED, USED
from shelf_anomaly.ros.markers import COLOURS, markers


def test_points_are_projected_with_distortion() -> None:
    pose = tiny_store.camera_pose(2)  # at (0.08, 0, 0.8), looking along +y
    points = np.array([[0.08, 1.0, 0.8], [0.58, 1.0, 0.8]])

    plain = project(points, tiny_store.CAMERA, pose)
    bent = project(points, replace_d(tiny_store.CAMERA, [0.5, 0.0, 0.0, 0.0]), pose)

    assert plain is not None
    assert bent is not None
    assert plain == pytest.approx(np.array([[320.0, 240.0], [320.0 + 0.5 * 420.0, 240.0]]))
    assert bent[0] == pytest.approx([320.0, 240.0])
    assert bent[1, 0] == pytest.approx(320.0 + 210.0 * (1 + 0.5 * 0.25))
    assert project(np.array([[0.0, -1.0, 0.8]]), tiny_store.CAMERA, pose) is None  # behind


def replace_d(camera: CameraModel, d: list[float]) -> CameraModel:
    return replace(camera, d=np.array(d))


def test_bays_and_alerts_are_outlined() -> None:
    camera_pose = CameraPose(tiny_store.camera_pose(8))
    frame = Frame(1, np.zeros((480, 640, 3), np.uint8), tiny_store.CAMERA)
    store = tiny_store.layout()
    views, _ = Locator(store, px_per_m=64.0).locate(
        replace(frame, image=tiny_store.render(8, seed=0)), camera_pose
    )
    assert views
    used = tuple(v for v in views if v.bay == 'A1-L02')
    refused = (ViewRefused('A1-L01', 1, Refusal.SHARPNESS, 0.1, 0.2),)
    alert = replace(ALERT, box=Box(0.3, 0.6, 0.2, 0.3))

    picture = draw(frame, camera_pose.pose, store, Outcome(views=used, refused=refused), [alert])

    assert not frame.image.any()  # drawn on a copy
    for colour in (USED, REFUSED, RED):
        assert (picture == np.array(colour)).all(axis=2).any()
    # The alert's left edge: x 0.2 in the bay that begins at 1.0.
    point = project(
        store.bay('A1-L02').to_map(0.2, 0.6)[None], tiny_store.CAMERA, camera_pose.pose
    )
    assert point is not None
    column, row = point[0].round().astype(int)
    around = picture[row - 1 : row + 2, column - 2 : column + 3]
    assert (around == np.array(RED)).all(axis=2).any()


def test_markers_say_what_is_known() -> None:
    store = tiny_store.layout()
    alert = replace(ALERT, box=Box(0.25, 0.5, 0.2, 0.3))

    scene = markers(store, {'A1-L01': BayResult.NORMAL}, [alert], Time(sec=3)).markers

    assert scene[0].action == Marker.DELETEALL
    bays = [m for m in scene if m.ns == 'bays']
    assert [(m.color.r, m.color.g, m.color.b) for m in bays] == [
        pytest.approx(COLOURS[BayResult.NORMAL]),
        pytest.approx(COLOURS[None]),
    ]
    corner = bays[1].points[2]
    assert (corner.x, corner.y, corner.z) == pytest.approx((2.0, 1.2, 1.4))
    cube = next(m for m in scene if m.ns == 'alerts')
    at = cube.pose.position
    assert (at.x, at.y, at.z) == pytest.approx((1.25, 1.2, 0.7))
    assert (cube.scale.y, cube.scale.z) == pytest.approx((0.2, 0.3))
    assert next(m for m in scene if m.ns == 'alert_names').text == 'misplaced, belongs in A1-L01'
    assert len({(m.ns, m.id) for m in scene}) == len(scene)
    assert all(m.header.frame_id == 'map' for m in scene)
