# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What a family has in common, and what tells its varieties apart."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass
from enum import Enum

import numpy as np

Bgr = tuple[int, int, int]

FLAVOURS: tuple[tuple[str, Bgr], ...] = (
    ('Cherry', (40, 30, 190)),
    ('Lemon', (60, 220, 245)),
    ('Apple', (70, 180, 90)),
    ('Berry', (140, 50, 110)),
    ('Peach', (110, 160, 250)),
    ('Mint', (170, 200, 90)),
    ('Cocoa', (50, 75, 115)),
    ('Vanilla', (150, 215, 240)),
    ('Plum', (95, 30, 75)),
    ('Classic', (160, 110, 40)),
)
NAMES = (
    'Alba',
    'Bergli',
    'Corva',
    'Dunmar',
    'Elvo',
    'Fjord',
    'Gronn',
    'Havre',
    'Islet',
    'Juno',
    'Korn',
    'Lumo',
    'Marna',
    'Nordri',
)


class Pack(str, Enum):
    """What a family is packed in."""

    GABLE = 'gable'
    BOX = 'box'
    BOTTLE = 'bottle'
    CAN = 'can'
    JAR = 'jar'
    BAG = 'bag'


@dataclass(frozen=True, slots=True)
class Brand:
    """One family's looks."""

    name: str
    pack: Pack
    base: Bgr
    """Main colour."""
    accent: Bgr
    ink: Bgr
    """Colour of the name on the badge."""
    badge: str
    """'oval', 'banner', 'shield' or 'plain'."""
    motif: str
    """'waves', 'stripes', 'dots', 'hills' or 'none'."""
    aspect: float
    """Width over height."""
    height_m: float
    colours_vary: bool
    """False: varieties differ in the small label alone."""


@dataclass(frozen=True, slots=True)
class Variety:
    """One product of a family."""

    flavour: str
    colour: Bgr


def colour(hue: float, saturation: float, value: float) -> Bgr:
    """Return a BGR colour from hue, saturation and value, each 0..1."""
    r, g, b = colorsys.hsv_to_rgb(hue % 1.0, saturation, value)
    return int(b * 255), int(g * 255), int(r * 255)


def draw_brand(name: str, pack: Pack, rng: np.random.Generator) -> Brand:
    """Invent a family's looks."""
    hue = float(rng.random())
    pale = rng.random() < 0.4
    base = (
        colour(hue, 0.08, 0.95)
        if pale
        else colour(hue, float(rng.uniform(0.55, 0.9)), float(rng.uniform(0.35, 0.85)))
    )
    accent = colour(
        hue + float(rng.choice((0.08, 0.45, 0.5, 0.58))),
        float(rng.uniform(0.5, 0.9)),
        float(rng.uniform(0.4, 0.9)),
    )
    aspects = {
        Pack.GABLE: (0.34, 0.44),
        Pack.BOX: (0.5, 0.72),
        Pack.BOTTLE: (0.3, 0.38),
        Pack.CAN: (0.52, 0.7),
        Pack.JAR: (0.62, 0.8),
        Pack.BAG: (0.6, 0.75),
    }
    heights = {
        Pack.GABLE: (0.2, 0.26),
        Pack.BOX: (0.18, 0.27),
        Pack.BOTTLE: (0.22, 0.3),
        Pack.CAN: (0.12, 0.17),
        Pack.JAR: (0.12, 0.16),
        Pack.BAG: (0.17, 0.23),
    }
    return Brand(
        name=name,
        pack=pack,
        base=base,
        accent=accent,
        ink=(250, 250, 250),
        badge=str(rng.choice(('oval', 'banner', 'shield', 'plain'))),
        motif=str(rng.choice(('waves', 'stripes', 'dots', 'hills', 'none'))),
        aspect=float(rng.uniform(*aspects[pack])),
        height_m=float(rng.uniform(*heights[pack])),
        colours_vary=bool(rng.random() < 0.5),
    )
