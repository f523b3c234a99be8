# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The database: opened by URL, migrated by Alembic, one way to read and one to write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
import threading
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, Engine, event, make_url
from sqlalchemy.exc import ArgumentError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from shelf_anomaly.errors import ShelfAnomalyError

from . import models_access  # noqa: F401 - its tables join those of models
from .text import clean

MIGRATIONS = Path(__file__).parent / 'migrations'
BUSY_MS = 5000
MIGRATING = 0x5E1FA11E
_WRITE = 'shelf_write'


class DatabaseError(ShelfAnomalyError):
    """A database that cannot be opened or brought up to date."""


class Database:
    """One database; sessions for reading and for writing. Safe to use from several threads."""

    def __init__(self, url: str) -> None:
        """
        Open the database and migrate it to the present shape.

        :param url: an SQLAlchemy URL, as ``sqlite:////var/lib/shelf/dashboard.db``
        :raises DatabaseError: naming the database, what went wrong and the way out
        """
        self._engine = _open(url)
        self._one_writer = threading.Lock()
        self._writing = self._engine.execution_options(**{_WRITE: True})
        try:
            with self._writing.begin() as connection:
                _migrate(connection)
        except SQLAlchemyError as error:
            shown = self._engine.url.render_as_string(hide_password=True)
            self._engine.dispose()
            raise DatabaseError(
                f'{shown}: cannot be used: {clean(error, 300)}; pass another one with --database'
            ) from None

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Yield a session that sees one state of the database."""
        with Session(self._engine) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Yield a session whose changes are all kept at the end, or none of them."""
        # One writer of this process at a time: events are so numbered in the order in which they
        # can be seen, on PostgreSQL too, and a stream that has read one misses none before it.
        with self._one_writer, Session(self._writing) as session, session.begin():
            yield session

    def close(self) -> None:
        """Give every connection back."""
        self._engine.dispose()


def _open(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise DatabaseError(
            f'{url!r} is no database URL; expected for example sqlite:////path/to/dashboard.db'
        ) from None
    if parsed.drivername in ('postgresql', 'postgres'):
        parsed = parsed.set(drivername='postgresql+psycopg')
    sqlite = parsed.get_backend_name() == 'sqlite'
    if sqlite and parsed.database in (None, '', ':memory:'):
        raise DatabaseError(
            'an SQLite database in memory is gone at the end; name a file: sqlite:////path/to/dashboard.db'
        )
    if sqlite and parsed.database:
        try:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DatabaseError(f'{parsed.database}: its folder cannot be made: {error}') from None
    try:
        engine = create_engine(parsed, pool_pre_ping=not sqlite)
    except (SQLAlchemyError, ImportError) as error:
        raise DatabaseError(
            f'{parsed.render_as_string(hide_password=True)}: {clean(error, 300)}'
        ) from None
    if sqlite:
        event.listen(engine, 'connect', _prepare_sqlite)
        event.listen(engine, 'begin', _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun below, never behind our back
    cursor = connection.cursor()
    cursor.execute(f'PRAGMA busy_timeout={BUSY_MS}')
    cursor.execute('PRAGMA journal_mode=WAL')
    # FULL keeps a committed alert through a power cut too; the writer commits in batches.
    cursor.execute('PRAGMA synchronous=FULL')
    cursor.execute('PRAGMA foreign_keys=ON')
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A deferred transaction that reads first and writes later fails at once when another one
    # wrote in between; one that is to write says so at its start and waits its turn.
    write = connection.get_execution_options().get(_WRITE, False)
    connection.exec_driver_sql('BEGIN IMMEDIATE' if write else 'BEGIN')


def _migrate(connection: Connection) -> None:
    if connection.dialect.name == 'postgresql':
        # Several dashboards of a chain may start at once; one of them brings it up to date.
        connection.exec_driver_sql(f'SELECT pg_advisory_xact_lock({MIGRATING})')
    config = Config()
    config.set_main_option('script_location', str(MIGRATIONS).replace('%', '%%'))
    config.attributes['connection'] = connection
    try:
        command.upgrade(config, 'head')
    except OperationalError:
        raise
    except Exception as error:
        raise DatabaseError(
            f'the database cannot be brought to the present shape: {clean(error, 300)}; '
            'it may come from a newer version of the dashboard'
        ) from error
