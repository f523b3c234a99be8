# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
Shares and rates with their intervals.

Wilson, *Probable inference, the law of succession, and statistical inference*, 1927; Garwood,
*Fiducial limits for the Poisson distribution*, 1936.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
import math
from typing import Any

Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    hits: int
    of: int

    @classmethod
    def count(cls, answers: Iterable[bool]) -> Share:
        """Count the answers that are true."""
        found = [bool(answer) for answer in answers]
        return cls(sum(found), len(found))

    @property
    def value(self) -> float | None:
        """The share, or None of nothing."""
        return self.hits / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95% interval; 0..1 of nothing."""
        return wilson(self.hits, self.of)

    def record(self) -> dict[str, Any]:
        """Return it for a JSON file."""
        low, high = self.interval
        return {
            'hits': self.hits,
            'of': self.of,
            'share': None if self.value is None else round(self.value, 4),
            'interval': [round(low, 4), round(high, 4)],
        }

    def __str__(self) -> str:
        """Say it for people."""
        if self.value is None:
            return '-'
        low, high = self.interval
        return f'{self.hits}/{self.of} = {self.value:.0%} ({low:.0%} to {high:.0%})'


@dataclass(frozen=True, slots=True)
class Rate:
    """So many events in so many aisle patrols."""

    events: int
    exposure: float

    @property
    def value(self) -> float:
        """Events per aisle and patrol."""
        return self.events / self.exposure if self.exposure else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Garwood's exact 95% interval of a Poisson rate."""
        low, high = poisson(self.events)
        return (low / self.exposure, high / self.exposure) if self.exposure else (0.0, math.inf)

    def record(self) -> dict[str, Any]:
        """Return it for a JSON file."""
        low, high = self.interval
        return {
            'events': self.events,
            'aisle_patrols': self.exposure,
            'rate': round(self.value, 4),
            'interval': [round(low, 4), round(high, 4) if math.isfinite(high) else None],
        }

    def __str__(self) -> str:
        """Say it for people."""
        low, high = self.interval
        return f'{self.value:.2f} ({low:.2f} to {high:.2f})'


def wilson(hits: int, of: int, z: float = Z95) -> tuple[float, float]:
    """Return Wilson's interval of a share; ``z`` standard deviations wide."""
    if of == 0:
        return 0.0, 1.0
    share, more = hits / of, z * z / of
    middle = (share + more / 2) / (1 + more)
    half = z / (1 + more) * math.sqrt(share * (1 - share) / of + more / (4 * of))
    return max(0.0, middle - half), min(1.0, middle + half)


def poisson(events: int, level: float = 0.95) -> tuple[float, float]:
    """Return the exact interval of the expected number of events."""
    from scipy.stats import chi2

    tail = (1 - level) / 2
    low = 0.0 if events == 0 else float(chi2.ppf(tail, 2 * events)) / 2
    return low, float(chi2.ppf(1 - tail, 2 * events + 2)) / 2
