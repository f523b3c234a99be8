# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Stamped poses of one child in one parent, and the pose at any time between them."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass, field
import math

import numpy as np

from .errors import PoseError
from .records import CameraPose, FloatArray, Pose

JUMP_BACK_NS = 1_000_000_000
"""A stamp this much older than the newest one means that time itself went back (a bag loops)."""
MAX_GAP_NS = 500_000_000
"""Poses farther apart than this are interpolated, but the result counts as old."""
KEEP_NS = 10_000_000_000
PLANE_M = 1e6  # no robot drives farther from its map's origin


@dataclass(frozen=True, slots=True, order=True)
class _Sample:
    stamp_ns: int
    pose: Pose = field(compare=False)
    sigma_m: float = field(compare=False, default=0.0)
    sigma_rad: float = field(compare=False, default=0.0)


class PoseTrack:
    """
    A bounded buffer of stamped poses that interpolates.

    Between two samples the position is interpolated linearly and the rotation spherically. The
    result says how far in time it is from what was measured: nothing between two close samples,
    the distance to the nearest one beyond the ends of the track and inside a long gap.
    """

    def __init__(self, *, max_gap_ns: int = MAX_GAP_NS, keep_ns: int = KEEP_NS) -> None:
        """
        Start empty.

        :param max_gap_ns: distance of two samples from which a pose between them counts as old
        :param keep_ns: how much older than the newest sample a sample may get
        """
        self._max_gap_ns = max_gap_ns
        self._keep_ns = keep_ns
        self._samples: list[_Sample] = []

    def __len__(self) -> int:
        """Return the number of samples held."""
        return len(self._samples)

    @property
    def newest_ns(self) -> int | None:
        """Stamp of the newest sample, None when there is none."""
        return self._samples[-1].stamp_ns if self._samples else None

    def jumps_back(self, stamp_ns: int) -> bool:
        """Say whether a sample of this stamp means that time went back."""
        return bool(self._samples) and stamp_ns < self._samples[-1].stamp_ns - JUMP_BACK_NS

    def add(self, stamp_ns: int, pose: Pose, sigma_m: float = 0.0, sigma_rad: float = 0.0) -> bool:
        """
        Take a sample; one that is a little late finds its place, an equal stamp replaces.

        :param stamp_ns: when the child was there
        :param pose: the child in the parent
        :param sigma_m: standard deviation of the position in the plane, 0 when not known
        :param sigma_rad: standard deviation of the yaw, 0 when not known
        :return: True when time went back and the older samples were forgotten
        :raises PoseError: if the position is absurd or a deviation is no number
        """
        if (
            not (math.isfinite(sigma_m) and math.isfinite(sigma_rad))
            or min(sigma_m, sigma_rad) < 0
        ):
            raise PoseError('not_finite', f'pose: deviations {sigma_m} m, {sigma_rad} rad')
        if float(np.abs(pose.position).max()) > PLANE_M:
            raise PoseError(
                'not_a_pose', f'pose: position {pose.position.tolist()} is no place in a store'
            )
        jumped = self.jumps_back(stamp_ns)
        if jumped:
            self.clear()
        sample = _Sample(stamp_ns, pose, sigma_m, sigma_rad)
        if not self._samples or stamp_ns > self._samples[-1].stamp_ns:
            self._samples.append(sample)
        else:
            at = bisect_left(self._samples, sample)
            if at < len(self._samples) and self._samples[at].stamp_ns == stamp_ns:
                self._samples[at] = sample
            else:
                insort(self._samples, sample)
        self._trim()
        return jumped

    def at(self, stamp_ns: int) -> CameraPose:
        """
        Return the pose at a time, with its age and uncertainty.

        :param stamp_ns: the time asked for
        :return: the child in the parent; ``age_ns`` is 0 between two close samples
        :raises PoseError: if the track is empty
        """
        if not self._samples:
            raise PoseError('no_pose', 'no pose has arrived yet')
        i = bisect_left(self._samples, stamp_ns, key=lambda sample: sample.stamp_ns)
        if i < len(self._samples) and self._samples[i].stamp_ns == stamp_ns:
            return _held(self._samples[i], stamp_ns)
        if i in (0, len(self._samples)):
            return _held(self._samples[min(i, len(self._samples) - 1)], stamp_ns)
        a, b = self._samples[i - 1], self._samples[i]
        gap = b.stamp_ns - a.stamp_ns
        age = min(stamp_ns - a.stamp_ns, b.stamp_ns - stamp_ns) if gap > self._max_gap_ns else 0
        return CameraPose(
            interpolate(a.pose, b.pose, (stamp_ns - a.stamp_ns) / gap),
            age_ns=age,
            sigma_m=max(a.sigma_m, b.sigma_m),
            sigma_rad=max(a.sigma_rad, b.sigma_rad),
        )

    def clear(self) -> None:
        """Forget every sample."""
        self._samples.clear()

    def _trim(self) -> None:
        """Drop what is too old, but keep two samples: a slow source still interpolates."""
        oldest = self._samples[-1].stamp_ns - self._keep_ns
        drop = 0
        while drop < len(self._samples) - 2 and self._samples[drop].stamp_ns < oldest:
            drop += 1
        del self._samples[:drop]


def _held(sample: _Sample, stamp_ns: int) -> CameraPose:
    age = abs(stamp_ns - sample.stamp_ns)
    return CameraPose(sample.pose, age, sample.sigma_m, sample.sigma_rad)


def interpolate(a: Pose, b: Pose, part: float) -> Pose:
    """Return the pose ``part`` (0..1) of the way from ``a`` to ``b``, the shorter way round."""
    qa, qb = a.quaternion, b.quaternion
    dot = float(qa @ qb)
    if dot < 0.0:  # q and -q are the same rotation; take the nearer one
        qb, dot = -qb, -dot
    if dot > 0.9995:  # so close that the sine in the formula loses its digits
        q = qa + part * (qb - qa)
    else:
        theta = math.acos(min(1.0, dot))
        q = (math.sin((1 - part) * theta) * qa + math.sin(part * theta) * qb) / math.sin(theta)
    return Pose(a.position + part * (b.position - a.position), q / np.linalg.norm(q))


def inverse(pose: Pose) -> Pose:
    """Return the parent seen from the child."""
    x, y, z, w = pose.quaternion
    return Pose(-(pose.rotation.T @ pose.position), np.array([-x, -y, -z, w]))


def planar_sigmas(covariance: Sequence[float] | FloatArray) -> tuple[float, float]:
    """
    Return the deviations in the plane from a ROS pose covariance.

    :param covariance: 36 numbers, row-major over x, y, z and the rotations about them; all zero or
        a negative first number means that the source does not tell
    :return: standard deviation of the position along its worst direction in the plane in metres,
        and of the yaw in radians; 0 where the source does not tell
    :raises PoseError: if a number that is used is not finite
    """
    numbers = np.asarray(covariance, np.float64).ravel()
    if numbers.size != 36:
        raise PoseError('not_a_pose', f'pose: covariance has {numbers.size} numbers, expected 36')
    plane, yaw = numbers.reshape(6, 6)[:2, :2], float(numbers[35])
    if not (np.isfinite(plane).all() and math.isfinite(yaw)):
        raise PoseError(
            'not_finite', f'pose: covariance {plane.ravel().tolist()}, {yaw} is not finite'
        )
    if plane[0, 0] < 0:
        return 0.0, 0.0
    worst = float(np.linalg.eigvalsh((plane + plane.T) / 2)[-1])
    return math.sqrt(max(0.0, worst)), math.sqrt(max(0.0, yaw))
