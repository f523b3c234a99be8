# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Every QoS profile of the node, by name; and the choice of a subscription's reliability."""

from __future__ import annotations

from collections.abc import Sequence

from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy

RELIABLE = ReliabilityPolicy.RELIABLE
BEST_EFFORT = ReliabilityPolicy.BEST_EFFORT


def profile(
    depth: int,
    reliability: ReliabilityPolicy = RELIABLE,
    durability: DurabilityPolicy = DurabilityPolicy.VOLATILE,
) -> QoSProfile:
    """Return a keep-last profile; never a deadline, which would cut off every usual driver."""
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=depth,
        reliability=reliability,
        durability=durability,
    )


CAMERA_DEPTH = 5
"""Raw frames in small buffers are lost at depth 1; the newest-frame slot keeps the age low."""

ALERTS = profile(100)
"""Every change of an alert arrives, in order."""

OPEN_ALERTS = profile(1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
"""Whoever comes late gets the last snapshot at once."""

INSPECTIONS = profile(100)
STATUS = profile(10)
DIAGNOSTICS = profile(10)

MARKERS = profile(1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
"""A viewer that is opened late shows the store at once."""

DEBUG_IMAGE = profile(1)
"""Reliable, because both kinds of viewers can read it and raw pictures survive small buffers."""

VERDICTS = profile(100)

TEACHING = profile(1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
"""Who asks late sees how far the teaching is."""

POSE_DEPTH = 50
"""A second of poses at 50 Hz: a busy executor loses none."""


def choose_reliability(asked: str, publishers: Sequence[ReliabilityPolicy]) -> ReliabilityPolicy:
    """
    Choose what a subscription asks for.

    Best effort loses every raw frame that is larger than the middleware's shared memory, so
    reliable is asked for wherever each publisher offers it. With no publisher yet reliable is the
    guess; a best-effort publisher that turns up later changes it.

    :param asked: ``auto``, ``reliable`` or ``best_effort``
    :param publishers: what the publishers of the topic offer
    :return: the reliability to subscribe with
    """
    if asked == 'reliable':
        return RELIABLE
    if asked == 'best_effort':
        return BEST_EFFORT
    return RELIABLE if all(offered == RELIABLE for offered in publishers) else BEST_EFFORT
