# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What the web side is built over: the dashboard's parts, handed to every page."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import TypeVar

from .accounts import Accounts
from .evidence import EvidenceStore
from .feed import Feed
from .finder import Finder
from .inbox import Inbox
from .options import Options
from .queries import Queries
from .readings import Readings
from .retention import Retention
from .service import Clock, Service
from .tail import Tail
from .tokens import Tokens
from .views import StatusView
from .views_access import AuditView
from .webhooks import Webhooks

T = TypeVar('T')


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
    accounts: Accounts
    tokens: Tokens
    tail: Tail
    options: Options
    webhooks: Webhooks
    retention: Retention
    login: bool = True
    """Whether people must log in; else everybody on this machine is an admin."""
    finder: Finder = field(default_factory=Finder)
    """Who says where an item belongs."""
    readings: Readings = field(default_factory=Readings)

    async def read(self, key: Hashable, question: Callable[[], T]) -> T:
        """Return the answer to a question; open pages that ask the same share it."""
        return await self.readings.get(self.feed.version, key, question)

    def audit(self) -> list[AuditView]:
        """Return who changed what about access, newest first."""
        return self.accounts.audit()

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
