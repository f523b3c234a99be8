# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What people call a false alarm stays quiet in a rendered store; another fault there does not."""

from __future__ import annotations

from pathlib import Path
import sys

import numpy as np

from shelf_anomaly.records import Alert, State
from shelf_anomaly_sim.fault import Fault
from shelf_anomaly_sim.saboteur import Saboteur

sys.path.insert(0, str(Path(__file__).parent))

import near_bay

PATROLS = 5


def two_faults() -> tuple[Fault, Fault]:
    """Return two different things in the same slot of the demo store, both plain to see."""
    found: dict[tuple[str, int], Fault] = {}
    for seed in range(400):
        saboteur = Saboteur(near_bay.store(), near_bay.CAMERA, np.random.default_rng([seed, 9]))
        for fault in saboteur.draw(5):
            if fault.kind not in {'foreign', 'misplaced'} or fault.lying:
                continue
            place = (fault.slot.bay, fault.slot.index)
            other = found.setdefault(place, fault)
            if other.found != fault.found and {other.kind, fault.kind} == {'foreign', 'misplaced'}:
                return other, fault
    raise AssertionError('no two faults in one slot')


def test_a_dismissed_thing_does_not_come_back_and_another_one_does() -> None:
    first, second = two_faults()
    bay = first.slot.bay
    pipeline = near_bay.pipeline()

    def at_place() -> list[Alert]:
        return [
            a
            for a in pipeline.alerts
            if a.bay == bay and abs(a.box.x - first.x) < 0.15 and abs(a.box.y - first.y) < 0.25
        ]

    def drive(number: int, fault: Fault) -> None:
        near_bay.drive(pipeline, near_bay.NearPatrol(bay, 5000 + number, [fault]), f'p{number}')

    drive(0, first)
    (alert,) = at_place()
    pipeline.verdict(alert.id, 'false_alarm', 1, author='Ann')
    for number in range(1, PATROLS + 1):
        drive(number, first)
        assert [a.state for a in at_place()] == [State.DISMISSED], f'patrol {number}'

    drive(PATROLS + 1, second)
    assert [a.state for a in at_place()] == [State.DISMISSED, State.OPEN]
