# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The users of one store's dashboard, and the browsers that are logged in."""

from __future__ import annotations

from collections.abc import Callable
import re

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from .audit import audit, note_audit
from .browsers import AGENT_LIMIT
from .database import Database
from .models_access import SessionRow, UserRow
from .passwords import (
    check_password,
    derive,
    fingerprint,
    hash_password,
    is_outdated,
    is_password,
    make_password,
    make_secret,
    NOBODY,
)
from .roles import AccessError, ConflictError, MissingError, Role, role, Who
from .text import clean
from .throttle import Throttle
from .views_access import AuditView, SessionView, UserView

LIFE_NS = 30 * 24 * 3600 * 10**9
"""A login ends after this long in any case."""
IDLE_NS = 7 * 24 * 3600 * 10**9
"""A login that is not used for this long ends."""
USED_NS = 5 * 60 * 10**9
"""The use of a login is noted no more often than this."""
MAX_SESSIONS = 20
"""Browsers in which one user can be logged in; the one used longest ago is logged out."""
_NAME = re.compile(r'[a-z0-9][a-z0-9._@+-]{0,63}')


class Accounts:
    """Users and their logins. Safe to use from several threads."""

    def __init__(self, database: Database, store: str, clock: Callable[[], int]) -> None:
        """Build it for one store."""
        self._database = database
        self._store = store
        self._clock = clock
        self._throttle = Throttle()

    def first_admin(self) -> str | None:
        """Make the user admin when there is no user at all, and return its password, once."""
        with self._database.writing() as session:
            if self._count(session) > 0:
                return None
            password = make_password()
            self._add(session, 'admin', Role.ADMIN, password)
            return password

    def users(self) -> list[UserView]:
        """Return the users by name."""
        query = select(UserRow).where(UserRow.store == self._store).order_by(UserRow.name)
        with self._database.reading() as session:
            return [
                UserView(row.name, row.role, row.created_ns, row.last_login_ns)
                for row in session.scalars(query)
            ]

    def add(self, name: str, kind: Role, password: str, by: str = '') -> str:
        """
        Make a user and return the name as it is kept.

        :raises AccessError: when the name is taken or none, or the password too weak
        """
        name = user_name(name)
        check_password(password, name)
        with self._database.writing() as session:
            if session.get(UserRow, (self._store, name)) is not None:
                raise ConflictError(f'there is a user {name} already; choose another name')
            self._add(session, name, kind, password)
            note_audit(
                session, self._store, self._clock(), by, 'user_added', f'{name}: {kind.word}'
            )
        return name

    def remove(self, name: str, by: str = '') -> None:
        """Remove a user with all logins; :raises AccessError: for the last admin."""
        with self._database.writing() as session:
            row = self._get(session, name)
            self._keep_an_admin(session, row)
            session.delete(row)
            self._end_sessions(session, row.name)
            note_audit(session, self._store, self._clock(), by, 'user_removed', row.name)

    def set_role(self, name: str, kind: Role, by: str = '') -> None:
        """Change what a user may do; :raises AccessError: for the last admin."""
        with self._database.writing() as session:
            row = self._get(session, name)
            if kind is not Role.ADMIN:
                self._keep_an_admin(session, row)
            row.role = kind.word
            note_audit(
                session, self._store, self._clock(), by, 'role_set', f'{row.name}: {kind.word}'
            )

    def set_password(self, name: str, password: str, by: str = '', keep: str = '') -> None:
        """
        Set a user's password and end the logins made with the old one.

        :param keep: hash of the session that stays
        :raises AccessError: when there is no such user or the password is too weak
        """
        with self._database.writing() as session:
            row = self._get(session, name)
            check_password(password, row.name)
            row.password_hash = hash_password(password)
            row.password_ns = self._clock()
            self._end_sessions(session, row.name, keep)
            note_audit(session, self._store, self._clock(), by, 'password_set', row.name)

    def change_password(self, who: Who, old: str, new: str) -> None:
        """Set one's own password; :raises AccessError: when the old one is wrong."""
        now = self._clock()
        if (wait := self._throttle.wait_s(who.name, 'account', now)) > 0:
            raise AccessError(f'too many attempts; try again in {wait} s')
        with self._database.reading() as session:
            stored = self._get(session, who.name).password_hash
        if not is_password(stored, old):
            self._throttle.failed(who.name, 'account', now)
            raise AccessError('the old password is not that')
        self.set_password(who.name, new, by=who.name, keep=who.session)

    def log_in(self, name: str, password: str, address: str, agent: str = '') -> str:
        """
        Log a browser in.

        :param address: where it asks from
        :param agent: what the browser calls itself
        :return: the secret for its cookie
        :raises AccessError: when name or password are wrong, or there were too many attempts
        """
        now = self._clock()
        name = clean(name).lower()
        if (wait := self._throttle.wait_s(name, address, now)) > 0:
            raise TooManyAttemptsError(f'Too many attempts. Try again in {wait} s.', wait)
        with self._database.reading() as session:
            row = session.get(UserRow, (self._store, name))
            stored = row.password_hash if row else None
        if not is_password(stored or NOBODY, password) or stored is None:
            self._throttle.failed(name, address, now)
            with self._database.writing() as session:
                note_audit(session, self._store, now, name, 'login_failed', address)
            raise AccessError('The name or the password is wrong.')
        self._throttle.passed(name, address)
        secret = make_secret()
        with self._database.writing() as session:
            row = self._get(session, name)
            row.last_login_ns = now
            if is_outdated(stored):
                row.password_hash = hash_password(password)
            self._make_room(session, name)
            session.add(
                SessionRow(
                    id_hash=fingerprint(secret),
                    store=self._store,
                    user=name,
                    created_ns=now,
                    used_ns=now,
                    expires_ns=now + LIFE_NS,
                    agent=clean(agent, AGENT_LIMIT),
                )
            )
            note_audit(session, self._store, now, name, 'login', address)
        return secret

    def who(self, secret: str) -> Who | None:
        """Return whose session it is that a cookie names, or None."""
        found = self.who_of(fingerprint(secret))
        if found is None:
            return None
        return Who(
            found.name,
            found.role,
            ingest=found.ingest,
            session=found.session,
            csrf=derive(secret, 'csrf'),
        )

    def who_of(self, session_hash: str) -> Who | None:
        """Return whose session that is, or None when it has ended."""
        now = self._clock()
        with self._database.reading() as session:
            row = session.get(SessionRow, session_hash)
            if row is None or row.store != self._store or now > row.expires_ns:
                return None
            if now - row.used_ns > IDLE_NS:
                return None
            user = session.get(UserRow, (self._store, row.user))
            if user is None:
                return None
            kind, used = role(user.role), row.used_ns
        if now - used > USED_NS:
            with self._database.writing() as session:
                if (row := session.get(SessionRow, session_hash)) is not None:
                    row.used_ns = now
        return Who(user.name, kind, ingest=kind is Role.ADMIN, session=session_hash)

    def log_out(self, session_hash: str) -> None:
        """End a login."""
        with self._database.writing() as session:
            session.execute(delete(SessionRow).where(SessionRow.id_hash == session_hash))

    def log_out_others(self, who: Who) -> None:
        """End all logins of a user but the present one."""
        with self._database.writing() as session:
            self._end_sessions(session, who.name, who.session)

    def sessions(self, name: str) -> list[SessionView]:
        """Return where a user is logged in, the one used last first."""
        query = (
            select(SessionRow)
            .where(SessionRow.store == self._store, SessionRow.user == name)
            .order_by(SessionRow.used_ns.desc())
        )
        with self._database.reading() as session:
            return [
                SessionView(row.id_hash, row.agent, row.created_ns, row.used_ns)
                for row in session.scalars(query)
            ]

    def audit(self) -> list[AuditView]:
        """Return who changed what about access, newest first."""
        return audit(self._database, self._store)

    def _add(self, session: Session, name: str, kind: Role, password: str) -> None:
        now = self._clock()
        session.add(
            UserRow(
                store=self._store,
                name=name,
                role=kind.word,
                password_hash=hash_password(password),
                created_ns=now,
                password_ns=now,
            )
        )

    def _get(self, session: Session, name: str) -> UserRow:
        row = session.get(UserRow, (self._store, clean(name).lower()))
        if row is None:
            raise MissingError(f'store {self._store!r} has no user {clean(name)!r}')
        return row

    def _count(self, session: Session, kind: Role | None = None) -> int:
        query = select(func.count()).select_from(UserRow).where(UserRow.store == self._store)
        if kind is not None:
            query = query.where(UserRow.role == kind.word)
        return session.scalar(query) or 0

    def _keep_an_admin(self, session: Session, row: UserRow) -> None:
        if row.role == Role.ADMIN.word and self._count(session, Role.ADMIN) == 1:
            raise ConflictError(f'{row.name} is the last admin; make another one first')

    def _end_sessions(self, session: Session, name: str, keep: str = '') -> None:
        session.execute(
            delete(SessionRow).where(
                SessionRow.store == self._store,
                SessionRow.user == name,
                SessionRow.id_hash != keep,
            )
        )

    def _make_room(self, session: Session, name: str) -> None:
        rows = session.scalars(
            select(SessionRow)
            .where(SessionRow.store == self._store, SessionRow.user == name)
            .order_by(SessionRow.used_ns.desc())
            .offset(MAX_SESSIONS - 1)
        )
        for row in rows:
            session.delete(row)


class TooManyAttemptsError(AccessError):
    """Somebody tries passwords."""

    def __init__(self, text: str, wait_s: int) -> None:
        """Say for how many seconds to wait."""
        super().__init__(text)
        self.wait_s = wait_s


def user_name(name: str) -> str:
    """Return a name as it is kept; :raises AccessError: when it is none."""
    name = name.strip().lower()
    if not _NAME.fullmatch(name):
        raise AccessError(
            f'user name {clean(name, 40)!r}: expected up to 64 letters a-z, digits and . _ @ + -'
        )
    return name
