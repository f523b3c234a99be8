# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
Two looks at one place on two patrols: what differs between them and is no fault.

The pose says which cells are the same place, so nobody has to label anything.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from shelf_anomaly.dataset import ViewEntry
from shelf_anomaly.records import BoolArray, Float32Array

NEAR_M = 0.2  # between the camera's places along the aisle, so that parallax is alike


def sample_differences(
    entries: Sequence[ViewEntry],
    maps: Sequence[Float32Array],
    masks: Sequence[BoolArray],
    count: int,
    seed: int,
) -> Float32Array | None:
    """
    Return what differs between cells of one place on two patrols.

    :param entries: the views that the maps are of
    :param maps: scaled features, shapes ``(rows, cols, dims)``
    :param masks: shapes ``(rows, cols)``: cells that were seen
    :param count: differences wanted, about
    :return: shape ``(n, dims)``; None where no bay was seen twice from about the same place
    """
    rng = np.random.default_rng(seed)
    pairs = [(i, j) for i in range(len(entries)) if (j := _partner(i, entries, rng)) is not None]
    if not pairs:
        return None
    share = -(-count // len(pairs))
    found = []
    for i, j in pairs:
        rows, cols = np.nonzero(masks[i] & masks[j])
        picked = rng.permutation(rows.size)[:share]
        found.append(maps[i][rows[picked], cols[picked]] - maps[j][rows[picked], cols[picked]])
    return np.asarray(np.concatenate(found), np.float32)


def _partner(i: int, entries: Sequence[ViewEntry], rng: np.random.Generator) -> int | None:
    """Return a view of the same bay from about the same place on another patrol."""
    mine = entries[i]
    others = [
        j
        for j, other in enumerate(entries)
        if other.bay == mine.bay
        and other.patrol != mine.patrol
        and abs(other.offset_m - mine.offset_m) <= NEAR_M
    ]
    return int(rng.choice(others)) if others else None
