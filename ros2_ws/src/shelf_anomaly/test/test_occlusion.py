# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What someone stands before is neither judged nor looked at."""

import numpy as np

from shelf_anomaly.occlusion import without
from shelf_anomaly.records import BayView, CellScores, ViewQuality

ROWS, COLS, STRIDE, PX_PER_M = 5, 6, 16, 384.0


def _view() -> BayView:
    """Return a view that is less high than the cells, which are whole."""
    image = np.zeros((ROWS * STRIDE - 6, COLS * STRIDE, 3), np.uint8)
    return BayView(
        bay='A',
        stamp_ns=0,
        image=image,
        seen=np.ones(image.shape[:2], bool),
        px_per_m=PX_PER_M,
        margin_m=0.0,
        homography=np.eye(3),
        offset_m=0.1,
        quality=ViewQuality(1.0, 400.0, 0.0, 1.0, 128.0),
    )


def _scores() -> CellScores:
    flat = np.zeros((ROWS, COLS), np.float32)
    distance = np.ones((2, ROWS, COLS), np.float32)
    return CellScores('A', 0, STRIDE / PX_PER_M, flat[..., None], flat, distance, flat)


def test_hidden_cells_are_neither_seen_nor_judged() -> None:
    hidden = np.zeros((ROWS, COLS), bool)
    hidden[3:, 2:4] = True
    view, scores = without(_view(), _scores(), hidden)

    assert (np.isnan(scores.distance) == hidden).all()
    wrong = np.argwhere(~view.seen)
    assert wrong.min(axis=0).tolist() == [3 * STRIDE, 2 * STRIDE]
    assert wrong.max(axis=0).tolist() == [ROWS * STRIDE - 7, 4 * STRIDE - 1]
    assert (~view.seen).sum() == (2 * STRIDE - 6) * 2 * STRIDE


def test_where_nothing_is_hidden_all_stays() -> None:
    view, scores = _view(), _scores()
    kept = without(view, scores, np.zeros((ROWS, COLS), bool))
    assert kept[0] is view
    assert kept[1] is scores
