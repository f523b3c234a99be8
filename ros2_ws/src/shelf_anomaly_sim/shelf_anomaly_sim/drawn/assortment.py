# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Invents an assortment from a seed."""

from __future__ import annotations

import numpy as np

from ..catalogue import Catalogue, Package
from .brand import draw_brand, FLAVOURS, NAMES, Pack, Variety
from .packages import draw_package
from .produce import KINDS
from .things import lost_things

FAMILIES = 12
VARIETIES = (2, 4)


def drawn_catalogue(seed: int) -> Catalogue:
    """Return the same assortment for the same seed."""
    rng = np.random.default_rng([seed, 5])
    names = [str(n) for n in rng.permutation(NAMES)[:FAMILIES]]
    packs = list(Pack)
    packages: dict[str, Package] = {}
    for i, name in enumerate(names):
        brand = draw_brand(name, packs[i % len(packs)], rng)
        count = int(rng.integers(VARIETIES[0], VARIETIES[1] + 1))
        for f in rng.permutation(len(FLAVOURS))[:count]:
            package = draw_package(brand, Variety(*FLAVOURS[int(f)]))
            packages[package.sku] = package
    return Catalogue(packages, {kind.sku: kind for kind in KINDS}, lost_things())
