# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Where the robot drives and what it believes."""

import math

import numpy as np
import pytest
from sim_builders import camera, store

from shelf_anomaly_sim.camera import parse_cameras
from shelf_anomaly_sim.robot import Localisation, patrol_route, Route, SPEED_MPS, Stand


def test_route_turns_then_drives() -> None:
    """1 m at 0.4 m/s, half a turn at 0.8 rad/s, 1 m back."""
    route = Route([(0, 0), (1, 0), (0, 0)], 0.0, 0.0, 0.0)
    assert route.seconds == pytest.approx(2.5 + math.pi / 0.8 + 2.5)
    assert route.at(1.25) == Stand(pytest.approx(0.5), pytest.approx(0.0), pytest.approx(0.0))
    end = route.at(1e9)
    assert (end.x, end.y) == pytest.approx((0.0, 0.0))
    assert abs(end.yaw) == pytest.approx(math.pi)


def test_heading_follows_the_sway() -> None:
    """The robot looks where it goes: the heading is the slope of the path."""
    route = Route([(0, 0), (4, 0)], 0.0, 0.03, 0.4)
    a, b = route.at(3.0), route.at(3.01)
    assert math.atan2(b.y - a.y, b.x - a.x) == pytest.approx(a.yaw, abs=2e-3)
    assert math.hypot(b.x - a.x, b.y - a.y) == pytest.approx(0.01 * SPEED_MPS, rel=0.01)


@pytest.mark.parametrize(
    ('sides', 'cameras'),
    [
        (('left',), 'left'),
        (('right',), 'right'),
        (('left', 'right'), 'left'),
        (('left', 'right'), 'left,right'),
    ],
)
def test_every_bay_is_looked_at(sides: tuple[str, ...], cameras: str) -> None:
    """At some time some camera is in front of each bay and looks against its normal."""
    sim = store(aisles=2, sides=sides)
    specs = parse_cameras(cameras)
    route = patrol_route(sim, specs, np.random.default_rng(0))
    missing = set(sim.bays)
    for t in np.arange(0, route.seconds, 0.25):
        stand = route.at(float(t))
        for spec in specs:
            sight = np.array([math.cos(stand.yaw + spec.yaw), math.sin(stand.yaw + spec.yaw), 0])
            for name in list(missing):
                bay = sim.bays[name].bay
                to = bay.to_map(bay.width / 2, 0.0) - np.array([stand.x, stand.y, bay.origin[2]])
                if (
                    sight @ bay.normal < -0.98
                    and abs(to @ bay.right) < 0.1
                    and 0.9 < -to @ bay.normal < 1.5
                ):
                    missing.discard(name)
    assert not missing


def test_localisation_errs_by_about_two_centimetres() -> None:
    """Over 200 patrols: the bias has the stated spread, the truth is the middle."""
    errors = np.array([_error(seed) for seed in range(200)])
    assert errors.std(0)[:2] == pytest.approx([0.021, 0.021], rel=0.2)
    assert errors.std(0)[2] == pytest.approx(math.radians(0.63), rel=0.25)
    assert np.abs(errors.mean(0)[:2]).max() < 0.006


def _error(seed: int) -> tuple[float, float, float]:
    truth = Stand(1.0, 0.2, 0.1)
    believed = Localisation(np.random.default_rng(seed)).believe(truth, 4.0)
    return believed.x - truth.x, believed.y - truth.y, believed.yaw - truth.yaw


def test_camera_of_the_tests_has_the_usual_field_of_view() -> None:
    """Half the width over the focal length."""
    model = camera(320).model
    assert model.width / 2 / model.k[0, 0] == pytest.approx(480 / 540)
