# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
The tables of what robots report. Store and robot are part of every key, so that a chain can share
one database. ``models_access`` has the tables of people, tokens and webhooks.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import BigInteger, Float, Index, Integer, JSON, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAME = String(80)
# SQLite numbers rows by itself only in a column that is called INTEGER.
SERIAL = BigInteger().with_variant(Integer, 'sqlite')


class Base(DeclarativeBase):
    """Every table of the dashboard."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {
        int: BigInteger,
        float: Float(53),
        dict[str, Any]: JSON,
        list[str]: JSON,
        list[int]: JSON,
        list[float]: JSON,
    }


class AlertRow(Base):
    """One alert: what the robot told last, and what people said about it."""

    __tablename__ = 'alerts'

    store: Mapped[str] = mapped_column(NAME, primary_key=True)
    robot: Mapped[str] = mapped_column(NAME, primary_key=True)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    """What the store's people see: the robot's state unless a person's word is newer."""
    robot_state: Mapped[str] = mapped_column(String(16))
    """What the robot told last."""
    aisle: Mapped[str] = mapped_column(NAME)
    bay: Mapped[str] = mapped_column(NAME)
    level: Mapped[int]
    x: Mapped[float | None]
    y: Mapped[float | None]
    width: Mapped[float | None]
    height: Mapped[float | None]
    score: Mapped[float | None]
    threshold: Mapped[float | None]
    p_value: Mapped[float | None]
    reason: Mapped[str] = mapped_column(Text)
    model: Mapped[str] = mapped_column(NAME)
    stamp_ns: Mapped[int]
    first_seen_ns: Mapped[int]
    last_seen_ns: Mapped[int]
    since_ns: Mapped[int]
    """When it began, on the dashboard's clock; lists are sorted by it."""
    received_ns: Mapped[int]
    """When the robot spoke of it last, on the dashboard's clock."""
    sightings: Mapped[int]
    suggested_bays: Mapped[list[str]]
    suggested_levels: Mapped[list[int]]
    suggested_confidences: Mapped[list[float]]
    seen_in: Mapped[list[str]]
    resolved_in: Mapped[str] = mapped_column(NAME)
    evidence: Mapped[str | None] = mapped_column(String(80))
    """Name of the picture: its content's hash."""
    verdict: Mapped[str | None] = mapped_column(String(16))
    verdict_by: Mapped[str] = mapped_column(NAME, default='')
    verdict_note: Mapped[str] = mapped_column(Text, default='')
    verdict_ns: Mapped[int] = mapped_column(default=0)
    verdict_sent_ns: Mapped[int] = mapped_column(default=0)
    verdict_taken: Mapped[bool] = mapped_column(default=False)
    """Whether the robot has shown that it heard the verdict."""
    priority: Mapped[int] = mapped_column(default=0)
    """0 to 100, higher is more urgent; see ``life.priority``."""
    assignee: Mapped[str] = mapped_column(NAME, default='')
    """Who is to put it right; empty is nobody yet."""
    acknowledged_by: Mapped[str] = mapped_column(NAME, default='')
    """Who has seen it and taken note; empty is nobody yet."""
    acknowledged_ns: Mapped[int] = mapped_column(default=0)
    closed_ns: Mapped[int] = mapped_column(default=0)
    """When it was resolved or dismissed, on the dashboard's clock; 0 while it is open."""

    same_as: Mapped[str] = mapped_column(String(36), default='')
    """The alert that goes on for this one, when two robots raised one fault; empty is none."""
    expected_sku: Mapped[str] = mapped_column(NAME, default='')
    """What the planogram has at its place; empty is not known."""

    __table_args__ = (
        Index('alerts_listed', 'store', 'state', 'since_ns', 'id'),
        Index('alerts_by_priority', 'store', 'state', 'priority', 'since_ns', 'id'),
        Index('alerts_of_assignee', 'store', 'assignee', 'state'),
        Index('alerts_by_bay', 'store', 'bay', 'state'),
        Index('alerts_by_id', 'id'),
        # Closed alerts and all of them: no state comes first, the list is read as it is shown.
        Index('alerts_by_age', 'store', 'since_ns', 'id'),
        Index('alerts_by_urgency', 'store', 'priority', 'since_ns', 'id'),
        # All that the map counts, so that no alert need be looked up.
        Index('alerts_on_map', 'store', 'state', 'bay', 'aisle'),
    )


