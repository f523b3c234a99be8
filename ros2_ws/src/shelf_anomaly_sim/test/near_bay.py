# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Patrols of the demo store of which only the images before one bay are drawn and inspected."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np

from shelf_anomaly.artefact import Artefact, load_artefact
from shelf_anomaly.pipeline import Pipeline, PipelineSettings
from shelf_anomaly.records import BayReport, CameraPose, Frame
from shelf_anomaly_sim.camera import CameraSpec, parse_cameras
from shelf_anomaly_sim.crowd import Passer
from shelf_anomaly_sim.demo import demo_model, demo_store
from shelf_anomaly_sim.fault import Fault
from shelf_anomaly_sim.patrol_source import Believed, Patrol, Shot
from shelf_anomaly_sim.robot import Stand
from shelf_anomaly_sim.store import SimStore
from shelf_anomaly_sim.wardrobe import Wardrobe

FRAME_NS = 700_000_000
CAMERA: CameraSpec = parse_cameras('left')[0]


@lru_cache
def store() -> SimStore:
    return demo_store()


@lru_cache
def wardrobe() -> Wardrobe:
    return Wardrobe(store())


@lru_cache
def model() -> Artefact:
    return load_artefact(demo_model())


def pipeline() -> Pipeline:
    return Pipeline(store().layout(), model(), PipelineSettings(evidence=False))


class NearPatrol(Patrol):
    """A patrol whose camera is off where the bay is not in front of it."""

    def __init__(
        self, bay: str, number: int, faults: Sequence[Fault] = (), passers: Sequence[Passer] = ()
    ) -> None:
        super().__init__(store(), (CAMERA,), number, faults, wardrobe(), FRAME_NS, passers=passers)
        place = store().bays[bay].bay
        self._from = place.origin[0] - 0.3
        self._to = place.origin[0] + place.width + 0.3

    def _shoot(self, t_ns: int, stand: Stand) -> Iterator[Shot]:
        if self._from <= stand.x <= self._to and np.cos(stand.yaw) > 0:
            yield from super()._shoot(t_ns, stand)


def drive(made: Pipeline, patrol: NearPatrol, name: str) -> dict[str, BayReport]:
    """Drive a patrol past the bay; return the last report of each bay that was passed."""
    made.begin_patrol(name)
    reports: list[BayReport] = []
    base = None
    for event in patrol.events():
        if isinstance(event, Believed):
            base = event.base
        elif base is not None:
            frame = Frame(event.stamp_ns, event.image, CAMERA.model, CAMERA.frame_id)
            reports += made.process(frame, CameraPose(base.compose(CAMERA.mount))).bays
    reports += made.end_patrol().bays
    return {report.bay: report for report in reports}
