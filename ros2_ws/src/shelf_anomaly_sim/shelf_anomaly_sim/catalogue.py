# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What a store can sell: packages, produce and things that belong on no shelf."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

import numpy as np

from shelf_anomaly.records import ImageArray


class Shape(str, Enum):
    """How a package fills space."""

    CARTON = 'carton'
    """A box: its side is seen from the side."""
    ROUND = 'round'
    """A bottle or can: the same from everywhere."""
    BAG = 'bag'
    """A pouch: nearly flat."""


@dataclass(frozen=True, slots=True, eq=False)
class Package:
    """One product that stands on a board."""

    sku: str
    family: str
    """Products of one family look alike."""
    shape: Shape
    front: ImageArray
    """Shape ``(height, width, 4)`` uint8 BGRA, straight alpha, cut to what is drawn."""
    side: ImageArray
    """Shape ``(height, width, 4)`` uint8 BGRA: what is seen of a carton from the side."""
    top: ImageArray | None = None
    """What is seen of a flat carton from above, like ``side``; None for a gable or a bag."""
    typical_height_m: tuple[float, float] = (0.15, 0.32)
    """Range a store draws the real height from."""

    @property
    def aspect(self) -> float:
        """Width over height of the front."""
        return float(self.front.shape[1]) / float(self.front.shape[0])


class Produce(Protocol):
    """A kind of produce that lies in a bin, another heap every time."""

    @property
    def sku(self) -> str:
        """The name."""

    def heap(self, rng: np.random.Generator, width_px: int, height_px: int) -> ImageArray:
        """Return a freshly laid heap, shape ``(height_px, width_px, 3)`` uint8 BGR."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All that a store can be stocked with."""

    packages: Mapping[str, Package]
    produce: Mapping[str, Produce]
    things: Mapping[str, ImageArray]
    """Things that are sold nowhere: BGRA, straight alpha."""

    def family(self, name: str) -> tuple[str, ...]:
        """Return the SKUs of a family, sorted."""
        return tuple(sorted(sku for sku, p in self.packages.items() if p.family == name))
