# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The topics of the simulated robot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from geometry_msgs.msg import PoseWithCovarianceStamped
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import String

from ..camera import CameraSpec
from ..patrol_source import Believed, Shot
from . import messages

# Reliable: best effort loses every raw image that is larger than the middleware's shared memory.
IMAGES = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)
POSES = QoSProfile(depth=100, reliability=ReliabilityPolicy.RELIABLE)
LATCHED = QoSProfile(
    depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL
)
STATE_TOPIC = 'simulation_state'


class RobotTopics:
    """Publishes what the robot measures."""

    def __init__(self, node: Node, cameras: Sequence[CameraSpec], *, raw: bool) -> None:
        """Advertise all topics; TF only where tf2_msgs is installed."""
        kind, suffix = (Image, 'image_raw') if raw else (CompressedImage, 'image_raw/compressed')
        self._convert = messages.raw if raw else messages.compressed
        self.images = {
            c.name: node.create_publisher(kind, f'{c.name}/{suffix}', IMAGES) for c in cameras
        }
        self._infos = {
            c.name: node.create_publisher(CameraInfo, f'{c.name}/camera_info', IMAGES)
            for c in cameras
        }
        self._pose = node.create_publisher(PoseWithCovarianceStamped, 'robot_pose', POSES)
        self._state = node.create_publisher(String, STATE_TOPIC, LATCHED)
        self._tf = _TransformTopics(node, cameras) if _tf_message() else None

    def say(self, facts: dict[str, object]) -> None:
        """Tell watchers how the simulation stands."""
        self._state.publish(messages.announcement(facts))

    def publish(self, event: Believed | Shot) -> None:
        """Publish one measurement."""
        if isinstance(event, Shot):
            self._infos[event.camera.name].publish(
                messages.camera_info(event.stamp_ns, event.camera)
            )
            self.images[event.camera.name].publish(self._convert(event))
            return
        if event.to_pose:
            self._pose.publish(messages.robot_pose(event))
        if event.to_tf and self._tf:
            self._tf.publish(event)


def _tf_message() -> Any:
    """Return the TF message type, None where it is not installed (it is not on PyPI)."""
    try:
        from tf2_msgs.msg import TFMessage
    except ImportError:
        return None
    return TFMessage


class _TransformTopics:
    """The topics /tf and /tf_static, which are global by custom."""

    def __init__(self, node: Node, cameras: Sequence[CameraSpec]) -> None:
        self._type = _tf_message()
        self._moving = node.create_publisher(self._type, '/tf', POSES)
        self._fixed = node.create_publisher(self._type, '/tf_static', LATCHED)
        mounts = [messages.transform(0, 'base_link', c.frame_id, c.mount) for c in cameras]
        self._fixed.publish(self._type(transforms=mounts))

    def publish(self, event: Believed) -> None:
        """Publish where the robot thinks it is."""
        moved = messages.transform(event.stamp_ns, 'map', 'base_link', event.base)
        self._moving.publish(self._type(transforms=[moved]))
