# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""How the node is doing: counters, stage times and problems, safe between two threads."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from threading import Lock
import time

import numpy as np

LOG_EVERY_S = 10.0
RECENT_S = 10.0
RATE_WINDOW_S = 5.0
STAGE_WINDOW = 300
MAX_TEXT = 500


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of trouble, as often as it came."""

    reason: str
    text: str
    """The latest one in a sentence."""
    count: int
    last_s: float
    """Steady clock, seconds."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything at one moment."""

    now_s: float
    counts: Mapping[str, int]
    """received, duplicate, dropped, rejected, unplaced, inspected, views, refused, exceptions."""
    rate_hz: float
    """Frames inspected per second."""
    arrival_hz: float
    last_frame_s: float | None
    """Steady time of the last arrival."""
    latency_ms: float
    stages: tuple[tuple[str, float, float], ...]
    """Name, median and 95th percentile in milliseconds, in the order of the work."""
    problems: tuple[Problem, ...]
    """Latest first."""

    @property
    def recent(self) -> tuple[Problem, ...]:
        """Return the problems of the last seconds."""
        return tuple(p for p in self.problems if self.now_s - p.last_s <= RECENT_S)


class Health:
    """Takes notes from the executor and the worker; gives snapshots."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start with nothing noted; ``clock`` is steady, in seconds."""
        self._clock = clock
        self._lock = Lock()
        self._counts: Counter[str] = Counter()
        self._arrivals: deque[float] = deque(maxlen=1000)
        self._inspected: deque[float] = deque(maxlen=1000)
        self._latencies: deque[float] = deque(maxlen=STAGE_WINDOW)
        self._stages: dict[str, deque[float]] = {}
        self._problems: dict[str, Problem] = {}
        self._logged: dict[str, float] = {}

    def frame_received(self) -> None:
        """Note that a frame arrived."""
        with self._lock:
            self._counts['received'] += 1
            self._arrivals.append(self._clock())

    def frame_inspected(self, latency_ms: float, stages: Iterable[tuple[str, float]]) -> None:
        """Note that a frame was inspected to the end, and what it took."""
        with self._lock:
            self._counts['inspected'] += 1
            self._inspected.append(self._clock())
            self._latencies.append(latency_ms)
            for name, milliseconds in stages:
                self._stages.setdefault(name, deque(maxlen=STAGE_WINDOW)).append(milliseconds)

    def count(self, name: str, by: int = 1) -> None:
        """Add to the counter ``name``."""
        with self._lock:
            self._counts[name] += by

    def set_count(self, name: str, value: int) -> None:
        """Take over a counter that is kept elsewhere."""
        with self._lock:
            self._counts[name] = value

    def problem(self, reason: str, text: str) -> bool:
        """
        Note trouble.

        :param reason: short and countable
        :param text: one sentence for people
        :return: True if it should be logged now; the same reason is logged every few seconds only
        """
        now = self._clock()
        text = ' '.join(text.split())[:MAX_TEXT]
        with self._lock:
            before = self._problems.get(reason)
            self._problems[reason] = Problem(reason, text, before.count + 1 if before else 1, now)
            if now - self._logged.get(reason, -LOG_EVERY_S) < LOG_EVERY_S:
                return False
            self._logged[reason] = now
            return True

    def snapshot(self) -> Snapshot:
        """Return all of it at this moment."""
        now = self._clock()
        with self._lock:
            return Snapshot(
                now_s=now,
                counts=dict(self._counts),
                rate_hz=_rate(self._inspected, now),
                arrival_hz=_rate(self._arrivals, now),
                last_frame_s=self._arrivals[-1] if self._arrivals else None,
                latency_ms=float(np.median(self._latencies)) if self._latencies else 0.0,
                stages=tuple(
                    (name, float(np.percentile(values, 50)), float(np.percentile(values, 95)))
                    for name, values in self._stages.items()
                ),
                problems=tuple(sorted(self._problems.values(), key=lambda p: -p.last_s)),
            )


def _rate(times: Iterable[float], now_s: float) -> float:
    """Return events per second over the last seconds; needs two."""
    recent = [t for t in times if now_s - t <= RATE_WINDOW_S]
    return (
        (len(recent) - 1) / (recent[-1] - recent[0])
        if len(recent) > 1 and recent[-1] > recent[0]
        else 0.0
    )
