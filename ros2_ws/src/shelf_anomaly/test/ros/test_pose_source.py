# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Where the camera was: from a topic over real DDS; from TF where tf2_ros is installed."""

from __future__ import annotations

from dataclasses import replace
import logging
import math
from typing import Any

from geometry_msgs.msg import PoseWithCovarianceStamped
from graph import Graph, wait
import numpy as np
import pytest
from rclpy.qos import DurabilityPolicy
import tiny_store

from shelf_anomaly.errors import PoseError, SettingsError
from shelf_anomaly.records import Pose
from shelf_anomaly.ros import qos
from shelf_anomaly.ros.conversions import ns_to_stamp, pose_to_message
from shelf_anomaly.ros.guard import Guard
from shelf_anomaly.ros.health import Health
from shelf_anomaly.ros.parameter_table import SPECS
from shelf_anomaly.ros.parameters import validate
from shelf_anomaly.ros.pose_source import make_pose_source, PoseSource
from shelf_anomaly.ros.tf_pose_source import tf_available

S = 1_000_000_000
T0 = tiny_store.START_NS
VALUES: dict[str, Any] = {s.name: s.default for s in SPECS} | {'model': '/m', 'store': '/s'}
MOUNT = (0.1, 0.2, 0.9, -math.sqrt(0.5), 0.0, 0.0, math.sqrt(0.5))
TOPIC = validate(VALUES | {'pose_source': 'topic', 'camera_mount': MOUNT})


def pose(
    stamp_ns: int, x: float, yaw: float = 0.0, frame: str = 'map'
) -> PoseWithCovarianceStamped:
    message = PoseWithCovarianceStamped()
    message.header.stamp, message.header.frame_id = ns_to_stamp(stamp_ns), frame
    turned = Pose(
        np.array([x, 0.0, 0.0]), np.array([0.0, 0.0, math.sin(yaw / 2), math.cos(yaw / 2)])
    )
    message.pose.pose = pose_to_message(turned)
    message.pose.covariance[0] = message.pose.covariance[7] = 0.0004
    message.pose.covariance[35] = 0.0001
    return message


@pytest.fixture
def health() -> Health:
    return Health()


@pytest.fixture
def source(graph: Graph, health: Health) -> PoseSource:
    return make_pose_source(
        graph.node, TOPIC, 'map', Guard(health, logging.getLogger()), lambda: None
    )


