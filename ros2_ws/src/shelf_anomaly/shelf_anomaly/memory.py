# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
What the robot must not forget: alerts, learned appearances, verdicts, the patrol that runs.

One SQLite file (write-ahead log, ``synchronous=FULL``) a camera and store. Every step of the
pipeline is one transaction, written before anything of it is said: a process that is killed at any
moment has either done the whole step or nothing of it. Alerts whose latest state was not said yet
are marked, and are said after the restart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
import fcntl
import json
import os
from pathlib import Path
import re
import sqlite3
from threading import RLock
from typing import Any, TextIO

from .appearance import Appearance
from .errors import MemoryFileError
from .learned import LearnedLook
from .records import Alert, Box, Home, Kind, Roi, State

SCHEMA = 1
KEEP_RESOLVED_NS = 90 * 86_400_000_000_000
"""Alerts that were resolved longer ago than this are dropped from the file."""

_TABLES = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS alerts (
    id TEXT PRIMARY KEY, number INTEGER NOT NULL, state TEXT NOT NULL, record TEXT NOT NULL,
    evidence BLOB NOT NULL, appearance BLOB, unsent INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS learned (
    id TEXT PRIMARY KEY, bay TEXT NOT NULL, box TEXT NOT NULL, kind TEXT NOT NULL, appearance BLOB,
    radius REAL, author TEXT NOT NULL, note TEXT NOT NULL, stamp_ns INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS verdicts (
    number INTEGER PRIMARY KEY AUTOINCREMENT, alert_id TEXT NOT NULL, verdict TEXT NOT NULL,
    author TEXT NOT NULL, note TEXT NOT NULL, stamp_ns INTEGER NOT NULL,
    record TEXT NOT NULL, evidence BLOB NOT NULL,
    UNIQUE (alert_id, verdict, author, stamp_ns));
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person said of an alert, with the alert as it was then."""

    alert_id: str
    verdict: str
    """confirmed, false_alarm, resolved or reopened."""
    author: str
    note: str
    stamp_ns: int
    alert: Alert


class Memory:
    """An open memory file."""

    def __init__(self, path: str | Path, store: str, *, exclusive: bool = True) -> None:
        """
        Open a file, or make it.

        :param path: the file; its folder is made
        :param store: name of the store that it is about; empty = whatever it is about
        :param exclusive: whether this is the one that tracks; a second one is refused
        :raises MemoryFileError: if it cannot be used, belongs to another store or is in use
        """
        self.path = Path(path).expanduser()
        self._lock = RLock()
        self._guard: TextIO | None = None
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if exclusive:
                self._claim()
            self._db = sqlite3.connect(
                self.path, timeout=5.0, isolation_level=None, check_same_thread=False
            )
            self._db.execute('PRAGMA journal_mode=WAL')
            self._db.execute('PRAGMA synchronous=FULL')
            self._prepare(store)
        except (OSError, sqlite3.Error) as error:
            self._release()
            raise MemoryFileError(
                f'{self.path}: cannot be used as memory: {error}; move the file away to start '
                'without it, or name another one'
            ) from None
        except MemoryFileError:
            self._release()
            raise
        self._version = self._data_version()

    def _claim(self) -> None:
        self._guard = self.path.with_name(self.path.name + '.lock').open('w')
        try:
            fcntl.flock(self._guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise MemoryFileError(
                f'{self.path}: is in use by another detector; give each camera a memory (or a '
                'robot name) of its own'
            ) from None

    def _release(self) -> None:
        if self._guard is not None:
            self._guard.close()
            self._guard = None

    def _prepare(self, store: str) -> None:
        with self._step():  # writes nothing when all is there, so that a reader is no change
            for statement in filter(str.strip, _TABLES.split(';')):
                self._db.execute(statement)
            known = dict(self._db.execute('SELECT key, value FROM meta'))
            schema, owner = known.get('schema', str(SCHEMA)), known.get('store', store)
            if schema != str(SCHEMA):
                raise MemoryFileError(
                    f'{self.path}: is a memory of version {schema}, this program knows {SCHEMA}; '
                    'name another file'
                )
            if store and owner and owner != store:
                raise MemoryFileError(
                    f'{self.path}: is the memory of store {owner!r}, not of {store!r}; '
                    'name another file'
                )
            rows = [('schema', str(SCHEMA)), ('store', owner)]
            missing = [(key, value) for key, value in rows if value and not known.get(key)]
            self._db.executemany('INSERT INTO meta VALUES (?, ?)', missing)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()
            self._release()

    @contextmanager
    def _step(self) -> Iterator[None]:
        """Do all of it or nothing."""
        with self._lock:
            self._db.execute('BEGIN IMMEDIATE')
            try:
                yield
            except BaseException:
                self._db.execute('ROLLBACK')
                raise
            self._db.execute('COMMIT')

    def _data_version(self) -> int:
        return int(self._db.execute('PRAGMA data_version').fetchone()[0])

    def changed_elsewhere(self) -> bool:
        """Return True once when another process (the command line) has written to the file."""
        with self._lock:
            version = self._data_version()
            changed, self._version = version != self._version, version
            return changed

    def save(
        self,
        alerts: Sequence[Alert] = (),
        looks: Mapping[str, Appearance | None] | None = None,
        *,
        learned: Sequence[LearnedLook] = (),
        forgotten: Sequence[str] = (),
        verdict: Verdict | None = None,
        notes: Mapping[str, object] | None = None,
    ) -> None:
        """
        Write one step of the pipeline, whole.

        :param alerts: those that changed, in their new state; they count as not yet said
        :param looks: appearance of each of them by id
        :param learned: appearances that are normal from now on
        :param forgotten: ids of those that are not any more
        :param verdict: what a person said
        :param notes: values that :meth:`note` returns, by key
        :raises MemoryFileError: if it cannot be written (the disk is full)
        """
        looks = looks or {}
        try:
            with self._step():
                for alert in alerts:
                    self._put_alert(alert, looks.get(alert.id))
                for look in learned:
                    self._put_learned(look)
                for gone in forgotten:
                    self._db.execute('DELETE FROM learned WHERE id = ?', (gone,))
                if verdict is not None:
                    self._put_verdict(verdict)
                for key, value in (notes or {}).items():
                    self._db.execute(
                        'INSERT OR REPLACE INTO meta VALUES (?, ?)', (key, json.dumps(value))
                    )
        except sqlite3.Error as error:
            raise MemoryFileError(f'{self.path}: cannot be written: {error}') from None

    def _put_alert(self, alert: Alert, look: Appearance | None) -> None:
        row = (
            alert.id,
            alert.state.value,
            json.dumps(alert_to_json(alert)),
            alert.evidence,
            look.to_bytes() if look is not None else None,
        )
        self._db.execute(
            'INSERT INTO alerts (id, number, state, record, evidence, appearance, unsent) VALUES '
            '(?1, (SELECT COALESCE(MAX(number), 0) + 1 FROM alerts), ?2, ?3, ?4, ?5, 1) '
            'ON CONFLICT (id) DO UPDATE SET state = ?2, record = ?3, evidence = ?4, '
            'appearance = COALESCE(?5, appearance), unsent = 1',
            row,
        )

    def _put_learned(self, look: LearnedLook) -> None:
        self._db.execute(
            'INSERT OR REPLACE INTO learned VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
            (
                look.id,
                look.bay,
                json.dumps(asdict(look.box)),
                look.kind.value,
                look.appearance.to_bytes() if look.appearance is not None else None,
                look.radius,
                look.author,
                look.note,
                look.stamp_ns,
            ),
        )

    def _put_verdict(self, verdict: Verdict) -> None:
        # The same verdict that arrives twice is one.
        self._db.execute(
            'INSERT OR IGNORE INTO verdicts (alert_id, verdict, author, note, stamp_ns, record, '
            'evidence) VALUES (?, ?, ?, ?, ?, ?, ?)',
            (
                verdict.alert_id,
                verdict.verdict,
                verdict.author,
                verdict.note,
                verdict.stamp_ns,
                json.dumps(alert_to_json(verdict.alert)),
                verdict.alert.evidence,
            ),
        )

    def alerts(self) -> list[tuple[Alert, Appearance | None]]:
        """Return all alerts, oldest first; :raises MemoryFileError: if one is damaged."""
        rows = self._rows('SELECT record, evidence, appearance FROM alerts ORDER BY number')
        return [
            (
                self._alert(record, evidence),
                Appearance.from_bytes(look) if look is not None else None,
            )
            for record, evidence, look in rows
        ]

    def unsent(self) -> list[Alert]:
        """Return the alerts whose latest state was not said yet, oldest first."""
        rows = self._rows('SELECT record, evidence FROM alerts WHERE unsent = 1 ORDER BY number')
        return [self._alert(record, evidence) for record, evidence in rows]

    def sent(self, ids: Iterable[str]) -> None:
        """Take note that alerts were said in their latest state."""
        try:
            with self._step():
                self._db.executemany(
                    'UPDATE alerts SET unsent = 0 WHERE id = ?', [(i,) for i in ids]
                )
        except sqlite3.Error as error:
            raise MemoryFileError(f'{self.path}: cannot be written: {error}') from None

    def learned(self) -> list[LearnedLook]:
        """Return the learned appearances, oldest first."""
        rows = self._rows(
            'SELECT id, bay, box, kind, appearance, radius, author, note, stamp_ns FROM learned '
            'ORDER BY stamp_ns, id'
        )
        return [
            LearnedLook(
                id=row[0],
                bay=row[1],
                box=Box(**json.loads(row[2])),
                kind=Kind(row[3]),
                appearance=Appearance.from_bytes(row[4]) if row[4] is not None else None,
                radius=row[5],
                author=row[6],
                note=row[7],
                stamp_ns=row[8],
            )
            for row in rows
        ]

    def verdicts(self) -> list[Verdict]:
        """Return what people said, oldest first."""
        rows = self._rows(
            'SELECT alert_id, verdict, author, note, stamp_ns, record, evidence FROM verdicts '
            'ORDER BY number'
        )
        return [
            Verdict(row[0], row[1], row[2], row[3], row[4], self._alert(row[5], row[6]))
            for row in rows
        ]

    def note(self, key: str) -> Any:
        """Return a value that :meth:`save` was given under ``key``; None if there is none."""
        rows = self._rows('SELECT value FROM meta WHERE key = ?', (key,))
        return json.loads(rows[0][0]) if rows else None

    def prune(self, before_ns: int) -> None:
        """Drop the alerts that were resolved before a time."""
        gone = [
            (alert.id,)
            for alert, _ in self.alerts()
            if alert.state is State.RESOLVED and (alert.resolved_ns or before_ns) < before_ns
        ]
        with self._step():
            self._db.executemany('DELETE FROM alerts WHERE id = ? AND unsent = 0', gone)

    def _rows(self, query: str, values: Sequence[object] = ()) -> list[Any]:
        try:
            with self._lock:
                return self._db.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise MemoryFileError(
                f'{self.path}: cannot be read: {error}; move the file away to start without it'
            ) from None

    def _alert(self, record: str, evidence: bytes) -> Alert:
        try:
            return alert_from_json(json.loads(record), evidence)
        except (ValueError, TypeError, KeyError) as error:
            raise MemoryFileError(
                f'{self.path}: an alert in it is damaged: {error}; move the file away to start '
                'without it'
            ) from None


def alert_to_json(alert: Alert) -> dict[str, Any]:
    """Return an alert without its picture, for JSON."""
    record = {f.name: getattr(alert, f.name) for f in fields(alert) if f.name != 'evidence'}
    record['kind'], record['state'] = alert.kind.value, alert.state.value
    record['box'] = asdict(alert.box)
    record['roi'] = asdict(alert.roi) if alert.roi is not None else None
    record['homes'] = [asdict(home) for home in alert.homes]
    return record


def alert_from_json(record: Mapping[str, Any], evidence: bytes = b'') -> Alert:
    """Return what :func:`alert_to_json` wrote; fields of a later version are ignored."""
    known = {f.name for f in fields(Alert)}
    values = {key: value for key, value in record.items() if key in known}
    values |= {
        'kind': Kind(record['kind']),
        'state': State(record['state']),
        'box': Box(**record['box']),
        'roi': Roi(**record['roi']) if record.get('roi') else None,
        'homes': tuple(_homes(record)),
        'seen_in': tuple(record['seen_in']),
        'evidence': bytes(evidence),
    }
    return Alert(**values)


def _homes(record: Mapping[str, Any]) -> Iterator[Home]:
    """Yield the homes; an earlier version knew their bays only."""
    yield from (Home(**home) for home in record.get('homes', ()))
    yield from (Home(bay, None, 0.0) for bay in record.get('suggested_bays', ()))


def default_path(store: str, robot: str) -> Path:
    """Return where the memory of a robot's camera lies unless it is told otherwise."""
    state = os.environ.get('XDG_STATE_HOME') or '~/.local/state'
    folder, name = (re.sub(r'[^0-9A-Za-z._-]', '_', part) or '_' for part in (store, robot))
    return Path(state).expanduser() / 'shelf_anomaly' / folder.lstrip('.') / f'{name}.db'


def open_for_reading(path: str | Path) -> Memory:
    """Open a file that a detector may be using; :raises MemoryFileError: if it is none."""
    if not Path(path).expanduser().is_file():
        raise MemoryFileError(
            f'{path}: no such memory file; the detector prints its path when it starts'
        )
    return Memory(path, '', exclusive=False)
