# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What the dashboard does with what it hears: robots' records and people's verdicts."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
import logging
import threading

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from shelf_anomaly.errors import ShelfAnomalyError

from .database import Database
from .evidence import EvidenceError, EvidenceStore
from .feed import Feed
from .life import after_verdict
from .models import AlertRow, EventRow
from .records import AlertRecord, InspectionRecord, Record, StatusRecord, Verdict, VerdictRecord
from .text import clean, clean_id
from .upsert import keep_alert, keep_inspection, keep_place, keep_status, note_heard

LOG = logging.getLogger(__name__)
OUTGOING = 1000
"""Verdicts that may wait for the road to the robots."""

Clock = Callable[[], int]
"""Returns the present time, nanoseconds since 1970."""


class UnknownAlertError(ShelfAnomalyError):
    """A verdict about an alert that nobody reported."""


class Service:
    """The dashboard's memory. Safe to use from several threads."""

    def __init__(
        self, database: Database, evidence: EvidenceStore, feed: Feed, clock: Clock
    ) -> None:
        """Build it over its parts."""
        self._database = database
        self._evidence = evidence
        self._feed = feed
        self._clock = clock
        self._outgoing: deque[VerdictRecord] = deque(maxlen=OUTGOING)
        self._lock = threading.Lock()
        self._problems = 0
        self._last_problem = ''

    @property
    def problems(self) -> tuple[int, str]:
        """How many messages or parts of them could not be used, and why the last one could not."""
        with self._lock:
            return self._problems, self._last_problem

    def note_problem(self, problem: object) -> None:
        """Count something that could not be used, and say so in the log."""
        text = clean(problem, 400)
        with self._lock:
            self._problems += 1
            self._last_problem = text
        LOG.warning('%s', text)

    def write(self, batch: Sequence[Record]) -> None:
        """Keep a batch of records; one that cannot be kept does not take the others with it."""
        pictures = {
            i: self._keep_picture(r)
            for i, r in enumerate(batch)
            if isinstance(r, AlertRecord) and r.evidence
        }
        try:
            self._write([(record, pictures.get(i)) for i, record in enumerate(batch)])
        except (SQLAlchemyError, ValueError) as error:
            if len(batch) == 1:
                self.note_problem(f'{type(batch[0]).__name__} could not be kept: {error}')
                return
            for record in batch:
                self.write([record])

    def judge(
        self, store: str, alert_id: str, verdict: Verdict, author: str = '', note: str = ''
    ) -> VerdictRecord:
        """
        Keep a person's verdict and lay it out for the robot.

        :raises UnknownAlertError: when the store has no such alert
        """
        now = self._clock()
        wanted = clean_id(alert_id)
        with self._database.writing() as session:
            rows = session.scalars(
                select(AlertRow).where(AlertRow.store == store, AlertRow.id == wanted)
            ).all()
            if wanted is None or not rows:
                raise UnknownAlertError(
                    f'store {clean(store)!r} has no alert {clean(alert_id, 40)!r}'
                )
            said = [
                VerdictRecord(
                    store,
                    row.robot,
                    row.id,
                    verdict,
                    author=author or 'staff',
                    note=note,
                    at_ns=now,
                )
                for row in rows
            ]
            for row, record in zip(rows, said, strict=True):
                _apply_verdict(session, row, record)
        with self._lock:
            self._outgoing.extend(said)
        self._feed.touch()
        return said[0]

    def take_verdicts(self) -> list[VerdictRecord]:
        """Return the verdicts that wait for the road to the robots, and forget them."""
        with self._lock:
            taken = list(self._outgoing)
            self._outgoing.clear()
        return taken

    def _keep_picture(self, record: AlertRecord) -> str | None:
        try:
            return self._evidence.keep(record.evidence)
        except EvidenceError as error:
            self.note_problem(f'alert {record.id}: {error}')
            return None

    def _write(self, batch: Iterable[tuple[Record, str | None]]) -> None:
        now = self._clock()
        again: list[VerdictRecord] = []
        heard: set[tuple[str, str]] = set()
        with self._database.writing() as session:
            for record, picture in batch:
                again += _keep(session, record, picture, now)
                heard.add((record.store, record.robot))
            for store, robot in heard:
                note_heard(session, store, robot, now)
        with self._lock:
            self._outgoing.extend(again)
        self._feed.touch()


def _keep(session: Session, record: Record, picture: str | None, now: int) -> list[VerdictRecord]:
    if isinstance(record, AlertRecord):
        return keep_alert(session, record, picture, now)
    if isinstance(record, InspectionRecord):
        keep_inspection(session, record, now)
    elif isinstance(record, StatusRecord):
        keep_status(session, record, now)
    else:
        keep_place(session, record, now)
    return []


def _apply_verdict(session: Session, row: AlertRow, said: VerdictRecord) -> None:
    state, what = after_verdict(said.verdict)
    row.state = state.value
    row.verdict = said.verdict.value
    row.verdict_by, row.verdict_note = said.author, said.note
    row.verdict_ns = row.verdict_sent_ns = said.at_ns
    row.verdict_taken = False
    session.add(
        EventRow(
            store=row.store,
            robot=row.robot,
            alert_id=row.id,
            at_ns=said.at_ns,
            by='person',
            who=said.author,
            what=what,
            note=said.note,
        )
    )
