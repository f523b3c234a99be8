# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
What the false-alarm budget stands on, kept bay by bay, so that one bay can be learnt anew.

The artefact carries the maxima of each bay's normal passes beside the merged list that the robot
reads; the merged list follows from the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from shelf_anomaly.records import FloatArray

Array = npt.NDArray[Any]

MERGED, MERGED_BAYS = 'budget/maxima', 'budget/bay_maxima'


def pack_maxima(bay: str, maxima: FloatArray, bay_maxima: FloatArray) -> dict[str, Array]:
    """
    Return the arrays of one bay.

    :param maxima: scores of the local maxima of all its normal passes
    :param bay_maxima: highest score of each of its normal passes
    """
    return {f'{bay}/maxima': np.sort(maxima)[::-1], f'{bay}/bay_maxima': np.asarray(bay_maxima)}


def has_maxima(arrays: Mapping[str, Array], bay: str) -> bool:
    """Return whether an artefact keeps a bay's maxima; those of earlier versions do not."""
    return f'{bay}/maxima' in arrays and f'{bay}/bay_maxima' in arrays


def merge_maxima(
    arrays: Mapping[str, Array], bays: Iterable[str], usual_passes: float
) -> dict[str, Array]:
    """
    Return the budget's arrays from those of all bays.

    A bay with fewer passes than usual has fewer maxima, but not a lower rate of them: its maxima
    count for as many passes as the others have.

    :param usual_passes: passes of an aisle that the artefact's ``aisle_patrols`` stands for
    """
    each = [(arrays[f'{bay}/maxima'], arrays[f'{bay}/bay_maxima']) for bay in bays]
    weighted = [_as_often(maxima, usual_passes / max(1, passes.size)) for maxima, passes in each]
    return {
        MERGED: np.sort(np.concatenate(weighted))[::-1],
        MERGED_BAYS: np.concatenate([passes for _, passes in each]),
    }


def _as_often(maxima: Array, weight: float) -> Array:
    """Return ``weight`` times as many maxima of the same distribution."""
    count = round(maxima.size * weight)
    if count == maxima.size or not maxima.size:
        return maxima
    ranks = (np.arange(count) + 0.5) / max(1, count) * maxima.size - 0.5
    return np.interp(ranks, np.arange(maxima.size), maxima)
