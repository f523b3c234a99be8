# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What the pages Coverage and Trends show: plain values. Times in nanoseconds since 1970."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .views import BayView


@dataclass(frozen=True, slots=True)
class UnseenBay:
    """A bay that the robots did not see well of late, and why."""

    view: BayView
    tries: int
    """How often a robot has tried in vain since the bay was seen well."""
    reason: str
    """What kept the robots from seeing it most often, in their word; empty is not known."""


@dataclass(frozen=True, slots=True)
class CoverageView:
    """How much of the store the robots see."""

    bays: list[BayView]
    """Every bay of the layout, in its order."""
    seen: int
    """How many of them were seen well of late."""
    unseen: list[UnseenBay]
    """The others; those never seen first, then by how long they were not seen."""


@dataclass(frozen=True, slots=True)
class DayCount:
    """The alerts that began on one day."""

    start_ns: int
    kinds: Mapping[str, int]
    closed: int
    dismissed: int
    """Of the closed ones, the false alarms."""


@dataclass(frozen=True, slots=True)
class KindTrend:
    """What became of the alerts of one kind."""

    kind: str
    alerts: int
    closed: int
    dismissed: int
    median_ns: int | None
    """Half of the resolved ones took less than this from being noticed to being put right."""


@dataclass(frozen=True, slots=True)
class HeatSpot:
    """How many alerts began at one place of a shelf."""

    bay: str
    level: int
    x: float
    """Metres right of the bay's left edge, rounded to centimetres."""
    alerts: int


@dataclass(frozen=True, slots=True)
class TrendView:
    """The alerts that began within some days, and what became of them."""

    start_ns: int
    days: list[DayCount]
    kinds: list[KindTrend]
    """Most frequent first."""
    spots: list[HeatSpot]
    alerts: int
    before: int
    """Alerts of as many days before these."""
    closed: int
    dismissed: int
    open: int
    median_ns: int | None = None
    bays: Mapping[str, int] = field(default_factory=dict)
    """Alerts of each bay."""
