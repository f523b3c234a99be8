# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
Ways in which what is normal in a shop moves away from what a model learnt; no fault is planted.

Each is a patrol of the simulator, changed by an amount from 0 (as on the normal patrols) to 1.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
import math

import cv2
import numpy as np

from shelf_anomaly.records import Float32Array, ImageArray, Pose
from shelf_anomaly_sim.camera import CameraSpec
from shelf_anomaly_sim.catalogue import Catalogue
from shelf_anomaly_sim.patrol_source import Believed, Patrol, Shot
from shelf_anomaly_sim.store import SimBay, SimStore

LAMP_BGR = (0.3, 0.45, 0.55)
"""What a lamp that goes out leaves of the light: little, and warmer."""
SPILL_M = 0.15
UNTIDY = 5.0
"""Times as untidy as on a usual day."""
TILT_RAD = math.radians(4)


@dataclass(frozen=True, slots=True)
class Scene:
    """What a drift changes: the store, its cameras, the bays that drift."""

    store: SimStore
    cameras: Sequence[CameraSpec]
    bays: Collection[str]
    designs: Catalogue
    """Packages that a redesigned product may come in."""


def lamp(scene: Scene, number: int, amount: float) -> Patrol:
    """Return a patrol on which the light of the bays has grown dim and warm."""
    return _Dimmed(scene, number, amount)


def untidy(scene: Scene, number: int, amount: float) -> Patrol:
    """Return a patrol on which goods stand ever less tidily in the bays."""
    factor = 1 + (UNTIDY - 1) * amount
    return Patrol(scene.store, scene.cameras, number, untidy=dict.fromkeys(scene.bays, factor))


def packaging(scene: Scene, number: int, amount: float) -> Patrol:
    """Return a patrol on which the product with most facings of each bay has another design."""
    return Patrol(redesigned(scene) if amount > 0 else scene.store, scene.cameras, number)


def range_change(scene: Scene, number: int, amount: float) -> Patrol:
    """Return a patrol on which that part of the products of each bay has another design."""
    store = redesigned(scene, amount) if amount > 0 else scene.store
    return Patrol(store, scene.cameras, number)


def reset(scene: Scene, number: int, amount: float) -> Patrol:
    """Return a patrol on which all products of the bays have another design."""
    store = redesigned(scene, 1.0) if amount > 0 else scene.store
    return Patrol(store, scene.cameras, number)


def camera(scene: Scene, number: int, amount: float) -> Patrol:
    """Return a patrol whose cameras point higher than the robot knows; all bays drift."""
    turned = [replace(one, tilt=one.tilt + TILT_RAD * amount) for one in scene.cameras]
    return Patrol(scene.store, turned, number)


def none(scene: Scene, number: int, amount: float) -> Patrol:
    """Return a patrol as usual."""
    return Patrol(scene.store, scene.cameras, number)


Drift = Callable[[Scene, int, float], Patrol]
DRIFTS: Mapping[str, Drift] = {
    'none': none,
    'lamp': lamp,
    'untidy': untidy,
    'packaging': packaging,
    'range': range_change,
    'reset': reset,
    'camera': camera,
}
ABRUPT = ('packaging', 'reset')
EVERYWHERE = ('camera',)


def redesigned(scene: Scene, part: float = 0.0) -> SimStore:
    """
    Return the store with products of the bays in packages of another design, alike in shape.

    :param part: of the products of a bay, those with most facings first; at least one
    """
    store, packages = scene.store, dict(scene.store.catalogue.packages)
    sizes, bays = dict(store.sizes), dict(store.bays)
    used = {slot.sku for slot in store.slots()}
    for name in scene.bays:
        sim = bays[name]
        counts: dict[str, int] = {}
        for slot in sim.slots:
            if not slot.produce:
                counts[slot.sku] = counts.get(slot.sku, 0) + 1
        order = sorted(counts, key=lambda sku: (-counts[sku], sku))
        new: set[str] = set()
        for sku in order[: max(1, round(part * len(order)))]:
            old = packages[sku]
            fresh = min(
                (p for p in scene.designs.packages.values() if p.sku not in counts),
                key=lambda p: (
                    p.sku in used,
                    p.shape is not old.shape,
                    abs(p.aspect - old.aspect),
                    p.sku,
                ),
            )
            used.add(fresh.sku)
            new.add(sku)
            made = f'{sku} in new design'
            packages[made] = replace(fresh, sku=made, family=made)
            sizes[made] = sizes[sku]
        slots = tuple(
            replace(s, sku=f'{s.sku} in new design') if s.sku in new else s for s in sim.slots
        )
        bays[name] = replace(sim, slots=slots)
    catalogue = replace(store.catalogue, packages=packages)
    return replace(store, catalogue=catalogue, sizes=sizes, bays=bays)


class _Dimmed(Patrol):
    """A patrol through a store some of whose bays get less light."""

    def __init__(self, scene: Scene, number: int, amount: float) -> None:
        super().__init__(scene.store, scene.cameras, number)
        self._bays = [scene.store.bays[bay] for bay in scene.bays]
        self._gain = 1 - amount * (1 - np.array(LAMP_BGR, np.float32))

    def events(self) -> Iterator[Believed | Shot]:
        """Yield what is measured; see :class:`Patrol`."""
        for event in super().events():
            if isinstance(event, Shot):
                yield replace(event, image=self._dim(event))
            else:
                yield event

    def _dim(self, shot: Shot) -> ImageArray:
        shape = shot.image.shape[:2]
        lit = np.zeros(shape, np.float32)
        for sim in self._bays:
            cv2.fillConvexPoly(lit, _face(sim, shot.truth, shot.camera), 1.0)
        lit = np.asarray(cv2.GaussianBlur(lit, (0, 0), shape[1] / 40), np.float32)
        gain: Float32Array = 1 - lit[..., None] * (1 - self._gain)
        return np.asarray((shot.image * gain).clip(0, 255).round(), np.uint8)


def _face(sim: SimBay, camera_pose: Pose, spec: CameraSpec) -> np.ndarray:
    """Return the corners of a bay's face in the image, shape ``(4, 2)``, int32 pixels."""
    bay = sim.bay
    low, high = -SPILL_M, bay.height + SPILL_M
    corners = np.array(
        [bay.to_map(x, y) for x, y in ((0, low), (bay.width, low), (bay.width, high), (0, high))]
    )
    seen = (corners - camera_pose.position) @ camera_pose.rotation
    pixels = seen[:, :2] / np.maximum(seen[:, 2:], 0.05) * np.diag(spec.model.k)[:2]
    pixels += spec.model.k[:2, 2]
    return np.asarray(pixels.clip(-20000, 20000).round(), np.int32)
