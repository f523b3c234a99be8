# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The textures of a store, made once and kept: products, labels, shadows, today's heaps."""

from __future__ import annotations

from collections import OrderedDict

import cv2
import numpy as np

from shelf_anomaly.records import ImageArray

from .catalogue import Package, Shape
from .stock import Heap
from .store import SimStore, Slot
from .texture import Texture

HEAPS_KEPT = 64
HEAP_PX_PER_M = 620


class Wardrobe:
    """Hands out textures by name."""

    def __init__(self, store: SimStore) -> None:
        """Keep the textures of this store."""
        self._store = store
        self._fronts: dict[str, Texture] = {}
        self._sides: dict[str, Texture] = {}
        self._tops: dict[str, Texture | None] = {}
        self._labels: dict[tuple[str, int], Texture] = {}
        self._heaps: OrderedDict[tuple[str, int, float], Texture] = OrderedDict()
        self.contact = Texture.of(_blob())
        self.overhang = Texture.of(_fade())

    def package(self, sku: str) -> Package | None:
        """Return the package of that name; None for a thing."""
        return self._store.catalogue.packages.get(sku)

    def shape(self, sku: str) -> Shape:
        """Return how something fills space."""
        package = self.package(sku)
        return package.shape if package else Shape.BAG

    def front(self, sku: str) -> Texture:
        """Return the front of a package, or a thing."""
        if sku not in self._fronts:
            package = self.package(sku)
            self._fronts[sku] = Texture.of(
                package.front if package else self._store.catalogue.things[sku]
            )
        return self._fronts[sku]

    def side(self, sku: str) -> Texture:
        """Return the side of a package."""
        if sku not in self._sides:
            self._sides[sku] = Texture.of(self._store.catalogue.packages[sku].side)
        return self._sides[sku]

    def top(self, sku: str) -> Texture | None:
        """Return the top of a package; None if it has no flat one."""
        if sku not in self._tops:
            picture = self._store.catalogue.packages[sku].top
            self._tops[sku] = None if picture is None else Texture.of(picture)
        return self._tops[sku]

    def label(self, slot: Slot) -> Texture:
        """Return the price label of a slot's block."""
        key = (slot.bay, slot.block)
        if key not in self._labels:
            seed = [self._store.seed, 7, slot.block, sum(slot.bay.encode())]
            self._labels[key] = Texture.of(_price_label(np.random.default_rng(seed)))
        return self._labels[key]

    def heap(self, slot: Slot, heap: Heap) -> Texture:
        """Return a bin's heap as it lies today."""
        key = (heap.sku, heap.seed, slot.width)
        if key not in self._heaps:
            rng = np.random.default_rng(heap.seed)
            size = (round(slot.width * HEAP_PX_PER_M), round(slot.height * HEAP_PX_PER_M))
            self._heaps[key] = Texture.of(self._store.catalogue.produce[heap.sku].heap(rng, *size))
            while len(self._heaps) > HEAPS_KEPT:
                self._heaps.popitem(last=False)
        self._heaps.move_to_end(key)
        return self._heaps[key]


def _blob() -> ImageArray:
    """Return a soft dark patch: where a thing touches the board."""
    square = np.zeros((48, 48), np.float32)
    square[10:38, 10:38] = 150
    alpha = np.asarray(cv2.GaussianBlur(square, (0, 0), 5), np.float32)
    return np.dstack([np.zeros((48, 48, 3), np.float32), alpha]).astype(np.uint8)


def _fade() -> ImageArray:
    """Return the shadow that a board throws on what stands under it, fading downwards."""
    alpha = np.repeat((np.linspace(1, 0, 32) ** 2 * 120)[:, None], 16, 1)
    return np.dstack([np.zeros((32, 16, 3)), alpha]).astype(np.uint8)


def _price_label(rng: np.random.Generator) -> ImageArray:
    """Return a paper label: a name that cannot be read from afar, a price, a bar code."""
    label = np.full((72, 176, 3), 244, np.uint8)
    for row in (10, 18, 26):
        length = int(rng.integers(40, 90))
        cv2.line(label, (8, row), (8 + length, row), (70, 70, 70), 2, cv2.LINE_AA)
    price = f'{int(rng.integers(0, 9))}.{int(rng.integers(0, 100)):02d}'
    colour = (20, 20, 190) if rng.random() < 0.2 else (25, 25, 25)
    cv2.putText(label, price, (84, 56), cv2.FONT_HERSHEY_DUPLEX, 1.15, colour, 2, cv2.LINE_AA)
    x = 8
    while x < 70:
        bar = int(rng.integers(1, 4))
        cv2.rectangle(label, (x, 38), (x + bar - 1, 64), (30, 30, 30), -1)
        x += bar + int(rng.integers(1, 4))
    cv2.rectangle(label, (0, 0), (175, 71), (170, 170, 170), 1)
    return label
