# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What someone stands before is neither judged nor looked at."""

from pathlib import Path
import sys

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from print_builder import PX_PER_M, view

from shelf_anomaly.occlusion import without
from shelf_anomaly.records import BayView, CellScores

ROWS, COLS, STRIDE = 5, 6, 16


def _view() -> BayView:
    """Return a view that is less high than the cells, which are whole."""
    return view('A', np.zeros((ROWS * STRIDE - 6, COLS * STRIDE, 3), np.uint8))


def _scores() -> CellScores:
    flat = np.zeros((ROWS, COLS), np.float32)
    distance = np.ones((2, ROWS, COLS), np.float32)
    return CellScores('A', 0, STRIDE / PX_PER_M, flat[..., None], flat, distance, flat)


def test_hidden_cells_are_neither_seen_nor_judged() -> None:
    hidden = np.zeros((ROWS, COLS), bool)
    hidden[3:, 2:4] = True
    shown, scores = without(_view(), _scores(), hidden)

    assert (np.isnan(scores.distance) == hidden).all()
    wrong = np.argwhere(~shown.seen)
    assert wrong.min(axis=0).tolist() == [3 * STRIDE, 2 * STRIDE]
    assert wrong.max(axis=0).tolist() == [ROWS * STRIDE - 7, 4 * STRIDE - 1]
    assert (~shown.seen).sum() == (2 * STRIDE - 6) * 2 * STRIDE


def test_where_nothing_is_hidden_all_stays() -> None:
    shown, scores = _view(), _scores()
    kept = without(shown, scores, np.zeros((ROWS, COLS), bool))
    assert kept[0] is shown
    assert kept[1] is scores
