# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Judges whether a fault can be seen at all: the truth holds nothing that no camera could find."""

from __future__ import annotations

import math

import cv2
import numpy as np

from shelf_anomaly.records import Pose
from shelf_anomaly.store_layout import Bay

from .camera import CameraSpec, yaw_pose
from .fault import Fault, plant
from .renderer import Renderer
from .stock import Stock
from .store import SimStore

MIN_CHANGED = {'twin': 0.02, 'foreign': 0.06}
"""Part of the fault's box that must look different."""
MIN_CHANGED_OTHER = 0.10
CHANGE_GREY = 18.0
DISTANCE_M = 1.2


class Eye:
    """Looks at places of a store from straight ahead, in good light."""

    def __init__(self, store: SimStore, camera: CameraSpec) -> None:
        """Look with ``camera``."""
        self._store, self._camera = store, camera
        self._renderer = Renderer(store, camera.model)

    def sees(self, fault: Fault, stock: Stock) -> bool:
        """Compare the place with and without the fault."""
        bay = self._store.bays[fault.slot.bay].bay
        ahead = bay.to_map(fault.x, 0.0, DISTANCE_M)
        yaw = math.remainder(bay.facing_yaw + math.pi - self._camera.yaw, 2 * math.pi)
        camera = yaw_pose(float(ahead[0]), float(ahead[1]), yaw).compose(self._camera.mount)
        box = _image_box(fault, camera, bay, self._camera)
        if box is None:
            return False
        x0, y0, x1, y1 = box
        with_fault = self._renderer.render(camera, plant(stock, [fault]))
        without = self._renderer.render(camera, stock)
        change = cv2.absdiff(with_fault[y0:y1, x0:x1], without[y0:y1, x0:x1]).max(2)
        wanted = MIN_CHANGED.get(fault.kind, MIN_CHANGED_OTHER)
        return float((change > CHANGE_GREY).mean()) >= wanted


def _image_box(
    fault: Fault, camera: Pose, bay: Bay, spec: CameraSpec
) -> tuple[int, int, int, int] | None:
    """Return the fault's box in the image: left, top, right, bottom; None if it is cut off."""
    half_w, half_h = fault.w / 2, fault.h / 2
    corners = [
        bay.to_map(fault.x + a * half_w, fault.y + b * half_h) for a in (-1, 1) for b in (-1, 1)
    ]
    optical = (np.array(corners) - camera.position) @ camera.rotation
    if optical[:, 2].min() <= 0.1:
        return None
    turn = np.zeros(3)
    pixels, _ = cv2.projectPoints(optical, turn, turn, spec.model.k, spec.model.d)
    low, high = pixels.reshape(-1, 2).min(0), pixels.reshape(-1, 2).max(0)
    slack = 0.25 * (high - low)
    if (
        (low < -slack).any()
        or high[0] > spec.model.width + slack[0]
        or high[1] > spec.model.height + slack[1]
    ):
        return None
    x0, y0 = (max(int(v), 0) for v in low)
    x1, y1 = min(int(high[0]) + 1, spec.model.width), min(int(high[1]) + 1, spec.model.height)
    return x0, y0, x1, y1
