# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Drawn art: varieties of a family are look-alikes, heaps are never the same."""

import cv2
import numpy as np

from shelf_anomaly_sim.drawn import drawn_catalogue
from shelf_anomaly_sim.drawn.brand import Brand, Pack, Variety
from shelf_anomaly_sim.drawn.packages import draw_package


def test_varieties_differ_in_a_small_label_alone() -> None:
    """Where colours do not vary, less than a fifth of the front differs; about 3 cm of 22."""
    brand = Brand(
        'Alba',
        Pack.GABLE,
        (200, 120, 40),
        (30, 30, 200),
        (250, 250, 250),
        'oval',
        'waves',
        0.4,
        0.22,
        False,
    )
    a, b = (
        draw_package(brand, Variety(f, c)).front
        for f, c in (('Cherry', (40, 30, 190)), ('Lemon', (60, 220, 245)))
    )
    differs = (cv2.absdiff(a, b)[..., :3].max(2) > 20).mean()
    assert 0.02 < differs < 0.2


def test_catalogue_is_the_same_for_a_seed() -> None:
    """Names and pixels."""
    a, b, other = drawn_catalogue(4), drawn_catalogue(4), drawn_catalogue(5)
    assert list(a.packages) == list(b.packages) != list(other.packages)
    assert all(np.array_equal(a.packages[s].front, b.packages[s].front) for s in a.packages)


def test_every_family_has_varieties_and_every_shape_occurs() -> None:
    """Twins need a twin."""
    catalogue = drawn_catalogue(2)
    assert all(len(catalogue.family(p.family)) >= 2 for p in catalogue.packages.values())
    assert {p.shape.value for p in catalogue.packages.values()} == {'carton', 'round', 'bag'}


def test_heaps_are_laid_anew() -> None:
    """Another draw, another heap; the same draw, the same."""
    apples = drawn_catalogue(1).produce['Apples-Red']
    first = apples.heap(np.random.default_rng(1), 200, 120)
    assert np.array_equal(first, apples.heap(np.random.default_rng(1), 200, 120))
    assert (
        cv2.absdiff(first, apples.heap(np.random.default_rng(2), 200, 120)).max(2) > 20
    ).mean() > 0.2


def test_things_have_a_shape() -> None:
    """Neither empty nor a full rectangle of nothing."""
    for name, picture in drawn_catalogue(1).things.items():
        assert 0.2 < (picture[..., 3] > 127).mean() <= 1.0, name
