# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The profiles, and the reliability that a camera subscription asks for."""

from __future__ import annotations

import pytest
from rclpy.qos import DurabilityPolicy, QoSProfile

from shelf_anomaly.ros import qos

R, B = qos.RELIABLE, qos.BEST_EFFORT


@pytest.mark.parametrize(
    ('asked', 'publishers', 'wanted'),
    [
        ('auto', [], R),
        ('auto', [R], R),
        ('auto', [R, R], R),
        ('auto', [B], B),
        ('auto', [R, B], B),  # reliable would shut the second one out
        ('reliable', [B], R),
        ('best_effort', [R], B),
    ],
)
def test_the_choice(asked: str, publishers: list[object], wanted: object) -> None:
    assert qos.choose_reliability(asked, publishers) == wanted  # type: ignore[arg-type]


def test_what_is_promised() -> None:
    profiles = {name: value for name, value in vars(qos).items() if isinstance(value, QoSProfile)}
    assert all(p.deadline.nanoseconds in {0, 2**63 - 1} for p in profiles.values())
    assert all(p.reliability == R for p in profiles.values())
    kept = {
        name for name, p in profiles.items() if p.durability == DurabilityPolicy.TRANSIENT_LOCAL
    }
    assert kept == {'OPEN_ALERTS', 'MARKERS', 'TEACHING'}
    assert qos.OPEN_ALERTS.depth == 1
    assert qos.ALERTS.depth == 100
