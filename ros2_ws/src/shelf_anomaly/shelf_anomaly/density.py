# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
Kernel density of codes at a place of the shelf.

:func:`log_density` is the plain Gaussian kernel density estimate (Parzen 1962), in log space; it
agrees with scikit-learn's ``KernelDensity(kernel='gaussian')``. :class:`PlaceDensity` asks the
same question for every cell of a bay view at once, with those references only that were seen at
that place: the same cell or a near one (products are never put back to the centimetre), in a view
taken from a similar point of the aisle (so that parallax is alike).
"""

from __future__ import annotations

from dataclasses import dataclass
import math

import cv2
import numpy as np
import numpy.typing as npt

from .records import BoolArray, Float32Array, FloatArray

FAR = np.float32(1e6)


def log_density(codes: FloatArray, references: FloatArray, bandwidth: float) -> FloatArray:
    """
    Gaussian kernel density estimate.

    :param codes: shape ``(n, dims)``
    :param references: shape ``(m, dims)``, at least one
    :param bandwidth: standard deviation of the kernel, in units of the code
    :return: log density in nats, shape ``(n,)``
    """
    dims = references.shape[1]
    squared = ((codes[:, None, :] - references[None, :, :]) ** 2).sum(-1)
    exponent = -squared / (2 * bandwidth**2)
    top = exponent.max(axis=1)
    total = top + np.log(np.exp(exponent - top[:, None]).sum(axis=1))
    norm = math.log(len(references)) + dims / 2 * math.log(2 * math.pi * bandwidth**2)
    return np.asarray(total - norm, np.float64)


def density_distance(log_mean_kernel: Float32Array, bandwidth: float) -> Float32Array:
    """
    Turn the log of the mean kernel value into a distance, in units of the code.

    ``sqrt(-2 h^2 log p)``: for one reference this is the Euclidean distance to it; for many it is
    a soft minimum. Averages over cells and views behave better on this scale than on log density.
    """
    return np.asarray(np.sqrt(np.maximum(0.0, -2 * bandwidth**2 * log_mean_kernel)), np.float32)


@dataclass(frozen=True, slots=True)
class References:
    """Codes of the normal views of one bay."""

    codes: Float32Array
    """Shape ``(views, rows, cols, dims)``."""
    seen: BoolArray
    """Shape ``(views, rows, cols)``."""
    offsets_m: FloatArray
    """Shape ``(views,)``: where along the face the camera stood."""
    passes: npt.NDArray[np.int64]
    """Shape ``(views,)``: which pass a view belongs to."""


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """Which references count as 'the same place'."""

    rows: int
    """Cells up and down."""
    cols: int
    """Cells left and right."""
    offset_m: float
    """Distance between the camera's places along the aisle."""


def patch_codes(
    code: Float32Array, seen: BoolArray, cell_m: float, size_m: tuple[float, float]
) -> tuple[Float32Array, BoolArray]:
    """
    Average codes over a patch of about one facing.

    :param code: shape ``(rows, cols, dims)``
    :param seen: shape ``(rows, cols)``
    :param size_m: width and height of the patch
    :return: mean codes of the cells seen, and where more than 60% of a whole patch was seen
    """
    window = (max(1, round(size_m[0] / cell_m)), max(1, round(size_m[1] / cell_m)))
    mask = seen.astype(np.float32)
    count = cv2.boxFilter(mask, -1, window, normalize=False, borderType=cv2.BORDER_CONSTANT)
    total = cv2.boxFilter(
        code * mask[..., None], -1, window, normalize=False, borderType=cv2.BORDER_CONSTANT
    )
    enough = (count > 0.6 * window[0] * window[1]) & seen
    return np.asarray(total / np.maximum(count, 1e-6)[..., None], np.float32), enough


