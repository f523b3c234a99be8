# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The tables of people, tokens, webhooks and options. Secrets lie there as hashes only."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Index, JSON, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from .browsers import AGENT_LIMIT
from .models import Base, NAME, SERIAL

HASH = String(64)


class UserRow(Base):
    """One person who may log in to one store's dashboard."""

    __tablename__ = 'users'

    store: Mapped[str] = mapped_column(NAME, primary_key=True)
    name: Mapped[str] = mapped_column(NAME, primary_key=True)
    """In lower case; what is typed at the login."""
    role: Mapped[str] = mapped_column(String(16))
    """viewer, staff or admin."""
    password_hash: Mapped[str] = mapped_column(Text)
    created_ns: Mapped[int]
    password_ns: Mapped[int]
    """When the password was set."""
    last_login_ns: Mapped[int] = mapped_column(default=0)


class SessionRow(Base):
    """One browser that is logged in."""

    __tablename__ = 'sessions'

    id_hash: Mapped[str] = mapped_column(HASH, primary_key=True)
    """SHA-256 of what the browser's cookie carries."""
    store: Mapped[str] = mapped_column(NAME)
    user: Mapped[str] = mapped_column('user_name', NAME)
    created_ns: Mapped[int]
    used_ns: Mapped[int]
    expires_ns: Mapped[int]
    agent: Mapped[str] = mapped_column(String(AGENT_LIMIT))
    """What the browser calls itself."""

    __table_args__ = (Index('sessions_of_user', 'store', 'user_name'),)


class TokenRow(Base):
    """What another program shows instead of a password."""

    __tablename__ = 'tokens'

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True, autoincrement=True)
    store: Mapped[str] = mapped_column(NAME)
    name: Mapped[str] = mapped_column(NAME)
    """What it is for."""
    token_hash: Mapped[str] = mapped_column(HASH, unique=True)
    start: Mapped[str] = mapped_column(String(16))
    """Its first characters, to tell it from others."""
    scopes: Mapped[list[str]] = mapped_column(JSON)
    """read, write, ingest."""
    created_by: Mapped[str] = mapped_column(NAME)
    created_ns: Mapped[int]
    expires_ns: Mapped[int] = mapped_column(default=0)
    """0 is never."""
    used_ns: Mapped[int] = mapped_column(default=0)

    __table_args__ = (Index('tokens_of_store', 'store', 'id'),)


class WebhookRow(Base):
    """An address that is told of every change."""

    __tablename__ = 'webhooks'

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True, autoincrement=True)
    store: Mapped[str] = mapped_column(NAME)
    url: Mapped[str] = mapped_column(Text)
    secret: Mapped[str] = mapped_column(String(80))
    """Key of the signature; both sides need it, so that it cannot be a hash."""
    events: Mapped[list[str]] = mapped_column(JSON)
    """Which changes; none is all."""
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    created_by: Mapped[str] = mapped_column(NAME)
    created_ns: Mapped[int]
    last_event_id: Mapped[int] = mapped_column(default=0)
    """The last change that was laid out for it."""

    __table_args__ = (Index('webhooks_of_store', 'store', 'id'),)


class DeliveryRow(Base):
    """One change on its way to one webhook."""

    __tablename__ = 'deliveries'

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True, autoincrement=True)
    store: Mapped[str] = mapped_column(NAME)
    webhook_id: Mapped[int]
    event_id: Mapped[int]
    state: Mapped[str] = mapped_column(String(16))
    """waiting, delivered or given_up."""
    attempts: Mapped[int] = mapped_column(default=0)
    next_ns: Mapped[int]
    """When to try next."""
    status: Mapped[int | None]
    """The other side's last HTTP status."""
    problem: Mapped[str] = mapped_column(Text, default='')
    changed_ns: Mapped[int]

    __table_args__ = (
        Index('deliveries_due', 'store', 'state', 'next_ns'),
        Index('deliveries_of_webhook', 'webhook_id', 'id'),
    )


class OptionRow(Base):
    """Something that admins set while the dashboard runs, as how long to keep what."""

    __tablename__ = 'options'

    store: Mapped[str] = mapped_column(NAME, primary_key=True)
    name: Mapped[str] = mapped_column(NAME, primary_key=True)
    value: Mapped[dict[str, Any]]


class AuditRow(Base):
    """Who changed what about access, and who came in. Only ever added to."""

    __tablename__ = 'audit'

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True, autoincrement=True)
    store: Mapped[str] = mapped_column(NAME)
    at_ns: Mapped[int]
    who: Mapped[str] = mapped_column(NAME)
    what: Mapped[str] = mapped_column(String(32))
    note: Mapped[str] = mapped_column(Text, default='')

    __table_args__ = (Index('audit_of_store', 'store', 'id'),)
