# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
Nearest neighbours on features: Roth et al., *Towards total recall in industrial anomaly
detection* (PatchCore), CVPR 2022. One memory bank a bay, thinned to a coreset; no place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from shelf_anomaly.records import Float32Array

from .views import FeatureSource, to_cells, View, Views

BANK = 2000
SAMPLE = 12_000
PROJECTION = 32


class PatchCore:
    """Distance of a cell to the nearest of the bay's coreset."""

    name = 'PatchCore (nearest neighbours, coreset)'

    def __init__(self, features: FeatureSource, seed: int = 0, bank: int = BANK) -> None:
        """Keep ``bank`` cells of each bay, of the features that ``features`` gives."""
        self._features = features
        self._seed = seed
        self._bank = bank
        self._banks: dict[str, tuple[Float32Array, np.ndarray]] = {}

    def learn(self, views: Views, patrols: Sequence[str], told: Callable[[str], None]) -> None:
        """Build the memory bank of each bay."""
        self._banks.clear()
        rng = np.random.default_rng(self._seed)
        for bay in views.dataset.bays:
            cells, owners = [], []
            for patrol in patrols:
                for view in views.of(bay, patrol):
                    found = self._features(view)[view.judged]
                    cells.append(found)
                    owners += [patrol] * len(found)
            if not cells:
                continue
            together, names = np.concatenate(cells), np.array(owners)
            if len(together) > SAMPLE:
                picked = rng.permutation(len(together))[:SAMPLE]
                together, names = together[picked], names[picked]
            kept = coreset(together, self._bank, rng)
            self._banks[bay] = (together[kept], names[kept])
            told(f'{self.name}: {bay}')

    def score(self, view: View, without: str | None = None) -> Float32Array:
        """Return the distance of each judged cell to the bank."""
        bank, owners = self._banks[view.bay]
        if without is not None:
            bank = bank[owners != without]
        out = np.full(view.judged.shape, np.nan, np.float32)
        cells = self._features(view)[view.judged]
        if len(cells) and len(bank):
            squared = (cells**2).sum(1)[:, None] + (bank**2).sum(1)[None] - 2 * cells @ bank.T
            out[view.judged] = np.sqrt(np.maximum(squared.min(axis=1), 0.0))
        return to_cells(out, view.judged)


def coreset(cells: Float32Array, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return indices of cells that cover the others: greedy k-centre on a random projection."""
    if len(cells) <= count:
        return np.arange(len(cells))
    projected = cells @ rng.normal(size=(cells.shape[1], PROJECTION)).astype(np.float32)
    chosen = np.empty(count, np.int64)
    chosen[0] = int(rng.integers(len(cells)))
    nearest = np.full(len(cells), np.inf, np.float32)
    for i in range(1, count):
        apart = ((projected - projected[chosen[i - 1]]) ** 2).sum(axis=1)
        nearest = np.minimum(nearest, apart)
        chosen[i] = int(nearest.argmax())
    return chosen
