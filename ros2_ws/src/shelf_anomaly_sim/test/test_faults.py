# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Faults: what the truth says is true, and can be seen."""

import numpy as np
import pytest
from sim_builders import camera, store

from shelf_anomaly_sim.errors import PlanError
from shelf_anomaly_sim.fault import Fault, plant
from shelf_anomaly_sim.record import plan_faults, Programme
from shelf_anomaly_sim.saboteur import Saboteur
from shelf_anomaly_sim.stock import lay_stock
from shelf_anomaly_sim.store import SimStore
from shelf_anomaly_sim.visibility import Eye

KEYS = {'bay', 'level', 'slot', 'kind', 'expected', 'found', 'homes', 'x', 'y', 'w', 'h'}


@pytest.fixture(scope='module')
def sim() -> SimStore:
    """Return a store with one produce bay."""
    return store(seed=11, bays=4, produce_bays=1)


@pytest.fixture(scope='module')
def faults(sim: SimStore) -> list[Fault]:
    """Return two sets."""
    saboteur = Saboteur(sim, camera(), np.random.default_rng(5))
    return [*saboteur.draw(6), *saboteur.draw(6)]


def test_every_kind_occurs(faults: list[Fault]) -> None:
    """Five kinds in six draws."""
    assert {f.kind for f in faults} == {'misplaced', 'twin', 'gap', 'foreign', 'fallen'}


def test_truth_lies_inside_its_bay_and_on_its_board(sim: SimStore, faults: list[Fault]) -> None:
    """With the keys that the scorer reads."""
    for fault in faults:
        truth = fault.truth()
        assert set(truth) - {'at'} == KEYS
        bay = sim.bays[fault.slot.bay].bay
        assert fault.x - fault.w / 2 + 1e-9 >= 0
        assert fault.x + fault.w / 2 <= bay.width + 1e-9
        assert bay.level_at(fault.y) == fault.slot.level
        assert truth['expected'] == fault.slot.sku


def test_kinds_mean_what_they_say(sim: SimStore, faults: list[Fault]) -> None:
    """Homes, families and what stands there."""
    family = {sku: p.family for sku, p in sim.catalogue.packages.items()}
    for fault in faults:
        expected, found = fault.slot.sku, fault.found
        if fault.kind == 'gap':
            assert (found, fault.column, fault.homes) == (None, (), ())
        elif fault.kind == 'fallen':
            assert found == expected
            assert fault.homes == ()
            assert abs(fault.column[0].lean) > 1.3
        elif fault.kind == 'twin':
            assert found is not None
            assert family[found] == family[expected]
            assert found != expected
        elif fault.kind == 'misplaced':
            assert found is not None
            assert fault.homes
            assert fault.slot.bay not in fault.homes
            assert family[found] != family[expected]
        assert list(fault.homes) == (sim.homes(found) if found and fault.kind != 'fallen' else [])


def test_fallen_thing_does_not_go_through_its_neighbours(
    faults: list[Fault], sim: SimStore
) -> None:
    """Everything in its reach stands behind it."""
    stock = lay_stock(sim, np.random.default_rng(1))
    for fault in (f for f in faults if f.kind == 'fallen'):
        planted = plant(stock, [fault])
        back = fault.column[0].push + fault.column[0].size.depth
        for key in fault.beside or {}:
            assert all(item.push >= back for item in planted.items[key])


def test_planting_changes_nothing_else(faults: list[Fault], sim: SimStore) -> None:
    """A stock is not altered; a planted one differs at the fault and beside a fallen thing."""
    stock = lay_stock(sim, np.random.default_rng(2))
    fault = next(f for f in faults if f.kind == 'gap')
    planted = plant(stock, [fault])
    changed = {key for key in stock.items if stock.items[key] != planted.items[key]}
    assert changed == {(fault.slot.bay, fault.slot.index)}


def test_faults_of_a_set_keep_apart(faults: list[Fault]) -> None:
    """On one board at least half a metre."""
    for i, a in enumerate(faults[:6]):
        for b in faults[i + 1 : 6]:
            same = a.slot.bay == b.slot.bay and a.slot.level == b.slot.level
            assert not same or abs(a.slot.centre - b.slot.centre) >= 0.5


def test_invisible_change_is_no_fault(sim: SimStore) -> None:
    """The same product in its own place cannot be seen; nothing of it gets into the truth."""
    eye = Eye(sim, camera())
    stock = lay_stock(sim, np.random.default_rng(3))
    slot = next(s for s in sim.slots() if not s.produce)
    column = stock.items[slot.bay, slot.index]
    same = Fault(
        'misplaced', slot, slot.sku, (), slot.centre, 0.2, slot.width, slot.height, column
    )
    assert not eye.sees(same, stock)
    empty = Fault('gap', slot, None, (), slot.centre, slot.height / 2, slot.width, slot.height)
    assert eye.sees(empty, stock)


def test_a_set_stands_for_two_patrols_and_is_then_put_right(sim: SimStore) -> None:
    """Patrols 0 and 1 the same, 2 none, 3 new."""
    days = plan_faults(sim, camera(), Programme(0, 5, 3))
    truths = [[f.truth() for f in day] for day in days]
    assert truths[0] == truths[1]
    assert truths[2] == []
    assert truths[3] == truths[4] != truths[0]
    assert [len(day) for day in truths] == [3, 3, 0, 3, 3]


def test_too_many_faults_are_refused() -> None:
    """A small store has room for a few."""
    with pytest.raises(PlanError, match=r'no free place for a .* fault beside'):
        Saboteur(store(bays=1), camera(160, 120), np.random.default_rng(1)).draw(60)


def test_store_of_produce_alone_is_refused() -> None:
    """There is nothing to misplace."""
    with pytest.raises(PlanError, match='only produce bays'):
        Saboteur(store(bays=1, produce_bays=1), camera(), np.random.default_rng(1))
