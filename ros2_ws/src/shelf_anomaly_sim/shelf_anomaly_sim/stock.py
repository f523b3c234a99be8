# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""How the shelves are stocked in one patrol: what stands where, how far back, how crooked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .store import SHELF_DEPTH_M, SimStore, Size, Slot

MAX_PUSH_M = 0.25
ROWS_SEEN = 2  # rows behind the front that can be seen at all


@dataclass(frozen=True, slots=True)
class Item:
    """One thing on a board."""

    sku: str
    """A package's SKU, or a thing's name."""
    x: float
    """Centre, metres right of the bay's origin."""
    push: float
    """From the shelf face back to its front, metres."""
    size: Size
    yaw: float = 0.0
    """Turned about the vertical, radians."""
    lean: float = 0.0
    """Turned in the plane of the face, radians; +-pi/2 is lying."""
    shade: float = 1.0


@dataclass(frozen=True, slots=True)
class Heap:
    """One bin of produce as laid today."""

    sku: str
    seed: int
    lying: tuple[str, float, float, float, float] | None = None
    """A thing on the heap: name, place (0..1 from the left, from below), size (m), turn (rad)."""


@dataclass(frozen=True, slots=True)
class Stock:
    """Every slot of the store in one patrol; a slot without items is empty."""

    items: Mapping[tuple[str, int], tuple[Item, ...]]
    heaps: Mapping[tuple[str, int], Heap]


def lay_stock(
    store: SimStore, rng: np.random.Generator, untidy: Mapping[str, float] | None = None
) -> Stock:
    """
    Stock all slots as a normal day leaves them.

    :param untidy: how many times as untidily as usual goods stand, by bay
    """
    tidiness = float(rng.uniform(0.7, 1.5))  # larger is worse; one hand for the whole store
    items: dict[tuple[str, int], tuple[Item, ...]] = {}
    heaps: dict[tuple[str, int], Heap] = {}
    for slot in store.slots():
        if slot.produce:
            heaps[slot.bay, slot.index] = Heap(slot.sku, int(rng.integers(2**31)))
        else:
            hand = tidiness * (untidy or {}).get(slot.bay, 1.0)
            items[slot.bay, slot.index] = _column(slot, store.sizes[slot.sku], hand, rng)
    return Stock(items, heaps)


def _column(slot: Slot, size: Size, tidiness: float, rng: np.random.Generator) -> tuple[Item, ...]:
    push = draw_push(rng, size.depth)
    rows = int(rng.choice((0, 1, 2, 3), p=(0.15, 0.25, 0.3, 0.3)))
    column = [stand(slot, slot.sku, size, push, tidiness, rng)]
    behind = push
    for _ in range(min(rows, ROWS_SEEN)):
        behind += size.depth + abs(float(rng.normal(0, 0.025)))
        if behind + size.depth > SHELF_DEPTH_M - 0.01:
            break
        column.append(stand(slot, slot.sku, size, behind, tidiness * 1.3, rng))
    return tuple(column)


def draw_push(rng: np.random.Generator, depth: float) -> float:
    """Return how far back the first item stands: mostly in front, now and then far back."""
    part = rng.random()
    if part < 0.62:
        push = float(rng.uniform(0.003, 0.035))
    elif part < 0.85:
        push = float(rng.uniform(0.03, 0.12))
    else:
        push = float(rng.uniform(0.1, MAX_PUSH_M))
    return min(push, SHELF_DEPTH_M - depth - 0.02)


def stand(
    slot: Slot, sku: str, size: Size, push: float, tidiness: float, rng: np.random.Generator
) -> Item:
    """Stand one item into a slot, a little off the middle and a little crooked."""
    spare = max(slot.width - size.width, 0.0)
    jitter = float(
        np.clip(rng.normal(0, 0.35 * spare + 0.002), -spare / 2 - 0.006, spare / 2 + 0.006)
    )
    return Item(
        sku=sku,
        x=slot.centre + jitter * tidiness,
        push=push,
        size=size,
        yaw=float(rng.normal(0, 0.05)) * tidiness,
        lean=float(rng.normal(0, 0.008)) * tidiness,
        shade=float(rng.uniform(0.94, 1.03)),
    )
