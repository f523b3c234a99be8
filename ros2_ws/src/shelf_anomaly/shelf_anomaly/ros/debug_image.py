# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The picture for someone who wants to see what the robot sees: bays and alerts in the image."""

from __future__ import annotations

import array
from collections.abc import Sequence

from builtin_interfaces.msg import Time
import cv2
import numpy as np
from sensor_msgs.msg import CompressedImage, Image

from ..records import Alert, CameraModel, FloatArray, Frame, ImageArray, Outcome, Pose
from ..store_layout import Bay, StoreLayout

USED, REFUSED, ALERT = (80, 200, 80), (0, 190, 255), (40, 40, 230)
NEAR_M = 0.1
SEGMENTS = 12  # of each side of a rectangle, so that a distorted edge is drawn bent
JPEG_QUALITY = 80


def draw(
    frame: Frame, pose: Pose, store: StoreLayout, outcome: Outcome, alerts: Sequence[Alert]
) -> ImageArray:
    """
    Draw on a copy of the frame: used bays green, refused ones orange with the reason, alerts red.

    :param pose: the optical frame in the map
    :return: shape ``(height, width, 3)``, uint8 BGR
    """
    picture = frame.image.copy()
    used = {view.bay for view in outcome.views}
    refused = {view.bay: view for view in outcome.refused}
    for bay_id in (*used, *refused):
        bay = store.bay(bay_id)
        text = bay_id if bay_id in used else str(refused[bay_id])
        _outline(
            picture,
            bay,
            (0.0, 0.0, bay.width, bay.height),
            frame.camera,
            pose,
            USED if bay_id in used else REFUSED,
            text,
        )
    for alert in alerts:
        if alert.bay in used or alert.bay in refused:
            box = alert.box
            edges = (
                box.x - box.width / 2,
                box.y - box.height / 2,
                box.x + box.width / 2,
                box.y + box.height / 2,
            )
            _outline(
                picture, store.bay(alert.bay), edges, frame.camera, pose, ALERT, alert.kind.value
            )
    return picture


def raw_message(picture: ImageArray, stamp: Time, frame_id: str) -> Image:
    """Return the picture as an uncompressed message."""
    height, width = picture.shape[:2]
    message = Image(height=height, width=width, encoding='bgr8', step=width * 3)
    message.header.stamp, message.header.frame_id = stamp, frame_id
    data = array.array('B')
    data.frombytes(np.ascontiguousarray(picture).tobytes())
    message.data = data
    return message


def jpeg_message(picture: ImageArray, stamp: Time, frame_id: str) -> CompressedImage:
    """Return the picture as a JPEG message."""
    _, encoded = cv2.imencode('.jpg', picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    message = CompressedImage(format='bgr8; jpeg compressed bgr8', data=encoded.tobytes())
    message.header.stamp, message.header.frame_id = stamp, frame_id
    return message


def project(points: FloatArray, camera: CameraModel, pose: Pose) -> FloatArray | None:
    """
    Project map points into the image, distortion included.

    :param points: shape ``(n, 3)``, metres in map
    :return: shape ``(n, 2)``, pixels; None if one of them is not in front of the camera
    """
    seen = (points - pose.position) @ pose.rotation
    if (seen[:, 2] < NEAR_M).any():
        return None
    zero = np.zeros(3)
    if camera.distortion_model == 'equidistant':
        pixels, _ = cv2.fisheye.projectPoints(seen[:, None, :], zero, zero, camera.k, camera.d)
    else:
        pixels, _ = cv2.projectPoints(seen, zero, zero, camera.k, camera.d)
    return np.asarray(pixels, np.float64).reshape(-1, 2)


def _outline(
    picture: ImageArray,
    bay: Bay,
    edges: tuple[float, float, float, float],
    camera: CameraModel,
    pose: Pose,
    colour: tuple[int, int, int],
    text: str,
) -> None:
    """Draw a rectangle of a shelf face: left, bottom, right, top in shelf coordinates."""
    left, bottom, right, top = edges
    corners = np.array(
        [[left, bottom], [right, bottom], [right, top], [left, top], [left, bottom]]
    )
    steps = np.linspace(0.0, 4.0, 4 * SEGMENTS + 1)
    along = np.stack([np.interp(steps, range(5), corners[:, i]) for i in (0, 1)], axis=1)
    pixels = project(np.array([bay.to_map(float(x), float(y)) for x, y in along]), camera, pose)
    if pixels is None:
        return
    line = np.clip(pixels, -1e4, 1e4).round().astype(np.int32)
    cv2.polylines(picture, [line], True, colour, 2, cv2.LINE_AA)
    at = np.clip(line[3 * SEGMENTS], (4, 18), (picture.shape[1] - 60, picture.shape[0] - 6))
    place = (int(at[0]) + 4, int(at[1]) + 16)
    cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 3, cv2.LINE_AA)
    cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, colour, 1, cv2.LINE_AA)
