# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The addresses that are told of changes, and what is on its way to them."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
import hashlib
import hmac
import random
import secrets
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import delete, func, Select, select
from sqlalchemy.orm import Session

from .audit import note_audit
from .database import Database
from .models_access import DeliveryRow, WebhookRow
from .roles import AccessError, MissingError
from .tail import Tail
from .text import clean
from .views import EventView
from .views_access import WebhookView

EVENTS = (
    *('opened', 'seen_again', 'resolved', 'dismissed', 'reopened', 'confirmed', 'taken_over'),
    *('acknowledged', 'assigned', 'unassigned', 'noted'),
)
MAX_HOOKS = 20
MAX_WAITING = 10_000
"""Changes that may wait for one webhook; what comes after is given up."""
MAX_ATTEMPTS = 12
MAX_PAUSE_S = 3600
"""Twelve attempts with doubling pauses span about two hours."""
URL_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Parcel:
    """One change on its way to one webhook."""

    delivery: int
    webhook: int
    event_id: int
    url: str
    secret: str
    attempts: int


class Webhooks:
    """One store's webhooks. Safe to use from several threads."""

    def __init__(
        self, database: Database, store: str, clock: Callable[[], int], tail: Tail
    ) -> None:
        """Build it for one store."""
        self._database = database
        self._store = store
        self._clock = clock
        self._tail = tail

    def add(self, url: str, events: Sequence[str] = (), by: str = '') -> str:
        """
        Tell an address of all changes from now on.

        :param events: which changes; none is all
        :return: the secret with which it can check our signature
        :raises AccessError: when the address is none, or there are too many
        """
        url = _checked(url)
        if strays := set(events) - set(EVENTS):
            raise AccessError(f'changes {sorted(strays)}: expected some of {", ".join(EVENTS)}')
        secret = 'whsec_' + base64.b64encode(secrets.token_bytes(32)).decode()
        with self._database.writing() as session:
            count = select(func.count()).where(WebhookRow.store == self._store)
            if (session.scalar(count) or 0) >= MAX_HOOKS:
                raise AccessError(f'there are {MAX_HOOKS} webhooks already; remove one first')
            session.add(
                WebhookRow(
                    store=self._store,
                    url=url,
                    secret=secret,
                    events=sorted(set(events)),
                    active=True,
                    created_by=clean(by),
                    created_ns=self._clock(),
                    last_event_id=self._tail.last(),
                )
            )
            note_audit(session, self._store, self._clock(), by, 'webhook_added', url)
        return secret

    def remove(self, webhook_id: int, by: str = '') -> None:
        """Tell an address no more; :raises AccessError: when there is none of that number."""
        with self._database.writing() as session:
            row = self._get(session, webhook_id)
            session.execute(delete(DeliveryRow).where(DeliveryRow.webhook_id == row.id))
            note_audit(session, self._store, self._clock(), by, 'webhook_removed', row.url)
            session.delete(row)

    def set_active(self, webhook_id: int, active: bool, by: str = '') -> None:
        """Stop to tell an address, or go on; what happened between is not told."""
        with self._database.writing() as session:
            row = self._get(session, webhook_id)
            if active and not row.active:
                row.last_event_id = max(row.last_event_id, self._tail.last())
            row.active = active
            said = 'webhook_started' if active else 'webhook_stopped'
            note_audit(session, self._store, self._clock(), by, said, row.url)

    def webhooks(self) -> list[WebhookView]:
        """Return the webhooks and how they do, without the secrets."""
        query = select(WebhookRow).where(WebhookRow.store == self._store).order_by(WebhookRow.id)
        with self._database.reading() as session:
            return [_view(session, row) for row in session.scalars(query)]

    def lay_out(self) -> int:
        """Put the new changes on their way; return how many are on it."""
        now = self._clock()
        newest = self._tail.last()
        behind = select(WebhookRow).where(
            WebhookRow.store == self._store,
            WebhookRow.active,
            WebhookRow.last_event_id < newest,
        )
        with self._database.reading() as session:
            if session.scalars(behind.limit(1)).first() is None:
                return 0
        laid = 0
        with self._database.writing() as session:
            for row in session.scalars(behind).all():
                waiting = int(session.scalar(_count(row.id, 'waiting')) or 0)
                for event in self._tail.after(row.last_event_id):
                    row.last_event_id = event.id
                    if not row.events or event.what in row.events:
                        session.add(self._delivery(row, event, waiting + laid, now))
                        laid += 1
        return laid

    def due(self, busy: set[int], limit: int = 20) -> dict[int, list[Parcel]]:
        """Return what is to be delivered now, by webhook, but nothing for those in ``busy``."""
        now = self._clock()
        query = (
            select(DeliveryRow, WebhookRow)
            .join(WebhookRow, WebhookRow.id == DeliveryRow.webhook_id)
            .where(
                DeliveryRow.store == self._store,
                DeliveryRow.state == 'waiting',
                DeliveryRow.next_ns <= now,
                WebhookRow.active,
                WebhookRow.id.not_in(busy),
            )
            .order_by(DeliveryRow.next_ns, DeliveryRow.id)
            .limit(limit * MAX_HOOKS)
        )
        found: dict[int, list[Parcel]] = {}
        with self._database.reading() as session:
            for row, hook in session.execute(query):
                parcels = found.setdefault(hook.id, [])
                if len(parcels) < limit:
                    parcels.append(
                        Parcel(
                            *(row.id, hook.id, row.event_id, hook.url, hook.secret),
                            attempts=row.attempts,
                        )
                    )
        return found

    def delivered(self, parcel: Parcel, status: int) -> None:
        """Note that a change has arrived."""
        self._note(parcel, 'delivered', status, '', 0)

    def failed(self, parcel: Parcel, status: int | None, problem: str) -> None:
        """Note that a change has not arrived, and when to try again, if ever."""
        attempts = parcel.attempts + 1
        pause_s = min(MAX_PAUSE_S, 2**attempts) * random.uniform(0.8, 1.2)
        over = attempts >= MAX_ATTEMPTS
        self._note(parcel, 'given_up' if over else 'waiting', status, problem, pause_s)
        if status == 410:  # gone: the other side wants to hear no more
            self.set_active(parcel.webhook, False, 'the other side')

    def _note(
        self, parcel: Parcel, state: str, status: int | None, problem: str, pause_s: float
    ) -> None:
        now = self._clock()
        with self._database.writing() as session:
            row = session.get(DeliveryRow, parcel.delivery)
            if row is None:
                return
            row.state, row.status, row.problem = state, status, clean(problem, 300)
            row.attempts, row.changed_ns = parcel.attempts + 1, now
            row.next_ns = now + int(pause_s * 10**9)

    def _delivery(self, hook: WebhookRow, event: EventView, waiting: int, now: int) -> DeliveryRow:
        full = waiting >= MAX_WAITING
        return DeliveryRow(
            store=self._store,
            webhook_id=hook.id,
            event_id=event.id,
            state='given_up' if full else 'waiting',
            problem='too many changes were waiting' if full else '',
            next_ns=now,
            changed_ns=now,
        )

    def _get(self, session: Session, webhook_id: int) -> WebhookRow:
        row = session.get(WebhookRow, webhook_id)
        if row is None or row.store != self._store:
            raise MissingError(f'there is no webhook {webhook_id}')
        return row


