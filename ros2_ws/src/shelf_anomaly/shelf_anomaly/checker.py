# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
The photo check: whether a photo of a product area shows what it usually shows.

Without a pose there is no 'same place' to compare with. The default model asks for each cell of
the photo whether it shows a thing that was laid among the goods, and whether the look of the whole
is likely among the product's normal photos. The thesis's model asks whether the code of the whole
photo is likely, and whether it can be reconstructed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
import math
from typing import Any

import cv2
import numpy as np

from .artefact import Artefact
from .density import log_density
from .errors import ArtefactError, FrameError, SettingsError
from .network import Network
from .records import BoolArray, Float32Array, FloatArray, ImageArray, Roi

SMOOTH_CELLS = 0.7
LOOK_WEIGHT = 0.5
ERROR_BANDS = 4  # channels of the thesis's networks: three of code, one of error


@dataclass(frozen=True, slots=True)
class PhotoVerdict:
    """What the check says about one photo."""

    anomalous: bool
    score: float
    """Higher is worse; 0 is where 'anomalous' begins."""
    density: float
    """Log density of the photo's code among the product's normal photos, nats."""
    reconstruction_error: float
    """Mean squared reconstruction error."""
    regions: tuple[Roi, ...]
    """Where it is anomalous, worst first; empty for a normal photo or when only the whole is
    judged."""


@dataclass(frozen=True, slots=True)
class PhotoScores:
    """What a photo shows before any threshold; calibration and check both stand on this."""

    cells: Float32Array
    """Log odds of each cell that it shows something foreign, smoothed, shape ``(rows, cols)``; of
    the thesis's networks, its reconstruction error."""
    error_cells: Float32Array
    """Reconstruction error of each cell, shape ``(rows, cols)``."""
    code: FloatArray
    """The photo's code: the mean over its cells, or all cells of the thesis's; ``(dims,)``."""
    error: float


def fit_photo(image: ImageArray, side_px: int, stride: int, *, square: bool) -> ImageArray:
    """
    Bring a photo to the network's size.

    :param image: shape ``(rows, cols, 3)``, uint8 BGR
    :param side_px: side of a square of the wanted area
    :param square: make it exactly that square, as the thesis did, instead of keeping its shape
    :return: a photo whose sides are multiples of ``stride``
    """
    rows, cols = image.shape[:2]
    if not 0.1 <= rows / cols <= 10:
        raise FrameError(
            'shape',
            f'the photo is {cols}x{rows}; a side more than ten times the other is no product area',
        )
    scale = side_px / math.sqrt(rows * cols)
    if square:
        size = (side_px, side_px)
    else:
        size = (
            max(1, round(cols * scale / stride)) * stride,
            max(1, round(rows * scale / stride)) * stride,
        )
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, size, interpolation=way), np.uint8)


def foreign_cells(code: Float32Array) -> Float32Array:
    """
    Return how likely each cell shows something that does not belong, smoothed.

    :param code: shape ``(rows, cols, dims)``; its first channel is the detector's
    :return: log odds, shape ``(rows, cols)``
    """
    odds = np.ascontiguousarray(code[..., 0], np.float32)
    return np.asarray(
        cv2.GaussianBlur(odds, (0, 0), SMOOTH_CELLS, borderType=cv2.BORDER_REPLICATE), np.float32
    )


def photo_score(highest: float, density: float, limit: Mapping[str, float]) -> float:
    """
    Return how far a photo lies beyond the limits of its product; above 0 it is anomalous.

    A thing among the goods shows in its cells, goods of another kind in the look of the whole. The
    look weighs less, as normal photos differ in it by much.

    :param highest: log odds of the worst cell
    :param density: log density of the whole look, nats
    :param limit: of each the limit, and the spread over normal photos that were left out
    """
    cells = (highest - limit['threshold']) / limit['threshold_spread']
    whole = (limit['density'] - density) / limit['density_spread']
    return max(cells, LOOK_WEIGHT * whole)


