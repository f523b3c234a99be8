# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The bandwidth of a kernel density estimate, by the likelihood of left-out codes."""

from __future__ import annotations

import math

import numpy as np

from shelf_anomaly.records import FloatArray

STEPS = 40


def left_out_densities(codes: FloatArray, bandwidth: float) -> FloatArray:
    """
    Return the log density of each code among the others.

    :param codes: shape ``(n, dims)``, at least two
    :return: nats, shape ``(n,)``
    """
    exponent = -_squared(codes) / (2 * bandwidth**2)
    np.fill_diagonal(exponent, -np.inf)
    top = exponent.max(axis=1)
    total = top + np.log(np.exp(exponent - top[:, None]).sum(axis=1))
    norm = math.log(len(codes) - 1) + codes.shape[1] / 2 * math.log(2 * math.pi * bandwidth**2)
    return np.asarray(total - norm, np.float64)


def best_bandwidth(codes: FloatArray) -> float:
    """Return the bandwidth, between closeness and spread, that makes left-out codes likeliest."""
    squared = _squared(codes)
    np.fill_diagonal(squared, np.inf)
    dims = codes.shape[1]
    closeness = float(np.sqrt(np.median(squared.min(axis=1)) / dims))
    spread = float(np.sqrt(codes.var(axis=0).mean()))
    grid = np.geomspace(max(0.2 * closeness, 1e-6), max(2 * spread, 2e-6), STEPS)
    likelihoods = [float(left_out_densities(codes, float(h)).mean()) for h in grid]
    return float(grid[int(np.argmax(likelihoods))])


def _squared(codes: FloatArray) -> FloatArray:
    inner = (codes**2).sum(axis=1)
    return np.asarray(np.maximum(inner[:, None] + inner[None, :] - 2 * codes @ codes.T, 0.0))
