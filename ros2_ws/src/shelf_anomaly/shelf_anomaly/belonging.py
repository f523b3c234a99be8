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

IntArray = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Home:
    """A bay where a look is normal."""

    bay: str
    distance: float
    """Root mean squared distance of the cells of the best window."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How near a look is to what is normal."""

    own: float
    """At its own place; infinite if that has no normal windows."""
    homes: tuple[Home, ...]
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


class Belonging:
    """Windows of all normal bays."""

    def __init__(self, artefact: Artefact, bays: tuple[str, ...], look_dims: int) -> None:
        """Find the windows of ``bays``; codes stay packed as they lie in the artefact."""
        self.look_dims = look_dims
        self._bays = {bay: _windows_of(artefact, bay, look_dims) for bay in bays}

    def compare(
        self,
        looks: Float32Array,
        bay: str,
        cell: tuple[int, int],
        *,
        without_pass: int | None = None,
    ) -> Comparison:
        """
        Compare windows of one place with what is normal.

        :param looks: shape ``(n, rows, cols, look_dims)``; the nearest of them counts
        :param bay: where they were seen
        :param cell: row and column of the place
        :param without_pass: leave out what was seen on this pass (for calibration)
        """
        own, homes = float('inf'), []
        for name, normal in self._bays.items():
            near = (
                _is_near(normal.where, cell) if name == bay else np.zeros(len(normal.where), bool)
            )
            here = np.ones(len(normal.where), bool)
            if without_pass is not None:
                here &= normal.packing.passes[normal.where[:, 0]] != without_pass
            if name == bay and (near & here).any():
                own = _nearest(normal, looks, near & here, self.look_dims)
            others = (normal.activity >= PRODUCT_ACTIVITY) & here & ~near
            if others.any():
                homes.append(Home(name, _nearest(normal, looks, others, self.look_dims)))
        return Comparison(own, _best_first(homes))

    def own_distance(self, looks: Float32Array, bay: str, cell: tuple[int, int]) -> float:
        """Return how far the nearest of ``looks`` is from what is normal at one place."""
        normal = self._bays[bay]
        near = _is_near(normal.where, cell)
        return _nearest(normal, looks, near, self.look_dims) if near.any() else float('inf')


def mean_of(comparisons: Sequence[Comparison]) -> Comparison:
    """Return the mean of what several views of one place say; bays that all of them know count."""
    names = set.intersection(*({home.bay for home in c.homes} for c in comparisons))
    homes = [
        Home(
            name,
            float(np.mean([h.distance for c in comparisons for h in c.homes if h.bay == name])),
        )
        for name in sorted(names)
    ]
    own = float(np.mean([c.own for c in comparisons]))
    return Comparison(own, _best_first(homes))


def _best_first(homes: Sequence[Home]) -> tuple[Home, ...]:
    return tuple(sorted(homes, key=lambda home: home.distance))


def _windows_of(artefact: Artefact, bay: str, look_dims: int) -> _Bay:
    packing = read_packing(artefact, bay)
    activity = artefact.array(f'{bay}/activity').astype(np.float32)
    rows, cols = WINDOW
    busy = _window_means(activity[..., None])[..., 0]
    means, where, structure = [], [], []
    for view, seen in enumerate(packing.seen):
        whole = _window_means(seen.astype(np.float32)[..., None])[..., 0] > 1 - 0.5 / (rows * cols)
        top, left = np.nonzero(whole)
        mean = _window_means(packing.codes(view, look_dims))
        means.append(mean[top, left].astype(np.float16))
        where.append(np.stack([np.full(top.size, view), top, left], axis=1).astype(np.int32))
        structure.append(busy[top, left])
    return _Bay(packing, np.concatenate(means), np.concatenate(where), np.concatenate(structure))


def _window_means(values: Float32Array) -> Float32Array:
    """Return each window's mean by its top row and left column, shape ``(rows', cols', dims)``."""
    rows, cols = WINDOW
    mean = np.stack(
        [
            cv2.boxFilter(np.ascontiguousarray(values[..., i]), -1, (cols, rows), anchor=(0, 0))
            for i in range(values.shape[2])
        ],
        axis=-1,
    )
    return np.asarray(mean[: values.shape[0] - rows + 1, : values.shape[1] - cols + 1], np.float32)


def _is_near(where: IntArray, cell: tuple[int, int]) -> BoolArray:
    middle = where[:, 1:] + np.array([WINDOW[0] // 2, WINDOW[1] // 2])
    apart = np.abs(middle - np.array(cell))
    return np.asarray((apart[:, 0] <= OWN_ROWS) & (apart[:, 1] <= OWN_COLS))


def _nearest(normal: _Bay, looks: Float32Array, allowed: BoolArray, look_dims: int) -> float:
    """Return the distance of the nearest pair of a look and an allowed window."""
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
        [
            normal.packing.window(view, top, left, look_dims)
            for view, top, left in normal.where[chosen]
        ]
    )
    flat, asked = windows.reshape(len(windows), -1), looks.reshape(len(looks), -1)
    squared = (flat**2).sum(1)[None] - 2 * asked @ flat.T + (asked**2).sum(1)[:, None]
    return float(np.sqrt(max(float(squared.min()), 0.0) / (WINDOW[0] * WINDOW[1])))
