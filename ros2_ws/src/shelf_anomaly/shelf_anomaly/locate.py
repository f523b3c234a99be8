# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
From a free photo of an item to the places of the store where such an item is normal.

A photo has no pose and no scale. It is brought to several sizes, the network codes each, and the
cells around the photo's centre, the middle ones counting most, are laid over every position of
every bay's normal codes: template matching in code space. How well a position fits is told in
standard deviations of all positions of the store, so that a size at which everything looks alike
does not win. No planogram is needed; where there is one it names the SKU.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
import math

import cv2
import numpy as np

from .artefact import Artefact
from .errors import ArtefactError, FrameError
from .network import Network
from .places import bays_of, decode_picture, unpack
from .planogram import sku_at
from .records import BoolArray, Box, Float32Array, ImageArray
from .store_layout import StoreLayout

HEIGHTS_M = (0.18, 0.23, 0.3, 0.4)
"""Heights of what the photo shows: packages of 10 to 30 cm that fill half of it or more."""
CORE = 0.25
"""Standard deviation of the cells' weights, in halves of the photo's sides."""
LIGHTEST = 0.3
"""Cells of less weight than this part of the highest are left out."""
VIEWS = 4
"""Normal views of a bay that are compared: more say little more."""
MAX_RATIO = 4.0
MAX_SIDE_PX = 1600
MIN_SIDE_PX = 48
SHARPNESS = 3.0
KNOWN_AT, KNOWN_SLOPE = 1.5, 1.0
"""
What turns fits into confidences: a soft choice among the bays (SHARPNESS per standard deviation),
times a logistic curve of the best fit. Fitted by the likelihood of 150 photos of the simulated
store, a third of them of things that it does not have: of photos with a confidence of 0.2 to 0.4,
0.4 to 0.6, 0.6 to 0.8 and above, 0.37, 0.60, 0.60 and 0.80 were answered rightly. A thing that is
at home nowhere fits nearly as well as one that is: a low confidence says "unsure", not "foreign".
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A place where an item like that of the photo is normal."""

    bay: str
    aisle: str
    level: int
    """0 is the lowest."""
    box: Box
    """What of the bay was compared, in shelf coordinates, metres."""
    confidence: float
    """0..1: how likely it is that this bay is the item's home."""
    fit: float
    """Standard deviations by which it is nearer to the photo than the store's places are."""
    sku: str = ''
    """What the planogram has there; empty without one."""


@dataclass(frozen=True, slots=True)
class _Template:
    codes: Float32Array
    """Shape ``(rows, cols, dims)``."""
    weights: Float32Array
    """Shape ``(rows, cols)``; their sum is 1."""


@dataclass(frozen=True, slots=True)
class _Normal:
    bay: str
    codes: Float32Array
    """Shape ``(views * rows * cols, dims)``."""
    seen: BoolArray
    """Shape ``(views, rows, cols)``."""
    picture: bytes
    picture_px_per_m: float