class PhotoChecker:
    """Checks photos with one photo model."""

    def __init__(self, artefact: Artefact, threads: int = 2) -> None:
        """
        Load the network.

        :raises ArtefactError: if the artefact is no photo model, or is damaged
        """
        artefact.require('photos')
        products = artefact.manifest.get('products')
        if not isinstance(products, dict) or not products:
            raise ArtefactError(
                f'{artefact.folder}: the manifest names no products; fit the model again'
            )
        self._artefact = artefact
        self._said: Mapping[str, Any] = products
        self.products: tuple[str, ...] = tuple(products)
        """Products that the model knows, in the order of their classes."""
        self._side = int(artefact.number('image_px'))
        self._thesis = artefact.network == 'thesis'
        self._network = Network(
            artefact.network_onnx,
            artefact.stride,
            threads=threads,
            name=str(artefact.folder / 'network.onnx'),
        )

    def check(self, image: ImageArray, product: str) -> PhotoVerdict:
        """
        Check one photo.

        :param image: shape ``(rows, cols, 3)``, uint8 BGR
        :param product: what should be there
        :raises SettingsError: if the model does not know the product, naming those that it knows
        :raises FrameError: if the photo's shape cannot be that of a product area
        """
        if product not in self.products:
            raise SettingsError(f'--product {product}: the model knows {", ".join(self.products)}')
        found = self.scores(image, product)
        density = self.density(found.code, product)
        limit = self._limits(product)
        if self._thesis:
            excess = (
                (limit['density'] - density) / limit['density_spread'],
                (found.error - limit['error']) / limit['error_spread'],
            )
            score = max(excess)
            regions: tuple[Roi, ...] = ()
        else:
            score = photo_score(float(found.cells.max()), density, limit)
            regions = _regions(found.cells, limit['threshold'], image.shape)
        return PhotoVerdict(score > 0, score, density, found.error, regions)

    def scores(self, image: ImageArray, product: str) -> PhotoScores:
        """Return what a photo shows, before any threshold."""
        photo = fit_photo(image, self._side, self._artefact.stride, square=self._thesis)
        code, error = self._network(photo)
        if self._thesis:
            own = self.products.index(product)
            mine = code[..., ERROR_BANDS * own : ERROR_BANDS * (own + 1)]
            error = mine[..., -1]
            whole = mine[..., :-1].astype(np.float64).ravel()
            return PhotoScores(error, error, whole, float(error.mean()))
        pooled = code.mean(axis=(0, 1), dtype=np.float64)
        return PhotoScores(foreign_cells(code), error, pooled, float(error.mean()))

    def density(self, code: FloatArray, product: str) -> float:
        """Return the log density of a photo's code among the product's normal photos, nats."""
        references = self._artefact.array(f'{product}/codes').astype(np.float64)
        dims = references.shape[1] if references.ndim == 2 else 0
        # The default network's code ends with the look of the whole, which has the density; its
        # only reference is the middle of the product's looks.
        if not (dims == code.size if self._thesis else 0 < dims <= code.size):
            raise ArtefactError(
                f'{self._artefact.folder}: codes of {product} are {references.shape}, the network '
                f'gives {code.size}; fit the model again'
            )
        look = code[None, code.size - dims :]
        return float(log_density(look, references, self._limits(product)['bandwidth'])[0])

    def _limits(self, product: str) -> Mapping[str, float]:
        wanted = (
            ('bandwidth', 'density', 'density_spread', 'error', 'error_spread')
            if self._thesis
            else ('bandwidth', 'threshold', 'threshold_spread', 'density', 'density_spread')
        )
        said = self._said[product]
        for key in wanted:
            if not isinstance(said, dict) or not isinstance(said.get(key), (int, float)):
                raise ArtefactError(
                    f'{self._artefact.folder}: the manifest says no {key} of {product}; '
                    'fit the model again'
                )
        return {key: float(said[key]) for key in wanted}


def _regions(cells: Float32Array, threshold: float, shape: tuple[int, ...]) -> tuple[Roi, ...]:
    """Return the rectangles of the photo whose cells reach the threshold, worst first."""
    over: BoolArray = cells > threshold
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(
        over.astype(np.uint8), connectivity=8
    )
    down, across = shape[0] / cells.shape[0], shape[1] / cells.shape[1]
    found = []
    for label in range(1, count):
        left, top, width, height = (int(v) for v in boxes[label][:4])
        roi = Roi(
            round(left * across),
            round(top * down),
            max(1, round(width * across)),
            max(1, round(height * down)),
        )
        found.append((float(cells[labels == label].max()), roi))
    return tuple(roi for _, roi in sorted(found, key=lambda item: -item[0]))
