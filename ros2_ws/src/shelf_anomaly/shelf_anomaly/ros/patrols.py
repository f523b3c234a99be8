# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
When a patrol begins and ends, and what time it is for the messages.

A patrol begins with the first frame, with a frame after a silence longer than ``gap_ns``, and
with a frame whose stamp jumps back by more than a second (a bag that starts again, an earlier
bag). It ends with that silence, or when the next one begins. So bags that are played one after
the other are one patrol each, and a robot that waits at the charger starts a new one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import NamedTuple

JUMP_BACK_NS = 1_000_000_000
"""Frames of one camera may arrive out of order; by more than this they are another recording."""


def patrol_name(stamp_ns: int) -> str:
    """Return the name of a patrol that begins at ``stamp_ns``, e.g. ``2026-01-31T09:12:03Z``."""
    moment = datetime.fromtimestamp(stamp_ns // 1_000_000_000, tz=timezone.utc)
    return moment.strftime('%Y-%m-%dT%H:%M:%SZ')


class Beginning(NamedTuple):
    """A patrol that begins."""

    name: str
    jumped_back: bool
    """Time went back: what was under way belongs to another recording and is void."""


@dataclass
class PatrolBook:
    """Tells from the stamps of the frames which patrol is running."""

    gap_ns: int
    name: str = ''
    """Name given by the operator; the second patrol of that name gets ``-2``, and so on."""
    running: str | None = None
    last_ns: int = 0
    _used: dict[str, int] = field(default_factory=dict)

    def frame(self, stamp_ns: int) -> Beginning | None:
        """Take note of a frame; return the patrol that it begins, if it does."""
        ahead_ns = stamp_ns - self.last_ns
        jumped_back = self.running is not None and ahead_ns < -JUMP_BACK_NS
        begins = self.running is None or ahead_ns > self.gap_ns or jumped_back
        self.last_ns = stamp_ns if begins else max(self.last_ns, stamp_ns)
        if not begins:
            return None
        self.running = self._fresh_name(stamp_ns)
        return Beginning(self.running, jumped_back)

    def resume(self, name: str, last_ns: int) -> None:
        """Go on with a patrol that an earlier run of the node could not end."""
        self.running, self.last_ns = name, last_ns
        self._used[name] = self._used.get(name, 0) + 1

    def silence(self, now_ns: int) -> bool:
        """Return True, once, when the running patrol has ended because no frame came any more."""
        if self.running is None or now_ns - self.last_ns <= self.gap_ns:
            return False
        self.running = None
        return True

    def rename(self, name: str) -> None:
        """Begin another patrol with the next frame, named ``name`` (or by its stamp if empty)."""
        self.name = name
        self.running = None

    def _fresh_name(self, stamp_ns: int) -> str:
        base = self.name or patrol_name(stamp_ns)
        count = self._used[base] = self._used.get(base, 0) + 1
        return base if count == 1 else f'{base}-{count}'


class MessageClock:
    """
    The time of the messages, also when none come.

    It follows the stamps (or ``/clock``); when both stand still for more than ``grace_s`` of the
    steady clock it runs on with that clock, so that a camera or a bag that stops still ends what
    is under way.
    """

    def __init__(self, grace_s: float = 1.0) -> None:
        """Start without a time."""
        self._grace_s = grace_s
        self._time_ns: int | None = None
        self._since_s = 0.0

    def see(self, time_ns: int, steady_s: float) -> None:
        """Take over a stamp that is later than what is known."""
        if self._time_ns is None or time_ns > self._time_ns:
            self._time_ns, self._since_s = time_ns, steady_s

    def reset(self, time_ns: int, steady_s: float) -> None:
        """Take over a time that jumped back."""
        self._time_ns, self._since_s = time_ns, steady_s

    def now_ns(self, steady_s: float) -> int | None:
        """Return the time now, or None before the first message."""
        if self._time_ns is None:
            return None
        silent_s = steady_s - self._since_s
        return self._time_ns + (round(silent_s * 1e9) if silent_s > self._grace_s else 0)
