# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The bounded queue between whoever hears the robots and the one thread that writes."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
import logging
import threading

from .records import AlertRecord, Record

LOG = logging.getLogger(__name__)
CAPACITY = 5000
"""Records that may wait; alerts may fill all of it, everything else only half."""
BATCH = 100
"""Records that are written in one transaction."""


class Inbox:
    """Takes records without ever blocking; a thread of its own hands them on in batches."""

    def __init__(
        self, write: Callable[[Sequence[Record]], None], *, capacity: int = CAPACITY
    ) -> None:
        """
        Build it; nothing is handed on before ``start``.

        :param write: takes one batch; what it raises loses that batch and is logged
        :param capacity: records that may wait
        """
        self._write = write
        self._capacity = capacity
        self._waiting: deque[Record] = deque()
        self._change = threading.Condition()
        self._ending = False
        self._busy = False
        self._lost: Counter[str] = Counter()
        self._thread = threading.Thread(target=self._run, name='inbox', daemon=True)

    @property
    def lost(self) -> dict[str, int]:
        """How many records of each sort found the queue full."""
        with self._change:
            return dict(self._lost)

    def start(self) -> None:
        """Begin to hand on."""
        self._thread.start()

    def put(self, record: Record) -> bool:
        """Take a record; False when the queue is full for its sort and it was left out."""
        room = self._capacity if isinstance(record, AlertRecord) else self._capacity // 2
        with self._change:
            if self._ending or len(self._waiting) >= room:
                self._lost[type(record).__name__] += 1
                return False
            self._waiting.append(record)
            self._change.notify_all()
            return True

    def settle(self, timeout_s: float = 10.0) -> bool:
        """Wait until all that was taken is written; False when that takes longer."""
        with self._change:
            return self._change.wait_for(lambda: not self._waiting and not self._busy, timeout_s)

    def stop(self, timeout_s: float = 1.5) -> None:
        """Write what waits, then end; the robots tell again what is not written in time."""
        with self._change:
            self._ending = True
            self._change.notify_all()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _run(self) -> None:
        while batch := self._next():
            try:
                self._write(batch)
            except Exception:  # a batch that cannot be written must not end the thread
                LOG.exception('%d records could not be written', len(batch))
            with self._change:
                self._busy = False
                self._change.notify_all()

    def _next(self) -> list[Record]:
        with self._change:
            self._change.wait_for(lambda: self._waiting or self._ending)
            batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
            self._busy = bool(batch)
            return batch
