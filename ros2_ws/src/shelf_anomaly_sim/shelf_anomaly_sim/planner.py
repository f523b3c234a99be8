# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Draws a store: how long its aisles are, what stands where and how it looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .catalogue import Catalogue, Package
from .errors import PlanError
from .store import AISLE_HALF_WIDTH_M, place_bay, SHELF_DEPTH_M, SimBay, SimStore, Size, Slot

BAY_WIDTHS_M = (0.9, 1.0, 1.1, 1.2, 1.25, 1.35)
LEVEL_COUNTS = (3, 4, 4, 5)
BOARD_M = 0.03  # thickness of a board and its rail
HEADROOM_M = 0.045
SLOT_WIDTHS_M = (0.06, 0.16)
HEIGHTS_M = (0.12, 0.34)
RAILS_BGR = (
    (64, 158, 118),
    (176, 178, 122),
    (126, 92, 164),
    (70, 120, 205),
    (190, 140, 60),
    (205, 205, 205),
    (60, 60, 190),
)
PANELS_BGR = ((150, 148, 146), (176, 174, 170), (120, 120, 122), (196, 196, 192))


@dataclass(frozen=True, slots=True)
class StorePlan:
    """What the user asks of a store."""

    seed: int = 0
    aisles: int = 1
    bays: int = 5
    """Bays on one side of an aisle."""
    sides: tuple[str, ...] = ('left',)
    produce_bays: int | None = None
    """How many of all bays hold produce; None draws about one in five."""


def build_store(plan: StorePlan, catalogue: Catalogue) -> SimStore:
    """
    Draw a store; the same plan and catalogue give the same store.

    :raises PlanError: if the catalogue cannot fill such a store
    """
    rng = np.random.default_rng([plan.seed, 1])
    total = plan.aisles * plan.bays * len(plan.sides)
    wanted = plan.produce_bays
    if wanted is None:
        wanted = int(rng.binomial(total, 0.2)) if catalogue.produce else 0
    if wanted and not catalogue.produce:
        raise PlanError(f'produce bays: {wanted} asked for, but there are no pictures in produce/')
    if not 0 <= wanted <= total:
        raise PlanError(f'produce bays: {wanted} asked for, the store has {total} bays')
    produce_at = set(rng.choice(total, wanted, replace=False).tolist())
    sizes = _draw_sizes(catalogue, rng)
    range_ = _draw_range(catalogue, rng)
    produce = sorted(catalogue.produce)
    rng.shuffle(produce)
    bays: dict[str, SimBay] = {}
    lengths: dict[str, float] = {}
    middles: dict[str, float] = {}
    number = 0
    for a in range(plan.aisles):
        aisle = f'A{a + 1}'
        middles[aisle] = a * 2 * (AISLE_HALF_WIDTH_M + SHELF_DEPTH_M + 0.05)
        lengths[aisle] = 0.0
        rail = RAILS_BGR[int(rng.integers(len(RAILS_BGR)))]
        for side in plan.sides:
            start = 0.0
            for b in range(plan.bays):
                is_produce = number in produce_at
                width = float(rng.choice(BAY_WIDTHS_M[3:] if is_produce else BAY_WIDTHS_M))
                count = 3 if is_produce else int(rng.choice(LEVEL_COUNTS))
                height = float(np.clip(rng.uniform(0.33, 0.42) * count, 1.3, 1.65))
                levels = tuple(round(height / count * i, 4) for i in range(count))
                bay = place_bay(
                    aisle,
                    side,
                    b + 1,
                    start,
                    middles[aisle],
                    float(rng.uniform(0.1, 0.18)),
                    width,
                    height,
                    levels,
                )
                if rng.random() < 0.6:
                    rail = RAILS_BGR[int(rng.integers(len(RAILS_BGR)))]
                slots = (
                    _produce_slots(bay.id, width, height, levels, produce, rng)
                    if is_produce
                    else _package_slots(
                        bay.id, width, height, levels, sizes, range_, catalogue, rng
                    )
                )
                panel = PANELS_BGR[int(rng.integers(len(PANELS_BGR)))]
                bays[bay.id] = SimBay(bay, slots, rail, panel)
                start += width
                number += 1
            lengths[aisle] = max(lengths[aisle], start)
    return SimStore(f'sim-{plan.seed}', plan.seed, catalogue, bays, sizes, lengths, middles)


