# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
Pooled features and a kernel density (anomalib's DFKDE), one density for each region of a bay.

DFKDE pools the features of the whole picture; a bay is cut into regions of about two facings,
each pooled, reduced by PCA and judged by a Gaussian kernel density of its own normal views.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from shelf_anomaly.density import log_density
from shelf_anomaly.records import Float32Array, FloatArray

from .views import FeatureSource, to_cells, View, Views

REGION_M = (0.25, 0.375)
COMPONENTS = 16
LEAST_SEEN = 0.5


class Dfkde:
    """Minus log density of pooled features."""

    name = 'DFKDE (pooled features, PCA, KDE)'

    def __init__(self, features: FeatureSource) -> None:
        """Take features from ``features``."""
        self._features = features
        self._cell_m = 1.0
        self._axes: dict[str, tuple[FloatArray, FloatArray]] = {}
        self._codes: dict[tuple[str, int, int], tuple[FloatArray, np.ndarray]] = {}

    def learn(self, views: Views, patrols: Sequence[str], told: Callable[[str], None]) -> None:
        """Fit PCA a bay and gather the codes of each region."""
        self._cell_m = views.cell_m
        self._codes.clear()
        for bay in views.dataset.bays:
            found: list[tuple[tuple[int, int], FloatArray, str]] = []
            for patrol in patrols:
                for view in views.of(bay, patrol):
                    found += [(at, code, patrol) for at, code in self._pooled(view)]
            if not found:
                continue
            codes = np.stack([code for _, code, _ in found])
            mean = codes.mean(axis=0)
            _, _, axes = np.linalg.svd(codes - mean, full_matrices=False)
            self._axes[bay] = (mean, axes[:COMPONENTS].T)
            small = (codes - mean) @ axes[:COMPONENTS].T
            for at in {at for at, _, _ in found}:
                mine = [i for i, (place, _, _) in enumerate(found) if place == at]
                owners = np.array([found[i][2] for i in mine])
                self._codes[(bay, *at)] = (small[mine], owners)
            told(f'{self.name}: {bay}')

    def score(self, view: View, without: str | None = None) -> Float32Array:
        """Return minus the log density of each cell's region."""
        out = np.full(view.judged.shape, np.nan, np.float32)
        mean, axes = self._axes[view.bay]
        rows, cols = self._steps()
        for at, code in self._pooled(view):
            known = self._codes.get((view.bay, *at))
            if known is None:
                continue
            codes, owners = known
            codes = codes[owners != without] if without is not None else codes
            if len(codes) < 2:
                continue
            # Scott's rule on the region's own spread.
            spread = float(np.sqrt(codes.var(axis=0).mean())) + 1e-6
            bandwidth = spread * len(codes) ** (-1 / (codes.shape[1] + 4))
            density = log_density(((code - mean) @ axes)[None], codes, bandwidth)[0]
            area = np.s_[at[0] * rows : (at[0] + 1) * rows, at[1] * cols : (at[1] + 1) * cols]
            out[area] = -density
        return to_cells(out, view.judged)

    def _steps(self) -> tuple[int, int]:
        return max(1, round(REGION_M[1] / self._cell_m)), max(1, round(REGION_M[0] / self._cell_m))

    def _pooled(self, view: View) -> Iterator[tuple[tuple[int, int], FloatArray]]:
        features, (rows, cols) = self._features(view), self._steps()
        for r in range(-(-view.judged.shape[0] // rows)):
            for c in range(-(-view.judged.shape[1] // cols)):
                area = np.s_[r * rows : (r + 1) * rows, c * cols : (c + 1) * cols]
                mask = view.judged[area]
                if mask.mean() >= LEAST_SEEN:
                    yield (r, c), features[area][mask].mean(axis=0).astype(np.float64)
