# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""From a stocked store and a camera pose to an image."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from shelf_anomaly.records import CameraModel, FloatArray, ImageArray, Pose

from .crowd import draw_passer, Passer
from .painter import Painter
from .scene import draw_bay
from .stock import Stock
from .store import SHELF_DEPTH_M, SimBay, SimStore
from .wardrobe import Wardrobe

SIGHT_M = 7.0
WALL_BGR = (62, 60, 60)
FLOOR_BGR = (104, 110, 114)
TILE_M = 0.5


class Renderer:
    """Draws what one camera sees of a store."""

    def __init__(
        self, store: SimStore, model: CameraModel, wardrobe: Wardrobe | None = None
    ) -> None:
        """Prepare for images of one camera; cameras of one store may share a wardrobe."""
        self._store = store
        self._wardrobe = wardrobe or Wardrobe(store)
        self._model = model
        self._lens = _Lens(model)

    def render(
        self,
        camera: Pose,
        stock: Stock,
        passers: Sequence[Passer] = (),
        seconds: float = 0.0,
    ) -> ImageArray:
        """
        Return the image without any effect of light or sensor.

        :param camera: optical frame in map, as it truly is
        :param stock: what stands where
        :param passers: who is in front of the shelves
        :param seconds: since the patrol began; it tells where they are by now
        :return: ``(height, width, 3)`` uint8 BGR
        """
        lens = self._lens
        canvas = np.empty((lens.height, lens.width, 3), np.uint8)
        canvas[:] = WALL_BGR
        bays = self._visible(camera)
        if bays:
            self._surroundings(Painter(canvas, lens.k, camera, bays[-1].bay), bays[-1])
        for sim in bays:
            draw_bay(Painter(canvas, lens.k, camera, sim.bay), sim, stock, self._wardrobe)
        for passer in sorted(passers, key=lambda p: p.out):
            home = self._store.bays[passer.bay]
            if any(sim.bay.facing_yaw == home.bay.facing_yaw for sim in bays):
                painter = Painter(canvas, lens.k, camera, home.bay)
                if painter.eye[2] > passer.out:
                    draw_passer(painter, passer, home.bay, seconds)
        return lens.bend(canvas)

    def _visible(self, camera: Pose) -> list[SimBay]:
        """Return the bays that show the camera their face, farthest first."""
        forward = camera.rotation[:, 2]
        found: list[tuple[float, SimBay]] = []
        for sim in self._store.bays.values():
            middle = sim.bay.to_map(sim.bay.width / 2, sim.bay.height / 2)
            sight = middle - camera.position
            distance = float(np.linalg.norm(sight))
            before = float(-sight @ sim.bay.normal)
            in_front = float(sight @ forward) > -sim.bay.width
            if 0.05 < before < 2.5 and distance < SIGHT_M and in_front:
                found.append((distance, sim))
        return [sim for _, sim in sorted(found, key=lambda pair: -pair[0])]

    def _surroundings(self, painter: Painter, sim: SimBay) -> None:
        """Draw the wall behind the shelves and the floor in front of them."""
        bay, far = sim.bay, 30.0
        back, floor = -SHELF_DEPTH_M - 0.02, -bay.origin[2]
        for i in range(8):
            y0, y1 = floor + 0.5 * i, floor + 0.5 * (i + 1)
            light = 0.75 + 0.06 * i
            wall = np.array([[-far, y1, back], [far, y1, back], [far, y0, back], [-far, y0, back]])
            painter.plain(wall, (WALL_BGR[0] * light, WALL_BGR[1] * light, WALL_BGR[2] * light))
        ground = np.array(
            [[-far, floor, back], [far, floor, back], [far, floor, 4.0], [-far, floor, 4.0]]
        )
        painter.plain(ground, FLOOR_BGR)
        start = float(np.floor(painter.eye[0] / TILE_M) * TILE_M)
        for i in range(-8, 9):
            x = start + i * TILE_M
            joint = np.array(
                [
                    [x, floor, back],
                    [x + 0.006, floor, back],
                    [x + 0.006, floor, 4.0],
                    [x, floor, 4.0],
                ]
            )
            painter.plain(joint, (70, 74, 78))
        for i in range(6):
            out = i * TILE_M
            joint = np.array(
                [
                    [-far, floor, out],
                    [far, floor, out],
                    [far, floor, out + 0.006],
                    [-far, floor, out + 0.006],
                ]
            )
            painter.plain(joint, (70, 74, 78))


class _Lens:
    """Renders pinhole, then bends: a wider pinhole image is looked up through the distortion."""

    def __init__(self, model: CameraModel) -> None:
        self.k: FloatArray = model.k
        self.width, self.height = model.width, model.height
        self._maps: tuple[ImageArray, ImageArray] | None = None
        if not np.any(model.d):
            return
        grid = np.stack(np.meshgrid(np.arange(model.width), np.arange(model.height)), -1).astype(
            np.float64
        )
        pixels = grid.reshape(-1, 1, 2)
        if model.distortion_model == 'equidistant':
            rays = cv2.fisheye.undistortPoints(pixels, model.k, model.d)
        else:
            rays = cv2.undistortPoints(pixels, model.k, model.d)
        rays = rays.reshape(model.height, model.width, 2)
        focal = np.array([model.k[0, 0], model.k[1, 1]])
        low = np.floor((rays * focal).min((0, 1))) - 2
        high = np.ceil((rays * focal).max((0, 1))) + 2
        self.width, self.height = (int(v) for v in high - low)
        self.k = np.array([[focal[0], 0, -low[0]], [0, focal[1], -low[1]], [0, 0, 1]])
        where = (rays * focal - low).astype(np.float32)
        fixed = cv2.convertMaps(where[..., 0], where[..., 1], cv2.CV_16SC2)
        self._maps = (np.asarray(fixed[0]), np.asarray(fixed[1]))

    def bend(self, image: ImageArray) -> ImageArray:
        if self._maps is None:
            return image
        return np.asarray(
            cv2.remap(image, self._maps[0], self._maps[1], cv2.INTER_LINEAR), np.uint8
        )
