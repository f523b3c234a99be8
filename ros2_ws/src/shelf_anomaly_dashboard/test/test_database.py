# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Opening, migrating and sharing a database."""

from __future__ import annotations

from pathlib import Path
import sqlite3
import threading

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
import pytest
from sqlalchemy import select, text

from shelf_anomaly_dashboard.database import Database, DatabaseError, MIGRATIONS
from shelf_anomaly_dashboard.models import AlertRow, Base, EventRow

FIRST_ALERT = """
INSERT INTO alerts VALUES ('s', 'r', 'i', 'gap', 'resolved', 'resolved', 'A', 'B', 1,
0, 0, 0, 0, 0, 0, 0, '', 'm', 1, 1, 1, 1, 7, 1, '[]', '[]', '', NULL, NULL, '', '', 0, 0, FALSE)
"""


@pytest.mark.parametrize(
    ('url', 'complaint'),
    [
        ('nonsense', 'is no database URL'),
        ('sqlite://', 'name a file'),
        ('sqlite:///:memory:', 'name a file'),
        ('sqlite:////proc/no/where.db', 'its folder cannot be made'),
        ('nosuchdb://host/name', 'nosuchdb'),
    ],
)
def test_a_url_that_cannot_be_used(url: str, complaint: str) -> None:
    with pytest.raises(DatabaseError, match=complaint):
        Database(url)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / 'notes.txt'
    path.write_text('these are my notes\n' * 100)

    with pytest.raises(DatabaseError, match=r'notes\.txt: cannot be used: .*--database'):
        Database(f'sqlite:///{path}')
    assert path.read_text().startswith('these are my notes')


def test_a_database_of_a_newer_dashboard(tmp_path: Path) -> None:
    url = f'sqlite:///{tmp_path}/a.db'
    Database(url).close()
    with sqlite3.connect(tmp_path / 'a.db') as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(DatabaseError, match='newer version of the dashboard'):
        Database(url)


def test_the_steps_lead_to_the_tables_of_the_models(database_url: str) -> None:
    database = Database(database_url)
    with database.reading() as session:
        connection = session.connection()
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
        if connection.dialect.name == 'sqlite':
            assert connection.execute(text('PRAGMA journal_mode')).scalar() == 'wal'
    database.close()


def test_a_database_of_the_first_version_is_brought_along(database_url: str) -> None:
    database = Database(database_url)
    with database.writing() as session:
        connection = session.connection()
        config = Config()
        config.set_main_option('script_location', str(MIGRATIONS))
        config.attributes['connection'] = connection
        command.downgrade(config, '0001')
        connection.execute(text(FIRST_ALERT))
        command.upgrade(config, 'head')
        (row,) = session.scalars(select(AlertRow))
        assert (row.id, row.closed_ns, row.assignee, row.priority) == ('i', 7, '', 0)
    database.close()


def test_what_was_written_is_there_after_reopening(database_url: str) -> None:
    url = database_url
    first = Database(url)
    with first.writing() as session:
        session.add(_event('one'))
    first.close()

    second = Database(url)
    with second.reading() as session:
        assert list(session.scalars(select(EventRow.what))) == ['one']
    second.close()


def test_a_failed_transaction_leaves_nothing(database_url: str) -> None:
    database = Database(database_url)

    def fail() -> None:
        with database.writing() as session:
            session.add(_event('lost'))
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    with database.reading() as session:
        assert list(session.scalars(select(EventRow))) == []
    database.close()


def test_many_writers_wait_for_each_other(tmp_path: Path) -> None:
    url = f'sqlite:///{tmp_path}/a.db'
    databases = [Database(url), Database(url)]  # as two processes would
    failures: list[Exception] = []

    def write(database: Database) -> None:
        try:
            for _ in range(25):
                with database.writing() as session:
                    before = len(
                        session.scalars(select(EventRow)).all()
                    )  # reads first, writes later
                    session.add(_event(str(before)))
        except Exception as error:  # noqa: BLE001 - reported below
            failures.append(error)

    threads = [threading.Thread(target=write, args=(database,)) for database in databases * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    with databases[0].reading() as session:
        # each saw all that was before it: no number twice
        assert [str(i) for i in range(100)] == list(
            session.scalars(select(EventRow.what).order_by(EventRow.id))
        )


def _event(what: str) -> EventRow:
    return EventRow(store='s', robot='r', alert_id='a', at_ns=1, by='robot', who='r', what=what)
