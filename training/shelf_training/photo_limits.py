# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Limits beyond which a photo is anomalous, from normal photos that were left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shelf_anomaly.checker import photo_score

FALSE_ALARMS = 0.1  # part of normal photos that may be called anomalous


@dataclass(frozen=True, slots=True)
class Judged:
    """What one photo showed."""

    highest: float
    """Log odds of its worst cell."""
    density: float
    """Log density of its look as a whole among the product's photos, nats."""


def conformal_threshold(scores: npt.NDArray[np.float64], false_alarms: float) -> float:
    """
    Return the score that a new normal photo exceeds with at most the chance ``false_alarms``.

    The split conformal quantile: the ``ceil((n + 1)(1 - a))``-th smallest score, or the highest.
    """
    rank = int(np.ceil((len(scores) + 1) * (1 - false_alarms)))
    return float(np.sort(scores)[min(rank, len(scores)) - 1])


def photo_limits(normal: Mapping[str, Sequence[Judged]]) -> dict[str, dict[str, float]]:
    """
    Return what the manifest says of each product; either limit may call a photo anomalous.

    A limit is the mean of the product's own and that of all products together: the former stands
    on the two or three strangest of some fifty photos. The spread is that of all products.

    :param normal: what normal photos of each product showed when left out
    """
    highest = {name: np.array([j.highest for j in judged]) for name, judged in normal.items()}
    strange = {name: np.array([-j.density for j in judged]) for name, judged in normal.items()}
    (thresholds, threshold_spread), (least, density_spread) = _shared(highest), _shared(strange)
    limits = {}
    for name, judged in normal.items():
        said = {
            'photos': len(judged),
            'threshold': thresholds[name],
            'threshold_spread': threshold_spread,
            'density': -least[name],
            'density_spread': density_spread,
        }
        above = [photo_score(j.highest, j.density, said) > 0 for j in judged]
        limits[name] = {**said, 'normal_above': float(np.mean(above))}
    return limits


def _shared(
    scores: Mapping[str, npt.NDArray[np.float64]],
) -> tuple[dict[str, float], float]:
    """Return the limit of each product, and the spread of all."""
    together = np.concatenate(list(scores.values()))
    half = FALSE_ALARMS / 2  # each of two limits has its part of the false alarms
    of_all = conformal_threshold(together, half)
    limits = {name: (conformal_threshold(own, half) + of_all) / 2 for name, own in scores.items()}
    return limits, float(max(together.std(), 1e-6))
