# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
From distances per cell and view to one calibrated score per place and pass.

The views of a pass are averaged (they are not independent, so nothing is multiplied), looked at
through windows of about a facing, and compared with how the same place scores on normal passes.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from .places import PlaceStatistics
from .records import BoolArray, Float32Array

PATCH_M = (0.09, 0.20)
"""Width and height of the patch of the coarse scale: about one facing."""
CHANNELS = ((0, (0.09, 0.20)), (0, (0.13, 0.13)), (1, (0.05, 0.05)), (2, (0.05, 0.05)))
"""Scale and window (metres) of each channel: upright facings, small things, whole facings, and
colours."""
CODE_CHANNELS = 3  # the first; the others are of colours
PRIOR_PASSES = 100.0
"""Weight of the bay's mean variance against a place's own, in passes."""
PRIOR_MEANS = 10.0
"""Weight of the bay's usual score against a place's own, in passes."""
LINE_CELLS = 12
"""Cells of a row or column that must be known before it can be called raised as a whole."""
LINE_WIDTH_M = 0.29
"""Rows or columns that are raised over less than this width are a misalignment or a shadow."""
WIDE_LIMIT = 1.0  # what is taken from wider ones: an emptied level or bay must stay an anomaly
SMOOTH_M = 0.08


class PassMap:
    """Mean of the distance maps of one pass."""

    def __init__(self, scales: int, rows: int, cols: int) -> None:
        """Start empty."""
        self._sum = np.zeros((scales, rows, cols), np.float64)
        self._count = np.zeros((scales, rows, cols), np.int32)

    def add(self, distance: Float32Array) -> None:
        """Add the distances of one view, shape ``(scales, rows, cols)``, NaN where not judged."""
        known = np.isfinite(distance)
        self._sum[known] += distance[known]
        self._count[known] += 1

    @property
    def mean(self) -> Float32Array:
        """Shape ``(scales, rows, cols)``; NaN where no view judged."""
        with np.errstate(invalid='ignore'):
            return np.where(
                self._count > 0, self._sum / np.maximum(self._count, 1), np.nan
            ).astype(np.float32)

    @property
    def judged(self) -> BoolArray:
        """Shape ``(rows, cols)``: cells that at least one view judged at the finest scale."""
        return np.asarray(self._count[0] > 0)


def window_mean(values: Float32Array, cell_m: float, size_m: tuple[float, float]) -> Float32Array:
    """Average over a window where at least half of it is known; NaN elsewhere."""
    window = (max(1, round(size_m[0] / cell_m)), max(1, round(size_m[1] / cell_m)))
    known = np.isfinite(values).astype(np.float32)
    filled = np.nan_to_num(values).astype(np.float32)
    total = cv2.boxFilter(filled, -1, window, normalize=False, borderType=cv2.BORDER_CONSTANT)
    count = cv2.boxFilter(known, -1, window, normalize=False, borderType=cv2.BORDER_CONSTANT)
    enough = count >= 0.5 * window[0] * window[1]
    return np.where(enough, total / np.maximum(count, 1e-6), np.nan).astype(np.float32)


def channels(mean: Float32Array, cell_m: float) -> Float32Array:
    """Return a pass's mean distances by channel's window, shape ``(channels, rows, cols)``."""
    return np.stack([window_mean(mean[scale], cell_m, size) for scale, size in CHANNELS])


def fit_statistics(passes: Float32Array, cell_m: float) -> PlaceStatistics:
    """
    Fit how each place scores when all is normal.

    :param passes: channels of the normal passes, shape ``(passes, channels, rows, cols)``, each
        scored without itself
    :return: mean and spread, both shrunk towards the bay's, as ten passes say little about one
        place; the spread smoothed over neighbours, and widened for the mean's own uncertainty
    """
    count = np.isfinite(passes).sum(axis=0)
    filled = np.nan_to_num(passes)
    mean = np.where(count > 0, filled.sum(axis=0) / np.maximum(count, 1), np.nan)
    squares = np.where(np.isfinite(passes), (passes - np.nan_to_num(mean)) ** 2, 0.0).sum(axis=0)
    std = np.empty_like(mean)
    for c in range(passes.shape[1]):
        variance = np.where(count[c] > 1, squares[c] / np.maximum(count[c] - 1, 1), np.nan)
        usual = float(np.nanmean(variance)) if np.isfinite(variance).any() else 1.0
        near = window_mean(variance.astype(np.float32), cell_m, (SMOOTH_M, SMOOTH_M))
        near = np.where(np.isfinite(near), near, usual)
        degrees = np.maximum(count[c] - 1, 0)
        shrunk = (near * degrees + usual * PRIOR_PASSES) / (degrees + PRIOR_PASSES)
        std[c] = np.sqrt(shrunk * (1 + 1 / np.maximum(count[c], 1)))
        known = np.isfinite(mean[c])
        if known.any():
            bay = float(mean[c][known].mean())
            mean[c] = (count[c] * mean[c] + PRIOR_MEANS * bay) / (count[c] + PRIOR_MEANS)
    return PlaceStatistics(mean.astype(np.float32), std.astype(np.float32))


