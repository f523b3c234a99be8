# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""How a place looked, and whether it looks the same again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
import sys

import numpy as np
import pytest

from shelf_anomaly.appearance import (
    alike,
    Appearance,
    appearance_in,
    cell_of,
    distance,
    normal_appearances,
    usual_distance,
)
from shelf_anomaly.bay_pass import BayPass
from shelf_anomaly.density import References
from shelf_anomaly.errors import MemoryFileError
from shelf_anomaly.records import Box

sys.path.insert(0, str(Path(__file__).parent))

from pass_builder import appearance, CELL_M, COLS, HEIGHT_M, MARGIN_M, ROWS, scores, view


def noisy(seed: int, shift: int = 0, *, noise: float = 0.05) -> Appearance:
    """Return a thing of its own look, put back a little differently each time."""
    thing = np.random.default_rng(1).normal(0, 1, (9, 3, 4)).astype(np.float32)
    codes = np.roll(thing, shift, axis=0)[2:7]
    codes = codes + np.random.default_rng(seed).normal(0, noise, codes.shape)
    look = appearance(0.0)
    return replace(look, codes=codes[None].astype(np.float32))


def test_it_is_kept_and_read_back() -> None:
    look = noisy(3)
    again = Appearance.from_bytes(look.to_bytes())

    assert (again.row, again.col, again.middle) == (10, 9, (12, 10))
    np.testing.assert_allclose(again.codes, look.codes, atol=2e-3)
    assert again.seen.all()
    with pytest.raises(MemoryFileError, match='damaged'):
        Appearance.from_bytes(look.to_bytes()[:-40])


def test_the_same_thing_is_near_also_when_it_was_moved_by_a_cell() -> None:
    assert distance(noisy(2), noisy(3)) == pytest.approx(0.0, abs=0.25)
    moved, other = distance(noisy(2, shift=1), noisy(3)), distance(noisy(2, shift=4), noisy(3))
    assert moved is not None
    assert other is not None
    assert moved < 0.6 * other


def test_places_apart_views_from_elsewhere_and_other_networks_are_not_compared() -> None:
    look = appearance(1.0)

    assert distance(look, look) == 0.0
    assert distance(look, replace(look, row=30)) is None
    assert distance(look, replace(look, offsets_m=np.array([1.5]))) is None
    assert distance(look, replace(look, codes=np.zeros((1, 5, 3, 7), np.float32))) is None
    assert distance(look, replace(look, seen=np.zeros((1, 5, 3), bool))) is None


@pytest.mark.parametrize(
    ('now', 'same'),
    [(7.0, True), (6.6, True), (4.0, False), (0.1, False)],
)
def test_alike_means_nearer_to_it_than_to_normal(now: float, same: bool) -> None:
    normals = [appearance(0.0), appearance(0.5)]

    assert alike(appearance(now), appearance(7.0), normals, radius=0.8) is same
    assert alike(appearance(now), appearance(7.0), normals, radius=None) is None


def test_what_is_taken_out_of_a_pass_and_out_of_the_references() -> None:
    seen = BayPass('L01', 'monday', 0)
    for offset in (0.2, 0.5, 0.8):
        seen.add(view(offset), scores(offset))
    box = Box(0.5, 0.6, 0.1, 0.2)
    cell = cell_of(box, HEIGHT_M, MARGIN_M, CELL_M)
    assert cell == (13, 11)

    look = appearance_in(seen, cell)

    assert look is not None
    assert look.middle == cell
    assert look.codes.shape == (3, 5, 3, 2)
    assert look.offsets_m[0] == 0.5  # the most frontal view first
    references = References(
        np.zeros((4, ROWS, COLS, 2), np.float32)
        + np.array([0.0, 0.0, 3.0, 3.0], np.float32)[:, None, None, None],
        np.ones((4, ROWS, COLS), bool),
        np.array([0.3, 0.6, 0.3, 0.6]),
        np.array([0, 0, 1, 1]),
    )
    normals = normal_appearances(references, cell, CELL_M)
    assert [n.codes.shape for n in normals] == [(2, 5, 3, 2)] * 2
    assert usual_distance(normals) == pytest.approx(3.0 * 2**0.5, rel=1e-5)
    assert usual_distance(normals[:1]) is None


def test_a_pass_that_judged_nothing_there_has_no_look() -> None:
    assert appearance_in(BayPass('L01', 'monday', 0), (3, 3)) is None
