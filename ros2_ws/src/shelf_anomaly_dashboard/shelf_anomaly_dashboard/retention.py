# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""How long what is kept, and the removal of what is older."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
import logging
import threading
import time
from typing import Any

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from shelf_anomaly.errors import SettingsError

from .database import Database
from .evidence import EvidenceStore
from .models import AlertRow, Base, EventRow, InspectionRow, SightingRow
from .models_access import AuditRow, DeliveryRow, SessionRow
from .options import Options

LOG = logging.getLogger(__name__)
DAY_NS = 24 * 3600 * 10**9
CHUNK = 200
"""Alerts, or other rows, that are removed in one transaction: robots are heard between."""
LONGEST_PAUSE_S = 0.5
FIRST_S = 120.0
EVERY_S = 6 * 3600.0
NAME = 'retention'
MAX_DAYS = 36_500


@dataclass(frozen=True, slots=True)
class Policy:
    """Days after which something is removed; 0 keeps it for ever."""

    resolved_days: int = 365
    """Alerts that are resolved or dismissed, with their time line; open ones are always kept."""
    sightings_days: int = 90
    inspections_days: int = 90
    audit_days: int = 365

    def __post_init__(self) -> None:
        """Check them; :raises SettingsError: for what is no number of days."""
        for field in fields(self):
            days = getattr(self, field.name)
            if not isinstance(days, int) or not 0 <= days <= MAX_DAYS:
                raise SettingsError(
                    f'{field.name} {days!r}: expected days, 0 (for ever) to {MAX_DAYS}'
                )


@dataclass(slots=True)
class Removed:
    """How much was removed."""

    alerts: int = 0
    sightings: int = 0
    inspections: int = 0
    pictures: int = 0


class Retention:
    """One store's policy, and its execution."""

    def __init__(
        self,
        database: Database,
        store: str,
        options: Options,
        evidence: EvidenceStore,
        clock: Callable[[], int],
    ) -> None:
        """Build it for one store."""
        self._database = database
        self._store = store
        self._options = options
        self._evidence = evidence
        self._clock = clock

    def policy(self) -> Policy:
        """Return what is set."""
        known = {field.name for field in fields(Policy)}
        kept = self._options.get(NAME)
        return Policy(**{name: kept[name] for name in known & kept.keys()})

    def set_policy(self, policy: Policy) -> None:
        """Set what counts from now on."""
        self._options.put(NAME, asdict(policy))

    def purge(self, policy: Policy | None = None) -> Removed:
        """Remove what is older than the policy says, and pictures that nothing shows any more."""
        policy = policy or self.policy()
        removed = Removed()
        if policy.resolved_days:
            removed.alerts = self._purge_alerts(self._before(policy.resolved_days))
        if policy.sightings_days:
            old = self._before(policy.sightings_days)
            removed.sightings = self._purge(SightingRow, SightingRow.received_ns, old)
        if policy.inspections_days:
            old = self._before(policy.inspections_days)
            removed.inspections = self._purge(InspectionRow, InspectionRow.received_ns, old)
        if policy.audit_days:
            self._purge(AuditRow, AuditRow.at_ns, self._before(policy.audit_days))
        over = DeliveryRow.state != 'waiting'
        self._purge(DeliveryRow, DeliveryRow.changed_ns, self._before(14), over)
        self._purge(SessionRow, SessionRow.expires_ns, self._clock())
        removed.pictures = self._evidence.sweep(self._shown, self._clock())
        return removed

    def _before(self, days: int) -> int:
        return self._clock() - days * DAY_NS

    def _purge_alerts(self, before: int) -> int:
        query = (
            select(AlertRow.robot, AlertRow.id)
            .where(
                AlertRow.store == self._store,
                AlertRow.since_ns < before,
                AlertRow.state != 'open',
                AlertRow.closed_ns < before,
                # A robot that still speaks of it would only bring it back.
                AlertRow.received_ns < before,
            )
            .order_by(AlertRow.since_ns)  # in the order of an index: nothing is sorted
            .limit(CHUNK)
        )

        def remove(session: Session) -> int:
            robots: dict[str, list[str]] = defaultdict(list)
            for robot, name in session.execute(query):
                robots[robot].append(name)
            # Robot by robot, as SQLite would read a whole table for pairs of them.
            for robot, names in robots.items():
                for row, column in (
                    (EventRow, EventRow.alert_id),
                    (SightingRow, SightingRow.alert_id),
                    (AlertRow, AlertRow.id),
                ):
                    here = (row.store == self._store, row.robot == robot, column.in_(names))
                    session.execute(delete(row).where(*here))
            return sum(map(len, robots.values()))

        return self._by_and_by(remove)

    def _purge(
        self,
        table: type[Base],
        time_ns: InstrumentedAttribute[int],
        before: int,
        *more: ColumnElement[bool],
    ) -> int:
        store: Any = table.__table__.c.store
        old = (store == self._store, time_ns < before, *more)
        last = select(time_ns).where(*old).order_by(time_ns).offset(CHUNK - 1).limit(1)

        def remove(session: Session) -> int:
            mark = session.scalar(last)
            some = (*old, time_ns <= mark) if mark is not None else old
            done: Any = session.execute(delete(table).where(*some))
            return int(done.rowcount)

        return self._by_and_by(remove)

    def _by_and_by(self, remove: Callable[[Session], int]) -> int:
        """Call ``remove`` until little is left; whoever waits to write comes in between."""
        count = 0
        while True:
            with self._database.writing() as session:
                began = time.monotonic()
                removed = remove(session)
            count += removed
            if removed < CHUNK:
                return count
            time.sleep(min(LONGEST_PAUSE_S, time.monotonic() - began))

    def _shown(self) -> set[str]:
        # Several stores may share the folder with the database.
        with self._database.reading() as session:
            return {
                name
                for column in (AlertRow.evidence, SightingRow.evidence)
                for name in session.scalars(select(column).where(column.is_not(None)).distinct())
                if name
            }


class Housekeeper:
    """A thread that purges now and then."""

    def __init__(self, retention: Retention) -> None:
        """Build it."""
        self._retention = retention
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name='housekeeper', daemon=True)

    def start(self) -> None:
        """Begin; the first time is two minutes from now."""
        self._thread.start()

    def stop(self) -> None:
        """End; a purge that is under way ends with the process."""
        self._ending.set()

    def _run(self) -> None:
        pause = FIRST_S
        while not self._ending.wait(pause):
            pause = EVERY_S
            try:
                LOG.info('removed: %s', self._retention.purge())
            except Exception:  # the next time may go better
                LOG.exception('what is old could not be removed')
