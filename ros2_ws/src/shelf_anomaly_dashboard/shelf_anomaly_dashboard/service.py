# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What the dashboard does with what it hears: robots' records and people's verdicts."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
import functools
import logging
import threading

from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from shelf_anomaly.errors import ShelfAnomalyError

from .actions import (
    acknowledge,
    apply_verdict,
    assign,
    BadActionError,
    find,
    tell,
    UnknownAlertError,
)
from .database import Database
from .evidence import EvidenceError, EvidenceStore
from .feed import Feed
from .known import Known
from .records import AlertRecord, InspectionRecord, Record, StatusRecord, Verdict, VerdictRecord
from .text import clean, SENTENCE_LIMIT
from .together import Together
from .upsert import keep_alert, keep_inspection, keep_place, keep_status, note_heard

LOG = logging.getLogger(__name__)
OUTGOING = 1000
"""Verdicts that may wait for the road to the robots."""
STAFF = 'staff'
"""Who did it when nobody is named."""

__all__ = ['STAFF', 'BadActionError', 'Clock', 'NotKeptError', 'Service', 'UnknownAlertError']

Clock = Callable[[], int]
"""Returns the present time, nanoseconds since 1970."""


class NotKeptError(ShelfAnomalyError):
    """Records that could not be written now; whoever sent them must send them again."""


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
        self._roads = [self._outgoing]
        self._lock = threading.Lock()
        self._problems = 0
        self._last_problem = ''
        self._together = Together(self._write)

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
        try:
            self.keep(batch)
        except NotKeptError as error:
            self.note_problem(error)

    def keep(self, batch: Sequence[Record]) -> int:
        """
        Keep a batch of records and return how many were kept: when it returns, they are on disk.

        A record that the database will never take is counted as a problem.

        :raises NotKeptError: when the database cannot be reached; trying again may help
        """
        if not batch:
            return 0
        pictures = {
            i: self._keep_picture(r)
            for i, r in enumerate(batch)
            if isinstance(r, AlertRecord) and r.evidence
        }
        try:
            self._together.keep([(record, pictures.get(i)) for i, record in enumerate(batch)])
        except (OperationalError, InterfaceError) as error:
            raise NotKeptError(f'{len(batch)} records are not kept: {clean(error, 200)}') from None
        except (SQLAlchemyError, ValueError) as error:
            if len(batch) == 1:
                self.note_problem(f'{type(batch[0]).__name__} could not be kept: {error}')
                return 0
            return sum(self.keep([record]) for record in batch)
        return len(batch)

    def judge(
        self, store: str, alert_id: str, verdict: Verdict, author: str = '', note: str = ''
    ) -> VerdictRecord:
        """
        Keep a person's verdict and lay it out for the robot.

        :raises UnknownAlertError: when the store has no such alert
        """
        return self.judge_all(store, [alert_id], verdict, author, note)[0]

    def judge_all(
        self, store: str, ids: Sequence[str], verdict: Verdict, who: str = '', note: str = ''
    ) -> list[VerdictRecord]:
        """
        Keep one verdict about several alerts, about all or none.

        :param ids: 1 to 500 alerts
        :param who: who says so; empty is staff without a name
        :raises UnknownAlertError: naming the first alert that the store does not have
        :raises BadActionError: when there are none, or too many
        """
        now = self._clock()
        with self._database.writing() as session:
            rows = find(session, store, ids)
            said = [
                VerdictRecord(
                    store, row.robot, row.id, verdict, author=who or STAFF, note=note, at_ns=now
                )
                for row in rows
            ]
            for row, record in zip(rows, said, strict=True):
                apply_verdict(session, row, record)
        self._send(said)
        self._feed.touch()
        return said

    def acknowledge(self, store: str, ids: Sequence[str], who: str = '', note: str = '') -> None:
        """Note that ``who`` has seen these alerts; raises as ``judge_all``."""
        self._act(store, ids, who, note, acknowledge)

    def assign(
        self, store: str, ids: Sequence[str], who: str = '', assignee: str = '', note: str = ''
    ) -> None:
        """Hand these alerts to ``assignee``; empty takes them back. Raises as ``judge_all``."""
        self._act(store, ids, who, note, functools.partial(assign, assignee=clean(assignee)))

    def note(self, store: str, ids: Sequence[str], who: str, note: str) -> None:
        """
        Write a note into the time line of these alerts; raises as ``judge_all``.

        :raises BadActionError: also when the note is empty
        """
        if not clean(note, SENTENCE_LIMIT):
            raise BadActionError('the note is empty; write what there is to know')
        self._act(store, ids, who, note, functools.partial(tell, what='noted'))

    def _act(
        self, store: str, ids: Sequence[str], who: str, note: str, action: Callable[..., None]
    ) -> None:
        now = self._clock()
        with self._database.writing() as session:
            for row in find(session, store, ids):
                action(
                    *(session, row, now),
                    who=clean(who) or STAFF,
                    note=clean(note, SENTENCE_LIMIT),
                )
        self._feed.touch()

    def take_verdicts(self) -> list[VerdictRecord]:
        """Return the verdicts that wait for the road over ROS, and forget them."""
        return self._take(self._outgoing)

    def open_road(self) -> Callable[[], list[VerdictRecord]]:
        """Open a further road to robots; what is returned takes the verdicts that wait for it."""
        waiting: deque[VerdictRecord] = deque(maxlen=OUTGOING)
        with self._lock:
            self._roads.append(waiting)
        return functools.partial(self._take, waiting)

    def _take(self, waiting: deque[VerdictRecord]) -> list[VerdictRecord]:
        with self._lock:
            taken = list(waiting)
            waiting.clear()
        return taken

    def _send(self, said: Sequence[VerdictRecord]) -> None:
        with self._lock:
            for road in self._roads:
                road.extend(said)

    def _keep_picture(self, record: AlertRecord) -> str | None:
        try:
            return self._evidence.keep(record.evidence)
        except EvidenceError as error:
            self.note_problem(f'alert {record.id}: {error}')
            return None

    def _write(self, batch: Sequence[tuple[Record, str | None]]) -> None:
        now = self._clock()
        again: list[VerdictRecord] = []
        heard: set[tuple[str, str]] = set()
        with self._database.writing() as session:
            known = Known(session, (r for r, _ in batch if isinstance(r, AlertRecord)))
            for record, picture in batch:
                again += _keep(session, known, record, picture, now)
                heard.add((record.store, record.robot))
            for store, robot in heard:
                note_heard(session, store, robot, now)
        self._send(again)
        self._feed.touch()


def _keep(
    session: Session, known: Known, record: Record, picture: str | None, now: int
) -> list[VerdictRecord]:
    if isinstance(record, AlertRecord):
        return keep_alert(session, known, record, picture, now)
    if isinstance(record, InspectionRecord):
        keep_inspection(session, record, now)
    elif isinstance(record, StatusRecord):
        keep_status(session, record, now)
    else:
        keep_place(session, record, now)
    return []
