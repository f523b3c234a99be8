# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Who changed what about access: written with the change itself, in one transaction."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from .database import Database
from .models_access import AuditRow
from .text import clean, SENTENCE_LIMIT
from .views_access import AuditView


def note_audit(
    session: Session, store: str, at_ns: int, who: str, what: str, note: str = ''
) -> None:
    """Write a line."""
    session.add(
        AuditRow(
            store=store,
            at_ns=at_ns,
            who=clean(who) or 'command line',
            what=what,
            note=clean(note, SENTENCE_LIMIT),
        )
    )


def audit(database: Database, store: str, limit: int = 100) -> list[AuditView]:
    """Return the newest lines, newest first."""
    query = select(AuditRow).where(AuditRow.store == store).order_by(AuditRow.id.desc())
    with database.reading() as session:
        return [
            AuditView(row.id, row.at_ns, row.who, row.what, row.note)
            for row in session.scalars(query.limit(limit))
        ]
