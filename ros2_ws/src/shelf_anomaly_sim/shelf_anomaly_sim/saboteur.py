# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Draws faults for a store, and only such as a camera can see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import math

import numpy as np

from .camera import CameraSpec
from .catalogue import Shape
from .errors import PlanError
from .fault import Fault
from .stock import Item, lay_stock, stand, Stock
from .store import SimStore, Size, Slot
from .visibility import Eye

KINDS = ('misplaced', 'twin', 'gap', 'foreign', 'fallen')
TRIES = 40


class Saboteur:
    """Draws sets of faults for a store."""

    def __init__(self, store: SimStore, camera: CameraSpec, rng: np.random.Generator) -> None:
        """Plant with ``rng``; ``camera`` judges what can be seen."""
        self._store, self._rng = store, rng
        self._eye = Eye(store, camera)
        self._bins = [s for s in store.slots() if s.produce]
        self._slots = [s for s in store.slots() if not s.produce]
        if not self._slots:
            raise PlanError(
                'faults: the store has only produce bays; leave at least one bay for packages'
            )

    def draw(self, count: int) -> list[Fault]:
        """
        Draw a set of faults, every kind in turn, no two near each other.

        :raises PlanError: if the store is too small for so many
        """
        stock = lay_stock(self._store, self._rng)
        order = list(KINDS)
        self._rng.shuffle(order)
        faults: list[Fault] = []
        for i in range(count):
            faults.append(self._one(order[i % len(order)], faults, stock))
        return faults

    def _one(self, kind: str, others: list[Fault], stock: Stock) -> Fault:
        for _ in range(TRIES):
            fault = self._propose(kind)
            if (
                fault
                and not any(_near(fault.slot, o.slot) for o in others)
                and self._eye.sees(fault, stock)
            ):
                return fault
        raise PlanError(
            f'faults: no free place for a {kind} fault beside {len(others)} others; '
            'ask for fewer or add bays'
        )

    def _propose(self, kind: str) -> Fault | None:
        rng = self._rng
        if kind == 'foreign' and self._bins and rng.random() < 0.25:
            return self._on_heap()
        slot = self._slots[int(rng.integers(len(self._slots)))]
        if kind == 'gap':
            return self._fault(kind, slot, None)
        if kind == 'fallen':
            return self._fallen(slot)
        sku = {'misplaced': self._stray, 'twin': self._twin, 'foreign': self._foreign}[kind](slot)
        if sku is None:
            return None
        size = self._size(sku, slot)
        push = float(rng.uniform(0.0, 0.05))
        item = stand(slot, sku, size, push, 1.0, rng)
        behind: list[Item] = []
        if rng.random() < 0.5:
            own = self._store.sizes[slot.sku]
            behind.append(stand(slot, slot.sku, own, push + size.depth + 0.03, 1.0, rng))
        return self._fault(kind, slot, sku, (item, *behind))

    def _fault(
        self,
        kind: str,
        slot: Slot,
        sku: str | None,
        column: tuple[Item, ...] = (),
        beside: Mapping[tuple[str, int], float] | None = None,
    ) -> Fault:
        homes = tuple(self._store.homes(sku)) if sku and kind != 'fallen' else ()
        board = self._store.bays[slot.bay].bay.levels[slot.level]
        height = max(slot.height, 0.1)
        return Fault(
            kind,
            slot,
            sku,
            homes,
            slot.centre,
            board + height / 2,
            slot.width,
            height,
            column,
            beside,
        )

    def _stray(self, slot: Slot) -> str | None:
        """Return a product that is sold elsewhere and looks different."""
        family = self._store.catalogue.packages[slot.sku].family
        sold = sorted({s.sku for s in self._slots})
        fits = [
            sku
            for sku in sold
            if self._store.catalogue.packages[sku].family != family
            and slot.bay not in self._store.homes(sku)
            and self._fits(sku, slot)
        ]
        return self._any(fits)

    def _twin(self, slot: Slot) -> str | None:
        """Return another variety of the same family, if possible one that is sold."""
        family = self._store.catalogue.packages[slot.sku].family
        kin = [
            k
            for k in self._store.catalogue.family(family)
            if k != slot.sku and self._fits(k, slot)
        ]
        beside = {
            s.sku
            for s in self._slots
            if s.bay == slot.bay
            and s.level == slot.level
            and abs(s.centre - slot.centre) < 2 * slot.width
        }
        kin = [k for k in kin if k not in beside]
        return self._any([k for k in kin if self._store.homes(k)] or kin)

    def _foreign(self, slot: Slot) -> str | None:
        """Return a thing that no bay sells, or loose produce."""
        catalogue = self._store.catalogue
        unsold = [
            s
            for s in sorted(catalogue.packages)
            if not self._store.homes(s) and self._fits(s, slot)
        ]
        unsold = [
            s
            for s in unsold
            if catalogue.packages[s].family != catalogue.packages[slot.sku].family
        ]
        things = sorted(catalogue.things)
        return self._any(things if things and (self._rng.random() < 0.6 or not unsold) else unsold)

    def _fallen(self, slot: Slot) -> Fault | None:
        package = self._store.catalogue.packages[slot.sku]
        size = self._store.sizes[slot.sku]
        bay = self._store.bays[slot.bay]
        reach = size.height / 2
        if (
            package.shape is Shape.BAG
            or not reach * 0.6 < slot.centre < bay.bay.width - reach * 0.6
        ):
            return None
        x = float(np.clip(slot.centre, reach + 0.01, bay.bay.width - reach - 0.01))
        side = 1.0 if self._rng.random() < 0.5 else -1.0
        lean = side * (math.pi / 2 + float(self._rng.normal(0, 0.04)))
        item = Item(
            slot.sku,
            x,
            float(self._rng.uniform(0.0, 0.03)),
            size,
            float(self._rng.normal(0, 0.06)),
            lean,
        )
        back = item.push + size.depth + 0.025
        beside = {
            (s.bay, s.index): back
            for s in bay.level_slots(slot.level)
            if s.index != slot.index and abs(s.centre - x) < reach + s.width / 2
        }
        return self._fault('fallen', slot, slot.sku, (item,), beside)

    def _on_heap(self) -> Fault | None:
        slot = self._bins[int(self._rng.integers(len(self._bins)))]
        things = [t for t in sorted(self._store.catalogue.things) if t != slot.sku]
        packages = sorted(s for s in self._store.sizes)
        thing = self._any(things if things and self._rng.random() < 0.5 else packages)
        if thing is None:
            return None
        rng = self._rng
        size = (
            self._store.sizes[thing].height
            if thing in self._store.sizes
            else float(rng.uniform(0.1, 0.16))
        )
        lying = (
            thing,
            float(rng.uniform(0.2, 0.8)),
            float(rng.uniform(0.25, 0.75)),
            size,
            float(rng.uniform(-1.2, 1.2)),
        )
        board = self._store.bays[slot.bay].bay.levels[slot.level]
        homes = tuple(self._store.homes(thing))
        return Fault(
            'foreign',
            slot,
            thing,
            homes,
            slot.centre,
            board + slot.height / 2,
            slot.width,
            slot.height,
            lying=lying,
        )

    def _size(self, sku: str, slot: Slot) -> Size:
        if sku in self._store.sizes:
            return self._store.sizes[sku]
        picture = self._store.catalogue.things[sku]
        aspect = picture.shape[1] / picture.shape[0]
        width = float(np.clip(slot.width * self._rng.uniform(0.8, 1.1), 0.06, 0.15))
        height = min(width / aspect, self._room(slot))
        return Size(height * aspect, height, min(0.09, height * aspect))

    def _room(self, slot: Slot) -> float:
        low, high = self._store.bays[slot.bay].bay.level_span(slot.level)
        return high - low - 0.04

    def _fits(self, sku: str, slot: Slot) -> bool:
        size = self._store.sizes[sku]
        return size.height <= self._room(slot) and size.width <= slot.width + 0.02

    def _any(self, names: Sequence[str]) -> str | None:
        return names[int(self._rng.integers(len(names)))] if names else None


def _near(a: Slot, b: Slot) -> bool:
    """Tell whether two faults would be in each other's way, or be one for who looks."""
    return a.bay == b.bay and a.level == b.level and abs(a.centre - b.centre) < 0.5
