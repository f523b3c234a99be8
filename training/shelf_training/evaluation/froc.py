# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
Recall against false alarms over all thresholds (FROC), and whether a budget is kept.

Bunch et al., *A free-response approach to the measurement and characterization of radiographic
observer performance*, 1978.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from shelf_anomaly.records import FloatArray

from .intervals import Rate, Share
from .matching import Matched

RATES = (0.1, 0.3, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0)


@dataclass(frozen=True, slots=True)
class Curve:
    """Scores of what was found and of what was not there."""

    hits: FloatArray
    """Score of each fault of each patrol; minus infinity for one without any finding."""
    alarms: FloatArray
    """Score of each finding that matches no fault."""
    aisle_patrols: float

    @classmethod
    def of(cls, matched: Matched, kind: str | None = None) -> Curve:
        """Return the curve of matched findings, of one kind of fault."""
        hits = [f.score for f in matched.faults if kind in (None, f.fault.kind)]
        alarms = [alarm.score for _, alarm in matched.false_alarms]
        return cls(np.array(hits, np.float64), np.array(alarms, np.float64), matched.aisle_patrols)

    def recall(self, threshold: float) -> Share:
        """Return the share of faults that score at least so high."""
        return Share(int((self.hits >= threshold).sum()), self.hits.size)

    def rate(self, threshold: float) -> Rate:
        """Return the false alarms per aisle and patrol that score at least so high."""
        return Rate(int((self.alarms >= threshold).sum()), self.aisle_patrols)

    def threshold_at(self, rate: float) -> float:
        """Return the lowest threshold with at most ``rate`` false alarms per aisle and patrol."""
        allowed = int(np.floor(rate * self.aisle_patrols + 1e-9))
        ranked = np.sort(self.alarms)[::-1]
        if allowed >= ranked.size:
            return float('-inf')  # all findings there are
        return float(np.nextafter(ranked[allowed], np.inf))

    def points(self) -> tuple[FloatArray, FloatArray]:
        """Return false alarms per aisle and patrol, and recall, at every threshold, rising."""
        scores = np.unique(np.concatenate([self.hits[np.isfinite(self.hits)], self.alarms]))
        rates = [0.0, *(self.rate(s).value for s in scores[::-1])]
        recalls = [0.0, *(self.recall(s).value or 0.0 for s in scores[::-1])]
        return np.array(rates), np.array(recalls)

    def table(self) -> list[dict[str, Any]]:
        """Return recall at usual rates, as it would be with the threshold that gives them."""
        rows = []
        for rate in RATES:
            threshold = self.threshold_at(rate)
            rows.append(
                {
                    'false_alarms_per_aisle_patrol': rate,
                    'threshold': round(threshold, 4) if np.isfinite(threshold) else None,
                    'recall': self.recall(threshold).record(),
                }
            )
        return rows


@dataclass(frozen=True, slots=True)
class BudgetCheck:
    """What a budget asked for, and what came."""

    asked: float
    threshold: float
    measured: Rate
    recall: Share

    @property
    def kept(self) -> bool:
        """Whether a third to one and a half of what was asked for was measured."""
        return self.asked / 3 <= self.measured.value <= 1.5 * self.asked

    def record(self) -> dict[str, Any]:
        """Return it for a JSON file."""
        return {
            'asked': self.asked,
            'threshold': round(self.threshold, 4),
            'measured': self.measured.record(),
            'recall': self.recall.record(),
            'kept': self.kept,
        }


def check_budgets(curve: Curve, thresholds: Mapping[float, float]) -> list[BudgetCheck]:
    """
    Compare budgets with what findings of single passes would have raised.

    :param thresholds: the model's threshold for each budget
    """
    return [
        BudgetCheck(asked, threshold, curve.rate(threshold), curve.recall(threshold))
        for asked, threshold in thresholds.items()
    ]
