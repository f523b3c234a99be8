# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Times, cameras and poses: message and record, both directions side by side."""

from __future__ import annotations

import math

from builtin_interfaces.msg import Time
from geometry_msgs.msg import Pose as PoseMessage
from geometry_msgs.msg import PoseWithCovarianceStamped, Transform
import numpy as np
from sensor_msgs.msg import CameraInfo

from ..errors import FrameError
from ..pose_track import planar_sigmas
from ..records import CameraModel, Pose

MAX_STAMP_NS = (2**31 - 1) * 1_000_000_000


def stamp_to_ns(stamp: Time) -> int:
    """
    Return a stamp in nanoseconds.

    :raises FrameError: if it is zero, negative or malformed: nothing can be placed in time by it
    """
    if (
        stamp.sec < 0
        or not 0 <= stamp.nanosec < 1_000_000_000
        or (stamp.sec, stamp.nanosec) == (0, 0)
    ):
        raise FrameError(
            'stamp',
            f'header.stamp {stamp.sec} s {stamp.nanosec} ns is no time of acquisition; '
            'the driver must set it',
        )
    return int(stamp.sec) * 1_000_000_000 + int(stamp.nanosec)


def ns_to_stamp(time_ns: int) -> Time:
    """Return nanoseconds as a stamp; what a stamp cannot hold is cut to its ends."""
    seconds, nanoseconds = divmod(min(max(0, time_ns), MAX_STAMP_NS), 1_000_000_000)
    return Time(sec=seconds, nanosec=nanoseconds)


def camera_from_message(message: CameraInfo) -> CameraModel:
    """Return the camera of the message; :raises FrameError: if it is not calibrated."""
    return CameraModel(
        width=int(message.width),
        height=int(message.height),
        k=np.array(message.k, np.float64).reshape(3, 3),
        d=np.array(message.d, np.float64),
        distortion_model=str(message.distortion_model),
    )


def camera_to_message(camera: CameraModel) -> CameraInfo:
    """Return the message of a camera; its header is left empty."""
    message = CameraInfo(
        width=camera.width, height=camera.height, distortion_model=camera.distortion_model
    )
    message.d = [float(number) for number in camera.d]
    message.k = [float(number) for number in camera.k.ravel()]
    message.r = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    message.p = [float(number) for number in np.column_stack([camera.k, np.zeros(3)]).ravel()]
    return message


def pose_from_message(message: PoseMessage) -> Pose:
    """Return the pose; :raises PoseError: if it is not finite or no rotation."""
    p, q = message.position, message.orientation
    return Pose(np.array([p.x, p.y, p.z]), np.array([q.x, q.y, q.z, q.w]))


def pose_to_message(pose: Pose) -> PoseMessage:
    """Return the message of a pose."""
    message = PoseMessage()
    message.position.x, message.position.y, message.position.z = map(float, pose.position)
    q = message.orientation
    q.x, q.y, q.z, q.w = map(float, pose.quaternion)
    return message


def pose_from_transform(transform: Transform) -> Pose:
    """Return the pose of the child frame in its parent; :raises PoseError: if it is none."""
    t, q = transform.translation, transform.rotation
    return Pose(np.array([t.x, t.y, t.z]), np.array([q.x, q.y, q.z, q.w]))


def stamped_pose_from_message(
    message: PoseWithCovarianceStamped,
) -> tuple[int, Pose, float, float]:
    """
    Return stamp (ns), pose, and the deviations of position (m) and heading (rad).

    :raises FrameError: if the stamp is none
    :raises PoseError: if a number is not finite or the quaternion no rotation
    """
    pose = pose_from_message(message.pose.pose)
    sigma_m, sigma_rad = planar_sigmas(np.asarray(message.pose.covariance, np.float64))
    return stamp_to_ns(message.header.stamp), pose, sigma_m, sigma_rad


def finite(number: float, largest: float = 3.0e38) -> float:
    """Return ``number`` as something that a float32 field can hold; not-a-number becomes 0."""
    if math.isnan(number):
        return 0.0
    return float(min(max(number, -largest), largest))


def time_ns(stamp: Time) -> int:
    """Return a time of our own messages, unchecked; 0 where it was not filled in."""
    return int(stamp.sec) * 1_000_000_000 + int(stamp.nanosec)
