# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
How much the score of a place counts, by the signs that it shows.

Whether a maximum is a fault is a logistic regression on the logarithm of its score and on its
signs. Divided by the weight of the score, the weight of a sign says how many times more or less
the score counts. ``benchmarks/sign_weights.py`` fits them on stores with known faults and tries
them on others.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
import math

OTHER_PRINT = 0.68
"""Correlation with what is normal here, below which something else stands here."""
BARE = 0.45  # part of the usual structure, below which nothing stands here
CLOSER = (1.0, 1.9)
"""Logarithm of how many times less a print differs from what stands elsewhere than from what
stands here: somewhat, and clearly."""
USUAL = 0.85  # likeness to the usual print at some size, above which it may stand here
LEAST = 0.5  # of a channel's standard score; less says nothing
COLOURS, CODES = 1.5, 2.5
"""Standard scores beside a maximum that make it count neither more nor less."""

WEIGHTS = {
    'another print': 0.65,
    'closer elsewhere': 0.55,
    'clearly closer elsewhere': 0.45,
    'bare': 1.15,
    'lying': 1.75,
    'usual print': -15.0,
    'colours': 0.45,
    'all codes': 0.6,
}
"""Logarithm of how many times more the score counts for each 1 of :func:`features`."""
LOOSE_WEIGHT, DROPPED_WEIGHT = -0.5, 0.7
"""Loose goods differ so much from day to day that few of their maxima are faults, unless they are
packages."""
MOST = 1.5  # to either side


@dataclass(frozen=True, slots=True)
class PlaceSigns:
    """What a place shows beside how far its codes are from normal."""

    own: float | None = None
    """Correlation of its print with what is normal here; None where nothing is printed."""
    closer: float = 0.0
    """Logarithm of how many times less its print differs from what stands elsewhere."""
    bare: bool = False
    lying: bool = False
    usual: float = 0.0
    """Likeness to what is normal here at some size, in several views."""
    loose: bool = False
    """Whether it is a place of loose goods; of those only ``dropped`` is told."""
    dropped: bool = False
    colours: float = COLOURS
    """Standard score of its colours."""
    codes: float = CODES
    """Lowest standard score of its channels of codes: what stands there differs at every scale,
    what stands a little aside at one."""


def features(signs: PlaceSigns) -> tuple[float, ...]:
    """Return what WEIGHTS weigh, in their order, of a place of packed goods."""
    return (
        float(signs.own is not None and signs.own < OTHER_PRINT),
        *(float(signs.closer >= least) for least in CLOSER),
        float(signs.bare),
        float(signs.lying),
        max(0.0, signs.usual - USUAL),
        math.log(max(LEAST, signs.colours) / COLOURS),
        math.log(max(LEAST, signs.codes) / CODES),
    )


def weight(signs: PlaceSigns, weights: Iterable[float] = WEIGHTS.values()) -> float:
    """
    Return how many times as much the score of a place counts.

    :param weights: of :func:`features`
    """
    if signs.loose:
        return math.exp(DROPPED_WEIGHT if signs.dropped else LOOSE_WEIGHT)
    total = sum(w * f for w, f in zip(weights, features(signs), strict=True))
    return math.exp(min(max(total, -MOST), MOST))
