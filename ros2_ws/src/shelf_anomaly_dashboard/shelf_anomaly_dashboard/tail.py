# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The newest changes in memory: read from the database once, however many listen."""

from __future__ import annotations

from bisect import bisect_right
import threading

from .feed import Feed
from .queries import MAX_PAGE, Queries
from .views import EventView

KEPT = 2000


class Tail:
    """The last changes of a store. Safe to use from several threads."""

    def __init__(self, queries: Queries, feed: Feed) -> None:
        """Begin with what comes from now on."""
        self._queries = queries
        self._feed = feed
        self._lock = threading.Lock()
        self._kept: list[EventView] = []
        self._from = queries.last_event_id()
        """Every change after this one, up to the last, is kept."""
        self._last = self._from
        self._version = -1

    def after(self, event_id: int) -> list[EventView]:
        """Return the changes after the one with ``event_id``, oldest first, up to 500."""
        with self._lock:
            self._renew()
            if event_id >= self._from:
                return self._newer(event_id)
        return self._queries.events_after(event_id)

    def at_hand(self, event_id: int) -> list[EventView] | None:
        """Return the same without waiting for anything; None when that cannot be told."""
        if not self._lock.acquire(blocking=False):
            return None
        try:
            current = self._feed.version == self._version and event_id >= self._from
            return self._newer(event_id) if current else None
        finally:
            self._lock.release()

    def last(self) -> int:
        """Return the number of the newest change; 0 when there is none."""
        with self._lock:
            self._renew()
            return self._last

    def _newer(self, event_id: int) -> list[EventView]:
        start = bisect_right(self._kept, event_id, key=lambda event: event.id)
        return self._kept[start : start + MAX_PAGE]

    def _renew(self) -> None:
        if (version := self._feed.version) != self._version:
            self._read()
            self._version = version

    def _read(self) -> None:
        while told := self._queries.events_after(self._last):
            self._kept += told
            self._last = told[-1].id
            if (over := len(self._kept) - KEPT) > 0:
                self._from = self._kept[over - 1].id
                del self._kept[:over]
            if len(told) < MAX_PAGE:
                return
