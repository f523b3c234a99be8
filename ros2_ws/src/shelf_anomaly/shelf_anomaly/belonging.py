# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
Where in the store a look is normal: at its own place, and in which bays else.

Windows of about one facing are laid over the normal codes of every bay. The mean code of a window
finds those that are worth a closer look; what counts is the distance cell by cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from .artefact import Artefact
from .places import CodePacking, read_packing, WINDOW
from .records import BoolArray, Float32Array

CLOSER = 48  # windows of each bay that are compared cell by cell
OWN_ROWS, OWN_COLS = 3, 2  # cells around a place that are the place itself
PRODUCT_ACTIVITY = 0.6  # windows with less of a view's mean structure may show bare shelf
CHUNK = 65536
PACKED = 0.91
"""Usual correlation of a place with the same place on other patrols, from which goods are packed.
Of 32 bays of five stores of our own and of the reference, those with packages had 0.92 to 0.97,
those with fruit 0.76 to 0.89."""

IntArray = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Likeness:
    """How near a look is to what is normal in a bay."""

    bay: str
    distance: float
    """Of the cells of the best window, root mean squared, as a multiple of the bay's own measure:
    what the looks of its places usually keep from each other from patrol to patrol."""
    row: int
    """Row of the cell in the middle of the best window."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How near a look is to what is normal."""

    own: float
    """At its own place; infinite if that has no normal windows."""
    homes: tuple[Likeness, ...]
    """Products in each bay, away from its own place, best first."""


@dataclass(frozen=True, slots=True)
class _Bay:
    packing: CodePacking
    mean: npt.NDArray[np.float16]
    """Mean codes of the windows, shape ``(windows, dims)``."""
    where: IntArray
    """View, top row and left column of each window, shape ``(windows, 3)``."""
    activity: Float32Array
    """Shape ``(windows,)``: structure, as a part of the view's mean."""
    usual: float
    """The bay's own measure of distances."""
    usual_print: float
    """How the print of a place usually correlates with the same place on another patrol."""

    def not_of(self, without_pass: int | None) -> BoolArray:
        """Return which windows were not seen on one pass."""
        if without_pass is None:
            return np.ones(len(self.where), bool)
        return np.asarray(self.packing.passes[self.where[:, 0]] != without_pass)


class Belonging:
    """Windows of all normal bays."""

    def __init__(self, artefact: Artefact, bays: tuple[str, ...]) -> None:
        """Find the windows of ``bays``; codes stay packed as they lie in the artefact."""
        self._bays = {bay: _windows_of(artefact, bay) for bay in bays}

    def compare(self, looks: Float32Array, bay: str, cell: tuple[int, int]) -> Comparison:
        """
        Compare windows of one place with what is normal.

        :param looks: shape ``(n, rows, cols, dims)``; the nearest of them counts
        :param bay: where they were seen
        :param cell: row and column of the place
        """
        homes = []
        for name, normal in self._bays.items():
            others = normal.activity >= PRODUCT_ACTIVITY
            if name == bay:
                others &= ~_is_near(normal.where, cell)
            if others.any():
                distance, row = _nearest(normal, looks, others)
                homes.append(Likeness(name, distance / normal.usual, row))
        return Comparison(self.own_distance(looks, bay, cell), _best_first(homes))

    def own_distance(
        self,
        looks: Float32Array,
        bay: str,
        cell: tuple[int, int],
        *,
        without_pass: int | None = None,
    ) -> float:
        """Return how far the nearest of ``looks`` is from what is normal at one place."""
        normal = self._bays[bay]
        near = _is_near(normal.where, cell) & normal.not_of(without_pass)
        return _nearest(normal, looks, near)[0] if near.any() else float('inf')

    @property
    def packed(self) -> tuple[str, ...]:
        """Bays whose goods are not loose."""
        return tuple(bay for bay in self._bays if not self.loose(bay))

    def loose(self, bay: str) -> bool:
        """Return whether goods lie about in a bay as they come: fruit in bins."""
        return self._bays[bay].usual_print < PACKED


