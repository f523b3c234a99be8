# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""One patrol: the robot drives, and everything it would publish comes in time order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from shelf_anomaly.records import ImageArray, Pose

from .camera import CameraSpec, yaw_pose
from .crowd import covered_part, Passer
from .fault import Fault, plant
from .light import Light
from .renderer import Renderer
from .robot import Localisation, patrol_route, Stand
from .stock import lay_stock
from .store import SimStore
from .wardrobe import Wardrobe

START_NS = 1_760_000_000_000_000_000
BETWEEN_PATROLS_NS = 3_600_000_000_000
FRAME_NS = 500_000_000
JITTER_NS = 12_000_000
TF_NS = 50_000_000
POSE_NS = 100_000_000
JPEG_QUALITY = 85


@dataclass(frozen=True, slots=True)
class Shot:
    """One image of one camera."""

    stamp_ns: int
    camera: CameraSpec
    image: ImageArray
    """BGR, as the sensor gives it."""
    truth: Pose
    """Optical frame in map, as it truly was; the robot does not know it."""

    def jpeg(self) -> bytes:
        """Return the image as the camera's driver would compress it."""
        ok, data = cv2.imencode('.jpg', self.image, (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY))
        if not ok:
            raise RuntimeError('OpenCV could not encode a JPEG')
        return bytes(data)


@dataclass(frozen=True, slots=True)
class Believed:
    """Where the robot thinks it is."""

    stamp_ns: int
    base: Pose
    """base_link in map."""
    to_tf: bool
    to_pose: bool


class Patrol:
    """One drive through a store as stocked for it."""

    def __init__(
        self,
        store: SimStore,
        cameras: Sequence[CameraSpec],
        number: int,
        faults: Sequence[Fault] = (),
        wardrobe: Wardrobe | None = None,
        frame_ns: int = FRAME_NS,
        start_ns: int | None = None,
        passers: Sequence[Passer] = (),
        untidy: Mapping[str, float] | None = None,
    ) -> None:
        """
        Draw a patrol; the same store and number give the same patrol.

        :param number: counts all patrols of a store: another number, another day
        :param faults: what stands wrong that day
        :param wardrobe: textures, shared between the patrols of a store
        :param frame_ns: time between two images of a camera
        :param start_ns: stamp of its beginning; without it, one that follows from the number
        :param passers: shoppers and trolleys in front of the shelves
        :param untidy: how many times as untidily as usual goods stand, by bay
        """
        self._cameras = tuple(cameras)
        self._frame_ns = frame_ns
        seed = [store.seed, 2, number]
        self._stock = plant(lay_stock(store, np.random.default_rng([*seed, 0]), untidy), faults)
        self._route = patrol_route(store, cameras, np.random.default_rng([*seed, 1]))
        self._localisation = Localisation(np.random.default_rng([*seed, 2]))
        self._rng = np.random.default_rng([*seed, 3])
        wardrobe = wardrobe or Wardrobe(store)
        self._renderers = [Renderer(store, c.model, wardrobe) for c in cameras]
        self._lights = [
            Light(c.model.width, c.model.height, np.random.default_rng([*seed, 4, i]))
            for i, c in enumerate(cameras)
        ]
        self.start_ns = START_NS + number * BETWEEN_PATROLS_NS if start_ns is None else start_ns
        self.seconds = self._route.seconds
        self._store = store
        self.passers = tuple(passers)
        self.covered: dict[str, list[float]] = {}
        """How much of each bay was covered in each image that showed it, 0..1; grows."""

    @property
    def frames(self) -> int:
        """How many images will come, of all cameras."""
        return len(self._frame_times()) * len(self._cameras)

    def events(self) -> Iterator[Believed | Shot]:
        """Yield all that is measured, in the order of time; a patrol is driven once."""
        rng = self._rng
        shots = [(t + int(rng.integers(0, JITTER_NS)), 1) for t in self._frame_times()]
        ticks = [(t, 0) for t in range(0, int(self.seconds * 1e9) + TF_NS, TF_NS)]
        for t_ns, kind in sorted(shots + ticks):
            stand = self._route.at(t_ns / 1e9)
            if kind == 0:
                thought = self._localisation.believe(stand, t_ns / 1e9)
                base = yaw_pose(thought.x, thought.y, thought.yaw)
                yield Believed(self.start_ns + t_ns, base, True, t_ns % POSE_NS == 0)
            else:
                yield from self._shoot(t_ns, stand)

    def _frame_times(self) -> range:
        return range(0, int(self.seconds * 1e9), self._frame_ns)

    def _shoot(self, t_ns: int, stand: Stand) -> Iterator[Shot]:
        for camera, renderer, light in zip(
            self._cameras, self._renderers, self._lights, strict=True
        ):
            pose = yaw_pose(stand.x, stand.y, stand.yaw).compose(camera.mount)
            image = light.expose(renderer.render(pose, self._stock, self.passers, t_ns / 1e9))
            if self.passers:
                self._note_covered(camera, pose, t_ns / 1e9)
            yield Shot(self.start_ns + t_ns, camera, image, pose)

    def _note_covered(self, camera: CameraSpec, pose: Pose, seconds: float) -> None:
        standing = [(p, self._store.bays[p.bay].bay) for p in self.passers]
        for name, sim in self._store.bays.items():
            part = covered_part(sim.bay, pose, camera.model, standing, seconds)
            if part is not None:
                self.covered.setdefault(name, []).append(part)