def sign(secret: str, message_id: str, stamp_s: int, body: bytes) -> str:
    """Return the signature of a message, as standardwebhooks.com describes it."""
    key = base64.b64decode(secret.removeprefix('whsec_'))
    signed = f'{message_id}.{stamp_s}.'.encode() + body
    return 'v1,' + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def _count(webhook_id: int, state: str) -> Select[Any]:
    return select(func.count()).where(
        DeliveryRow.webhook_id == webhook_id, DeliveryRow.state == state
    )


def _view(session: Session, row: WebhookRow) -> WebhookView:
    newest = session.scalars(
        select(DeliveryRow)
        .where(DeliveryRow.webhook_id == row.id, DeliveryRow.attempts > 0)
        .order_by(DeliveryRow.changed_ns.desc())
        .limit(1)
    ).first()
    return WebhookView(
        *(row.id, row.url, list(row.events), row.active, row.created_by, row.created_ns),
        waiting=session.scalar(_count(row.id, 'waiting')) or 0,
        given_up=session.scalar(_count(row.id, 'given_up')) or 0,
        status=newest.status if newest else None,
        problem=newest.problem if newest else '',
    )


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url.strip())
        good = parts.scheme in ('http', 'https') and bool(parts.hostname) and not parts.username
        good = good and (parts.port is None or parts.port > 0)
    except ValueError:
        good = False
    if not good or len(url) > URL_LIMIT or not url.strip().isprintable() or ' ' in url.strip():
        raise AccessError(
            f'address {clean(url, 80)!r}: expected https://host/path, without a user in it'
        )
    return url.strip()
