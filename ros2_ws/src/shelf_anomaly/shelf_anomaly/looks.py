# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
What a place of a view looks like, coded finely enough to be laid over other places.

The network gives a code for each cell of four centimetres, but things do not stand on that grid.
So a piece of the view is coded four times, shifted by half a cell, and windows of about one facing
are cut out of it at every half cell.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from .network import Network
from .places import WINDOW
from .records import Float32Array, ImageArray

CONTEXT_CELLS = 3  # around what is asked for, because the network looks there too


def windows_around(
    image: ImageArray, centre: tuple[float, float], network: Network
) -> Float32Array:
    """
    Return the codes of the windows whose middle is at most a cell beside a point.

    :param image: a view, uint8 BGR
    :param centre: column and row in pixels
    :return: shape ``(windows, rows, cols, dims)``; none where the view ends
    """
    rows, cols = WINDOW[0] + 2 + 2 * CONTEXT_CELLS, WINDOW[1] + 2 + 2 * CONTEXT_CELLS
    return _windows(_cut(image, centre, rows, cols, network.stride), network)


def windows_turned(
    image: ImageArray, centre: tuple[float, float], network: Network
) -> tuple[Float32Array, Float32Array]:
    """
    Return windows of a square around a point, upright, and turned left and right.

    :return: upright and turned, shapes ``(windows, rows, cols, dims)``
    """
    cells = 2 * WINDOW[0] + 2
    square = _cut(image, centre, cells, cells, network.stride)
    return tuple(  # type: ignore[return-value]
        np.concatenate(
            [_windows(np.ascontiguousarray(np.rot90(square, k)), network, margin=1) for k in turns]
        )
        for turns in ((0,), (1, 3))
    )


def _cut(
    image: ImageArray, centre: tuple[float, float], rows: int, cols: int, stride: int
) -> ImageArray:
    """Cut ``rows`` by ``cols`` cells and one more half cell around a point; edges are repeated."""
    height, width = rows * stride + stride // 2, cols * stride + stride // 2
    reach = max(height, width)
    padded = cv2.copyMakeBorder(image, reach, reach, reach, reach, cv2.BORDER_REPLICATE)
    left = int(np.clip(round(centre[0] - width / 2), -width, image.shape[1])) + reach
    top = int(np.clip(round(centre[1] - height / 2), -height, image.shape[0])) + reach
    return np.asarray(padded[top : top + height, left : left + width], np.uint8)


def _windows(piece: ImageArray, network: Network, margin: int = CONTEXT_CELLS) -> Float32Array:
    half = network.stride // 2
    high, wide = piece.shape[0] - half, piece.shape[1] - half
    found: list[Float32Array] = []
    for down in (0, half):
        for right in (0, half):
            code, _ = network(
                np.ascontiguousarray(piece[down : down + high, right : right + wide])
            )
            inner = code[margin : code.shape[0] - margin, margin : code.shape[1] - margin]
            found.extend(_cut_windows(inner))
    return np.stack(found).astype(np.float32)


def _cut_windows(code: Float32Array) -> Iterator[Float32Array]:
    rows, cols = WINDOW
    for top in range(code.shape[0] - rows + 1):
        for left in range(code.shape[1] - cols + 1):
            yield code[top : top + rows, left : left + cols]
