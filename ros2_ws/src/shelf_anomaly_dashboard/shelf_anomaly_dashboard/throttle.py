# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Holds up those who try passwords. Time is an argument; nothing is kept on disk."""

from __future__ import annotations

from collections import deque
import threading

WINDOW_NS = 5 * 60 * 10**9
PER_NAME = 8
"""Failures for one user from one address within the window."""
PER_ADDRESS = 30
"""Failures for all users from one address within the window."""
PER_USER = 60
"""Failures for one user from everywhere within the window."""
MAX_KEYS = 10_000


class Throttle:
    """Counts failures. Safe to use from several threads."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._failures: dict[tuple[str, str], deque[int]] = {}
        self._lock = threading.Lock()

    def wait_s(self, name: str, address: str, now_ns: int) -> int:
        """Return for how many seconds this one must wait; 0 lets it try."""
        with self._lock:
            waits = [self._wait(key, limit, now_ns) for key, limit in _keys(name, address)]
        return -(-max(waits) // 10**9)

    def failed(self, name: str, address: str, now_ns: int) -> None:
        """Note a failure."""
        with self._lock:
            for key, limit in _keys(name, address):
                self._failures.setdefault(key, deque(maxlen=limit)).append(now_ns)
            if len(self._failures) > MAX_KEYS:
                self._forget(now_ns)

    def passed(self, name: str, address: str) -> None:
        """Forget the failures of somebody who knew the password in the end."""
        with self._lock:
            self._failures.pop((name, address), None)

    def _wait(self, key: tuple[str, str], limit: int, now_ns: int) -> int:
        told = self._failures.get(key, deque())
        while told and now_ns - told[0] > WINDOW_NS:
            told.popleft()
        return 0 if len(told) < limit else told[0] + WINDOW_NS - now_ns + 1

    def _forget(self, now_ns: int) -> None:
        old = [k for k, told in self._failures.items() if now_ns - told[-1] > WINDOW_NS]
        for key in old or list(self._failures)[: MAX_KEYS // 2]:
            del self._failures[key]


def _keys(name: str, address: str) -> tuple[tuple[tuple[str, str], int], ...]:
    return ((name, address), PER_NAME), (('', address), PER_ADDRESS), ((name, ''), PER_USER)
