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

from collections.abc import Iterator
from dataclasses import dataclass
import math

import cv2
import numpy as np
import numpy.typing as npt

from .records import BoolArray, Float32Array, FloatArray

FAR = np.float32(1e6)
BLOCK = 8  # columns evaluated in one matrix product


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
    # boxFilter takes up to 4 channels fast and any number correctly on recent OpenCV; planes keep
    # it simple.
    total = np.stack(
        [
            cv2.boxFilter(
                np.ascontiguousarray(code[..., i]) * mask,
                -1,
                window,
                normalize=False,
                borderType=cv2.BORDER_CONSTANT,
            )
            for i in range(code.shape[2])
        ],
        axis=-1,
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
        self._offsets = references.offsets_m
        self._passes = references.passes
        n, self._rows, self._cols, dims = references.codes.shape
        r, c = neighbourhood.rows, neighbourhood.cols
        shape = (self._rows + 2 * r, n, self._cols + 2 * c)
        self._codes = np.zeros((*shape, dims), np.float32)
        self._codes[r : r + self._rows, :, c : c + self._cols] = references.codes.transpose(
            1, 0, 2, 3
        )
        self._norms = np.full(shape, FAR, np.float32)
        inner = np.einsum('nrcd,nrcd->rnc', references.codes, references.codes)
        self._norms[r : r + self._rows, :, c : c + self._cols] = np.where(
            references.seen.transpose(1, 0, 2), inner, FAR
        )

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
        chosen = self._chosen(offset_m, without_pass)
        if chosen.size == 0:
            return out
        for start, stop in self._blocks(seen):
            out[:, start:stop] = self._block(code, chosen, start, stop)
        out[~seen] = np.nan
        return out

    def _chosen(self, offset_m: float, without_pass: int | None) -> npt.NDArray[np.int64]:
        keep = np.abs(self._offsets - offset_m) <= self._near.offset_m
        if without_pass is not None:
            keep &= self._passes != without_pass
        return np.flatnonzero(keep)

    def _blocks(self, seen: BoolArray) -> Iterator[tuple[int, int]]:
        columns = np.flatnonzero(seen.any(axis=0))
        if columns.size:
            for start in range(int(columns[0]), int(columns[-1]) + 1, BLOCK):
                yield start, min(start + BLOCK, int(columns[-1]) + 1)

    def _block(
        self, code: Float32Array, chosen: npt.NDArray[np.int64], start: int, stop: int
    ) -> Float32Array:
        near, width = self._near, stop - start
        span = width + 2 * near.cols
        query = code[:, start:stop]
        lengths = np.einsum('rcd,rcd->rc', query, query)
        # (width, span): which columns count as the same place
        shift = np.arange(span)[None, :] - near.cols - np.arange(width)[:, None]
        apart = np.where(np.abs(shift) <= near.cols, np.float32(0), FAR)
        squared = []
        for up in range(2 * near.rows + 1):
            codes = self._codes[up : up + self._rows, chosen, start : start + span]
            norms = self._norms[up : up + self._rows, chosen, start : start + span]
            product = np.matmul(
                query, codes.reshape(self._rows, -1, codes.shape[-1]).transpose(0, 2, 1)
            )
            product *= -2
            product = product.reshape(self._rows, width, chosen.size, span)
            product += norms[:, None]
            product += apart[None, :, None, :]
            squared.append(product.reshape(self._rows, width, -1))
        together = np.concatenate(squared, axis=2)
        together += lengths[..., None]
        nearest = together.min(axis=2)
        together -= nearest[..., None]
        together *= np.float32(-1 / (2 * self._bandwidth**2))
        np.maximum(together, np.float32(-60), out=together)
        kernel = np.exp(together, out=together).sum(axis=2)
        count = chosen.size * (2 * near.rows + 1) * (2 * near.cols + 1)
        log_mean = -np.maximum(nearest, 0) / (2 * self._bandwidth**2) + np.log(kernel / count)
        found = density_distance(np.asarray(log_mean, np.float32), self._bandwidth)
        return np.where(nearest < FAR / 2, found, np.float32(np.nan)).astype(np.float32)
