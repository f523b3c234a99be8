# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Where the middle of a thing is that stands out: its maximum may be any part of it."""

from __future__ import annotations

import numpy as np

from .records import Float32Array
from .store_layout import Bay

FALL_OFF = 0.6
"""What stands out reaches to where the score falls below this part of its maximum."""
AROUND = (5, 4)  # rows and columns beside a maximum that may belong to the same thing


def middle_of(scores: Float32Array, peak: tuple[float, int, int]) -> tuple[float, float]:
    """
    Return row and column, in cells, of the middle of what stands out around a maximum.

    What scores more than the maximum is around another one: what stands beside a thing that stands
    out more is no part of it.
    """
    score, row, col = peak
    top, left = max(0, row - AROUND[0]), max(0, col - AROUND[1])
    part = np.nan_to_num(scores[top : row + AROUND[0] + 1, left : col + AROUND[1] + 1])
    weight = np.where((part >= FALL_OFF * score) & (part <= score), part, 0.0)
    rows, cols = np.mgrid[: part.shape[0], : part.shape[1]] + 0.5
    total = float(weight.sum())
    return top + float((weight * rows).sum()) / total, left + float((weight * cols).sum()) / total


def middle_on_board(
    scores: Float32Array, peak: tuple[float, int, int], bay: Bay, cell_m: float, margin_m: float
) -> tuple[float, float]:
    """
    Return the middle of what lies around a maximum, as :func:`middle_of`.

    A thing lies on one board: what stands out on the next one is another thing.

    :param scores: of a view of ``bay`` with so much margin, shape ``(rows, cols)``
    """
    heights = bay.row_heights(len(scores), cell_m, margin_m)
    levels = np.array([bay.level_at(float(y)) for y in heights])
    board = np.where((levels == levels[peak[1]])[:, None], scores, np.float32(np.nan))
    return middle_of(np.asarray(board, np.float32), peak)