def _draw_sizes(catalogue: Catalogue, rng: np.random.Generator) -> dict[str, Size]:
    sizes = {}
    family_height: dict[str, float] = {}
    for sku in sorted(catalogue.packages):
        package: Package = catalogue.packages[sku]
        low, high = (
            max(package.typical_height_m[0], HEIGHTS_M[0]),
            min(package.typical_height_m[1], HEIGHTS_M[1]),
        )
        drawn = float(rng.uniform(low, high))
        height = family_height.setdefault(f'{package.family}/{round(package.aspect, 1)}', drawn)
        width = height * package.aspect
        limit = SLOT_WIDTHS_M[1] - 0.012
        if width > limit:
            height, width = height * limit / width, limit
        sizes[sku] = Size(
            width, height, float(np.clip(width * rng.uniform(0.75, 1.0), 0.04, 0.13))
        )
    return sizes


def _draw_range(catalogue: Catalogue, rng: np.random.Generator) -> list[str]:
    """Return what this store sells: not all, so that there are things that are at home nowhere."""
    skus = sorted(catalogue.packages)
    rng.shuffle(skus)
    count = max(3, int(len(skus) * rng.uniform(0.6, 0.85)))
    return sorted(skus[:count])


def _package_slots(
    bay: str,
    width: float,
    height: float,
    levels: Sequence[float],
    sizes: dict[str, Size],
    range_: list[str],
    catalogue: Catalogue,
    rng: np.random.Generator,
) -> tuple[Slot, ...]:
    slots: list[Slot] = []
    index = block = 0
    for level in range(len(levels)):
        room = (levels[level + 1] if level + 1 < len(levels) else height) - levels[level]
        fits = [s for s in range_ if sizes[s].height <= room - HEADROOM_M]
        if not fits:
            fits = [min(range_, key=lambda s: sizes[s].height)]
        row: list[tuple[str, float, int]] = []
        used, last = 0.0, ''
        while True:
            sku = _next_sku(fits, last, catalogue, rng)
            slot_width = float(
                np.clip(sizes[sku].width + rng.uniform(0.005, 0.02), *SLOT_WIDTHS_M)
            )
            facings = int(rng.choice((1, 2, 3, 3, 4, 5)))
            facings = min(facings, int((width - used) / slot_width))
            if facings == 0:
                break
            row += [(sku, slot_width, block)] * facings
            used += facings * slot_width
            last, block = sku, block + 1
        stretch = width / used if used else 1.0
        x = 0.0
        for sku, slot_width, number in row:
            slot_width *= stretch
            slots.append(
                Slot(bay, index, level, sku, x, slot_width, number, height=sizes[sku].height)
            )
            x += slot_width
            index += 1
    return tuple(slots)


def _next_sku(fits: list[str], last: str, catalogue: Catalogue, rng: np.random.Generator) -> str:
    """Return what stands next: often another variety of the same family, as in a shop."""
    if last and rng.random() < 0.45:
        kin = [
            s for s in catalogue.family(catalogue.packages[last].family) if s in fits and s != last
        ]
        if kin:
            return kin[int(rng.integers(len(kin)))]
    others = [s for s in fits if s != last] or fits
    return others[int(rng.integers(len(others)))]


def _produce_slots(
    bay: str,
    width: float,
    height: float,
    levels: Sequence[float],
    produce: list[str],
    rng: np.random.Generator,
) -> tuple[Slot, ...]:
    slots: list[Slot] = []
    for level in range(len(levels)):
        room = (levels[level + 1] if level + 1 < len(levels) else height) - levels[level]
        for i in range(2):
            sku = produce[int(rng.integers(len(produce)))]
            opening = width / 2 - 0.02
            number = 2 * level + i
            slots.append(
                Slot(
                    bay,
                    number,
                    level,
                    sku,
                    i * width / 2 + 0.01,
                    opening,
                    number,
                    True,
                    room - 0.06,
                )
            )
    return tuple(slots)
