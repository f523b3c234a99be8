# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What changes from patrol to patrol although nothing is wrong."""

from itertools import pairwise

import numpy as np
import pytest
from sim_builders import store

from shelf_anomaly_sim.light import Light
from shelf_anomaly_sim.stock import lay_stock, MAX_PUSH_M
from shelf_anomaly_sim.store import SHELF_DEPTH_M


def test_light_changes_between_patrols_and_noise_between_frames() -> None:
    """Gain within its range; noise of a few grey values."""
    grey = np.full((120, 160, 3), 100, np.uint8)
    means = [Light(160, 120, np.random.default_rng(i)).expose(grey).mean() for i in range(12)]
    assert 62 < min(means) < 90 < max(means) < 125
    light = Light(160, 120, np.random.default_rng(3))
    a, b = light.expose(grey).astype(float), light.expose(grey).astype(float)
    assert 1.0 < (a - b).std() / np.sqrt(2) < 6.0


def test_stock_is_pushed_back_but_stays_on_the_shelf() -> None:
    """Most in front, some up to 25 cm back, none through the back panel; no slot is ever empty."""
    sim = store(bays=6)
    stock = lay_stock(sim, np.random.default_rng(1))
    fronts = np.array([column[0].push for column in stock.items.values()])
    assert (fronts < 0.04).mean() > 0.5
    assert (fronts > 0.1).mean() > 0.05
    assert fronts.max() <= MAX_PUSH_M
    for column in stock.items.values():
        assert column[-1].push + column[-1].size.depth < SHELF_DEPTH_M
        assert all(b.push >= a.push + a.size.depth for a, b in pairwise(column))


def test_items_stay_in_their_slots() -> None:
    """Jitter is centimetres, not slots."""
    sim = store(bays=4)
    slots = {(s.bay, s.index): s for s in sim.slots()}
    for key, column in lay_stock(sim, np.random.default_rng(2)).items.items():
        assert column[0].x == pytest.approx(slots[key].centre, abs=slots[key].width / 2)
        assert column[0].sku == slots[key].sku


def test_a_bay_may_be_stocked_less_tidily_than_the_others() -> None:
    """Its goods stand more crooked; those of the other bays stand exactly as they did."""
    sim = store(bays=2)
    first, second = sim.bays
    usual = lay_stock(sim, np.random.default_rng(1)).items
    worse = lay_stock(sim, np.random.default_rng(1), {first: 4.0}).items
    for key, column in usual.items():
        factor = 4.0 if key[0] == first else 1.0
        assert worse[key][0].yaw == pytest.approx(factor * column[0].yaw)
        assert worse[key][0].push == column[0].push
    assert {key[0] for key in usual} == {first, second}
