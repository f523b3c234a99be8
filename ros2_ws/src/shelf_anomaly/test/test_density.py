# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The deployed density against scikit-learn's and against a brute-force loop."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import KernelDensity

from shelf_anomaly.density import (
    density_distance,
    log_density,
    Neighbourhood,
    PlaceDensity,
    References,
)


@pytest.mark.parametrize('bandwidth', [0.2, 1.0, 5.0])
def test_log_density_is_that_of_scikit_learn(bandwidth: float) -> None:
    """Same references, same bandwidth: same log density, far out too."""
    rng = np.random.default_rng(3)
    references, codes = rng.normal(size=(40, 6)), rng.normal(size=(25, 6)) * 4
    expected = KernelDensity(bandwidth=bandwidth).fit(references).score_samples(codes)

    np.testing.assert_allclose(log_density(codes, references, bandwidth), expected, rtol=1e-9)


def _places() -> tuple[References, np.ndarray]:
    rng = np.random.default_rng(5)
    seen = rng.random((5, 4, 11)) > 0.2
    codes = rng.normal(size=(5, 4, 11, 3)).astype(np.float32)
    references = References(
        codes=codes,
        seen=seen,
        offsets_m=np.array([0.0, 0.2, 0.4, 0.1, 0.9]),
        passes=np.array([0, 0, 1, 1, 2]),
    )
    return references, rng.normal(size=(4, 11, 3)).astype(np.float32)


@pytest.mark.parametrize('without', [None, 1])
def test_place_density_is_the_density_of_the_near_references(without: int | None) -> None:
    """Neighbouring cells, similar camera places, seen ones only, without the pass left out."""
    references, code = _places()
    near, bandwidth = Neighbourhood(rows=1, cols=2, offset_m=0.35), 0.7
    judged = np.ones((4, 11), bool)
    judged[0, 0] = False
    got = PlaceDensity(references, bandwidth, near).distance(
        code, judged, 0.1, without_pass=without
    )

    chosen = [
        i
        for i in range(5)
        if abs(references.offsets_m[i] - 0.1) <= 0.35 and references.passes[i] != without
    ]
    assert np.isnan(got[0, 0])
    for row in range(4):
        for col in range(11):
            if not judged[row, col]:
                continue
            kernels = [
                np.exp(
                    -float(((references.codes[i, r, c] - code[row, col]) ** 2).sum())
                    / (2 * bandwidth**2)
                )
                for i in chosen
                for r in range(max(0, row - 1), min(4, row + 2))
                for c in range(max(0, col - 2), min(11, col + 3))
                if references.seen[i, r, c]
            ]
            mean = np.sum(kernels) / (len(chosen) * 3 * 5)
            expected = density_distance(np.float32(np.log(mean)), bandwidth)
            assert got[row, col] == pytest.approx(float(expected), rel=1e-3)


def test_no_reference_is_not_a_number() -> None:
    """A place that no normal view saw cannot be judged."""
    references, code = _places()
    density = PlaceDensity(references, 1.0, Neighbourhood(1, 1, 0.05))

    assert np.isnan(density.distance(code, np.ones((4, 11), bool), 5.0)).all()
