# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What pages and the REST interface show: plain values. Times in nanoseconds since 1970."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class AlertView:
    """One alert."""

    store: str
    robot: str
    id: str
    kind: str
    state: str
    aisle: str
    bay: str
    level: int
    """Board from below, 0 is the lowest; -1 is not known."""
    x: float | None
    """Centre, metres right of the bay's origin."""
    y: float | None
    """Centre, metres above the bay's origin."""
    width: float | None
    height: float | None
    score: float | None
    threshold: float | None
    p_value: float | None
    reason: str
    model: str
    first_seen_ns: int
    """On the robot's clock."""
    last_seen_ns: int
    """On the robot's clock."""
    since_ns: int
    """When it began, on the dashboard's clock."""
    received_ns: int
    """When the robot spoke of it last, on the dashboard's clock."""
    sightings: int
    suggested_bays: list[str]
    seen_in: list[str]
    resolved_in: str
    evidence: str | None
    """Path of the picture on this server."""
    verdict: str | None
    verdict_by: str
    verdict_note: str
    verdict_ns: int
    verdict_taken: bool
    """Whether the robot has shown that it heard the verdict."""
    priority: int
    """0 to 100, higher is more urgent."""
    assignee: str
    """Who is to put it right; empty is nobody yet."""
    acknowledged_by: str
    """Who has taken note of it; empty is nobody yet."""
    acknowledged_ns: int
    closed_ns: int
    """When it was resolved or dismissed, on the dashboard's clock; 0 while it is open."""
    same_as: str = ''
    """The alert that goes on for this one; empty is none."""
    expected_sku: str = ''
    """What the planogram has at its place; empty is not known."""
    suggested_levels: list[int] = field(default_factory=list)
    """Of each suggested bay the board, 0 is the lowest; -1 is anywhere in the bay."""
    suggested_confidences: list[float] = field(default_factory=list)
    """Of each suggested bay how likely it is the home, 0..1; 0 is not told."""


@dataclass(frozen=True, slots=True)
class SightingView:
    """One report of an alert by its robot."""

    stamp_ns: int
    """Acquisition of the frame, on the robot's clock."""
    received_ns: int
    """On the dashboard's clock."""
    state: str
    patrol: str
    score: float | None
    p_value: float | None
    sightings: int
    """Views that showed it so far."""
    evidence: str | None
    """Path of the picture on this server."""


@dataclass(frozen=True, slots=True)
class EventView:
    """One change of an alert."""

    id: int
    store: str
    robot: str
    alert_id: str
    at_ns: int
    by: str
    """robot or person."""
    who: str
    what: str
    note: str


@dataclass(frozen=True, slots=True)
class AlertDetail:
    """One alert with all that happened to it, oldest first; the newest 500 of each sort."""

    alert: AlertView
    events: list[EventView]
    sightings: list[SightingView] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class AlertPage:
    """Some alerts, newest first."""

    items: list[AlertView]
    total: int
    """How many there are with this filter, on all pages."""
    next: str | None
    """Pass as ``cursor`` for the following page; null on the last one."""


@dataclass(frozen=True, slots=True)
class BayView:
    """One bay of the store's layout, or one that a robot spoke of."""

    bay: str
    aisle: str
    on_map: bool
    open_alerts: int
    result: str | None
    """normal, alert, not_seen; null when nobody has looked yet."""
    looked_ns: int
    """When it was looked at last; 0 is never."""
    seen_ns: int
    """When it was seen well last; 0 is never."""
    coverage: float | None
    refusals: dict[str, int]
    """Why views were not used."""
    robot: str
    patrol: str
    relearn: bool = False
    """Whether what is normal there has moved away from what the model learnt."""


@dataclass(frozen=True, slots=True)
class RobotView:
    """One robot."""

    robot: str
    heard_ns: int
    connected: bool
    model: str
    status: dict[str, object]
    x: float | None
    """Metres in the map frame; null when it is not known."""
    y: float | None
    yaw: float | None
    placed_ns: int


@dataclass(frozen=True, slots=True)
class StatusView:
    """The dashboard itself."""

    store: str
    title: str
    now_ns: int
    version: int
    """Grows with every change."""
    open_alerts: int
    robots: list[RobotView]
    problems: int
    """Messages, or parts of them, that could not be used."""
    last_problem: str
    lost: dict[str, int] = field(default_factory=dict)
    """Records that found the inbox full."""


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """Which alerts to list; None is any."""

    state: str | None = None
    """open, closed (resolved or dismissed), resolved or dismissed."""
    kind: str | None = None
    aisle: str | None = None
    bay: str | None = None
    robot: str | None = None
    assignee: str | None = None
    """Whose; an empty text is nobody's."""
    acknowledged: bool | None = None
    began_after_ns: int | None = None
    began_before_ns: int | None = None
