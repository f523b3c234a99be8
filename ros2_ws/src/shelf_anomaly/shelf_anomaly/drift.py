# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
Whether what is normal on a bay has moved away from what the model learnt.

Two signs, because a shop changes in two ways.

*Everywhere*: light, the camera's mount, goods that stand less tidily, a new planogram. Scores are
standard scores of their own place, so on a bay as learnt they spread about 0 with a deviation of
1, and their upper quartile is that of the normal distribution. When they spread twice as wide, a
place needs half of what it needed to reach the threshold. The upper quartile of each pass goes
into a cumulative sum (Page 1954) that stands halfway between the usual quartile and its double. A
quartile does not see faults, which cover less than a quarter of a bay, so the places of alerts
need not be left out: that would hide the very drift that raises them. The highest score of a pass
says little beside it, because it is mostly chance.

*In many places at once*: packages of a new design. So many alerts on one pass of a bay that
faults and the false alarms of the budget hardly bring them (Poisson).

Such a bay is to be learnt anew. The first sign goes when its passes look as learnt again, the
second when no more alerts stand there than could be single ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
import math
from typing import Any

import numpy as np

from .records import Float32Array

USUAL = 0.6745
"""Upper quartile of the standard normal distribution."""
WIDER = 2.0
"""So many times as wide as usual must the scores of a pass spread to count fully."""
ENOUGH = 2.0
"""Passes that count fully, in a row, until a bay has moved."""
HEAVIEST = 1.5
"""No pass counts more, however wide: one alone does not tell, it may have been misplaced."""
MOST = 4.0
"""More is not remembered: a bay that was put in order again is told so after as many passes."""
FAULTS = 1.0
"""Real faults on a pass of a bay that are nothing unusual; a tidy shop has far fewer."""
BY_CHANCE = 0.001
"""Chance of so many alerts on one pass that they cannot be single ones any more."""


def upper_quartile(scores: Float32Array) -> float | None:
    """
    Return the upper quartile of the scores of a pass; None when nothing was judged.

    :param scores: shape ``(rows, cols)``; NaN where not judged
    """
    judged = scores[np.isfinite(scores)]
    return float(np.quantile(judged, 0.75)) if judged.size else None


def too_many(expected: float) -> int:
    """
    Return the least number of alerts that chance raises less often than BY_CHANCE.

    :param expected: alerts on one pass of a bay
    """
    count, term = 0, math.exp(-expected)
    rest = 1.0
    while rest >= BY_CHANCE:
        rest -= term
        count += 1
        term *= expected / count
    return count


class DriftWatch:
    """How far each bay has moved, from its passes."""

    def __init__(self, model: str, known: Any = None) -> None:
        """
        Begin, or go on.

        :param model: tells one fit from another; what was seen under another one does not count
        :param known: what :meth:`state` returned in an earlier run
        """
        self.model = model
        self._sums: dict[str, float] = {}
        self._spread: set[str] = set()
        self._flooded: set[str] = set()
        if isinstance(known, Mapping) and known.get('model') == model and 'sums' in known:
            self._sums = {str(bay): float(sum_) for bay, sum_ in known['sums'].items()}
            self._spread = {str(bay) for bay in known['spread']}
            self._flooded = {str(bay) for bay in known['flooded']}

    @property
    def moved(self) -> tuple[str, ...]:
        """Bays to be learnt anew, sorted."""
        return tuple(sorted(self._spread | self._flooded))

    def state(self) -> dict[str, Any]:
        """Return what is to be kept over a restart."""
        return {
            'model': self.model,
            'sums': self._sums,
            'spread': sorted(self._spread),
            'flooded': sorted(self._flooded),
        }

    def learnt(self, model: str, bays: Iterable[str]) -> None:
        """Go on with another model, and begin anew with the bays that differ in it."""
        self.model = model
        for bay in bays:
            self._sums.pop(bay, None)
            self._spread.discard(bay)
            self._flooded.discard(bay)

    def add(self, bay: str, quartile: float, raised: int, standing: int, allowed: float) -> bool:
        """
        Take in a pass.

        :param quartile: what :func:`upper_quartile` returned
        :param raised: alerts that the pass raised
        :param standing: alerts that are open on the bay after it
        :param allowed: false alarms that the budget allows on one pass of a bay
        :return: whether what is normal on the bay has moved
        """
        double = WIDER * USUAL
        middle = (USUAL + double) / 2
        says = min(HEAVIEST, max(-1.0, (quartile - middle) / (double - middle)))
        self._sums[bay] = sum_ = min(MOST, max(0.0, self._sums.get(bay, 0.0) + says))
        if sum_ >= ENOUGH:
            self._spread.add(bay)
        elif sum_ <= 0:
            self._spread.discard(bay)
        many = too_many(allowed + FAULTS)
        if raised >= many:
            self._flooded.add(bay)
        elif standing < many:
            self._flooded.discard(bay)
        return bay in self._spread or bay in self._flooded
