# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Who stands in front is drawn, is known, and is no fault of the shelf."""

from __future__ import annotations

import json
from pathlib import Path
import sys

import numpy as np
import pytest

from shelf_anomaly.records import BayResult, Refusal
from shelf_anomaly_sim.crowd import covered_part, draw_crowd, Passer, SHOPPER, TROLLEY
from shelf_anomaly_sim.record import Programme, record

sys.path.insert(0, str(Path(__file__).parent))

import near_bay
from sim_builders import camera, store

BAY = 'A1-L03'


def crowd_before(bay: str) -> list[Passer]:
    """Return three shoppers shoulder to shoulder, for the whole patrol."""
    return [Passer(SHOPPER, bay, x, 0.0, 0.45, 5 + i) for i, x in enumerate((0.3, 0.75, 1.1))]


def test_those_in_front_all_the_time_are_told_and_raise_nothing() -> None:
    pipeline = near_bay.pipeline()
    patrol = near_bay.NearPatrol(BAY, 4002, passers=crowd_before(BAY))
    reports = near_bay.drive(pipeline, patrol, 'crowded')

    assert np.mean(patrol.covered[BAY]) > 0.6
    assert reports[BAY].result is BayResult.NOT_SEEN
    refused = dict(reports[BAY].views_refused)
    assert refused[Refusal.OCCLUDED] >= 5
    assert not [a for a in pipeline.alerts if a.bay == BAY]


@pytest.mark.parametrize('kind', [SHOPPER, TROLLEY])
def test_one_in_front_of_a_part_raises_next_to_nothing(kind: str) -> None:
    pipeline = near_bay.pipeline()
    patrol = near_bay.NearPatrol(BAY, 4003, passers=[Passer(kind, BAY, 0.4, 0.0, 0.35, 2)])
    reports = near_bay.drive(pipeline, patrol, 'one')

    assert dict(reports[BAY].views_refused).get(Refusal.OCCLUDED, 0) >= 2
    # Some ten to twenty without the occlusion's rule.
    assert len([a for a in pipeline.alerts if a.bay == BAY]) <= 2


def test_a_shelf_without_people_is_never_covered() -> None:
    reports = near_bay.drive(near_bay.pipeline(), near_bay.NearPatrol(BAY, 4005), 'empty')

    assert reports[BAY].result is BayResult.NORMAL
    assert Refusal.OCCLUDED not in dict(reports[BAY].views_refused)


def test_how_much_is_covered() -> None:
    made = store()
    bay = next(iter(made.bays.values())).bay
    stand = near_bay.CAMERA.mount
    eye = type(stand)(bay.to_map(bay.width / 2, bay.height / 2, 1.2), stand.quaternion)

    def part(*passers: Passer) -> float | None:
        standing = [(p, bay) for p in passers]
        return covered_part(bay, eye, camera(960, 720).model, standing, 2.0)

    assert part() == 0.0
    beside = part(Passer(SHOPPER, bay.id, -3.0))
    middle = part(Passer(SHOPPER, bay.id, bay.width / 2))
    walked_there = part(Passer(SHOPPER, bay.id, bay.width / 2 - 1.0, 0.5))
    behind = part(Passer(SHOPPER, bay.id, bay.width / 2, out=1.5))
    assert beside == behind == 0.0
    assert middle is not None
    assert 0.2 < middle < 0.9
    assert walked_there == middle


def test_a_recording_says_whom_it_met(tmp_path: Path) -> None:
    record(
        store(), (camera(),), Programme(0, 1, 0, passers=3), tmp_path / 'out', frame_ns=4 * 10**9
    )
    crowd = json.loads((tmp_path / 'out' / 'crowd.json').read_text())

    assert set(crowd) == {'patrol_00'}
    assert all(0 <= b['least'] <= b['covered'] <= 1 for b in crowd['patrol_00'].values())
    assert len(draw_crowd(store(), 3, 20.0, np.random.default_rng(1))) == 3
