# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What people do with alerts, as changes of rows; each one is told in the time line."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from shelf_anomaly.errors import ShelfAnomalyError

from .life import after_verdict
from .models import AlertRow, EventRow
from .records import VerdictRecord
from .text import clean, clean_id
from .upsert import set_state

MAX_ALERTS = 500
"""Alerts that one action may be about."""


class UnknownAlertError(ShelfAnomalyError):
    """An action about an alert that nobody reported."""


class BadActionError(ShelfAnomalyError):
    """An action that makes no sense."""


def find(session: Session, store: str, ids: Sequence[str]) -> list[AlertRow]:
    """
    Return the alerts with these ids, locked for the change.

    :raises UnknownAlertError: naming the first one that the store does not have
    :raises BadActionError: when there are none, or too many
    """
    if not 1 <= len(ids) <= MAX_ALERTS:
        raise BadActionError(f'{len(ids)} alerts; an action is about 1 to {MAX_ALERTS}')
    wanted = [clean_id(name) for name in ids]
    rows = session.scalars(
        select(AlertRow)
        .where(AlertRow.store == store, AlertRow.id.in_([w for w in wanted if w]))
        .order_by(AlertRow.robot, AlertRow.id)
        .with_for_update()
    ).all()
    known = {row.id for row in rows}
    for given, name in zip(ids, wanted, strict=True):
        if name not in known:
            raise UnknownAlertError(f'store {clean(store)!r} has no alert {clean(given, 40)!r}')
    return list(rows)


def apply_verdict(session: Session, row: AlertRow, said: VerdictRecord) -> None:
    """Let a person's verdict count."""
    state, what = after_verdict(said.verdict)
    set_state(row, state, said.at_ns)
    row.verdict = said.verdict.value
    row.verdict_by, row.verdict_note = said.author, said.note
    row.verdict_ns = row.verdict_sent_ns = said.at_ns
    row.verdict_taken = False
    tell(session, row, said.at_ns, said.author, what, said.note)


def acknowledge(session: Session, row: AlertRow, at_ns: int, who: str, note: str) -> None:
    """Note that a person has seen the alert; a second time changes nothing."""
    if row.acknowledged_by:
        return
    row.acknowledged_by, row.acknowledged_ns = who, at_ns
    tell(session, row, at_ns, who, 'acknowledged', note)


def assign(
    session: Session, row: AlertRow, at_ns: int, who: str, assignee: str, note: str
) -> None:
    """Hand the alert to a person, or to nobody when ``assignee`` is empty."""
    if row.assignee == assignee:
        return
    row.assignee = assignee
    said = f'{assignee}: {note}' if assignee and note else assignee or note
    tell(session, row, at_ns, who, 'assigned' if assignee else 'unassigned', said)


def tell(session: Session, row: AlertRow, at_ns: int, who: str, what: str, note: str) -> None:
    """Write what a person did into the time line of an alert."""
    session.add(
        EventRow(
            store=row.store,
            robot=row.robot,
            alert_id=row.id,
            at_ns=at_ns,
            by='person',
            who=who,
            what=what,
            note=note,
        )
    )
