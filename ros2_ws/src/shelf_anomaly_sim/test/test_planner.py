# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Stores: their geometry, their layout file, their variety."""

from pathlib import Path

import numpy as np
import pytest
from sim_builders import store

from shelf_anomaly.store_layout import load_store_layout
from shelf_anomaly_sim.catalogue import Catalogue
from shelf_anomaly_sim.demo import demo_layout, demo_store
from shelf_anomaly_sim.drawn import drawn_catalogue
from shelf_anomaly_sim.errors import PlanError
from shelf_anomaly_sim.planner import build_store, StorePlan
from shelf_anomaly_sim.store import write_store


def test_layout_file_is_read_back(tmp_path: Path) -> None:
    """What is written is what the detector reads, two aisles with both sides."""
    sim = store(seed=5, aisles=2, sides=('left', 'right'), produce_bays=2)
    write_store(sim, tmp_path / 'store.yaml')
    layout = load_store_layout(tmp_path / 'store.yaml')
    assert layout.store == 'sim-5'
    assert list(layout.bays) == [
        'A1-L01',
        'A1-L02',
        'A1-R01',
        'A1-R02',
        'A2-L01',
        'A2-L02',
        'A2-R01',
        'A2-R02',
    ]
    assert layout.bays == {
        name: _with_products(b, layout.bays[name]) for name, b in sim.layout().bays.items()
    }


def _with_products(bay: object, other: object) -> object:
    assert bay == other
    return other


def test_bays_of_both_sides_face_each_other() -> None:
    """An aisle is 2.4 m wide; a right bay's origin is at its far end, its shopper's left."""
    sim = store(sides=('left', 'right'))
    left, right = sim.bays['A1-L01'].bay, sim.bays['A1-R01'].bay
    assert left.normal == pytest.approx([0, -1, 0], abs=1e-9)
    assert right.normal == pytest.approx([0, 1, 0], abs=1e-9)
    assert left.origin[1] - right.origin[1] == pytest.approx(2.4)
    assert left.right[0] == pytest.approx(1.0)
    assert right.origin[0] == pytest.approx(right.width)


@pytest.mark.parametrize('seed', range(6))
def test_slots_fill_their_boards(seed: int) -> None:
    """Slots touch, end at the bay's edge, and products fit in between the boards."""
    sim = store(seed=seed, bays=3)
    for bay in sim.bays.values():
        for level in range(len(bay.bay.levels)):
            slots = bay.level_slots(level)
            edges = np.array([(s.x, s.x + s.width) for s in slots])
            assert edges[0, 0] == 0
            assert edges[-1, 1] == pytest.approx(bay.bay.width)
            assert edges[1:, 0] == pytest.approx(edges[:-1, 1])
            low, high = bay.bay.level_span(level)
            assert all(sim.sizes[s.sku].height < high - low for s in slots)


def test_same_seed_same_store_other_seed_other_store() -> None:
    """Down to the last slot."""
    assert store(seed=8).document() == store(seed=8).document()
    assert store(seed=8).document() != store(seed=9).document()


def test_stores_do_not_sell_everything() -> None:
    """So that there is something foreign."""
    sim = store(bays=8)
    assert {s.sku for s in sim.slots()} < set(sim.catalogue.packages)


def test_produce_without_pictures_is_refused() -> None:
    """Asked for, but there is none."""
    bare = Catalogue(drawn_catalogue(1).packages, {}, {})
    with pytest.raises(
        PlanError, match='produce bays: 1 asked for, but there are no pictures in produce/'
    ):
        build_store(StorePlan(produce_bays=1), bare)
    with pytest.raises(PlanError, match='produce bays: 9 asked for, the store has 5 bays'):
        build_store(StorePlan(produce_bays=9), drawn_catalogue(1))


def test_demo_layout_is_that_of_the_demo_store() -> None:
    """The file in the package was made by this code."""
    assert load_store_layout(demo_layout()).bays == demo_store().layout().bays
