# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The look of a photo as a whole: linear axes in which goods of another kind lie apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shelf_anomaly.records import Float32Array, FloatArray

LOOK_DIMS, SHRINK = 32, 0.3
WITHIN = 1.0
"""Spread of a product's photos about their middle in each axis: it is the unit of the axes."""


@dataclass(frozen=True, slots=True)
class Look:
    """Linear axes of the direction of features, in which whole photos are compared."""

    weights: Float32Array
    """Shape ``(features, dims)``."""
    bias: Float32Array
    """Shape ``(dims,)``."""

    def of(self, means: FloatArray) -> FloatArray:
        """Return looks, shape ``(n, dims)``, of mean features, shape ``(n, features)``."""
        return np.asarray(_direction(means) @ self.weights + self.bias, np.float64)

    def middle(self, means: FloatArray) -> FloatArray:
        """Return the mean look, shape ``(1, dims)``: with few photos more telling than all."""
        return np.asarray(self.of(means).mean(axis=0, keepdims=True), np.float64)


def fit_look(means: FloatArray, products: npt.NDArray[np.int64]) -> Look:
    """
    Find the axes along which photos differ most, in units of how those of one product differ.

    Linear discriminant analysis (Fisher 1936; Rao 1948) of the total spread, so that a product
    that was never met lies apart, too. The spread within products is shrunk towards a sphere
    (Ledoit and Wolf 2004), as there are fewer photos than features. Features are compared by
    their direction: their length tells how sharp and near a photo is, not what it shows.

    :param means: mean features of normal photos, shape ``(n, features)``
    :param products: which product each shows, shape ``(n,)``
    """
    means = _direction(means)
    middle, spread = means.mean(axis=0), means.std(axis=0) + 1e-6
    scaled = (means - middle) / spread
    middles = {p: scaled[products == p].mean(axis=0) for p in np.unique(products)}
    rest = scaled - np.stack([middles[p] for p in products])
    within = rest.T @ rest / len(rest)
    sphere = np.trace(within) / len(within) * np.eye(len(within))
    within = (1 - SHRINK) * within + SHRINK * sphere + 1e-9 * np.eye(len(within))
    root = np.linalg.cholesky(np.linalg.inv(within))
    _, axes = np.linalg.eigh(root.T @ (scaled.T @ scaled / len(scaled)) @ root)
    weights = (root @ axes[:, ::-1][:, :LOOK_DIMS]) / spread[:, None]
    return Look(weights.astype(np.float32), (-middle @ weights).astype(np.float32))


def _direction(means: FloatArray) -> FloatArray:
    """Return mean features, shape ``(n, features)``, at length 1."""
    return np.asarray(means / (np.linalg.norm(means, axis=1, keepdims=True) + 1e-12), np.float64)
