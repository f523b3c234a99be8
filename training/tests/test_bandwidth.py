# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Left-out densities against scikit-learn, and the bandwidth of a known distribution."""

import numpy as np
import pytest
from sklearn.neighbors import KernelDensity

from shelf_anomaly.density import log_density
from shelf_training.bandwidth import best_bandwidth, left_out_densities


@pytest.mark.parametrize('bandwidth', [0.05, 0.7, 20.0])
def test_left_out_densities_are_those_of_scikit_learn(bandwidth: float) -> None:
    codes = np.random.default_rng(0).normal(size=(12, 27))
    expected = [
        KernelDensity(kernel='gaussian', bandwidth=bandwidth)
        .fit(np.delete(codes, i, 0))
        .score_samples(codes[i : i + 1])[0]
        for i in range(len(codes))
    ]
    assert left_out_densities(codes, bandwidth) == pytest.approx(expected, rel=1e-6)


def test_the_deployed_density_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(1)
    codes, queries = rng.normal(size=(40, 27)), rng.normal(size=(5, 27)) * 3
    expected = KernelDensity(kernel='gaussian', bandwidth=0.4).fit(codes).score_samples(queries)
    assert log_density(queries, codes, 0.4) == pytest.approx(expected, rel=1e-9)


def test_bandwidth_grows_with_the_spread_and_is_near_the_best_for_a_normal_distribution() -> None:
    codes = np.random.default_rng(2).normal(size=(400, 1))
    best = best_bandwidth(codes)
    # Silverman's rule for one dimension: 1.06 * sd * n ** -0.2 = 0.32
    assert 0.12 < best < 0.7
    assert best_bandwidth(codes * 10) == pytest.approx(10 * best, rel=1e-3)


def test_equal_codes_do_not_break_it() -> None:
    assert np.isfinite(left_out_densities(np.ones((4, 3)), best_bandwidth(np.ones((4, 3))))).all()
