# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Which bays the robots do not see, since when, and what keeps them from it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from sqlalchemy import select

from .database import Database
from .models import InspectionRow
from .views import BayView
from .views_reports import CoverageView, UnseenBay

FRESH_NS = 24 * 3600 * 10**9
"""A bay that was seen well within this time counts as covered."""
TRIES = 4000
"""Vain looks that are read at most; the newest are those that matter."""


def coverage(
    database: Database, store: str, bays: Sequence[BayView], now_ns: int, fresh_ns: int = FRESH_NS
) -> CoverageView:
    """
    Return how well the bays of a layout are seen.

    :param bays: what is known about each bay; those that are not in the layout do not count
    :param fresh_ns: how long a good look counts
    """
    known = [bay for bay in bays if bay.on_map]
    unseen = [bay for bay in known if bay.seen_ns == 0 or now_ns - bay.seen_ns >= fresh_ns]
    late = {bay.bay: bay for bay in known if bay.result == 'not_seen'}
    wanted = {bay.bay: bay for bay in unseen} | late
    tries, reasons = _vain(database, store, wanted)
    told = [
        UnseenBay(bay, tries[name], next(iter(reasons[name]), '')) for name, bay in wanted.items()
    ]
    told.sort(key=lambda one: (one.view.seen_ns, one.view.bay))
    return CoverageView(known, len(known) - len(unseen), told)


def _vain(
    database: Database, store: str, bays: dict[str, BayView]
) -> tuple[Counter[str], dict[str, list[str]]]:
    if not bays:
        return Counter(), defaultdict(list)
    query = (
        select(InspectionRow.bay, InspectionRow.received_ns, InspectionRow.refusals)
        .where(
            InspectionRow.store == store,
            InspectionRow.bay.in_(bays),
            InspectionRow.result == 'not_seen',
            InspectionRow.received_ns > min(bay.seen_ns for bay in bays.values()),
        )
        .order_by(InspectionRow.received_ns.desc())
        .limit(TRIES)
    )
    tries: Counter[str] = Counter()
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    with database.reading() as session:
        for name, received_ns, refusals in session.execute(query):
            if received_ns > bays[name].seen_ns:
                tries[name] += 1
                counted[name].update({str(why): int(n) for why, n in refusals.items()})
    return tries, defaultdict(
        list, {name: [why for why, _ in c.most_common(1)] for name, c in counted.items()}
    )
