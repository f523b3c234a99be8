# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The robot's route through the aisles, and what it believes about where it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import math

import numpy as np

from .camera import CameraSpec
from .store import SimStore

SPEED_MPS = 0.4
TURN_RPS = 0.8
RUN_OUT_M = 0.6  # the robot starts and ends this far before and behind the bays
BIAS_M = 0.02
BIAS_RAD = math.radians(0.6)


@dataclass(frozen=True, slots=True)
class Stand:
    """Where the robot is on the floor."""

    x: float
    y: float
    yaw: float


@dataclass(frozen=True, slots=True)
class _Leg:
    start: Stand
    end: Stand
    seconds: float


class Route:
    """A drive through waypoints: turns on the spot, then straight on."""

    def __init__(
        self, waypoints: Sequence[tuple[float, float]], yaw: float, sway_m: float, phase: float
    ) -> None:
        """Plan through ``waypoints`` (map x, y), beginning with heading ``yaw``."""
        self._legs: list[_Leg] = []
        self._sway, self._phase = sway_m, phase
        x, y = waypoints[0]
        for to_x, to_y in waypoints[1:]:
            heading = math.atan2(to_y - y, to_x - x)
            turn = math.remainder(heading - yaw, 2 * math.pi)
            if abs(turn) > 1e-6:
                self._legs.append(
                    _Leg(Stand(x, y, yaw), Stand(x, y, yaw + turn), abs(turn) / TURN_RPS)
                )
                yaw += turn
            length = math.hypot(to_x - x, to_y - y)
            self._legs.append(_Leg(Stand(x, y, yaw), Stand(to_x, to_y, yaw), length / SPEED_MPS))
            x, y = to_x, to_y
        self.seconds = sum(leg.seconds for leg in self._legs)

    def at(self, seconds: float) -> Stand:
        """Return where the robot truly is."""
        rest = min(max(seconds, 0.0), self.seconds)
        for leg in self._legs:
            if rest <= leg.seconds or leg is self._legs[-1]:
                break
            rest -= leg.seconds
        f = rest / leg.seconds if leg.seconds else 1.0
        x, y, yaw = (
            a + (b - a) * f
            for a, b in (
                (leg.start.x, leg.end.x),
                (leg.start.y, leg.end.y),
                (leg.start.yaw, leg.end.yaw),
            )
        )
        wave = 2 * math.pi * seconds / 9.0 + self._phase
        side = self._sway * math.sin(wave)  # no robot keeps the middle line
        steer = math.atan(self._sway * math.cos(wave) * 2 * math.pi / 9.0 / SPEED_MPS)
        return Stand(x - side * math.sin(yaw), y + side * math.cos(yaw), yaw + steer)


def patrol_route(
    store: SimStore, cameras: Sequence[CameraSpec], rng: np.random.Generator
) -> Route:
    """Return a drive on which the cameras see every bay."""
    points: list[tuple[float, float]] = []
    for aisle, length in store.aisle_lengths.items():
        y = store.aisle_y[aisle] + float(rng.normal(0, 0.03))
        start, end = (-RUN_OUT_M, y), (length + RUN_OUT_M, y)
        sides = {b.bay.side for b in store.bays.values() if b.bay.aisle == aisle}
        looks = {'left' if math.sin(c.yaw) > 0 else 'right' for c in cameras}
        points += [start, end]
        if not sides <= looks or len(store.aisle_lengths) > 1:
            points.append(start)
    return Route(points, 0.0, float(rng.uniform(0.01, 0.03)), float(rng.uniform(0, 2 * math.pi)))


class Localisation:
    """What the robot believes: the truth, a bias for the patrol, a slow drift, some noise."""

    def __init__(self, rng: np.random.Generator) -> None:
        """Draw one patrol's error."""
        self._bias = rng.normal(0, (BIAS_M, BIAS_M, BIAS_RAD))
        self._drift = np.abs(rng.normal(0, (0.008, 0.008, math.radians(0.2))))
        self._period = rng.uniform(15, 45, 3)
        self._phase = rng.uniform(0, 2 * math.pi, 3)
        self._rng = rng

    def believe(self, truth: Stand, seconds: float) -> Stand:
        """Return where the robot thinks it is."""
        wave = np.sin(2 * math.pi * seconds / self._period + self._phase)
        noise = self._rng.normal(0, (0.0015, 0.0015, math.radians(0.05)))
        dx, dy, dyaw = self._bias + self._drift * wave + noise
        return Stand(truth.x + float(dx), truth.y + float(dy), truth.yaw + float(dyaw))
