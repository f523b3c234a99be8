# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""A store, alerts, and a pipeline stand-in for tests of the loop and the files around it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
from layout_builder import row_of_bays
import numpy as np

from shelf_anomaly.errors import FrameError
from shelf_anomaly.records import (
    Alert,
    BayReport,
    BayResult,
    BayView,
    Box,
    CameraPose,
    Frame,
    Home,
    Kind,
    Outcome,
    Refusal,
    State,
    ViewQuality,
    ViewRefused,
)
from shelf_anomaly.store_layout import StoreLayout

UUID = '0e9f9b1c-8f43-4d0e-9a54-5f2f6a3c71{:02d}'
PICTURE = cv2.imencode('.jpg', np.full((40, 60, 3), 90, np.uint8))[1].tobytes()


def store(*ids: str, name: str = 'corner shop') -> StoreLayout:
    """Bays of 1 m in a row along x, facing the robot that drives at y = -1."""
    return row_of_bays(
        *(ids or ('L01', 'L02', 'L03')),
        levels=(0.0, 0.4, 0.8),
        name=name,
        products=[{'sku': 'Oat milk', 'level': 1, 'x': 0.2, 'width': 0.3}],
    )


def alert(number: int = 1, **changes: object) -> Alert:
    made = Alert(
        id=UUID.format(number),
        kind=Kind.MISPLACED,
        state=State.OPEN,
        store='corner shop',
        aisle='A',
        bay='L01',
        level=1,
        box=Box(0.35, 0.55, 0.1, 0.2),
        score=7.25,
        threshold=4.0,
        p_value=0.002,
        first_seen_ns=1_760_000_000_000_000_000 + number,
        last_seen_ns=1_760_000_600_000_000_000,
        sightings=5,
        homes=(Home('L03', 1, 0.9), Home('L02', None, 0.4)),
        seen_in=('monday',),
        evidence=PICTURE,
    )
    return replace(made, **changes)


def report(bay: str, patrol: str, result: BayResult, **changes: object) -> BayReport:
    made = BayReport(bay, patrol, result, 0, 1, 4, ((Refusal.SHARPNESS, 2),), 0.9, 1.5, 4.0, ())
    return replace(made, **changes)


class ScriptedPipeline:
    """Says what a test wants it to say, and remembers the calls."""

    def __init__(self, alerts: Callable[[str], tuple[Alert, ...]] = lambda _: ()) -> None:
        self.calls: list[str] = []
        self.stamps: list[int] = []
        self.poses: list[CameraPose] = []
        self.refuse_stamp = -1
        self._script = alerts
        self._alerts: tuple[Alert, ...] = ()

    @property
    def alerts(self) -> tuple[Alert, ...]:
        return self._alerts

    def begin_patrol(self, name: str) -> None:
        self.calls.append(f'begin {name}')
        self._name = name

    def process(self, frame: Frame, camera_pose: CameraPose) -> Outcome:
        self.stamps.append(frame.stamp_ns)
        self.poses.append(camera_pose)
        if len(self.stamps) == self.refuse_stamp:
            raise FrameError('odd', 'image: odd')
        quality = ViewQuality(1.0, 300.0, 0.0, 1.0, 100.0)
        seen = np.ones((4, 4), np.bool_)
        view = BayView(
            'L01',
            frame.stamp_ns,
            np.zeros((4, 4, 3), np.uint8),
            seen,
            256.0,
            0.06,
            np.eye(3),
            0.0,
            quality,
        )
        refused = ViewRefused('L02', frame.stamp_ns, Refusal.SHARPNESS, 0.1, 0.5)
        return Outcome(
            views=(view,), refused=(refused,), stage_ms=(('locate', 2.0), ('inspect', 5.0))
        )

    def end_patrol(self) -> Outcome:
        self.calls.append(f'end {self._name}')
        self._alerts = self._script(self._name)
        return Outcome(
            bays=(
                report('L01', self._name, BayResult.NORMAL),
                report('L01', self._name, BayResult.ALERT),  # two passes: one found something
                report('L02', self._name, BayResult.NOT_SEEN, views_used=0),
            )
        )
