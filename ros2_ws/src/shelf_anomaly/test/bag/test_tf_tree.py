# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Chains of frames, up, down and across, at a time."""

import math

import numpy as np
import pytest

from shelf_anomaly.bag.tf_tree import TfTree
from shelf_anomaly.errors import PoseError
from shelf_anomaly.records import Pose

S = 1_000_000_000


def pose(x: float, y: float = 0.0, yaw: float = 0.0) -> Pose:
    return Pose(np.array([x, y, 0.0]), np.array([0, 0, math.sin(yaw / 2), math.cos(yaw / 2)]))


def tree() -> TfTree:
    """Map -> odom -> base (moves) -> camera and lidar (fixed)."""
    made = TfTree()
    for i in range(3):
        made.add('map', 'odom', i * S // 2, pose(10.0))
        made.add('odom', 'base', i * S // 2, pose(i, 0.0, math.pi / 2))
    made.add_static('base', 'camera', pose(1.0))
    made.add_static('/base', '/lidar', pose(0.0, 1.0))
    return made


@pytest.mark.parametrize(
    ('parent', 'child', 'at_s', 'x', 'y'),
    [
        ('map', 'base', 0.0, 10.0, 0.0),
        ('map', 'base', 0.25, 10.5, 0.0),  # half way between two samples
        ('map', 'camera', 0.5, 11.0, 1.0),  # base looks along y, the camera is 1 m before it
        ('base', 'map', 0.5, 0.0, 11.0),  # the other way round: map's origin is 11 m to the left
        ('lidar', 'camera', 0.5, 1.0, -1.0),  # across: both hang on base
        ('/map', 'camera', 0.5, 11.0, 1.0),
        ('camera', 'camera', 0.0, 0.0, 0.0),
    ],
)
def test_chains(parent: str, child: str, at_s: float, x: float, y: float) -> None:
    found = tree().at(parent, child, round(at_s * S))
    assert found.pose.position == pytest.approx([x, y, 0.0], abs=1e-9)
    assert found.age_ns == 0


def test_age_is_that_of_the_oldest_link() -> None:
    made = tree()
    made.add('map', 'odom', 3 * S // 2, pose(10.0))
    assert made.at('map', 'camera', 13 * S // 10).age_ns == 3 * S // 10


def test_ready_when_every_moving_link_is() -> None:
    made = tree()
    assert made.ready('map', 'camera', S)
    assert not made.ready('map', 'camera', S + 1)
    assert not made.ready('map', 'nowhere', 0)
    assert made.ready('base', 'camera', 99 * S)


def test_a_new_parent_starts_anew_and_what_is_fixed_survives_clearing() -> None:
    made = tree()
    made.add_static('base', 'camera', pose(2.0))
    made.add('mast', 'camera', 0, pose(5.0))
    made.add_static('base', 'mast', pose(0.0))
    assert made.at('base', 'camera', 0).pose.position[0] == 5.0
    made.clear_moving()
    assert made.at('base', 'lidar', 0).pose.position[1] == 1.0
    with pytest.raises(PoseError, match='no transform odom -> base at this time'):
        made.at('odom', 'base', 0)


def test_what_is_not_connected_is_named_with_what_is_known() -> None:
    with pytest.raises(PoseError, match="'map' with 'arm'; frames known: base, camera, lidar"):
        tree().at('map', 'arm', 0)


def test_no_link_and_a_loop() -> None:
    made = TfTree()
    with pytest.raises(PoseError, match='links no two frames'):
        made.add('map', '/map', 0, pose(0))
    made.add_static('a', 'b', pose(0))
    made.add_static('b', 'a', pose(0))
    with pytest.raises(PoseError, match='form a loop'):
        made.at('a', 'b', 0)
