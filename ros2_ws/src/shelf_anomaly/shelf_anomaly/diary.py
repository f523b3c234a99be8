# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Every step is written before it is said; what cannot be written now is with the next step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .errors import MemoryFileError
from .learned import LearnedLook
from .memory import Memory
from .records import Alert
from .tracker import Tracker


class Diary:
    """Writes what the tracker knows to a memory; without one it does nothing."""

    def __init__(self, memory: Memory | None, tracker: Tracker) -> None:
        """Take the memory, if there is any, and whose alerts are written."""
        self._memory = memory
        self._tracker = tracker
        self._unwritten: set[str] = set()
        self._problem = ''

    def note(self, name: str) -> Any:
        """Return what an earlier run noted; None if it did not."""
        return self._memory.note(name) if self._memory is not None else None

    def save(self, alerts: Sequence[Alert], **more: Any) -> None:
        """Write alerts, and what else :meth:`Memory.save` takes."""
        if self._memory is None:
            return
        known = {alert.id: alert for alert in alerts}
        for late in self._unwritten - set(known):
            alert = self._tracker.alert(late)
            if alert is not None:
                known[late] = alert
        looks = {name: self._tracker.appearance(name) for name in known}
        try:
            self._memory.save(list(known.values()), looks, **more)
            self._unwritten.clear()
        except MemoryFileError as error:  # a full disk must not end the inspection
            self._unwritten |= set(known)
            self._problem = str(error)

    def unsent(self) -> tuple[Alert, ...]:
        """Return the alerts whose latest state was not said by an earlier run."""
        return tuple(self._memory.unsent()) if self._memory is not None else ()

    def sent(self, alerts: Sequence[Alert]) -> None:
        """Take note that alerts were said."""
        if self._memory is not None and alerts:
            try:
                self._memory.sent([alert.id for alert in alerts])
            except MemoryFileError as error:  # they are said once more after a restart
                self._problem = str(error)

    def learned_elsewhere(self) -> list[LearnedLook] | None:
        """Return all learned looks if somebody else changed them: on the command line."""
        if self._memory is not None and self._memory.changed_elsewhere():
            return list(self._memory.learned())
        return None

    def problem(self) -> str:
        """Return, once, why the memory could not be written lately; empty if it could."""
        problem, self._problem = self._problem, ''
        return problem
