# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What the pages of access show: plain values, no secret. Times in nanoseconds since 1970."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UserView:
    """One user."""

    name: str
    role: str
    created_ns: int
    last_login_ns: int
    """0 is never."""


@dataclass(frozen=True, slots=True)
class SessionView:
    """One browser that is logged in."""

    id_hash: str
    agent: str
    created_ns: int
    used_ns: int


@dataclass(frozen=True, slots=True)
class TokenView:
    """One token of another program."""

    id: int
    name: str
    start: str
    scopes: list[str]
    created_by: str
    created_ns: int
    expires_ns: int
    used_ns: int


@dataclass(frozen=True, slots=True)
class WebhookView:
    """One address that is told of changes."""

    id: int
    url: str
    events: list[str]
    active: bool
    created_by: str
    created_ns: int
    waiting: int
    """Changes on their way to it."""
    given_up: int
    """Changes that could not be delivered."""
    status: int | None
    """What it answered last."""
    problem: str
    """Why the last delivery failed; empty when it did not."""


@dataclass(frozen=True, slots=True)
class AuditView:
    """Who changed what about access."""

    id: int
    at_ns: int
    who: str
    what: str
    note: str
