# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""A fault with its truth, and how it is put into a stocked store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from .stock import Item, Stock
from .store import Slot


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that stands wrong, and what the truth says about it."""

    kind: str
    slot: Slot
    found: str | None
    homes: tuple[str, ...]
    x: float
    y: float
    w: float
    h: float
    column: tuple[Item, ...] = ()
    """What stands in the slot instead."""
    beside: Mapping[tuple[str, int], float] | None = None
    """Slots that were pushed back for it: at least so far, metres."""
    lying: tuple[str, float, float, float, float] | None = None
    """On a heap, as in ``Heap.lying``."""

    def truth(self) -> dict[str, object]:
        """Return the entry for ``truth.json``."""
        entry: dict[str, object] = {
            'bay': self.slot.bay,
            'level': self.slot.level,
            'slot': self.slot.index,
            'kind': self.kind,
            'expected': self.slot.sku,
            'found': self.found,
            'homes': list(self.homes),
            'x': round(self.x, 4),
            'y': round(self.y, 4),
            'w': round(self.w, 4),
            'h': round(self.h, 4),
        }
        if self.lying:
            entry['at'] = [round(self.lying[1], 4), round(self.lying[2], 4)]
        return entry


def plant(stock: Stock, faults: Sequence[Fault]) -> Stock:
    """Return the stock with the faults in it."""
    items, heaps = dict(stock.items), dict(stock.heaps)
    for fault in faults:
        key = (fault.slot.bay, fault.slot.index)
        if fault.lying:
            heaps[key] = replace(heaps[key], lying=fault.lying)
            continue
        items[key] = fault.column
        for other, push in (fault.beside or {}).items():
            shift = max(0.0, push - items[other][0].push) if items[other] else 0.0
            items[other] = tuple(replace(i, push=i.push + shift) for i in items[other][:2])
    return Stock(items, heaps)
