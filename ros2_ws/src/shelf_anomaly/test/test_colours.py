# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The colour of cells: the light on a whole view is none, what is not seen has none."""

from __future__ import annotations

import numpy as np
import pytest

from shelf_anomaly.colours import cell_colours, colour_spread, ColourDensity, contrast
from shelf_anomaly.density import Neighbourhood, References
from shelf_anomaly.inspector import BayDensity, Encoded, InspectorSettings, ScaleSettings
from shelf_anomaly.records import BayView, ViewQuality

STRIDE, ROWS, COLS = 8, 6, 10


def _view(image: np.ndarray, seen: np.ndarray | None = None) -> BayView:
    return BayView(
        bay='L01',
        stamp_ns=0,
        image=np.asarray(image, np.uint8),
        seen=np.ones(image.shape[:2], bool) if seen is None else seen,
        px_per_m=200.0,
        margin_m=0.0,
        homography=np.eye(3),
        offset_m=0.0,
        quality=ViewQuality(1.0, 400.0, 0.0, 1.0, 120.0),
    )


def _goods(seed: int = 0) -> np.ndarray:
    """Return a shelf of patches of muted colours."""
    patches = np.random.default_rng(seed).integers(70, 160, (ROWS, COLS, 3))
    return np.kron(patches, np.ones((STRIDE, STRIDE, 1)))


def test_each_cell_has_its_own_colour() -> None:
    image = _goods()
    before = cell_colours(_view(image), STRIDE)
    image[2 * STRIDE : 3 * STRIDE, 4 * STRIDE : 5 * STRIDE] = (40, 60, 220)  # red, in BGR
    after = cell_colours(_view(image), STRIDE)
    changed = np.linalg.norm(after - before, axis=2)
    assert changed.shape == (ROWS, COLS)
    assert changed[2, 4] > 40
    changed[2, 4] = 0
    assert changed.max() < 5  # the middle colour moves a little


def test_warm_or_dim_light_on_the_whole_view_changes_little() -> None:
    image = _goods()
    plain = cell_colours(_view(image), STRIDE)
    for light in ((0.8, 1.0, 1.15), (0.75, 0.75, 0.75)):
        lit = cell_colours(_view(np.clip(image * light, 0, 255)), STRIDE)
        moved, usual = (np.linalg.norm(c, axis=2).mean() for c in (lit - plain, plain))
        assert moved < 0.1 * usual


def test_what_the_frame_does_not_show_does_not_count() -> None:
    image, seen = _goods(), np.ones((ROWS * STRIDE, COLS * STRIDE), bool)
    seen[:, : 6 * STRIDE] = False
    left = image.copy()
    left[:, : 6 * STRIDE] = (0, 0, 255)
    one, other = (cell_colours(_view(i, seen), STRIDE) for i in (image, left))
    assert one[:, 6:] == pytest.approx(other[:, 6:], abs=1e-4)


def test_a_view_that_is_no_multiple_of_the_stride_is_filled_up() -> None:
    image = _goods()[: ROWS * STRIDE - 3, : COLS * STRIDE - 5]
    assert cell_colours(_view(image), STRIDE).shape == (ROWS, COLS, 2)


def test_a_thing_that_differs_in_colour_alone_is_far_at_the_scale_of_colours() -> None:
    """The codes are those of normal passes; only the colour is another."""
    rng = np.random.default_rng(1)
    usual = 20 * rng.normal(size=(ROWS, COLS, 2))
    codes = np.zeros((4, ROWS, COLS, 3), np.float32)
    seen = np.ones((4, ROWS, COLS), bool)
    passes = np.arange(4)
    colours = usual[None] + rng.normal(size=(4, ROWS, COLS, 2))
    references = References(codes, seen, np.zeros(4), passes)
    near = Neighbourhood(1, 2, 0.35)
    density = BayDensity(
        references,
        References(colours.astype(np.float32), seen, np.zeros(4), passes),
        InspectorSettings(0.04, 1.0, (ScaleSettings(1.0, near),) * 3),
    )
    now = usual + rng.normal(size=usual.shape)
    now[3, 7] = (90, 90)
    flat = np.ones((ROWS, COLS), np.float32)
    encoded = Encoded(codes[0], flat, seen[0], flat, now.astype(np.float32))
    distance = density.distance(encoded, 0.0)
    assert distance.shape == (3, ROWS, COLS)
    far = distance[2] > 20
    assert far[3, 7]
    assert far.sum() == 1
    assert distance[0][3, 7] == pytest.approx(distance[0][2, 5])


def test_a_large_patch_of_another_colour_makes_the_rest_little_strange() -> None:
    """A sixth of the view is red, which moves the mean that the light is judged by."""
    image = _goods()
    changed = image.copy()
    changed[:STRIDE] = (30, 30, 230)
    usual, now = (cell_colours(_view(one), STRIDE) for one in (image, changed))
    moved = np.linalg.norm(now - usual, axis=2)[1:].mean()

    seen = np.ones((2, ROWS, COLS), bool)
    references = References(np.stack([usual] * 2), seen, np.zeros(2), np.arange(2))
    density = ColourDensity(references, 1.0, Neighbourhood(0, 0, 0.35))
    distance = density.distance(now, seen[0], 0.0)
    assert distance[0].min() > 25
    assert distance[1:].mean() < 0.75 * moved


def test_a_place_is_coloured_that_differs_from_what_is_around_it() -> None:
    shelf = np.full((ROWS * STRIDE, COLS * STRIDE, 3), 120)
    assert not contrast(_view(shelf), (3, 4), STRIDE).coloured
    lemon = shelf.copy()
    lemon[2 * STRIDE : 5 * STRIDE, 4 * STRIDE : 5 * STRIDE] = (40, 200, 230)
    assert contrast(_view(lemon), (3, 4), STRIDE).coloured
    assert not contrast(_view(lemon), (3, 7), STRIDE).coloured


def test_a_white_thing_is_bright_and_not_coloured() -> None:
    shelf = np.full((ROWS * STRIDE, COLS * STRIDE, 3), 110)
    shelf[2 * STRIDE : 5 * STRIDE, 4 * STRIDE : 5 * STRIDE] = 190
    assert contrast(_view(shelf), (3, 4), STRIDE).bright
    assert not contrast(_view(shelf), (3, 4), STRIDE).coloured
    assert not contrast(_view(shelf), (3, 7), STRIDE).bright
    assert not contrast(_view(230 - shelf), (3, 4), STRIDE).bright  # a hole between goods is dark


def test_a_package_of_several_colours_spreads_more_than_fruit_of_one() -> None:
    rng = np.random.default_rng(0)
    light = rng.uniform(0.6, 1.0, (ROWS * STRIDE, COLS * STRIDE, 1))
    fruit = light * (60, 140, 90)
    package = fruit.copy()
    package[16:24, 36:44] = (200, 60, 40)  # a field of 4 cm
    middle = (40.0, 20.0)
    plain, many = (colour_spread(_view(image), middle) for image in (fruit, package))
    assert many > 2 * plain
    assert colour_spread(_view(np.full_like(fruit, 120)), middle) == pytest.approx(0, abs=0.1)
    assert colour_spread(_view(package), (-500.0, 20.0)) == 0
