# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""A piece is found where it fits best, and what fits by its print may differ in its colours."""

from pathlib import Path
import sys

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from print_builder import HERE, PX_PER_M, recoloured, shelf, soft_shelf, view
import pytest

from shelf_anomaly.kinds import SAME_PRINT
from shelf_anomaly.pieces import Pictures, piece_at
from shelf_anomaly.prints import Match
from shelf_anomaly.template_match import best_fit, colour_correlation, correlation, worst_part


def test_what_fits_is_shown_where_it_fits() -> None:
    image = shelf(1)
    piece = piece_at(view('A', image), HERE)
    fit = best_fit([Pictures.of(shelf(2), PX_PER_M), Pictures.of(image, PX_PER_M)], [piece], None)
    assert fit is not None
    assert fit.score > 0.98
    assert fit.down_m == pytest.approx(HERE[1] / PX_PER_M, abs=0.01)
    assert fit.place.shape == fit.piece.shape
    assert colour_correlation(fit.piece, fit.place) > 0.98


def test_what_is_plain_or_too_large_fits_nowhere() -> None:
    image = shelf(1)
    plain = piece_at(view('A', np.full_like(image, 90)), HERE)
    assert best_fit([Pictures.of(image, PX_PER_M)], [plain], None) is None
    piece = piece_at(view('A', image), HERE)
    assert best_fit([Pictures.of(image[:20, :20], PX_PER_M)], [piece], None) is None


def test_colours_tell_apart_what_is_printed_alike() -> None:
    piece = soft_shelf(3)[100:148, 100:124]
    variety = recoloured(piece)
    assert correlation(variety, piece) > 0.9
    assert colour_correlation(variety, piece) < -0.8
    darker = (0.7 * piece.astype(np.float32)).astype(np.uint8)
    assert colour_correlation(darker, piece) > 0.9
    assert colour_correlation(np.full_like(piece, 90), piece) == 0.0


def test_of_two_prints_that_fit_alike_the_colours_decide() -> None:
    same, variety = Match(0.92, 0.5, colours=0.9), Match(0.94, 0.5, colours=0.1)
    assert variety.likeness < SAME_PRINT < same.likeness
    assert Match(0.8, 0.5, colours=1.0).likeness < SAME_PRINT


def test_a_label_tells_apart_what_fits_as_a_whole() -> None:
    piece, other = (soft_shelf(seed)[100:123, 100:110] for seed in (3, 4))
    variety = piece.copy()
    variety[8:14, 2:8] = other[8:14, 2:8]
    assert correlation(variety, piece) > 0.8
    assert worst_part(variety, piece) < 0.5
    assert worst_part(piece, piece) > 0.99
    darker = (0.7 * piece.astype(np.float32)).astype(np.uint8)
    assert worst_part(darker, piece) > 0.95


def test_what_is_plain_in_both_fits_everywhere() -> None:
    plain = np.full((23, 10, 3), 90, np.uint8)
    assert worst_part(plain, plain // 2) == pytest.approx(1.0)
