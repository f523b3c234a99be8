# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""ROS messages, as rosbags reads them, to the records of the core."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import FrameError
from ..image_io import decode_compressed, Decoded
from ..raw_image import to_bgr
from ..records import CameraModel, FloatArray, Pose

NS = 1_000_000_000


def stamp_ns(header: Any) -> int:
    """
    Return the time of a header.

    :raises FrameError: if it is no time
    """
    sec, nanosec = int(header.stamp.sec), int(header.stamp.nanosec)
    if sec < 0 or not 0 <= nanosec < NS:
        raise FrameError('stamp', f'header: stamp {sec} s {nanosec} ns is no time')
    return sec * NS + nanosec


def transform_pose(transform: Any) -> Pose:
    """Return a geometry_msgs/Transform as a pose; :raises PoseError: if it is none."""
    t, r = transform.translation, transform.rotation
    return Pose(np.array([t.x, t.y, t.z]), np.array([r.x, r.y, r.z, r.w]))


def message_pose(pose: Any) -> Pose:
    """Return a geometry_msgs/Pose; :raises PoseError: if it is none."""
    p, q = pose.position, pose.orientation
    return Pose(np.array([p.x, p.y, p.z]), np.array([q.x, q.y, q.z, q.w]))


def camera_model(info: Any, *, rectified: bool = False) -> CameraModel:
    """
    Return the camera that took the images, from its CameraInfo.

    :param info: the message; binning and region of interest are taken into account
    :param rectified: the images are rectified already: P holds, and no distortion is left
    :raises FrameError: if it describes no camera
    """
    k: FloatArray = _numbers(info, 'k').reshape(3, 3).copy()
    d: FloatArray = _numbers(info, 'd')
    width, height = int(info.width), int(info.height)
    model = str(info.distortion_model)
    if rectified:
        k, d = _numbers(info, 'p').reshape(3, 4)[:, :3].copy(), np.zeros(0)
        model = 'plumb_bob'
    roi = info.roi
    if int(roi.width) and int(roi.height):
        k[0, 2] -= roi.x_offset
        k[1, 2] -= roi.y_offset
        width, height = int(roi.width), int(roi.height)
    bin_x, bin_y = max(1, int(info.binning_x)), max(1, int(info.binning_y))
    k[0] /= bin_x
    k[1] /= bin_y
    return CameraModel(width // bin_x, height // bin_y, k, d, model)


def picture(message: Any, *, compressed: bool) -> Decoded:
    """
    Decode an Image or a CompressedImage.

    :raises FrameError: if it cannot be used, saying why
    """
    if compressed:
        return decode_compressed(np.asarray(message.data, np.uint8).tobytes(), message.format)
    return Decoded(
        to_bgr(
            message.data,
            width=int(message.width),
            height=int(message.height),
            encoding=message.encoding,
            step=int(message.step),
            big_endian=bool(message.is_bigendian),
        )
    )


def _numbers(info: Any, name: str) -> FloatArray:
    """Return an array field; ROS 1 writes these names in capitals."""
    value = getattr(info, name, None)
    return np.asarray(getattr(info, name.upper()) if value is None else value, np.float64).ravel()
