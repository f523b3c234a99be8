# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Simulated drifts change the bays that are named, and no others."""

from __future__ import annotations

from dataclasses import replace

from drift import amounts, FIRST, Told
from drifts import DRIFTS, redesigned, Scene
import numpy as np
import pytest

from shelf_anomaly.records import CameraModel
from shelf_anomaly_sim.camera import CameraSpec
from shelf_anomaly_sim.drawn import drawn_catalogue
from shelf_anomaly_sim.patrol_source import Patrol, Shot
from shelf_anomaly_sim.planner import build_store, StorePlan

CAMERA = CameraSpec(
    model=CameraModel(160, 120, np.array([[90.0, 0, 80], [0, 90, 60], [0, 0, 1]]), np.zeros(5))
)


@pytest.fixture(scope='module')
def scene() -> Scene:
    store = build_store(StorePlan(3, bays=3, produce_bays=0), drawn_catalogue(3))
    return Scene(store, [CAMERA], ['A1-L01'], drawn_catalogue(4))


def shots(patrol: Patrol) -> list[Shot]:
    return [event for event in patrol.events() if isinstance(event, Shot)]


def changed(scene: Scene, drift: str, amount: float) -> list[float]:
    """Return how much the first and the last image of a patrol differ from those without drift."""
    usual, other = (shots(DRIFTS[name](scene, 5, amount)) for name in ('none', drift))
    pairs = ((usual[4], other[4]), (usual[-1], other[-1]))
    return [float(np.abs(a.image.astype(float) - b.image).mean()) for a, b in pairs]


@pytest.mark.parametrize('drift', ['lamp', 'untidy', 'packaging', 'range', 'reset'])
def test_only_the_bays_that_are_named_change(scene: Scene, drift: str) -> None:
    assert changed(scene, drift, 0.0) == [0.0, 0.0]
    near, far = changed(scene, drift, 1.0)
    assert near > 1.0
    assert far == 0.0


def test_a_turned_camera_sees_all_bays_elsewhere(scene: Scene) -> None:
    assert min(changed(scene, 'camera', 1.0)) > 1.0


def test_new_designs_are_others_and_as_large(scene: Scene) -> None:
    store, usual = redesigned(scene, 1.0), scene.store
    for old, new in zip(usual.bays['A1-L01'].slots, store.bays['A1-L01'].slots, strict=True):
        assert new.sku != old.sku
        assert store.sizes[new.sku] == usual.sizes[old.sku]
        assert (new.x, new.width) == (old.x, old.width)
    assert store.bays['A1-L02'] == usual.bays['A1-L02']
    few = {slot.sku for slot in redesigned(scene).bays['A1-L01'].slots}
    assert len([sku for sku in few if sku.endswith('in new design')]) == 1


def test_a_drift_begins_after_some_patrols_and_goes_all_the_way() -> None:
    assert amounts('lamp', 12)[FIRST - 1 : FIRST + 1] == [0.0, 0.125]
    assert amounts('lamp', 12)[-1] == 1.0
    assert amounts('reset', 4) == [0.0, 0.0, 1.0, 1.0]


def test_alerts_are_counted_up_to_the_pass_that_told() -> None:
    told = Told('A1-L01', True, (0, 2, 3, 4), (0.5,) * 4, (False, False, True, True))
    assert (told.first, told.before) == (2, 5)
    never = replace(told, relearn=(False,) * 4)
    assert (never.first, never.before) == (None, 9)
