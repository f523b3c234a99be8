# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The simulated store: bays, what each slot normally holds, and its ``store.yaml``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
import json
import math
from pathlib import Path

from shelf_anomaly.store_layout import Bay, parse_store_layout, StoreLayout

from .catalogue import Catalogue

AISLE_HALF_WIDTH_M = 1.2
SHELF_DEPTH_M = 0.42


@dataclass(frozen=True, slots=True)
class Size:
    """A product's real size, metres."""

    width: float
    height: float
    depth: float


@dataclass(frozen=True, slots=True)
class Slot:
    """One facing: a column of the same product, front to back."""

    bay: str
    index: int
    """Counts through the bay, lowest board first, left to right."""
    level: int
    sku: str
    x: float
    """Left edge, metres right of the bay's origin."""
    width: float
    block: int
    """Facings of one block stand side by side and share a price label."""
    produce: bool = False
    height: float = 0.0
    """What is looked at: a product's height, a bin's opening."""

    @property
    def centre(self) -> float:
        """Middle, metres right of the bay's origin."""
        return self.x + self.width / 2


@dataclass(frozen=True, slots=True)
class SimBay:
    """A bay with its slots and its looks."""

    bay: Bay
    slots: tuple[Slot, ...]
    rail_bgr: tuple[int, int, int]
    panel_bgr: tuple[int, int, int]

    def level_slots(self, level: int) -> tuple[Slot, ...]:
        """Return the slots on one board, left to right."""
        return tuple(s for s in self.slots if s.level == level)


@dataclass(frozen=True, slots=True, eq=False)
class SimStore:
    """The whole store."""

    name: str
    seed: int
    catalogue: Catalogue
    bays: Mapping[str, SimBay]
    sizes: Mapping[str, Size]
    """Real size by SKU, of everything in the catalogue that is a package."""
    aisle_lengths: Mapping[str, float]
    aisle_y: Mapping[str, float]
    """Middle line of each aisle."""

    def homes(self, sku: str) -> list[str]:
        """Return the bays where a product is normal, sorted."""
        return sorted({s.bay for s in self.slots() if s.sku == sku})

    def slots(self) -> Iterator[Slot]:
        """Yield every slot of the store."""
        for bay in self.bays.values():
            yield from bay.slots

    def document(self) -> dict[str, object]:
        """Return what ``store.yaml`` holds."""
        aisles = []
        for aisle in self.aisle_lengths:
            bays = [_bay_entry(b) for b in self.bays.values() if b.bay.aisle == aisle]
            aisles.append({'id': aisle, 'bays': bays})
        return {'version': 1, 'store': self.name, 'frame': 'map', 'aisles': aisles}

    def layout(self) -> StoreLayout:
        """Return the layout as the detector reads it."""
        return parse_store_layout(self.document())


def write_store(store: SimStore, path: Path) -> None:
    """Write ``store.yaml``, in the part of YAML that is JSON too."""
    path.write_text(json.dumps(store.document(), indent=1) + '\n', encoding='utf-8')


def place_bay(
    aisle: str,
    side: str,
    number: int,
    start: float,
    aisle_y: float,
    base: float,
    width: float,
    height: float,
    levels: tuple[float, ...],
) -> Bay:
    """Return a bay of an aisle; ``start`` is where along the aisle (map x) it begins, metres."""
    left = side == 'left'
    x = start if left else start + width
    y = aisle_y + (AISLE_HALF_WIDTH_M if left else -AISLE_HALF_WIDTH_M)
    return Bay(
        id=f'{aisle}-{"L" if left else "R"}{number:02d}',
        aisle=aisle,
        side=side,
        origin=(round(x, 4), round(y, 4), round(base, 4)),
        facing_yaw=-math.pi / 2 if left else math.pi / 2,
        width=round(width, 4),
        height=round(height, 4),
        levels=levels,
    )


def _bay_entry(sim: SimBay) -> dict[str, object]:
    bay = sim.bay
    return {
        'id': bay.id,
        'side': bay.side,
        'origin': list(bay.origin),
        'facing_yaw': bay.facing_yaw,
        'width': bay.width,
        'height': bay.height,
        'levels': list(bay.levels),
        'products': [
            {'sku': s.sku, 'level': s.level, 'x': round(s.x, 4), 'width': round(s.width, 4)}
            for s in sim.slots
        ],
    }