def standard_scores(
    seen: Float32Array, statistics: PlaceStatistics, cell_m: float
) -> Float32Array:
    """
    Return how many usual spreads each channel lies above its usual mean.

    What raises a whole row or column of the bay is taken away: no fault does that, but a view that
    lies a little beside the template does, at the uprights, the boards and the edges.

    :return: shape ``(channels, rows, cols)``
    """
    scores = (seen - statistics.mean) / statistics.std
    return np.stack([without_raised_lines(one, cell_m) for one in scores.astype(np.float32)])


def without_raised_lines(scores: Float32Array, cell_m: float) -> Float32Array:
    """
    Subtract from each column, then from each row, how far it is raised as a whole.

    The median of a line does not feel a fault, which fills one level of several and one facing of
    many. Where lines are raised over LINE_WIDTH_M or more side by side (a whole level emptied),
    only WIDE_LIMIT is taken.

    :param scores: shape ``(rows, cols)``, NaN where not judged
    """
    width = max(1, round(LINE_WIDTH_M / cell_m))
    for axis in (0, 1):
        raised = _line_medians(scores, axis)
        kernel = np.ones((1, width), np.uint8)
        wide = cv2.dilate(cv2.erode(raised[None], kernel), kernel)[0]
        common = raised - np.maximum(wide - WIDE_LIMIT, 0)
        scores = scores - np.expand_dims(common, axis)
    return np.asarray(scores, np.float32)


def _line_medians(scores: Float32Array, axis: int) -> Float32Array:
    """Return the median along ``axis`` where enough of it is known and it is above 0, or 0."""
    count = np.isfinite(scores).sum(axis, keepdims=True)
    ordered = np.sort(scores, axis)  # NaN last; many times as fast as nanmedian
    middle = [
        np.take_along_axis(ordered, np.maximum(at, 0) // 2, axis).squeeze(axis)
        for at in (count - 1, count)
    ]
    median = np.maximum((middle[0] + middle[1]) / 2, 0.0)
    return np.where(count.squeeze(axis) >= LINE_CELLS, median, 0.0).astype(np.float32)


def score_map(seen: Float32Array, statistics: PlaceStatistics, cell_m: float) -> Float32Array:
    """Return the highest standard score of all channels, ``(rows, cols)``; NaN where unknown."""
    return highest(standard_scores(seen, statistics, cell_m))


def highest(standard: Float32Array) -> Float32Array:
    """Return the highest of all channels, shape ``(rows, cols)``; NaN where none is known."""
    unknown = ~np.isfinite(standard).any(axis=0)
    best = np.where(np.isfinite(standard), standard, -np.inf).max(axis=0)
    return np.where(unknown, np.nan, best).astype(np.float32)


def peaks(
    scores: Float32Array, cell_m: float, lowest: float, apart_m: tuple[float, float]
) -> list[tuple[float, int, int]]:
    """
    Return local maxima, highest first.

    :param lowest: smallest score wanted
    :param apart_m: half width and half height within which only the highest counts
    :return: score, row, column of each
    """
    rest = np.where(np.isfinite(scores), scores, -np.inf).copy()
    across, up = round(apart_m[0] / cell_m), round(apart_m[1] / cell_m)
    found: list[tuple[float, int, int]] = []
    while True:
        row, col = np.unravel_index(int(rest.argmax()), rest.shape)
        score = float(rest[row, col])
        if score < lowest:
            return found
        found.append((score, int(row), int(col)))
        rest[max(0, row - up) : row + up + 1, max(0, col - across) : col + across + 1] = -np.inf


def weighed(
    scores: Float32Array,
    places: Sequence[tuple[int, int, float]],
    cell_m: float,
    apart_m: tuple[float, float],
) -> Float32Array:
    """
    Return scores that count more or less around some places; where they overlap, by the first.

    :param scores: shape ``(rows, cols)``
    :param places: row, column and factor of each
    :param apart_m: half width and half height around a place
    """
    across, up = round(apart_m[0] / cell_m), round(apart_m[1] / cell_m)
    factors = np.ones(scores.shape, np.float32)
    for row, col, factor in reversed(places):
        factors[max(0, row - up) : row + up + 1, max(0, col - across) : col + across + 1] = factor
    return np.where(scores > 0, factors * scores, scores).astype(np.float32)
