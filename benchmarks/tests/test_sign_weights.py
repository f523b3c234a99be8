# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Weights of signs are told from faults and false alarms."""

from __future__ import annotations

import numpy as np
import pytest
from sign_weights import fitted, found_at_one, found_by_others, Maximum, Store

from shelf_anomaly.records import Box
from shelf_anomaly.weights import PlaceSigns, WEIGHTS
from shelf_training.evaluation.matching import Sighting
from shelf_training.evaluation.truth import Fault


def store(seed: int) -> Store:
    """Return a store whose faults score as its false alarms do, but most of them are bare."""
    rng = np.random.default_rng(seed)
    faults, maxima = [], []
    for i in range(200):
        is_fault = i % 2 == 0
        bare = bool(rng.random() < (0.8 if is_fault else 0.05))
        usual = float(rng.uniform(0.5, 0.84 if is_fault else 1.0))
        x = 2.0 * i
        place = Sighting(f's{i}', 'A', 0, x, 0.5, '', float(rng.uniform(4, 8)), ('p',))
        maxima.append(Maximum(place, PlaceSigns(own=0.9, bare=bare, usual=usual), is_fault))
        if is_fault:
            faults.append(Fault(str(i), 'A', 0, 'gap', '', '', (), Box(x, 0.5, 0.1, 0.3)))
    return Store(f'store {seed}', tuple(maxima), {'p': tuple(faults)}, aisles=1)


def test_what_faults_show_weighs_more_and_what_they_do_not_less() -> None:
    weights = dict(zip(WEIGHTS, fitted([store(1), store(2)]), strict=True))
    assert weights['bare'] > 0.3
    assert weights['usual print'] < -1.0
    assert weights['lying'] == pytest.approx(0.0, abs=1e-6)  # nothing lies


def test_a_sign_that_is_left_out_weighs_nothing_and_is_missed() -> None:
    stores = [store(1), store(2), store(3)]
    weights = dict(zip(WEIGHTS, fitted(stores, without='bare'), strict=True))
    assert weights['bare'] == pytest.approx(0.0, abs=1e-6)
    found, poorer = (
        sum(hits for hits, _ in found_by_others(stores, without)) for without in (None, 'bare')
    )
    assert poorer < found - 10


def test_weights_of_other_stores_find_more_than_scores_alone() -> None:
    alone = found_at_one(store(3), None)
    weighed = found_at_one(store(3), fitted([store(1), store(2)]).tolist())
    assert alone[1] == weighed[1] == 100
    assert weighed[0] > alone[0] + 10
    none = found_at_one(store(3), [0.0] * len(WEIGHTS))
    assert none == alone