def test_it_is_interpolated_at_the_stamp_and_put_on_the_mount(
    graph: Graph, source: PoseSource
) -> None:
    assert source.at(T0, 'cam') is None
    with pytest.raises(PoseError, match='no pose has arrived on /robot_pose'):
        source.best(T0, 'cam')
    poses = graph.publisher(PoseWithCovarianceStamped, 'robot_pose')
    poses.publish(pose(T0, 1.0, math.pi / 2))
    poses.publish(pose(T0 + S // 5, 2.0, math.pi / 2))

    found = wait(lambda: source.at(T0 + S // 20, 'cam'), 'the pose')

    # A quarter of the way, turned to the left: the mount's x points to +y of the map.
    assert found.pose.position == pytest.approx([1.25 - 0.2, 0.1, 0.9])
    assert found.age_ns == 0
    assert (found.sigma_m, found.sigma_rad) == (pytest.approx(0.02), pytest.approx(0.01))
    age = source.age_s()
    assert age is not None
    assert 0 <= age < 10


def test_a_frame_that_is_ahead_of_the_poses_waits(graph: Graph, source: PoseSource) -> None:
    graph.publisher(PoseWithCovarianceStamped, 'robot_pose').publish(pose(T0, 1.0))
    wait(lambda: source.at(T0, 'cam'), 'the pose')

    assert source.at(T0 + 1, 'cam') is None
    assert source.best(T0 + S, 'cam').age_ns == S


def test_time_that_jumps_back_forgets_the_other_recording_only(
    graph: Graph, source: PoseSource
) -> None:
    poses = graph.publisher(PoseWithCovarianceStamped, 'robot_pose')
    poses.publish(pose(T0, 1.0))
    wait(lambda: source.at(T0, 'cam'), 'the pose')

    source.rewind(T0 - 10 * S)  # the frame came before the first pose of its recording

    assert source.at(T0 - 10 * S, 'cam') is None
    poses.publish(pose(T0 - 10 * S, 5.0))
    wait(lambda: source.at(T0 - 10 * S, 'cam'), 'the pose')
    source.rewind(T0 - 10 * S)  # the pose came first: it stays
    assert source.at(T0 - 10 * S, 'cam') is not None


def test_what_is_no_pose_is_counted(graph: Graph, source: PoseSource, health: Health) -> None:
    poses = graph.publisher(PoseWithCovarianceStamped, 'robot_pose')
    bad = pose(T0, 1.0)
    bad.pose.pose.position.x = math.nan
    poses.publish(bad)
    poses.publish(pose(T0, 1.0, frame='odom'))
    poses.publish(pose(0, 1.0))

    wait(lambda: len(health.snapshot().problems) == 3, 'three problems')

    assert {p.reason for p in health.snapshot().problems} == {'not_finite', 'pose_frame', 'stamp'}
    assert source.at(T0, 'cam') is None
    assert "is in frame 'odom', the store in 'map'" in ' '.join(
        p.text for p in health.snapshot().problems
    )


def test_it_follows_what_publishers_offer(graph: Graph, source: PoseSource) -> None:
    best_effort = graph.node.create_publisher(
        PoseWithCovarianceStamped, 'robot_pose', qos.profile(5, qos.BEST_EFFORT)
    )

    def heard() -> object:
        source.tick()
        best_effort.publish(pose(T0, 1.0))
        return source.at(T0, 'cam')

    wait(heard, 'a pose from a publisher that is best effort')


def test_a_latched_pose_is_heard_by_a_node_that_starts_late(graph: Graph, health: Health) -> None:
    kept = qos.profile(1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    publisher = graph.node.create_publisher(PoseWithCovarianceStamped, 'robot_pose', kept)
    publisher.publish(pose(T0, 1.0))
    source = make_pose_source(
        graph.node, TOPIC, 'map', Guard(health, logging.getLogger()), lambda: None
    )

    def heard() -> object:
        source.tick()
        return source.at(T0, 'cam')

    wait(heard, 'the pose that was published before')


def test_what_cannot_work(graph: Graph, health: Health) -> None:
    def make(**change: Any) -> PoseSource:
        asked = validate(VALUES | change)
        return make_pose_source(
            graph.node, asked, 'map', Guard(health, logging.getLogger()), lambda: None
        )

    with pytest.raises(
        SettingsError, match='parameter camera_mount: the pose topic tells where the base is'
    ):
        make(pose_source='topic')
    if not tf_available():
        with pytest.raises(SettingsError, match='tf needs the package tf2_ros'):
            make(pose_source='tf')
        assert make(camera_mount=MOUNT).name == 'topic /robot_pose'


def test_tf_at_the_stamp(graph: Graph, health: Health) -> None:
    tf2_ros = pytest.importorskip('tf2_ros', reason='needs tf2_ros (a ROS installation)')
    from geometry_msgs.msg import TransformStamped

    asked = replace(TOPIC, pose_source='tf')
    source = make_pose_source(
        graph.node, asked, 'map', Guard(health, logging.getLogger()), lambda: None
    )

    def transform(parent: str, child: str, stamp_ns: int, x: float) -> TransformStamped:
        made = TransformStamped(child_frame_id=child)
        made.header.frame_id, made.header.stamp = parent, ns_to_stamp(stamp_ns)
        made.transform.translation.x = x
        made.transform.rotation.w = 1.0
        return made

    tf2_ros.StaticTransformBroadcaster(graph.node).sendTransform(transform('base', 'cam', T0, 0.5))
    moving = tf2_ros.TransformBroadcaster(graph.node)
    assert source.at(T0, 'cam') is None
    with pytest.raises(PoseError, match='TF has no map -> cam'):
        source.best(T0, 'cam')

    def found() -> object:
        moving.sendTransform(transform('map', 'base', T0, 1.0))
        moving.sendTransform(transform('map', 'base', T0 + S, 2.0))
        return source.at(T0 + S // 4, 'cam')

    got: Any = wait(found, 'the transform')
    assert got.pose.position == pytest.approx([1.75, 0.0, 0.0])
    assert got.age_ns == 0
    assert source.at(T0 + 2 * S, 'cam') is None
    assert source.best(T0 + 2 * S, 'cam').age_ns == S

    source.rewind(T0 - 100 * S)  # another recording; the static part is not sent again

    def again() -> object:
        moving.sendTransform(transform('map', 'base', T0 - 100 * S, 7.0))
        return source.at(T0 - 100 * S, 'cam')

    got = wait(again, 'the transform of the other recording')
    assert got.pose.position == pytest.approx([7.5, 0.0, 0.0])
