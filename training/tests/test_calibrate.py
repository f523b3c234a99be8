# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What calibration learns from normal passes, on codes that are made up."""

from __future__ import annotations

import numpy as np
import pytest

from shelf_anomaly.errors import DatasetError
from shelf_anomaly.inspector import Encoded
from shelf_anomaly.records import BayView, ViewQuality
from shelf_training.calibrate import (
    composite,
    EncodedView,
    fit_bandwidths,
    gather,
    PICTURE_PX_PER_M,
    thin,
)

ROWS, COLS, DIMS, CELL_M = 12, 20, 4, 0.04


def _views(
    passes: int, offsets: tuple[float, ...] = (0.0, 0.5), noise: float = 1.0
) -> list[EncodedView]:
    """Return views of one bay: a fixed code per cell, and noise that differs by view."""
    rng = np.random.default_rng(0)
    usual = 5 * rng.normal(size=(ROWS, COLS, DIMS))
    found = []
    for index in range(passes):
        for offset in offsets:
            code = usual + noise * rng.normal(size=usual.shape)
            plain = np.ones((ROWS, COLS), np.float32)
            colour = 20 * noise * rng.normal(size=(ROWS, COLS, 2))
            encoded = Encoded(
                code.astype(np.float32),
                0.1 * plain,
                plain > 0,
                plain,
                colour.astype(np.float32),
            )
            found.append(EncodedView(encoded, np.ones((1, 2), np.float32), offset, index))
    return found


def test_near_views_of_one_pass_are_thinned() -> None:
    """Views 10 cm apart say the same; those of another pass do not."""
    views = _views(2, offsets=(0.0, 0.1, 0.2, 0.35, 0.7, 0.75))
    kept = thin(views)
    assert [(v.pass_index, v.offset_m) for v in kept] == [
        (index, offset) for index in (0, 1) for offset in (0.0, 0.35, 0.7)
    ]


def test_references_remember_their_pass_and_place() -> None:
    references = gather(_views(3), 'L01')
    assert references.codes.shape == (6, ROWS, COLS, DIMS)
    assert references.passes.tolist() == [0, 0, 1, 1, 2, 2]
    assert references.offsets_m.tolist() == [0.0, 0.5] * 3


def test_one_pass_cannot_be_calibrated() -> None:
    with pytest.raises(DatasetError, match='bay L01: 1 pass'):
        gather(_views(1), 'L01')


def test_the_bandwidth_follows_how_much_normal_codes_vary() -> None:
    """Three times the noise, three times the bandwidth; patches average noise away."""
    small = fit_bandwidths({'L01': _views(4, noise=0.5)}, CELL_M, 2.0)
    large = fit_bandwidths({'L01': _views(4, noise=1.5)}, CELL_M, 2.0)
    for scale in range(3):
        ratio = large.scales[scale].bandwidth / small.scales[scale].bandwidth
        assert ratio == pytest.approx(3.0, rel=0.15)
    assert small.scales[1].bandwidth < small.scales[0].bandwidth


def _picture(offset_m: float, value: int, seen_from: int, seen_to: int) -> BayView:
    """Return a view of a bay of 1 m at 100 px/m of which some columns were seen."""
    seen = np.zeros((56, 112), bool)
    seen[:, seen_from:seen_to] = True
    quality = ViewQuality(1.0, 300.0, 0.0, 1.0, 100.0)
    image = np.full((56, 112, 3), value, np.uint8)
    return BayView('L01', 1, image, seen, 100.0, 0.06, np.eye(3), offset_m, quality)


def test_a_picture_of_the_bay_is_joined_from_as_few_views_as_show_it() -> None:
    left, right = _picture(0.2, 50, 0, 70), _picture(0.9, 200, 40, 112)
    small = _picture(0.5, 120, 50, 60)
    joined = composite([small, left, right])
    scale = PICTURE_PX_PER_M / 100
    assert joined.shape[:2] == (round(56 * scale), round(112 * scale))
    values = joined[:, :, 0].mean(axis=0)
    # The widest view first, the rest from the other; the small one is not needed.
    assert abs(values[round(80 * scale)] - 200) < 3
    assert abs(values[round(20 * scale)] - 50) < 3
    assert (np.abs(values - 120) < 10).sum() <= 3  # the seam itself, no piece of the small view


def test_a_bay_that_is_higher_than_the_picture_is_joined_all_the_same() -> None:
    """Only a view from afar shows some columns from top to bottom; the others are there, too."""
    left, middle = _picture(0.0, 50, 0, 40), _picture(0.5, 120, 0, 112)
    middle.seen[:8] = False
    values = composite([left, middle])[:, :, 0].mean(axis=0)
    assert (np.abs(values[round(45 * PICTURE_PX_PER_M / 100) :] - 120) < 3).all()
