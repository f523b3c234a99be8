# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
Of what kind a finding is, and why.

In this order: a place without its usual structure is empty (gap); what fits its own place well
when it is turned by a quarter lies (fallen); what looks like what is normal in some bay belongs
there (misplaced); the rest belongs nowhere (foreign).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from .bay_pass import BayPass
from .belonging import Belonging, Comparison, Home, mean_of
from .looks import windows_around, windows_turned
from .network import Network
from .places import decode_picture, NormalBay
from .records import BayView, Float32Array, ImageArray, Kind
from .scoring import PATCH_M, window_mean

VIEWS = 2  # the most frontal views of the place, which are asked together
BARE = 0.5  # part of the usual structure below which a place is empty
RICH = 1.4  # a lying product shows no more structure than it does upright
TURNED = 1.2
"""A thing lies if its quarter turn is not farther than so many times its upright look from what is
normal around its place. Upright, its neighbours fit, too; what stands fits turned at 1.4 times."""
ROUND = 1.35  # goods that fit as well when they are turned (a heap of fruit) cannot be seen to lie


@dataclass(frozen=True, slots=True)
class Naming:
    """The kind of a finding, and what speaks for it."""

    kind: Kind
    homes: tuple[Home, ...]
    """Bays where such a thing is normal, best first; empty unless misplaced."""
    reason: str


class Namer:
    """Tells kinds, with the looks of all normal bays."""

    def __init__(self, network: Network, belonging: Belonging, at_home: float) -> None:
        """
        Prepare.

        :param at_home: distance up to which a look counts as normal in a bay
        """
        self._network = network
        self._belonging = belonging
        self._at_home = at_home

    def name(self, seen: BayPass, normal: NormalBay, cell: tuple[int, int]) -> Naming:
        """
        Tell the kind of what stands out at a place.

        :param seen: the pass that it was found in
        :param cell: row and column of the place
        """
        views = [seen.views[i] for i in seen.views_of(*cell)[:VIEWS]]
        structure = self._structure(seen, normal, cell)
        if structure < BARE:
            return _gap(structure)
        if not views:
            return Naming(Kind.UNKNOWN, (), 'not normal at this place')
        if structure < RICH and self._lies(views[0], normal, cell):
            return Naming(Kind.FALLEN, (), 'looks like what is normal here, turned by a quarter')
        found = self._compare(views, cell)
        near = tuple(home for home in found.homes if home.distance <= self._at_home)
        if near:
            return Naming(Kind.MISPLACED, near, f'looks like what is normal in {near[0].bay}')
        return Naming(Kind.FOREIGN, (), 'looks like nothing that is normal in this store')

    def _structure(self, seen: BayPass, normal: NormalBay, cell: tuple[int, int]) -> float:
        """Return which part of its usual structure a place shows; 1 where that is not known."""
        cell_m = seen.scores[0].cell_m
        shown = float(activity_of(seen, cell_m)[cell])
        usual = float(window_mean(normal.activity, cell_m, PATCH_M)[cell])
        return shown / usual if np.isfinite(shown) and np.isfinite(usual) and usual > 0 else 1.0

    def _lies(self, view: BayView, normal: NormalBay, cell: tuple[int, int]) -> bool:
        if self._turned_over_upright(view.image, view.bay, cell) > TURNED:
            return False
        usual = decode_picture(normal.picture)
        size = (view.image.shape[1], view.image.shape[0])
        usual = np.asarray(cv2.resize(usual, size, interpolation=cv2.INTER_LINEAR), np.uint8)
        return self._turned_over_upright(usual, view.bay, cell) >= ROUND

    def _turned_over_upright(self, image: ImageArray, bay: str, cell: tuple[int, int]) -> float:
        """Return how many times farther from normal a place is when it is turned by a quarter."""
        upright, turned = windows_turned(
            image, self._middle(cell), self._network, self._belonging.look_dims
        )
        standing = self._belonging.own_distance(upright, bay, cell)
        lying = self._belonging.own_distance(turned, bay, cell)
        return lying / standing if standing > 0 and np.isfinite(lying) else float('inf')

    def _compare(self, views: Sequence[BayView], cell: tuple[int, int]) -> Comparison:
        dims = self._belonging.look_dims
        looks = [windows_around(v.image, self._middle(cell), self._network, dims) for v in views]
        return mean_of(
            [
                self._belonging.compare(look, v.bay, cell)
                for look, v in zip(looks, views, strict=True)
            ]
        )

    def _middle(self, cell: tuple[int, int]) -> tuple[float, float]:
        """Return column and row in pixels of the middle of a cell."""
        stride = self._network.stride
        return (cell[1] + 0.5) * stride, (cell[0] + 0.5) * stride


def _gap(structure: float) -> Naming:
    return Naming(
        Kind.GAP, (), f'nothing stands here: {structure:.0%} of the usual structure is seen'
    )


def activity_of(seen: BayPass, cell_m: float) -> Float32Array:
    """Return the pass's mean structure through a facing's window, shape ``(rows, cols)``."""
    total = np.stack(
        [np.where(np.isfinite(s.distance[0]), s.activity, np.nan) for s in seen.scores]
    )
    known = np.isfinite(total)
    mean = np.where(
        known.any(0), np.nan_to_num(total).sum(0) / np.maximum(known.sum(0), 1), np.nan
    )
    return window_mean(mean.astype(np.float32), cell_m, PATCH_M)
