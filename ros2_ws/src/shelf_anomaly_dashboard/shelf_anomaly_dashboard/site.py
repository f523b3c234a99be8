# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What the web side is built over: the dashboard's parts, handed to every page."""

from __future__ import annotations

from dataclasses import dataclass

from .evidence import EvidenceStore
from .feed import Feed
from .inbox import Inbox
from .queries import Queries
from .service import Clock, Service
from .views import StatusView


@dataclass(frozen=True, slots=True)
class Site:
    """One dashboard's parts."""

    queries: Queries
    service: Service
    evidence: EvidenceStore
    feed: Feed
    inbox: Inbox
    clock: Clock
    title: str

    def status(self) -> StatusView:
        """Return how the dashboard and its robots are."""
        now = self.clock()
        problems, last_problem = self.service.problems
        return StatusView(
            store=self.queries.store,
            title=self.title,
            now_ns=now,
            version=self.feed.version,
            open_alerts=self.queries.count_open(),
            robots=self.queries.robots(now),
            problems=problems,
            last_problem=last_problem,
            lost=self.inbox.lost,
        )
