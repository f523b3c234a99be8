# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
Values of several views of one place, laid down so that they take little room.

From one normal pass to the next a place looks nearly the same. So its middle value is written once
and of each view that saw it only the difference, dimension by dimension: a quarter less than all
values view by view. Nothing is lost.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .records import BoolArray

Bytes = npt.NDArray[np.uint8]


class Packed(NamedTuple):
    """What several views saw of the places of a bay."""

    middle: Bytes
    """Shape ``(rows, cols, dims)``: of each place, the median of the views that saw it."""
    rest: Bytes
    """Shape ``(dims, seen)``: differences from it, modulo 256, by row, column and view."""


def pack_views(values: Bytes, seen: BoolArray) -> Packed:
    """
    Lay values down.

    :param values: shape ``(views, rows, cols, dims)``
    :param seen: shape ``(views, rows, cols)``; values elsewhere are forgotten
    """
    known = np.where(seen[..., None], values.astype(np.float32), np.float32(np.nan))
    blank = ~seen.any(axis=0)
    known[:, blank] = 0.0  # a median of nothing is a warning
    middle = np.floor(np.nanmedian(known, axis=0)).astype(np.uint8)
    differences = (values - middle).transpose(3, 1, 2, 0)  # bytes wrap around
    return Packed(middle, np.ascontiguousarray(differences[:, seen.transpose(1, 2, 0)]))


def unpack_views(packed: Packed, seen: BoolArray) -> Bytes:
    """
    Return the values; 0 where they were not seen.

    :raises ValueError: if what was packed belongs to other places
    """
    middle, rest = packed
    if middle.shape[:2] != seen.shape[1:] or rest.shape != (middle.shape[2], int(seen.sum())):
        raise ValueError(
            f'was seen {int(seen.sum())} times in {seen.shape[1:]} places, but there are '
            f'{rest.shape[-1]} values of {middle.shape[:2]}'
        )
    differences = np.zeros((middle.shape[2], *middle.shape[:2], len(seen)), np.uint8)
    differences[:, seen.transpose(1, 2, 0)] = rest
    values = differences.transpose(3, 1, 2, 0) + middle
    return np.ascontiguousarray(np.where(seen[..., None], values, np.uint8(0)))
