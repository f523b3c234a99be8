# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Cameras on the robot: where they sit, what they project, what the topics are called."""

from __future__ import annotations

from dataclasses import dataclass
import math

import numpy as np

from shelf_anomaly.records import CameraModel, FloatArray, Pose

from .errors import PlanError

DEFAULT_MODEL = CameraModel(
    960, 720, np.array([[540.0, 0, 480], [0, 540, 360], [0, 0, 1]]), np.zeros(5)
)


@dataclass(frozen=True, slots=True)
class CameraSpec:
    """One camera of the robot."""

    name: str = 'camera'
    """Namespace of its topics: ``<name>/image_raw``."""
    yaw: float = math.pi / 2
    """Which way it looks, radians from the robot's forward; left is positive."""
    tilt: float = 0.0
    """Up is positive, radians."""
    height: float = 0.9
    """Above the floor, metres."""
    model: CameraModel = DEFAULT_MODEL

    @property
    def frame_id(self) -> str:
        """Name of its optical frame."""
        return f'{self.name}_optical_frame'

    @property
    def mount(self) -> Pose:
        """Optical frame (z forward, x right, y down) seen from base_link."""
        c, s = math.cos(self.yaw), math.sin(self.yaw)
        ct, st = math.cos(self.tilt), math.sin(self.tilt)
        right = np.array([s, -c, 0.0])
        forward = np.array([c * ct, s * ct, st])
        down = np.cross(forward, right)
        rotation = np.stack([right, down, forward], 1)
        return Pose(np.array([0.0, 0.0, self.height]), quaternion_of(rotation))


def quaternion_of(rotation: FloatArray) -> FloatArray:
    """Return the quaternion (x, y, z, w) of a rotation matrix, shape ``(3, 3)``."""
    m = rotation
    # The eigenvector of the largest eigenvalue: no branches, good for every rotation.
    k = np.array(
        [
            [m[0, 0] - m[1, 1] - m[2, 2], 0, 0, 0],
            [m[1, 0] + m[0, 1], m[1, 1] - m[0, 0] - m[2, 2], 0, 0],
            [m[2, 0] + m[0, 2], m[2, 1] + m[1, 2], m[2, 2] - m[0, 0] - m[1, 1], 0],
            [m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1], m.trace()],
        ]
    )
    values, vectors = np.linalg.eigh(k)
    q = np.asarray(vectors[:, int(np.argmax(values))], np.float64)
    return q if q[3] >= 0 else -q


def yaw_pose(x: float, y: float, yaw: float) -> Pose:
    """Return a pose on the floor."""
    return Pose(np.array([x, y, 0.0]), np.array([0.0, 0.0, math.sin(yaw / 2), math.cos(yaw / 2)]))


SIDES = {'left': math.pi / 2, 'right': -math.pi / 2}


def parse_cameras(
    text: str,
    *,
    resolution: tuple[int, int] = (960, 720),
    focal_px: float = 540.0,
    height: float = 0.9,
    tilt: float = 0.0,
    distortion: tuple[float, ...] = (0.0,) * 5,
) -> tuple[CameraSpec, ...]:
    """
    Build cameras from ``left``, ``right`` or ``left,right``.

    One camera is called ``camera``; two are ``camera_left`` and ``camera_right``.

    :raises PlanError: naming the word that is not known
    """
    sides = [word.strip() for word in text.split(',')]
    unknown = [side for side in sides if side not in SIDES]
    if unknown or len(set(sides)) != len(sides):
        raise PlanError(f'cameras: {text!r} is not known; expected left, right or left,right')
    width, rows = resolution
    k = np.array([[focal_px, 0, width / 2], [0, focal_px, rows / 2], [0, 0, 1]])
    model = CameraModel(width, rows, k, np.asarray(distortion, np.float64))
    return tuple(
        CameraSpec(
            'camera' if len(sides) == 1 else f'camera_{side}', SIDES[side], tilt, height, model
        )
        for side in sides
    )
