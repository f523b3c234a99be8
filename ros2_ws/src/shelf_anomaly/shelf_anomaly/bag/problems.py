# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What went wrong with parts of a bag while the rest was used."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing of a bag that could not be used, or was odd."""

    bag: str
    topic: str
    stamp_ns: int
    """Time of it as far as it is known, 0 when it is not."""
    reason: str
    """Short, for counting."""
    detail: str
    """For people."""
    frame_lost: bool = False
    """A frame could not be used because of it."""


@dataclass(slots=True)
class ProblemLog:
    """Counts the problems of one bag by their reason and keeps a few as examples."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, Problem] = field(default_factory=dict)
    """The first problem of each reason."""
    frames_lost: int = 0

    def add(self, problem: Problem) -> None:
        """Take one more."""
        self.counts[problem.reason] += 1
        self.examples.setdefault(problem.reason, problem)
        self.frames_lost += problem.frame_lost

    def lines(self) -> list[str]:
        """Say it for people, one line a reason: how often, and the first one in full."""
        return [
            f'{count} x {reason}: {self.examples[reason].detail}'
            for reason, count in self.counts.most_common()
        ]
