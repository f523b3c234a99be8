# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The dashboard's pulse: says that something changed, never waits for anyone."""

from __future__ import annotations

import threading


class Feed:
    """
    A counter that grows with every change.

    Whoever shows something remembers the number it has shown and looks again when the number
    has grown. A slow browser so skips states and never holds up the others or the robots.
    """

    def __init__(self) -> None:
        """Begin at zero."""
        self._lock = threading.Lock()
        self._version = 0
        self._closed = False

    @property
    def version(self) -> int:
        """The number of changes so far."""
        return self._version

    @property
    def closed(self) -> bool:
        """Whether the dashboard is ending; streams end then."""
        return self._closed

    def touch(self) -> None:
        """Note a change; may be called from any thread."""
        with self._lock:
            self._version += 1

    def close(self) -> None:
        """Note that the dashboard is ending."""
        self._closed = True
