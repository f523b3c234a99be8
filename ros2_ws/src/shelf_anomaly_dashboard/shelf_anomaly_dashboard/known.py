# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What the database has about the alerts of a batch: read with a few questions for all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from .models import AlertRow, SightingRow
from .records import AlertRecord

Key = tuple[str, str, str]
"""Store, robot and id of an alert."""


class Known:
    """Rows of alerts, locked for the change, and which of their reports are there already."""

    def __init__(self, session: Session, records: Iterable[AlertRecord]) -> None:
        """Read what there is about ``records``."""
        self._alerts: dict[Key, AlertRow] = {}
        self._reports: set[tuple[Key, int]] = set()
        robots: dict[tuple[str, str], dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
        for record in records:
            robots[record.store, record.robot][record.id].add(record.stamp_ns)
        # In the order of their keys, so that two dashboards never wait for each other's rows.
        for (store, robot), stamps in sorted(robots.items()):
            self._read(session, store, robot, stamps)

    def _read(self, session: Session, store: str, robot: str, stamps: dict[str, set[int]]) -> None:
        rows = session.scalars(
            select(AlertRow)
            .where(AlertRow.store == store, AlertRow.robot == robot, AlertRow.id.in_(stamps))
            .order_by(AlertRow.id)
            .with_for_update()
        ).all()
        self._alerts.update({(store, robot, row.id): row for row in rows})
        # Most reports only say again what was said; only those of another frame may be new.
        newer = {row.id: stamps[row.id] - {row.stamp_ns} for row in rows}
        wanted = {name for name, some in newer.items() if some}
        if not wanted:
            return
        told = session.execute(
            select(SightingRow.alert_id, SightingRow.stamp_ns).where(
                SightingRow.store == store,
                SightingRow.robot == robot,
                SightingRow.alert_id.in_(wanted),
                SightingRow.stamp_ns.in_({stamp for some in newer.values() for stamp in some}),
            )
        )
        self._reports.update(((store, robot, name), stamp) for name, stamp in told)

    def alert(self, record: AlertRecord) -> AlertRow | None:
        """Return the row of an alert, or None when nobody spoke of it before."""
        return self._alerts.get(_key(record))

    def add(self, record: AlertRecord, row: AlertRow) -> None:
        """Note that the alert has a row from now on."""
        self._alerts[_key(record)] = row

    def is_new(self, record: AlertRecord) -> bool:
        """Return whether this report was not told before, and note it."""
        report = (_key(record), record.stamp_ns)
        if report in self._reports:
            return False
        self._reports.add(report)
        return True


def _key(record: AlertRecord) -> Key:
    return record.store, record.robot, record.id