class EventRow(Base):
    """One change of an alert: who, when, what. Only ever added to."""

    __tablename__ = 'events'

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True, autoincrement=True)
    store: Mapped[str] = mapped_column(NAME)
    robot: Mapped[str] = mapped_column(NAME)
    alert_id: Mapped[str] = mapped_column(String(36))
    at_ns: Mapped[int]
    by: Mapped[str] = mapped_column(String(8))
    """robot or person."""
    who: Mapped[str] = mapped_column(NAME)
    what: Mapped[str] = mapped_column(String(24))
    """
    opened, seen_again, resolved, dismissed, reopened, confirmed, taken_over, acknowledged,
    assigned, unassigned or noted.
    """
    note: Mapped[str] = mapped_column(Text, default='')

    __table_args__ = (
        Index('events_of_alert', 'store', 'robot', 'alert_id', 'id'),
        Index('events_of_store', 'store', 'id'),
    )


class SightingRow(Base):
    """One report of an alert by its robot: what it saw, when, how sure. Only ever added to."""

    __tablename__ = 'sightings'

    store: Mapped[str] = mapped_column(NAME, primary_key=True)
    robot: Mapped[str] = mapped_column(NAME, primary_key=True)
    alert_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    stamp_ns: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Acquisition of the frame, on the robot's clock; the same report twice is one row."""
    received_ns: Mapped[int]
    """On the dashboard's clock."""
    state: Mapped[str] = mapped_column(String(16))
    """What the robot said of it: open, resolved or dismissed."""
    patrol: Mapped[str] = mapped_column(NAME)
    score: Mapped[float | None]
    p_value: Mapped[float | None]
    sightings: Mapped[int]
    """Views that showed it so far."""
    evidence: Mapped[str | None] = mapped_column(String(80))

    __table_args__ = (Index('sightings_by_age', 'store', 'received_ns'),)


class InspectionRow(Base):
    """One look at one bay."""

    __tablename__ = 'inspections'

    store: Mapped[str] = mapped_column(NAME, primary_key=True)
    robot: Mapped[str] = mapped_column(NAME, primary_key=True)
    bay: Mapped[str] = mapped_column(NAME, primary_key=True)
    end_ns: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    start_ns: Mapped[int]
    received_ns: Mapped[int]
    aisle: Mapped[str] = mapped_column(NAME)
    patrol: Mapped[str] = mapped_column(NAME)
    result: Mapped[str] = mapped_column(String(16))
    coverage: Mapped[float | None]
    views_used: Mapped[int]
    views_refused: Mapped[int]
    refusals: Mapped[dict[str, Any]]
    score: Mapped[float | None]
    threshold: Mapped[float | None]
    relearn: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (
        Index('inspections_newest', 'store', 'bay', 'received_ns'),
        Index('inspections_by_age', 'store', 'received_ns'),
    )


class BayRow(Base):
    """A bay's newest look, kept beside the history so that the map is one small read."""

    __tablename__ = 'bays'

    store: Mapped[str] = mapped_column(NAME, primary_key=True)
    bay: Mapped[str] = mapped_column(NAME, primary_key=True)
    robot: Mapped[str] = mapped_column(NAME)
    end_ns: Mapped[int]
    looked_ns: Mapped[int]
    """When it was looked at last, on the dashboard's clock, however well."""
    seen_ns: Mapped[int] = mapped_column(default=0)
    """When it was seen well last, on the dashboard's clock; 0 is never."""
    result: Mapped[str] = mapped_column(String(16))
    patrol: Mapped[str] = mapped_column(NAME)
    coverage: Mapped[float | None]
    refusals: Mapped[dict[str, Any]]
    relearn: Mapped[bool] = mapped_column(default=False)
    """Whether what is normal there has moved away from what the model learnt."""


class RobotRow(Base):
    """A robot: when it spoke last, how its detector does, where it is."""

    __tablename__ = 'robots'

    store: Mapped[str] = mapped_column(NAME, primary_key=True)
    robot: Mapped[str] = mapped_column(NAME, primary_key=True)
    heard_ns: Mapped[int]
    model: Mapped[str] = mapped_column(NAME, default='')
    status: Mapped[dict[str, Any]] = mapped_column(default=dict)
    x: Mapped[float | None]
    y: Mapped[float | None]
    yaw: Mapped[float | None]
    placed_ns: Mapped[int] = mapped_column(default=0)
