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
EMPTIED = 0.2
"""Logarithm of how many times less a column of the board shows than it ever did, from which it
counts; LEAST_SHOWN is the most of it, as nothing is less than nothing."""
LEAST_SHOWN = 3.0
CLOSER = (1.0, 1.9)
"""Logarithm of how many times less a print differs from what stands elsewhere than from what
stands here: somewhat, and clearly."""
USUAL = 0.85  # likeness to the usual print at some size, above which it may stand here
LEAST = 0.5  # of a channel's standard score; less says nothing
COLOURS, CODES = 1.5, 2.5
"""Standard scores beside a maximum that make it count neither more nor less."""

WEIGHTS = {
    'another print': 0.75,
    'closer elsewhere': 0.5,
    'clearly closer elsewhere': 0.55,
    'bare': 0.5,
    'emptied': 1.05,
    'lying': 2.4,
    'usual print': -11.8,
    'usual print, worst part': -12.7,
    'colours': 0.55,
    'all codes': 0.6,
}
"""Logarithm of how many times more the score counts for each 1 of :func:`features`."""
LOOSE_WEIGHT, DROPPED_WEIGHT = -1.7, 1.4
"""Loose goods differ so much from day to day that few of their maxima are faults, unless they are
packages."""
PRINTED, PRINTED_WEIGHT = 1.3, 2.1
"""Times the usual structure from which it is more than fruit has, and what the logarithm of how
many times counts: packages are printed. Of 37 maxima of faults in bins of twelve stores of our own
21 had twice as much or more, of 974 others 55."""
SPREAD, SPREAD_WEIGHT = 14.5, 0.85
"""How much colours usually differ within a place of loose goods, and what the logarithm of how
many times as much counts: fruit has one colour, a package has several. Of 29 maxima of faults nine
in ten had more than 16, of 708 others half."""
MOST, LOOSE_LEAST = 1.5, -2.5  # to either side; loose goods may count less


@dataclass(frozen=True, slots=True)
class PlaceSigns:
    """What a place shows beside how far its codes are from normal."""

    own: float | None = None
    """Correlation of its print with what is normal here; None where nothing is printed."""
    closer: float = 0.0
    """Logarithm of how many times less its print differs from what stands elsewhere."""
    bare: bool = False
    emptied: float = 0.0
    """Logarithm of how many times less its column of the board shows than it ever did."""
    lying: bool = False
    usual: float = 0.0
    """Likeness to what is normal here at some size, in several views."""
    usual_worst: float = 0.0
    """Correlation of the part of it that fits least, mean over the views."""
    loose: bool = False
    """Whether it is a place of loose goods; of those only the next three are told."""
    dropped: bool = False
    structure: float = 1.0
    """Part of the usual structure."""
    colour_spread: float = SPREAD
    """How much its colours differ from each other, in CIELAB."""
    colours: float = COLOURS
    """Standard score of its colours."""
    codes: float = CODES
    """Lowest standard score of its channels of codes: what stands there differs at every scale,
    what stands a little aside at one."""


def features(signs: PlaceSigns) -> tuple[float, ...]:
    """Return what WEIGHTS weigh, in their order, of a place of packed goods."""
    usual = max(0.0, signs.usual - USUAL)
    return (
        float(signs.own is not None and signs.own < OTHER_PRINT),
        *(float(signs.closer >= least) for least in CLOSER),
        float(signs.bare),
        min(max(0.0, signs.emptied - EMPTIED), LEAST_SHOWN),
        float(signs.lying),
        usual,
        usual * signs.usual_worst,
        math.log(max(LEAST, signs.colours) / COLOURS),
        math.log(max(LEAST, signs.codes) / CODES),
    )


def weight(signs: PlaceSigns, weights: Iterable[float] = WEIGHTS.values()) -> float:
    """
    Return how many times as much the score of a place counts.

    :param weights: of :func:`features`
    """
    if signs.loose:
        total = LOOSE_WEIGHT + DROPPED_WEIGHT * signs.dropped
        total += PRINTED_WEIGHT * math.log(max(signs.structure, PRINTED) / PRINTED)
        total += SPREAD_WEIGHT * math.log((1 + signs.colour_spread) / (1 + SPREAD))
        return math.exp(min(max(total, LOOSE_LEAST), MOST))
    total = sum(w * f for w, f in zip(weights, features(signs), strict=True))
    return math.exp(min(max(total, -MOST), MOST))