def mean_of(comparisons: Sequence[Comparison]) -> Comparison:
    """Return the mean of what several views of one place say; bays that all of them know count."""
    names = set.intersection(*({home.bay for home in c.homes} for c in comparisons))
    homes = []
    for name in sorted(names):
        said = [home for c in comparisons for home in c.homes if home.bay == name]
        best = min(said, key=lambda home: home.distance)
        distance = float(np.mean([home.distance for home in said]))
        homes.append(Likeness(name, distance, best.row))
    own = float(np.mean([c.own for c in comparisons]))
    return Comparison(own, _best_first(homes))


def _best_first(homes: Sequence[Likeness]) -> tuple[Likeness, ...]:
    return tuple(sorted(homes, key=lambda home: home.distance))


def _windows_of(artefact: Artefact, bay: str) -> _Bay:
    packing = read_packing(artefact, bay)
    activity = artefact.array(f'{bay}/activity').astype(np.float32)
    rows, cols = WINDOW
    busy = _window_means(activity[..., None])[..., 0]
    means, where, structure = [], [], []
    for view, seen in enumerate(packing.seen):
        whole = _window_means(seen.astype(np.float32)[..., None])[..., 0] > 1 - 0.5 / (rows * cols)
        top, left = np.nonzero(whole)
        mean = _window_means(packing.codes(view))
        means.append(mean[top, left].astype(np.float16))
        where.append(np.stack([np.full(top.size, view), top, left], axis=1).astype(np.int32))
        structure.append(busy[top, left])
    return _Bay(
        packing,
        np.concatenate(means),
        np.concatenate(where),
        np.concatenate(structure),
        usual=float(artefact.array(f'{bay}/usual_distance')),
        usual_print=float(artefact.array(f'{bay}/usual_print')),
    )


def _window_means(values: Float32Array) -> Float32Array:
    """Return each window's mean by its top row and left column, shape ``(rows', cols', dims)``."""
    rows, cols = WINDOW
    mean = cv2.boxFilter(values, -1, (cols, rows), anchor=(0, 0)).reshape(values.shape)
    return np.asarray(mean[: values.shape[0] - rows + 1, : values.shape[1] - cols + 1], np.float32)


def _is_near(where: IntArray, cell: tuple[int, int]) -> BoolArray:
    middle = where[:, 1:] + np.array([WINDOW[0] // 2, WINDOW[1] // 2])
    apart = np.abs(middle - np.array(cell))
    return np.asarray((apart[:, 0] <= OWN_ROWS) & (apart[:, 1] <= OWN_COLS))


def _nearest(normal: _Bay, looks: Float32Array, allowed: BoolArray) -> tuple[float, int]:
    """Return distance and middle row of the nearest pair of a look and an allowed window."""
    chosen = np.flatnonzero(allowed)
    means = looks.mean(axis=(1, 2))
    lengths = (means**2).sum(axis=1)
    rough = np.empty(chosen.size, np.float32)
    for start in range(0, chosen.size, CHUNK):
        part = normal.mean[chosen[start : start + CHUNK]].astype(np.float32)
        squared = (part**2).sum(axis=1)[None] - 2 * means @ part.T + lengths[:, None]
        rough[start : start + CHUNK] = squared.min(axis=0)
    if chosen.size > CLOSER:
        chosen = chosen[np.argpartition(rough, CLOSER)[:CLOSER]]
    windows = np.stack(
        [normal.packing.window(view, top, left) for view, top, left in normal.where[chosen]]
    )
    flat, asked = windows.reshape(len(windows), -1), looks.reshape(len(looks), -1)
    squared = (flat**2).sum(1)[None] - 2 * asked @ flat.T + (asked**2).sum(1)[:, None]
    nearest = chosen[int(squared.min(axis=0).argmin())]
    distance = float(np.sqrt(max(float(squared.min()), 0.0) / (WINDOW[0] * WINDOW[1])))
    return distance, int(normal.where[nearest, 1]) + WINDOW[0] // 2
