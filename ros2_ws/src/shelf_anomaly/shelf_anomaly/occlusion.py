# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
Someone in front of the shelf is no fault of the shelf.

Boards, price rails and uprights do not move and goods do not hide them, so the registration's
template shows where they must be. A view in which much of them is gone, where the cells are
far from normal too, is covered by something that stands before the shelf: it is refused. A part
of a view that is far from normal, tall, and without its boards is left out of that view, so
that the place is judged by the others.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from .places import NormalBay
from .records import BayView, BoolArray, CellScores, Float32Array
from .registration import normalise, Template, TEMPLATE_PX_PER_M
from .scoring import channels, score_map
from .store_layout import Bay

WINDOW_M = 0.17
"""Structure is compared in windows of this side: a board's thickness and some of its length."""
RAIL_M = (-0.05, 0.02)
"""From a board's height downwards and upwards: where its front edge and its price rail are."""
MIN_STRUCTURE = 2.5
"""Summed weight of the template within a window that tells something."""
LOST = 0.9
"""Weighted mean square difference within a window; 0.3 is usual, 2 that of unrelated pictures."""
FAR_PART, LOST_PART = 0.3, 0.1
"""Parts of what was judged, and of the structure: together they make a view a covered one."""
SPOILT_PART = 0.12
"""Part of a view that may be far from normal in a pass in which someone stood in front."""
HIDDEN_HEIGHT_M, HIDDEN_LOST = 0.4, 0.25
"""A part of a view is hidden when it is as tall, and so much of its boards is gone."""


@dataclass(frozen=True, slots=True)
class Cover:
    """What stands before a bay in one view."""

    part: float
    """Part of what was judged that is far from normal, 0..1."""
    whole: bool
    """Whether the view is of no use."""
    hidden: BoolArray
    """Shape ``(rows, cols)``: cells that something stands before."""


def find_cover(
    view: BayView, scores: CellScores, normal: NormalBay, threshold: float, bay: Bay
) -> Cover:
    """
    Return what is covered in a view.

    :param threshold: the score from which a place would raise an alert
    """
    rows, cols = scores.distance.shape[1:]
    known, lost = _structure(view, normal.template, scores, bay)
    single = score_map(channels(scores.distance, scores.cell_m), normal.statistics, scores.cell_m)
    judged = np.isfinite(single)
    far = judged & (np.nan_to_num(single, nan=-np.inf) >= threshold)
    far_part = float(far.sum() / max(1, judged.sum()))
    lost_part = float(lost.sum() / max(1, known.sum()))
    whole = far_part >= FAR_PART and lost_part >= LOST_PART
    hidden: BoolArray = np.zeros((rows, cols), np.bool_)
    if not whole and lost.any():
        hidden = _hidden(far, known, lost, scores.cell_m)
    return Cover(far_part, whole, hidden)


def without(view: BayView, scores: CellScores, hidden: BoolArray) -> tuple[BayView, CellScores]:
    """Return a view and its scores in which hidden cells are neither seen nor judged."""
    if not hidden.any():
        return view, scores
    stride, (rows, cols) = _stride(view, scores), view.seen.shape
    pixels = hidden.repeat(stride, axis=0).repeat(stride, axis=1)[:rows, :cols]
    distance = np.where(hidden[None], np.float32(np.nan), scores.distance)
    return replace(view, seen=view.seen & ~pixels), replace(scores, distance=distance)


def _stride(view: BayView, scores: CellScores) -> int:
    """Return how many pixels of the view a cell is high and wide."""
    return round(scores.cell_m * view.px_per_m)


def _structure(
    view: BayView, template: Template, scores: CellScores, bay: Bay
) -> tuple[BoolArray, BoolArray]:
    """Return in which cells the template shows a board's front, and where that is gone."""
    rows, cols = template.mean.shape
    small = cv2.resize(view.image, (cols, rows), interpolation=cv2.INTER_AREA)
    seen = cv2.resize(view.seen.astype(np.float32), (cols, rows)) > 0.99
    up = bay.height + view.margin_m - (np.arange(rows) + 0.5) / TEMPLATE_PX_PER_M
    front = np.zeros(rows, bool)
    for level in bay.levels:
        front |= (up >= level + RAIL_M[0]) & (up <= level + RAIL_M[1])
    weight: Float32Array = (template.weight * seen * front[:, None]).astype(np.float32)
    difference = weight * (normalise(np.asarray(small, np.uint8)) - template.mean) ** 2
    side = max(3, round(WINDOW_M * TEMPLATE_PX_PER_M))
    window = (side, side)
    total = cv2.boxFilter(weight, -1, window, normalize=False)
    gone = cv2.boxFilter(difference.astype(np.float32), -1, window, normalize=False)
    known = (total >= MIN_STRUCTURE) & front[:, None]
    lost = known & (gone >= LOST * np.maximum(total, 1e-6))
    # The grid of cells may reach a little beyond the view: it is padded to whole strides.
    high, wide = scores.distance.shape[1:]
    side_px = _stride(view, scores) * rows / view.image.shape[0]
    px = round(high * side_px), round(wide * side_px)
    return _to_cells(known, (high, wide), px), _to_cells(lost, (high, wide), px)


def _to_cells(mask: BoolArray, cells: tuple[int, int], px: tuple[int, int]) -> BoolArray:
    canvas = np.zeros((max(px[0], mask.shape[0]), max(px[1], mask.shape[1])), np.float32)
    canvas[: mask.shape[0], : mask.shape[1]] = mask
    part = np.ascontiguousarray(canvas[: px[0], : px[1]])
    small = cv2.resize(part, (cells[1], cells[0]), interpolation=cv2.INTER_AREA)
    return np.asarray(small > 0.2)


def _hidden(far: BoolArray, known: BoolArray, lost: BoolArray, cell_m: float) -> BoolArray:
    """Return the connected parts that are tall and without their structure, a cell wider."""
    count, labels = cv2.connectedComponents(far.astype(np.uint8), connectivity=8)
    hidden = np.zeros(far.shape, bool)
    for label in range(1, count):
        part = labels == label
        tall = np.flatnonzero(part.any(axis=1))
        height = (int(tall[-1]) - int(tall[0]) + 1) * cell_m
        structure = int((part & known).sum())
        if (
            height >= HIDDEN_HEIGHT_M
            and structure
            and (part & lost).sum() >= HIDDEN_LOST * structure
        ):
            hidden |= part
    grown = cv2.dilate(hidden.astype(np.uint8), np.ones((3, 3), np.uint8))
    return np.asarray(grown > 0)
