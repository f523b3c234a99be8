# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
From a picture to the network's input: one implementation for training and for the robot.

The scaling is fixed: it never depends on what is in the picture. Mean and standard deviation of
the pretrained weights are applied inside the network's graph.
"""

from __future__ import annotations

import cv2
import numpy as np

from .records import BoolArray, Float32Array, ImageArray


def padded_size(rows: int, cols: int, stride: int) -> tuple[int, int]:
    """Return ``(rows, cols)`` rounded up to whole multiples of ``stride``."""
    return -(-rows // stride) * stride, -(-cols // stride) * stride


def network_input(image: ImageArray, stride: int) -> Float32Array:
    """
    Turn one picture into the network's input.

    :param image: shape ``(rows, cols, 3)``, uint8 BGR
    :param stride: the network's coarsest stride, pixels
    :return: shape ``(1, rows', cols', 3)``, float32 RGB 0..255, the right and lower edges repeated
        up to the stride
    """
    rows, cols = padded_size(image.shape[0], image.shape[1], stride)
    padded = cv2.copyMakeBorder(
        image, 0, rows - image.shape[0], 0, cols - image.shape[1], cv2.BORDER_REPLICATE
    )
    return np.ascontiguousarray(padded[None, :, :, ::-1], dtype=np.float32)


def cells_seen(seen: BoolArray, stride: int, context: int = 1) -> BoolArray:
    """
    Return which cells can be judged: all their pixels, and their neighbours', were in the image.

    :param seen: shape ``(rows, cols)``: where the view has pixels
    :param stride: pixels per cell
    :param context: cells around a cell that must be seen as well, because the network looks there
        too
    :return: shape ``(rows', cols')``; cells that lie in the padding count as not seen
    """
    rows, cols = padded_size(seen.shape[0], seen.shape[1], stride)
    full = np.zeros((rows, cols), np.uint8)
    full[: seen.shape[0], : seen.shape[1]] = seen
    cells = full.reshape(rows // stride, stride, cols // stride, stride).mean(axis=(1, 3)) > 0.5
    whole = cells.astype(np.uint8)
    if context:
        # The border of the view itself is no reason: there the edge pixels are repeated.
        kernel = np.ones((2 * context + 1, 2 * context + 1), np.uint8)
        whole = cv2.erode(whole, kernel, borderType=cv2.BORDER_CONSTANT, borderValue=1)
    return np.asarray(whole, np.bool_)
