# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Tokens of other programs: shown once, kept as a hash, limited to what they are for."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sqlalchemy import select

from .audit import note_audit
from .database import Database
from .models_access import TokenRow
from .passwords import fingerprint, make_secret
from .roles import AccessError, MissingError, Role, Who
from .text import clean
from .views_access import TokenView

SCOPES = ('read', 'write', 'ingest')
"""read: sees everything; write: also judges alerts; ingest: reports as a robot."""
PREFIX = 'shelf_'
USED_NS = 60 * 10**9


class Tokens:
    """One store's tokens. Safe to use from several threads."""

    def __init__(self, database: Database, store: str, clock: Callable[[], int]) -> None:
        """Build it for one store."""
        self._database = database
        self._store = store
        self._clock = clock

    def make(self, name: str, scopes: Iterable[str], by: str = '', days: int | None = None) -> str:
        """
        Make a token and return it; it cannot be shown again.

        :param name: what it is for
        :param scopes: of read, write, ingest
        :param days: after how many days it ends; None is never
        :raises AccessError: when it would have no name or no scope
        """
        wanted = [scope for scope in SCOPES if scope in set(scopes)]
        strays = set(scopes) - set(SCOPES)
        if not wanted or strays:
            raise AccessError(
                f'scopes {sorted(set(scopes))}: expected some of {", ".join(SCOPES)}'
            )
        if not clean(name):
            raise AccessError('the token has no name; say what it is for')
        if days is not None and not 1 <= days <= 3650:
            raise AccessError(f'{days} days: a token lasts 1 to 3650 days, or for ever')
        secret, now = PREFIX + make_secret(), self._clock()
        with self._database.writing() as session:
            session.add(
                TokenRow(
                    store=self._store,
                    name=clean(name),
                    token_hash=fingerprint(secret),
                    start=secret[: len(PREFIX) + 4],
                    scopes=wanted,
                    created_by=clean(by),
                    created_ns=now,
                    expires_ns=now + days * 24 * 3600 * 10**9 if days else 0,
                )
            )
            note_audit(session, self._store, now, by, 'token_made', f'{name}: {", ".join(wanted)}')
        return secret

    def tokens(self) -> list[TokenView]:
        """Return the tokens, without what they are."""
        query = select(TokenRow).where(TokenRow.store == self._store).order_by(TokenRow.id)
        with self._database.reading() as session:
            return [
                TokenView(
                    *(row.id, row.name, row.start, list(row.scopes)),
                    *(row.created_by, row.created_ns, row.expires_ns, row.used_ns),
                )
                for row in session.scalars(query)
            ]

    def remove(self, token_id: int, by: str = '') -> None:
        """Take a token back; :raises AccessError: when there is none of that number."""
        with self._database.writing() as session:
            row = session.get(TokenRow, token_id)
            if row is None or row.store != self._store:
                raise MissingError(f'there is no token {token_id}')
            session.delete(row)
            note_audit(session, self._store, self._clock(), by, 'token_removed', row.name)

    def who(self, secret: str) -> Who | None:
        """Return what the bearer of a token may do, or None when it is none (any more)."""
        if not secret.startswith(PREFIX):
            return None
        now = self._clock()
        query = select(TokenRow).where(
            TokenRow.token_hash == fingerprint(secret), TokenRow.store == self._store
        )
        with self._database.reading() as session:
            row = session.scalars(query).first()
        if row is None or 0 < row.expires_ns < now:
            return None
        if now - row.used_ns > USED_NS:
            with self._database.writing() as session:
                if (again := session.get(TokenRow, row.id)) is not None:
                    again.used_ns = now
        kind = (
            Role.STAFF if 'write' in row.scopes else Role.VIEWER if 'read' in row.scopes else None
        )
        return Who(row.name, kind, ingest='ingest' in row.scopes)