class PlaceDensity:
    """Density of codes at every place of one bay, at one scale."""

    def __init__(
        self, references: References, bandwidth: float, neighbourhood: Neighbourhood
    ) -> None:
        """Lay the references out for matrix products; see :class:`References` for shapes."""
        self._bandwidth = bandwidth
        self._near = neighbourhood
        # In the order of their offsets, those that a view is compared with lie side by side.
        order = np.argsort(references.offsets_m, kind='stable')
        self._offsets = references.offsets_m[order]
        self._passes = references.passes[order]
        n, self._rows, self._cols, dims = references.codes.shape
        r, c = neighbourhood.rows, neighbourhood.cols
        inner = np.s_[r : r + self._rows, c : c + self._cols]
        shape = (self._rows + 2 * r, self._cols + 2 * c, n)
        self._codes = np.zeros((*shape, dims), np.float32)
        self._codes[inner] = references.codes[order].transpose(1, 2, 0, 3)
        self._norms = np.full(shape, FAR, np.float32)
        norms = np.einsum('rcnd,rcnd->rcn', self._codes[inner], self._codes[inner])
        seen = references.seen[order].transpose(1, 2, 0)
        self._norms[inner] = np.where(seen, norms, FAR)

    def distance(
        self,
        code: Float32Array,
        seen: BoolArray,
        offset_m: float,
        *,
        without_pass: int | None = None,
    ) -> Float32Array:
        """
        Return how far each cell is from what is normal at its place.

        :param code: shape ``(rows, cols, dims)``
        :param seen: shape ``(rows, cols)``: cells to judge
        :param offset_m: where along the face the camera stood
        :param without_pass: leave the references of this pass out (for calibration)
        :return: shape ``(rows, cols)``; NaN where a cell is not to be judged or has no reference
        """
        out = np.full((self._rows, self._cols), np.nan, np.float32)
        columns = np.flatnonzero(seen.any(axis=0))
        first = int(np.searchsorted(self._offsets, offset_m - self._near.offset_m, 'left'))
        last = int(np.searchsorted(self._offsets, offset_m + self._near.offset_m, 'right'))
        left_out = self._passes[first:last] == without_pass
        count = int((~left_out).sum())
        if count == 0 or columns.size == 0:
            return out
        start, stop = int(columns[0]), int(columns[-1]) + 1
        squared = self._squared(code[:, start:stop], start, slice(first, last))
        squared[..., left_out] = FAR
        out[:, start:stop] = self._soft_minimum(squared, count)
        out[~seen] = np.nan
        return out

    def _squared(self, query: Float32Array, start: int, chosen: slice) -> Float32Array:
        """
        Return the squared distances of cells to all references near them.

        :param query: codes of the columns from ``start`` on, shape ``(rows, cols, dims)``
        :param chosen: which references
        :return: shape ``(places, rows, cols, references)``: a place is one of the near cells
        """
        rows, cols, dims = query.shape
        high, wide = 2 * self._near.rows + 1, 2 * self._near.cols + 1
        span = slice(start, start + cols + wide - 1)
        # One product a cell of the references, with the codes of all cells that it is near to.
        edge = ((high - 1, high - 1), (wide - 1, wide - 1), (0, 0))
        near: Float32Array = np.lib.stride_tricks.sliding_window_view(  # type: ignore[call-overload]
            np.pad(query, edge), (high, wide), (0, 1)
        )
        near = near.transpose(0, 1, 3, 4, 2).reshape(*near.shape[:2], high * wide, dims)
        found = near @ self._codes[:, span, chosen].transpose(0, 1, 3, 2)
        found *= -2
        found += self._norms[:, span, None, chosen]
        # Turned round: for each cell, the references that are near to it.
        squared = np.stack(
            [
                found[high - 1 - i :, wide - 1 - j :, i * wide + j][:rows, :cols]
                for i in range(high)
                for j in range(wide)
            ]
        )
        squared += np.einsum('rcd,rcd->rc', query, query)[None, :, :, None]
        return np.asarray(squared, np.float32)

    def _soft_minimum(self, squared: Float32Array, count: int) -> Float32Array:
        """Return the distance by the mean kernel over ``count`` references at each place."""
        scale = np.float32(-1 / (2 * self._bandwidth**2))
        nearest = squared.min(axis=(0, 3))
        exponent = squared  # in place: this is most of what an inspection costs beside the network
        exponent -= nearest[None, :, :, None]
        exponent *= scale
        np.maximum(exponent, np.float32(-60), out=exponent)
        kernel = np.exp(exponent, out=exponent).sum(axis=(0, 3))
        log_mean = np.maximum(nearest, 0) * scale + np.log(kernel / (count * len(squared)))
        found = density_distance(np.asarray(log_mean, np.float32), self._bandwidth)
        return np.where(nearest < FAR / 2, found, np.float32(np.nan)).astype(np.float32)
