# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Interpolated poses against values worked out by hand."""

import math

import numpy as np
import pytest

from shelf_anomaly.errors import PoseError
from shelf_anomaly.pose_track import interpolate, inverse, planar_sigmas, PoseTrack
from shelf_anomaly.records import Pose

MS = 1_000_000
IDENTITY = (0.0, 0.0, 0.0, 1.0)


def pose(x: float, y: float = 0.0, yaw: float = 0.0) -> Pose:
    return Pose(np.array([x, y, 0.0]), np.array([0.0, 0.0, math.sin(yaw / 2), math.cos(yaw / 2)]))


def yaw_of(p: Pose) -> float:
    return math.atan2(p.rotation[1, 0], p.rotation[0, 0])


def track(*samples: tuple[int, float], **options: int) -> PoseTrack:
    result = PoseTrack(**options)
    for stamp, x in samples:
        result.add(stamp, pose(x))
    return result


@pytest.mark.parametrize(
    ('stamp_ms', 'x', 'age_ms'),
    [
        (0, 0.0, 0),  # on the first sample
        (25, 0.25, 0),  # a quarter of the way
        (100, 1.0, 0),  # on the second
        (-30, 0.0, 30),  # before the first: held, and that old
        (1100, 4.0, 100),  # after the last: held
        (400, 2.0, 300),  # inside a long gap, 300 after one and 600 before the other
        (800, 10 / 3, 200),  # inside the same gap, nearer to its end
    ],
)
def test_at(stamp_ms: int, x: float, age_ms: int) -> None:
    found = track((0, 0.0), (100 * MS, 1.0), (1000 * MS, 4.0)).at(stamp_ms * MS)
    assert found.pose.position[0] == pytest.approx(x)
    assert found.age_ns == age_ms * MS


def test_a_gap_of_the_allowed_length_is_not_old() -> None:
    found = track((0, 0.0), (500 * MS, 1.0)).at(250 * MS)
    assert (found.age_ns, found.pose.position[0]) == (0, 0.5)


def test_an_empty_track_says_so() -> None:
    with pytest.raises(PoseError, match='no pose has arrived'):
        PoseTrack().at(0)


def test_a_late_sample_finds_its_place_and_an_equal_stamp_replaces() -> None:
    t = track((0, 0.0), (200 * MS, 2.0), (100 * MS, 5.0))
    assert t.at(100 * MS).pose.position[0] == 5.0
    assert t.add(100 * MS, pose(7.0)) is False
    assert (len(t), t.at(100 * MS).pose.position[0]) == (3, 7.0)


def test_a_jump_back_of_more_than_a_second_forgets() -> None:
    t = track((5000 * MS, 1.0), (6000 * MS, 2.0))
    assert not t.jumps_back(5000 * MS)
    assert t.jumps_back(4999 * MS)
    assert t.add(4999 * MS, pose(9.0)) is True
    assert (len(t), t.newest_ns) == (1, 4999 * MS)


def test_the_buffer_is_bounded_but_keeps_two() -> None:
    t = track(*((i * MS, float(i)) for i in range(1000)), keep_ns=50 * MS)
    assert len(t) == 51
    t = track((0, 0.0), (60_000 * MS, 1.0), keep_ns=MS)  # a slow source
    assert len(t) == 2


def test_uncertainty_is_the_worse_of_both_neighbours() -> None:
    t = PoseTrack()
    t.add(0, pose(0), 0.1, 0.02)
    t.add(100 * MS, pose(1), 0.05, 0.04)
    found = t.at(50 * MS)
    assert (found.sigma_m, found.sigma_rad) == (0.1, 0.04)


@pytest.mark.parametrize(
    ('sigma', 'x'), [((math.nan, 0.0), 0.0), ((-1.0, 0.0), 0.0), ((0, 0), 1e9)]
)
def test_what_is_no_pose_is_refused_and_nothing_else_lost(
    sigma: tuple[float, float], x: float
) -> None:
    t = track((0, 0.0))
    with pytest.raises(PoseError, match='pose: '):
        t.add(MS, pose(x), *sigma)
    assert len(t) == 1


@pytest.mark.parametrize(
    ('a', 'b', 'part', 'yaw'),
    [
        (0.0, 90.0, 0.5, 45.0),
        (0.0, 90.0, 1 / 3, 30.0),  # linear interpolation of the numbers would give 28.6
        (170.0, -170.0, 0.5, 180.0),  # the short way round
        (0.0, 0.5, 0.5, 0.25),  # so near that the spherical formula is left
    ],
)
def test_rotation_is_interpolated_spherically(a: float, b: float, part: float, yaw: float) -> None:
    found = interpolate(pose(0, 0, math.radians(a)), pose(0, 0, math.radians(b)), part)
    assert math.degrees(yaw_of(found)) % 360 == pytest.approx(yaw % 360, abs=1e-6)


def test_inverse_undoes() -> None:
    p = pose(3.0, -1.0, 0.7)
    there_and_back = p.compose(inverse(p))
    assert there_and_back.position == pytest.approx(np.zeros(3), abs=1e-12)
    assert there_and_back.quaternion == pytest.approx(np.array(IDENTITY), abs=1e-12)


def covariance(xx: float, yy: float, xy: float, yaw: float) -> list[float]:
    c = [0.0] * 36
    c[0], c[7], c[1], c[6], c[35] = xx, yy, xy, xy, yaw
    return c


@pytest.mark.parametrize(
    ('given', 'metres', 'radians'),
    [
        (covariance(0.0, 0.0, 0.0, 0.0), 0.0, 0.0),  # does not tell
        (covariance(-1.0, 0.0, 0.0, 0.0), 0.0, 0.0),  # says that it does not tell
        (covariance(0.04, 0.01, 0.0, 0.09), 0.2, 0.3),
        (covariance(0.05, 0.05, 0.04, 0.0), 0.3, 0.0),  # worst along the diagonal: 0.05 + 0.04
    ],
)
def test_planar_sigmas(given: list[float], metres: float, radians: float) -> None:
    assert planar_sigmas(given) == pytest.approx((metres, radians))


def test_a_covariance_that_is_not_finite_is_refused() -> None:
    with pytest.raises(PoseError, match='not finite'):
        planar_sigmas(covariance(math.nan, 1.0, 0.0, 0.0))
    with pytest.raises(PoseError, match='expected 36'):
        planar_sigmas([0.0] * 9)
