# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""A frame on its way from the subscription to the worker, and the names of a camera's topics."""

from __future__ import annotations

from dataclasses import dataclass

from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from ..records import CameraModel, CameraPose

IMAGE = 'camera/image_raw'
INFO = 'camera/camera_info'
COMPRESSED = '/compressed'


@dataclass(frozen=True, slots=True)
class Shot:
    """A frame that is not decoded yet, with all that is needed to inspect it."""

    stamp_ns: int
    frame_id: str
    message: Image | CompressedImage
    camera: CameraModel
    pose: CameraPose
    arrived_s: float
    """Steady clock, seconds."""
    age_s: float
    """How old the image was when it arrived; 0 when its clock is another one."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A frame that waits for its pose and its camera_info."""

    stamp_ns: int
    frame_id: str
    message: Image | CompressedImage
    arrived_s: float
    age_s: float


def image_topics(node: Node) -> tuple[str, str]:
    """Return the raw and the compressed topic; the second follows a remapping of the first."""
    raw = node.resolve_topic_name(IMAGE)
    compressed = node.resolve_topic_name(IMAGE + COMPRESSED)
    plain = node.resolve_topic_name(IMAGE, only_expand=True)
    return raw, raw + COMPRESSED if compressed == plain + COMPRESSED else compressed


def same_camera(a: CameraInfo, b: CameraInfo) -> bool:
    """Return whether two camera_info describe the same camera."""
    return (
        (a.width, a.height, a.distortion_model) == (b.width, b.height, b.distortion_model)
        and list(a.k) == list(b.k)
        and list(a.d) == list(b.d)
    )
