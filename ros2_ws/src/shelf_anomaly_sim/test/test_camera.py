# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Where the cameras sit and look."""

import math

import numpy as np
import pytest

from shelf_anomaly_sim.camera import CameraSpec, parse_cameras, quaternion_of, yaw_pose
from shelf_anomaly_sim.errors import PlanError


def test_left_camera_looks_left() -> None:
    """By hand: z forward is +y of base_link, x right is +x, y down is -z."""
    rotation = CameraSpec().mount.rotation
    assert rotation == pytest.approx(np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]]), abs=1e-12)
    assert CameraSpec().mount.quaternion == pytest.approx(
        [-math.sqrt(0.5), 0, 0, math.sqrt(0.5)], abs=1e-12
    )


def test_right_camera_looks_right() -> None:
    """By hand: z forward is -y, x right is -x."""
    rotation = CameraSpec(yaw=-math.pi / 2).mount.rotation
    assert rotation == pytest.approx(np.array([[-1, 0, 0], [0, 0, -1], [0, -1, 0]]), abs=1e-12)


def test_tilt_up_raises_the_line_of_sight() -> None:
    """Tilted by 30 degrees the line of sight climbs with sin 30 = 0.5."""
    assert CameraSpec(tilt=math.radians(30)).mount.rotation[2, 2] == pytest.approx(0.5)


def test_quaternion_of_every_rotation() -> None:
    """Back and forth, half turns too."""
    for yaw in np.linspace(-math.pi, math.pi, 17):
        rotation = yaw_pose(0, 0, float(yaw)).rotation
        again = quaternion_of(rotation)
        assert abs(again @ yaw_pose(0, 0, float(yaw)).quaternion) == pytest.approx(1.0)


def test_two_cameras_get_their_own_topics_and_frames() -> None:
    """One is ``camera``; two carry their side."""
    assert [c.name for c in parse_cameras('left')] == ['camera']
    both = parse_cameras('left,right', resolution=(640, 480), focal_px=400.0, height=1.2)
    assert [(c.name, c.frame_id) for c in both] == [
        ('camera_left', 'camera_left_optical_frame'),
        ('camera_right', 'camera_right_optical_frame'),
    ]
    assert both[0].model.k[0].tolist() == [400.0, 0.0, 320.0]
    assert both[1].mount.position.tolist() == [0.0, 0.0, 1.2]


@pytest.mark.parametrize('text', ['up', 'left,left', ''])
def test_unknown_side_is_named(text: str) -> None:
    """The word comes back in the message."""
    with pytest.raises(PlanError, match=f"cameras: '{text}' is not known; expected left, right"):
        parse_cameras(text)