class ItemLocator:
    """Answers where an item is at home, from one artefact; holds its normal codes in memory."""

    def __init__(self, artefact: Artefact, store: StoreLayout, *, threads: int = 2) -> None:
        """
        Unpack what is normal in every bay.

        :raises ArtefactError: if the artefact is damaged or was made for another store
        """
        artefact.require('bays')
        known = bays_of(artefact.arrays)
        bays = [bay for bay in store.bays if bay in known]
        if artefact.store != store.store or not bays:
            raise ArtefactError(
                f'{artefact.folder}: was fitted on store {artefact.store!r}, but {store.source} '
                f'is store {store.store!r}; pass the store.yaml that the model was fitted with'
            )
        self._store = store
        self._network = Network(artefact.network_onnx, artefact.stride, threads=threads)
        self._px_per_m = artefact.number('px_per_m')
        self.margin_m = artefact.number('margin_m')
        self._cell_m = artefact.stride / self._px_per_m
        # Where a thing stands tells nothing here: of the code only what it looks like.
        self._normals = [_normal(artefact, bay) for bay in bays]

    def locate(self, photo: ImageArray, max_places: int = 3) -> list[Place]:
        """
        Return the places where the item in the middle of a photo is normal, best first.

        :param photo: shape ``(rows, cols, 3)``, uint8 BGR, upright; the item fills half of it or
            more and stands in its middle
        :param max_places: at most one place a bay
        :raises FrameError: if it is no photo, or too small or too narrow to be one of an item
        """
        image = _checked(photo)
        templates = list(self._templates(image))
        found: dict[str, tuple[float, int, int, int]] = {}
        maps = [self._maps(templates, normal) for normal in self._normals]
        for index in range(len(templates)):
            known = [m[index][np.isfinite(m[index])] for m in maps]
            values = np.concatenate(known)
            if values.size < 2:
                continue
            mean, spread = float(values.mean()), float(values.std()) + 1e-6
            for normal, bay_maps in zip(self._normals, maps, strict=True):
                distances = bay_maps[index]
                if not np.isfinite(distances).any():
                    continue
                row, col = np.unravel_index(int(distances.argmin()), distances.shape)
                fit = (mean - float(distances[row, col])) / spread
                if normal.bay not in found or fit > found[normal.bay][0]:
                    found[normal.bay] = (fit, index, int(row), int(col))
        ordered = sorted(found.items(), key=lambda item: -item[1][0])
        sure = confidences([fit for _, (fit, _, _, _) in ordered])
        return [
            self._place(bay, at, templates[at[1]], confidence)
            for (bay, at), confidence in list(zip(ordered, sure, strict=True))[:max_places]
        ]

    def picture(self, bay: str) -> tuple[ImageArray, float]:
        """Return the bay in its normal state, the whole view, and its pixels per metre."""
        for normal in self._normals:
            if normal.bay == bay:
                return decode_picture(normal.picture), normal.picture_px_per_m
        raise ArtefactError(f'bay {bay!r}: the model does not know it')

    def _templates(self, image: ImageArray) -> Iterator[_Template]:
        stride = self._network.stride
        for height_m in HEIGHTS_M:
            rows_px = max(3 * stride, round(height_m * self._px_per_m))
            scale = rows_px / image.shape[0]
            cols_px = max(2 * stride, round(image.shape[1] * scale))
            small = cv2.resize(image, (cols_px, rows_px), interpolation=cv2.INTER_AREA)
            code = self._network(np.asarray(small, np.uint8))[0]
            y = (np.arange(code.shape[0]) + 0.5) * stride / rows_px * 2 - 1
            x = (np.arange(code.shape[1]) + 0.5) * stride / cols_px * 2 - 1
            weights = np.exp(-0.5 * ((y[:, None] / CORE) ** 2 + (x[None, :] / CORE) ** 2))
            counts = weights > LIGHTEST * weights.max()
            rows, cols = np.flatnonzero(counts.any(axis=1)), np.flatnonzero(counts.any(axis=0))
            part = slice(rows[0], rows[-1] + 1), slice(cols[0], cols[-1] + 1)
            inner = (weights * counts)[part]
            yield _Template(code[part], np.asarray(inner / inner.sum(), np.float32))

    def _maps(self, templates: Sequence[_Template], normal: _Normal) -> list[Float32Array]:
        """Return for each template its distance at every position, shape ``(rows', cols')``."""
        views, rows, cols = normal.seen.shape
        lengths = (normal.codes**2).sum(axis=1)
        maps: list[Float32Array] = []
        for template in templates:
            high, wide = template.weights.shape
            down, across = rows - high + 1, cols - wide + 1
            if down < 1 or across < 1:
                maps.append(np.full((1, 1), np.inf, np.float32))
                continue
            total = np.zeros((views, down, across), np.float32)
            known = np.ones(total.shape, bool)
            for i, j in zip(*np.nonzero(template.weights), strict=True):
                code = template.codes[i, j]
                squared = lengths + float(code @ code) - 2 * (normal.codes @ code)
                distance = np.sqrt(np.maximum(squared, 0)).reshape(views, rows, cols)
                window = slice(None), slice(i, i + down), slice(j, j + across)
                total += template.weights[i, j] * distance[window]
                known &= normal.seen[window]
            maps.append(np.where(known, total, np.inf).min(axis=0).astype(np.float32))
        return maps

    def _place(
        self,
        bay_id: str,
        at: tuple[float, int, int, int],
        template: _Template,
        confidence: float,
    ) -> Place:
        fit, _, row, col = at
        bay = self._store.bay(bay_id)
        high, wide = template.weights.shape
        x = (col + wide / 2) * self._cell_m - self.margin_m
        y = bay.height + self.margin_m - (row + high / 2) * self._cell_m
        box = Box(
            float(np.clip(x, 0, bay.width)),
            float(np.clip(y, 0, bay.height)),
            wide * self._cell_m,
            high * self._cell_m,
        )
        return Place(
            bay=bay_id,
            aisle=bay.aisle,
            level=bay.level_at(box.y),
            box=box,
            confidence=confidence,
            fit=fit,
            sku=sku_at(bay, box.x, box.y),
        )


def confidences(fits: Sequence[float]) -> list[float]:
    """
    Return how likely each bay is the home, 0..1, from the fits of all bays, best first.

    Bays that fit alike share the confidence; all together stay below 1.
    """
    if not fits:
        return []
    known = 1 / (1 + math.exp(-KNOWN_SLOPE * (fits[0] - KNOWN_AT)))
    shares = np.exp(SHARPNESS * (np.asarray(fits) - fits[0]))
    return [float(known * share) for share in shares / shares.sum()]


def _normal(artefact: Artefact, bay: str) -> _Normal:
    normal = unpack(artefact, bay)
    codes, seen = normal.references.codes, normal.references.seen
    chosen = np.unique(np.linspace(0, len(codes) - 1, VIEWS).round().astype(int))
    return _Normal(
        bay,
        np.ascontiguousarray(codes[chosen].reshape(-1, codes.shape[-1]), np.float32),
        seen[chosen],
        normal.picture,
        normal.picture_px_per_m,
    )


def _checked(photo: ImageArray) -> ImageArray:
    """Refuse what is no photo of an item, and bring a large one to a usual size."""
    if photo.ndim != 3 or photo.shape[2] != 3 or photo.dtype != np.uint8:
        raise FrameError('not_an_image', f'photo: {photo.dtype} {photo.shape} is no BGR picture')
    rows, cols = photo.shape[:2]
    if min(rows, cols) < MIN_SIDE_PX:
        raise FrameError(
            'size', f'photo: {cols}x{rows} pixels; at least {MIN_SIDE_PX} a side are needed'
        )
    if max(rows, cols) > MAX_RATIO * min(rows, cols):
        raise FrameError(
            'shape',
            f'photo: {cols}x{rows}; a side more than {MAX_RATIO:g} times the other is no photo of '
            'an item; cut it so that the item fills most of it',
        )
    if max(rows, cols) <= MAX_SIDE_PX:
        return photo
    scale = MAX_SIDE_PX / max(rows, cols)
    size = (max(1, round(cols * scale)), max(1, round(rows * scale)))
    return np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), np.uint8)
