# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
How empty a board is, column by column, compared with the emptiest that it was on normal passes.

Cells of codes are half as wide as a facing, so a gap one facing wide is hardly more than a cell.
Here columns of 5 cm are looked at, every centimetre, and at the share of their pixels at which
the brightness changes: goods are printed and have borders, the back of a shelf is smooth. A row
that was pulled to the back shows its goods, though smaller; through a gap nothing is seen. Only
the most frontal view of each column counts: past a gap others see what stands beside it.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from .pieces import grey, scaled
from .records import BayView, BoolArray, Float32Array
from .store_layout import Bay

PX_PER_M = 192.0  # fine enough for print, coarse enough for little noise
SMOOTH_PX = 0.8
CHANGE = 0.06
"""Natural logarithm of the brightness per pixel from which it changes."""
DARK = 12.0  # grey levels that are added, as noise is most of what changes in the dark
STEP_M, WINDOW_M = 0.01, 0.05
FROM_M, TO_M = 0.012, 0.20
"""Height above the board that is looked at: above its front edge, to the top of small goods."""
CLEAR_M = 0.03  # below the next board and its shadow
SHIFT = 2  # steps to each side that goods may stand aside
LEAST = 0.02  # share of pixels that also the smooth back of a shelf may have
BLURRED = 0.5
"""Of what is missing all over a bay this much is laid to a view that is less sharp."""
PACKED = 255.0


def edge_shares(views: Sequence[BayView], bay: Bay) -> Float32Array:
    """
    Return the share of pixels at which the brightness changes, by column of each board.

    :param views: of one pass of the bay
    :return: shape ``(levels, columns)``, columns STEP_M apart from the bay's left edge; NaN where
        no view shows half of the column
    """
    return most_frontal([edge_shares_of(view, bay) for view in views], [v.offset_m for v in views])


def most_frontal(each: Sequence[Float32Array], offsets_m: Sequence[float]) -> Float32Array:
    """
    Return of each column what the view says that was taken most nearly in front of it.

    :param each: of one view each, shape ``(levels, columns)``, NaN where it does not show it
    :param offsets_m: where along the bay the views were taken
    """
    stack = np.stack(each)
    x = np.arange(stack.shape[2]) * STEP_M
    aside = np.abs(x - np.asarray(offsets_m)[:, None, None])
    nearest = np.where(np.isfinite(stack), aside, np.inf).argmin(axis=0)
    return np.asarray(np.take_along_axis(stack, nearest[None], axis=0)[0], np.float32)


def emptied(shares: Float32Array, normal: Float32Array) -> Float32Array:
    """
    Return the logarithm of how many times less there is than there ever was on a normal pass.

    :param shares: of a pass, shape ``(levels, columns)``
    :param normal: of normal passes, shape ``(passes, levels, columns)``
    :return: shape ``(levels, columns)``; 0 where it is not known, and everywhere if the bay has
        other boards now than when it was learnt
    """
    if not len(normal) or normal.shape[1:] != shares.shape:
        return np.zeros_like(shares)
    padded = np.pad(normal, ((0, 0), (0, 0), (SHIFT, SHIFT)), constant_values=np.nan)
    shifted = np.stack([padded[..., i : i + normal.shape[2]] for i in range(2 * SHIFT + 1)])
    least = np.where(np.isfinite(shifted), shifted, np.inf).min(axis=(0, 1))
    known = np.isfinite(shares) & np.isfinite(least)
    usual, now = np.where(known, least, 1.0), np.where(known, shares, 1.0)
    missing = np.log(usual + LEAST) - np.log(now + LEAST)
    everywhere = float(np.median(missing[known])) if known.any() else 0.0
    missing = np.where(known, missing - np.clip(everywhere, 0.0, BLURRED), 0.0)
    return np.asarray(missing, np.float32)


def most_near(columns: Float32Array, x: float, reach_m: float) -> float:
    """
    Return the most of what columns of one board show within so much to each side of a place.

    :param x: metres from the bay's left edge
    """
    first, last = round((x - reach_m) / STEP_M), round((x + reach_m) / STEP_M)
    part = columns[max(0, first) : max(0, last + 1)]
    return float(part.max()) if part.size else 0.0


def pack_shares(shares: Float32Array) -> npt.NDArray[np.uint8]:
    """Return shares in a byte each; what is not known counts as full."""
    return np.round(np.where(np.isfinite(shares), shares, 1.0) * PACKED).astype(np.uint8)


def unpack_shares(packed: npt.NDArray[np.uint8]) -> Float32Array:
    """Return what :func:`pack_shares` packed."""
    return np.asarray(packed / PACKED, np.float32)


def edge_shares_of(view: BayView, bay: Bay) -> Float32Array:
    """Return the shares of one view, ``(levels, columns)``; NaN where it shows too little."""
    x = np.arange(round(bay.width / STEP_M) + 1) * STEP_M
    edges, seen = _edges(view)
    left = np.round((x + view.margin_m - WINDOW_M / 2) * PX_PER_M).astype(int)
    right = np.clip(left + round(WINDOW_M * PX_PER_M), 1, edges.shape[1])
    left = np.clip(left, 0, right - 1)
    shares = []
    for board, top in (bay.level_span(level) for level in range(len(bay.levels))):
        first, last = (
            max(0, round((bay.height + view.margin_m - y) * PX_PER_M))
            for y in (min(board + TO_M, top - CLEAR_M), board + FROM_M)
        )
        there, shows = edges[first:last], seen[first:last]
        shown = _between(shows, left, right)
        known = shown >= np.maximum(0.5 * (right - left) * len(shows), 1)
        share = _between(there & shows, left, right) / np.maximum(shown, 1)
        shares.append(np.where(known, share, np.nan))
    return np.asarray(np.stack(shares), np.float32)


def _edges(view: BayView) -> tuple[BoolArray, BoolArray]:
    """Return where the brightness changes and where the view has pixels, at PX_PER_M."""
    brightness = np.log(grey(scaled(view.image, PX_PER_M / view.px_per_m)) + np.float32(DARK))
    smooth = cv2.GaussianBlur(brightness, (0, 0), SMOOTH_PX)
    across, down = (
        cv2.Sobel(smooth, cv2.CV_32F, dx, dy, scale=1 / 8) for dx, dy in ((1, 0), (0, 1))
    )
    size = (smooth.shape[1], smooth.shape[0])
    seen = cv2.resize(view.seen.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    return np.asarray(cv2.magnitude(across, down) > CHANGE), np.asarray(seen)


def _between(
    mask: BoolArray, left: npt.NDArray[np.int_], right: npt.NDArray[np.int_]
) -> npt.NDArray[np.int_]:
    """Return how many pixels of a mask lie in the columns from ``left`` to before ``right``."""
    sums = np.concatenate([[0], np.cumsum(mask.sum(axis=0))])
    return np.asarray(sums[right] - sums[left])
