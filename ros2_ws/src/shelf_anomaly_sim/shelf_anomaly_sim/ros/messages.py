# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""From the simulator's records to ROS messages."""

from __future__ import annotations

from array import array
import json

from builtin_interfaces.msg import Time
from geometry_msgs.msg import (
    Point,
    PoseWithCovarianceStamped,
    Quaternion,
    TransformStamped,
    Vector3,
)
import numpy as np
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header, String

from shelf_anomaly.records import Pose

from ..bag import covariance
from ..camera import CameraSpec
from ..patrol_source import Believed, Shot


def header(stamp_ns: int, frame_id: str) -> Header:
    """Return a header."""
    return Header(stamp=Time(sec=stamp_ns // 10**9, nanosec=stamp_ns % 10**9), frame_id=frame_id)


def compressed(shot: Shot) -> CompressedImage:
    """Return the image as JPEG."""
    message = CompressedImage(header=header(shot.stamp_ns, shot.camera.frame_id), format='jpeg')
    message.data = array('B', shot.jpeg())
    return message


def raw(shot: Shot) -> Image:
    """Return the image as it is, bgr8."""
    height, width = shot.image.shape[:2]
    message = Image(
        header=header(shot.stamp_ns, shot.camera.frame_id),
        height=height,
        width=width,
        encoding='bgr8',
        step=3 * width,
    )
    data = array('B')  # anything else is checked byte by byte when it is set
    data.frombytes(np.ascontiguousarray(shot.image).data.cast('B'))
    message.data = data
    return message


def camera_info(stamp_ns: int, camera: CameraSpec) -> CameraInfo:
    """Return the camera's calibration."""
    model = camera.model
    p = np.zeros((3, 4))
    p[:, :3] = model.k
    return CameraInfo(
        header=header(stamp_ns, camera.frame_id),
        height=model.height,
        width=model.width,
        distortion_model=model.distortion_model,
        d=model.d.tolist(),
        k=model.k.ravel().tolist(),
        r=np.eye(3).ravel().tolist(),
        p=p.ravel().tolist(),
    )


def robot_pose(event: Believed) -> PoseWithCovarianceStamped:
    """Return where the robot thinks it is."""
    message = PoseWithCovarianceStamped(header=header(event.stamp_ns, 'map'))
    x, y, z = (float(v) for v in event.base.position)
    message.pose.pose.position = Point(x=x, y=y, z=z)
    message.pose.pose.orientation = _quaternion(event.base)
    message.pose.covariance = covariance()
    return message


def transform(stamp_ns: int, parent: str, child: str, pose: Pose) -> TransformStamped:
    """Return a transform for TF."""
    message = TransformStamped(header=header(stamp_ns, parent), child_frame_id=child)
    x, y, z = (float(v) for v in pose.position)
    message.transform.translation = Vector3(x=x, y=y, z=z)
    message.transform.rotation = _quaternion(pose)
    return message


def announcement(facts: dict[str, object]) -> String:
    """Return what watchers of the simulation are told, as JSON."""
    return String(data=json.dumps(facts))


def _quaternion(pose: Pose) -> Quaternion:
    x, y, z, w = (float(v) for v in pose.quaternion)
    return Quaternion(x=x, y=y, z=z, w=w)
