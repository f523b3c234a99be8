# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
Draws textured and plain quads into an image, as a pinhole camera sees them.

World coordinates are a bay's: x right, y up, o out of the face, metres. Pixel (0, 0) is the
centre of the first pixel, as in OpenCV.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from shelf_anomaly.records import FloatArray, ImageArray, Pose
from shelf_anomaly.store_layout import Bay

from .texture import Texture

NEAR_M = 0.05
SUBPIXEL_BITS = 4
SMALLEST_PX = 0.5


class Painter:
    """One image in the making, seen by one camera, addressed in one bay's coordinates."""

    def __init__(self, canvas: ImageArray, k: FloatArray, camera: Pose, bay: Bay) -> None:
        """
        Look at a bay.

        :param canvas: drawn into, ``(height, width, 3)`` uint8 BGR
        :param k: intrinsic matrix
        :param camera: optical frame in map
        :param bay: whose coordinates are used
        """
        self.canvas = canvas
        rotation = camera.rotation
        axes = np.stack([bay.right, np.array([0.0, 0.0, 1.0]), bay.normal], 1)
        self._a = k @ rotation.T @ axes
        self._b = k @ rotation.T @ (np.asarray(bay.origin) - camera.position)
        self.eye: FloatArray = axes.T @ (camera.position - np.asarray(bay.origin))
        """The camera in the bay's coordinates."""
        back: FloatArray = axes.T @ -rotation[:, 2]
        self.facing = float(np.arctan2(back[0], back[2]))
        """Yaw that turns a front parallel to the image: 0 if seen straight on."""

    def project(self, points: FloatArray) -> FloatArray:
        """Return homogeneous pixels ``(n, 3)`` of points ``(n, 3)``; the third is the distance."""
        return np.asarray(points @ self._a.T + self._b)

    def pixel(self, x: float, y: float, out: float) -> tuple[float, float]:
        """Return where a point lands."""
        u, v, w = self.project(np.array([[x, y, out]]))[0]
        return float(u / w), float(v / w)

    def in_sight(self, points: FloatArray) -> bool:
        """Tell whether the hull of points ``(n, 3)`` may touch the image."""
        pixels = self.project(points)
        near = pixels[:, 2] < NEAR_M
        if near.all():
            return False
        if near.any():
            return True
        u, v = pixels[:, 0] / pixels[:, 2], pixels[:, 1] / pixels[:, 2]
        height, width = self.canvas.shape[:2]
        return bool(u.max() >= 0 and u.min() <= width and v.max() >= 0 and v.min() <= height)

    def plain(self, corners: FloatArray, bgr: tuple[float, float, float]) -> None:
        """Fill a convex polygon, corners ``(n, 3)``, cut off where it passes the camera."""
        seen = _clip_near(self.project(corners))
        if len(seen) < 3:
            return
        pixels = seen[:, :2] / seen[:, 2:]
        height, width = self.canvas.shape[:2]
        if (
            pixels[:, 0].max() < 0
            or pixels[:, 1].max() < 0
            or pixels[:, 0].min() > width
            or pixels[:, 1].min() > height
        ):
            return
        scale = 1 << SUBPIXEL_BITS
        fixed = (pixels.clip(-20000, 20000) * scale).round().astype(np.int32)
        cv2.fillConvexPoly(self.canvas, fixed, bgr, cv2.LINE_AA, SUBPIXEL_BITS)

    def textured(
        self,
        top_left: FloatArray,
        across: FloatArray,
        down: FloatArray,
        texture: Texture,
        shade: float = 1.0,
    ) -> None:
        """
        Draw a picture onto a parallelogram.

        :param top_left: where the picture's upper left corner is, ``(3,)``
        :param across: from there to the upper right corner
        :param down: from there to the lower left corner
        :param texture: the picture
        :param shade: 1 is as it is, less is darker
        """
        # Plain numbers: for so few of them NumPy's overhead is most of the time.
        ax, ay, az = (self._a @ across).tolist()
        dx, dy, dz = (self._a @ down).tolist()
        ox, oy, oz = (self._a @ top_left + self._b).tolist()
        if min(oz, oz + az, oz + dz, oz + az + dz) < NEAR_M:
            return
        u = (
            ox / oz,
            (ox + ax) / (oz + az),
            (ox + ax + dx) / (oz + az + dz),
            (ox + dx) / (oz + dz),
        )
        v = (
            oy / oz,
            (oy + ay) / (oz + az),
            (oy + ay + dy) / (oz + az + dz),
            (oy + dy) / (oz + dz),
        )
        height, width = self.canvas.shape[:2]
        x0, y0 = max(math.floor(min(u)) - 1, 0), max(math.floor(min(v)) - 1, 0)
        x1, y1 = min(math.ceil(max(u)) + 2, width), min(math.ceil(max(v)) + 2, height)
        if x1 <= x0 or y1 <= y0:
            return
        edge_u, edge_v = math.hypot(u[1] - u[0], v[1] - v[0]), math.hypot(u[3] - u[0], v[3] - v[0])
        if edge_u < SMALLEST_PX or edge_v < SMALLEST_PX:
            return
        source = texture.level_for(edge_u, edge_v)
        rows, cols = source.shape[:2]
        # From the source's pixels (their centres are half a pixel in) to the patch's.
        ax, ay, az, dx, dy, dz = ax / cols, ay / cols, az / cols, dx / rows, dy / rows, dz / rows
        ox, oy, oz = ox + 0.5 * (ax + dx), oy + 0.5 * (ay + dy), oz + 0.5 * (az + dz)
        onto = np.array(
            [
                [ax - x0 * az, dx - x0 * dz, ox - x0 * oz],
                [ay - y0 * az, dy - y0 * dz, oy - y0 * oz],
                [az, dz, oz],
            ]
        )
        patch = cv2.warpPerspective(source, onto, (x1 - x0, y1 - y0), flags=cv2.INTER_LINEAR)
        self._lay(np.asarray(patch, np.uint8), x0, y0, shade)

    def _lay(self, patch: ImageArray, x0: int, y0: int, shade: float) -> None:
        below = self.canvas[y0 : y0 + patch.shape[0], x0 : x0 + patch.shape[1]]
        through = cv2.cvtColor(cv2.bitwise_not(patch[..., 3]), cv2.COLOR_GRAY2BGR)
        colour = cv2.cvtColor(patch, cv2.COLOR_BGRA2BGR)
        if shade != 1.0:
            colour = cv2.convertScaleAbs(colour, alpha=shade)
        rest = cv2.multiply(below, through, scale=1 / 255)
        cv2.add(rest, colour, dst=below)


def _clip_near(points: FloatArray) -> FloatArray:
    """Cut a polygon of homogeneous pixels at the near plane (Sutherland and Hodgman)."""
    if points[:, 2].min() >= NEAR_M:
        return points
    kept: list[FloatArray] = []
    for a, b in zip(points, np.roll(points, -1, axis=0), strict=True):
        if a[2] >= NEAR_M:
            kept.append(a)
        if (a[2] >= NEAR_M) != (b[2] >= NEAR_M):
            f = (NEAR_M - a[2]) / (b[2] - a[2])
            kept.append(a + (b - a) * f)
    return np.array(kept).reshape(-1, 3)
