# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Cuts a product off the white or plain background of its picture."""

from __future__ import annotations

import cv2
import numpy as np

from shelf_anomaly.records import ImageArray

BACKGROUND_TOLERANCE = 9  # grey values around the border's colour; JPEG noise is less
MIN_CONTENT = 0.03  # of the picture: less is no product


def cut_out(image: ImageArray, max_side_px: int = 560) -> ImageArray | None:
    """
    Return the thing in a picture without its background.

    A picture with an alpha channel keeps it; otherwise the background is what is connected with
    the border and of the border's colour. White *inside* a label stays.

    :param image: uint8, grey, BGR or BGRA
    :param max_side_px: the result is shrunk to this
    :return: BGRA with straight alpha, cropped; None if nothing is left
    """
    if image.ndim == 2:
        image = np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR), np.uint8)
    if image.shape[2] == 4 and int(image[..., 3].min()) < 250:
        alpha, colour = image[..., 3], image[..., :3]
    else:
        colour = np.ascontiguousarray(image[..., :3])
        alpha = _mask(colour)
    if float((alpha > 127).mean()) < MIN_CONTENT:
        return None
    rows, cols = np.flatnonzero((alpha > 127).any(1)), np.flatnonzero((alpha > 127).any(0))
    box = np.s_[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]
    cut = np.dstack([_spread(colour[box], alpha[box]), alpha[box]])
    scale = max_side_px / max(cut.shape[:2])
    if scale < 1:
        size = (max(8, round(cut.shape[1] * scale)), max(8, round(cut.shape[0] * scale)))
        cut = np.asarray(cv2.resize(cut, size, interpolation=cv2.INTER_AREA), np.uint8)
    return np.ascontiguousarray(cut)


def _mask(colour: ImageArray) -> ImageArray:
    """Return a soft mask of what is not background, shape ``(height, width)`` uint8."""
    height, width = colour.shape[:2]
    framed = cv2.copyMakeBorder(
        colour, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=_border_colour(colour)
    )
    mask = np.zeros((height + 4, width + 4), np.uint8)
    tolerance = (BACKGROUND_TOLERANCE,) * 3
    flags = 4 | cv2.FLOODFILL_FIXED_RANGE | cv2.FLOODFILL_MASK_ONLY | (255 << 8)
    cv2.floodFill(framed, mask, (0, 0), (0, 0, 0), tolerance, tolerance, flags)
    solid = np.where(mask[2:-2, 2:-2] > 0, 0, 255).astype(np.uint8)
    kernel = np.ones((3, 3), np.uint8)
    solid = np.asarray(cv2.morphologyEx(solid, cv2.MORPH_OPEN, kernel), np.uint8)
    solid = np.asarray(cv2.erode(_largest(solid), kernel), np.uint8)  # the halo of the background
    return np.asarray(cv2.GaussianBlur(solid, (0, 0), 0.8), np.uint8)


def _border_colour(colour: ImageArray) -> tuple[float, float, float]:
    border = np.concatenate([colour[0], colour[-1], colour[:, 0], colour[:, -1]])
    b, g, r = np.median(border, axis=0)
    return float(b), float(g), float(r)


def _largest(solid: ImageArray) -> ImageArray:
    """Keep the largest connected piece, and pieces of a tenth of it (caps, second items)."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=8)
    if count <= 2:
        return solid
    areas = stats[1:, cv2.CC_STAT_AREA]
    keep = 1 + np.flatnonzero(areas >= areas.max() * 0.1)
    return np.where(np.isin(labels, keep), 255, 0).astype(np.uint8)


def _spread(colour: ImageArray, alpha: ImageArray) -> ImageArray:
    """Carry the thing's own colours a little beyond its edge: the soft rim is not white."""
    solid = (alpha > 200).astype(np.float32)
    weight = cv2.GaussianBlur(solid, (0, 0), 3)[..., None]
    blurred = cv2.GaussianBlur(colour.astype(np.float32) * solid[..., None], (0, 0), 3)
    outside = blurred / np.maximum(weight, 1e-3)
    return np.where(solid[..., None] > 0, colour, outside.clip(0, 255)).astype(np.uint8)
