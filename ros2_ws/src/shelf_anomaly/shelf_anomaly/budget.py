# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
From a false-alarm budget to a threshold, and from a score to a p-value, by normal passes only.

Each normal pass is scored against all others (leave one out). Its local maxima are what would
have been false alarms; how many of them lie above a score, per aisle and patrol, is the rate.
"""

from __future__ import annotations

from dataclasses import dataclass
import math

import numpy as np

from .artefact import Artefact
from .errors import ArtefactError, SettingsError
from .records import FloatArray

UNSEEN = 0.25
"""False alarms per aisle and patrol of which normal passes show nothing. Of a budget b they may
spend b / (b + UNSEEN): the smaller it is, the more of what reaches it is rare and was not on ten
passes. That also leaves room for alerts that chance keeps open on the next pass. With it 0.31,
0.82 and 2.75 came on the mean of eighteen stores of our own where 0.3, 1 and 3 were asked for."""
FEWER = 2.0
"""A pass that is left out is compared with one pass less than a new one will be, and so stands
out more; the fewer passes, the more. This power of n / (n - 1) makes up for it. On three stores of
our own 3, 5 and 10 passes brought 0.6, 1.1 and 0.6 of what they were allowed: too uneven for a
closer rule, and so never more than the budget itself is allowed."""
MOST = 1.0  # of the budget, however few the passes
TAIL = 3.0
"""Maxima per aisle and patrol that the tail is fitted to. A threshold that stands on the one
maximum at its rank is that maximum's chance; one that stands on all of the tail is steadier."""
CENSORED = 0.1
"""Part of the tail whose heights do not count, only that they are that high: a normal pass that
shows a sign of a fault scores far above all others, which says nothing of where the threshold
should be."""
SLOPE, SLOPE_COUNTS = 0.45, 60.0
"""Mean logarithm of how far maxima of the tail lie above its start, as in fourteen stores of our
own, and how many maxima of a store it counts as much as: how far the tail of a store reached on
its normal passes, most of it the chance of a few, said little of how far it did on later ones."""
LEAST_START = 0.5  # standard deviations; lower, and ratios of scores say nothing
FEWEST = 2  # maxima that have a slope


@dataclass(frozen=True, slots=True)
class Budget:
    """Normal maxima of all bays and passes."""

    maxima: FloatArray
    """Scores of all local maxima on normal passes, highest first."""
    bay_maxima: FloatArray
    """Highest score of each bay on each normal pass."""
    aisle_patrols: float
    """Number of aisles times number of passes that the maxima come from."""
    passes: float
    """Normal passes of a bay, usually."""

    def threshold(self, false_alarms_per_aisle_patrol: float) -> float:
        """
        Return the score that so many normal maxima per aisle and patrol reach.

        The highest maxima are taken as a Pareto tail above one of them (Hill, A Simple General
        Approach to Inference about the Tail of a Distribution, 1975), the very highest as censored
        (Epstein and Sobel, Life Testing, 1953), its slope in part that of other stores.

        :raises SettingsError: if the budget is not positive
        """
        if not (
            math.isfinite(false_alarms_per_aisle_patrol) and false_alarms_per_aisle_patrol > 0
        ):
            raise SettingsError(
                f'false_alarms_per_aisle_patrol: is {false_alarms_per_aisle_patrol}, '
                'expected a number above 0, such as 1.0'
            )
        wanted = self._allowed(false_alarms_per_aisle_patrol) * self.aisle_patrols
        scores = self.maxima
        if scores.size == 0:
            return 4.0  # four standard deviations; only a bay without any structure comes here
        above = min(scores.size - 1, round(TAIL * self.aisle_patrols))
        rank = np.arange(1, scores.size + 1) - 0.5
        if above < FEWEST or wanted >= above:
            return float(np.interp(wanted, rank, scores))
        start = max(float(np.interp(above, rank, scores)), LEAST_START)
        censored = round(CENSORED * above)
        excess = np.log(np.maximum(np.minimum(scores[:above], scores[censored]) / start, 1.0))
        slope = float(excess.sum() + SLOPE_COUNTS * SLOPE) / (above - censored + SLOPE_COUNTS)
        return float(start * (above / wanted) ** slope)

    def _allowed(self, budget: float) -> float:
        """Return how much of a budget the passes that were left out may spend."""
        fewer = float((self.passes / max(self.passes - 1, 1.0)) ** FEWER)
        return budget * min(MOST, fewer * budget / (budget + UNSEEN))

    def p_value(self, score: float) -> float:
        """Return the conformal p-value: part of normal bays and passes that score as high."""
        above = int((self.bay_maxima >= score).sum())
        return (1 + above) / (1 + self.bay_maxima.size)


def budget_of(artefact: Artefact) -> Budget:
    """Return the budget of a model for bays; :raises ArtefactError: if it lacks something."""
    learnt = artefact.manifest.get('data') or {}
    passes = [int(bay['passes']) for bay in learnt.values()]
    if not passes:
        raise ArtefactError(
            f'{artefact.folder}: the manifest does not say from how many passes each bay was '
            'learnt; fit the model again'
        )
    return Budget(
        artefact.array('budget/maxima'),
        artefact.array('budget/bay_maxima'),
        artefact.number('aisle_patrols'),
        float(np.median(passes)),
    )
