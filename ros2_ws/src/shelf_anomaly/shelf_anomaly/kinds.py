# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
Of what kind a finding is, and why.

In this order: what is printed like what stands here once it is turned by a quarter lies (fallen),
unless the place shows next to nothing; a place without its usual structure, or a column of the
board that shows much less than ever, is empty (gap); what looks like it when it is turned lies,
too; what is printed or looks like what is normal in some bay belongs there (misplaced); the rest
belongs nowhere (foreign).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
import math

import cv2
import numpy as np

from .bareness import Bare
from .bay_pass import BayPass
from .belonging import Belonging, Comparison, mean_of
from .colours import contrast
from .hues import Hues
from .looks import windows_around, windows_turned
from .network import Network
from .places import decode_picture, NormalBay
from .prints import Match, Prints
from .records import BayView, Home, ImageArray, Kind
from .signs import Signs
from .store_layout import StoreLayout
from .template_match import NOTHING

VIEWS = 2  # the most frontal views of the place, whose looks are compared together
PRINT_VIEWS = 3  # the same, of prints
BARE = 0.57  # part of the usual structure below which a place is empty
EMPTIED, EMPTIED_STRUCTURE = 1.1, 1.0
"""Logarithm of how many times less a column of the board shows than it ever did, from which it is
empty, and the part of the usual structure that may be seen around it: 93 of 95 gaps of twelve
stores of our own are told by this or by what is bare, 82 by that alone; it names 3 of 413 other
faults on boards."""
NOT_LYING = 0.6
"""The same logarithm, from which what is bare is no lying thing, whatever the print beside it: of
74 gaps of nine stores of our own 66 were bare and above it, of 73 fallen things none."""
OTHER_THING = 0.74
"""Correlation with what is normal at a bare place, below which something smooth stands there: of
40 gaps of six stores 1 had less, of 9 smooth things 6."""
OTHER_BRIGHT = 0.82
"""The same of a bright place whose column is emptied: the five bright gaps of nine stores of our
own had 0.85 to 0.93, four smooth white things 0.55 to 0.78."""
RICH = 1.4  # a look that fits turned is of a lying product if it shows no more structure
TURNED = 1.2
"""A thing lies if its quarter turn is not farther than so many times its upright look from what is
normal around its place. Upright, its neighbours fit, too; what stands fits turned at 1.4 times."""
ROUND = 1.35  # goods that fit as well when they are turned (a heap of fruit) cannot be seen to lie
SAME_PRINT = 0.9  # likeness from which two fronts are one product
AT_HOME = (
    1.0  # a look that is as near as half of a bay's own looks are to their place belongs there
)
PRINT_EVEN, PRINT_SLOPE = 0.91, 42.5
DROPPED_SURE, LOOKS_SURE, HUES_SURE = 0.9, 0.5, 0.3
"""
Confidences: a logistic curve of the likeness, even at PRINT_EVEN, fitted on the bays that were
compared with 180 things of eight stores of our own. Dropped things were right in 9 of 9 cases. The
other signs are weaker, and too few to measure.
"""
HUES, HUES_MORE = 0.55, 0.1
"""Loose goods belong to the bay of loose goods that has so many of their hues, and more than all
packed bays."""


@dataclass(frozen=True, slots=True)
class Naming:
    """The kind of a finding, and what speaks for it."""

    kind: Kind
    homes: tuple[Home, ...]
    """Where such a thing is normal, best first; empty unless misplaced."""
    reason: str


class Namer:
    """Tells kinds, with the looks of all normal bays."""

    def __init__(
        self,
        store: StoreLayout,
        network: Network,
        belonging: Belonging,
        prints: Prints,
        hues: Hues,
        signs: Signs,
    ) -> None:
        """Prepare; the levels of homes are those of ``store``."""
        self._signs = signs
        self._store = store
        self._hues = hues
        self._network = network
        self._belonging = belonging
        self._prints = prints

    def name(
        self,
        seen: BayPass,
        normal: NormalBay,
        bare: Bare,
        cell: tuple[int, int],
        middle: tuple[float, float] | None = None,
    ) -> Naming:
        """
        Tell the kind of what stands out at a place.

        :param seen: the pass that it was found in
        :param bare: how bare the place is
        :param cell: row and column of the place
        :param middle: row and column of the middle of all that stands out there, in cells
        """
        views = [seen.views[i] for i in seen.views_of(*cell)[:PRINT_VIEWS]]
        middle = middle or (cell[0] + 0.5, cell[1] + 0.5)
        fallen = Naming(Kind.FALLEN, (), 'looks like what is normal here, turned by a quarter')
        packed = not self._belonging.loose(seen.bay)
        nothing = bare.structure < BARE and bare.emptied > NOT_LYING
        if packed and not nothing and self._signs.lying_in_most(views, middle):
            return fallen
        if bare.structure < BARE and not (views and self._stands(views[0], cell, middle)):
            return _gap(bare.structure)
        if not views:
            return Naming(Kind.UNKNOWN, (), 'not normal at this place')
        emptied = bare.emptied > EMPTIED and bare.structure < EMPTIED_STRUCTURE
        if packed and emptied and not self._stands(views[0], cell, middle, emptied=True):
            return _gap(math.exp(-bare.emptied))
        if packed and bare.structure < RICH and self._lies(views[0], normal, cell):
            return fallen
        homes = self._homes(views, cell, middle)
        if homes:
            return Naming(Kind.MISPLACED, homes, f'looks like what is normal in {homes[0].bay}')
        return Naming(Kind.FOREIGN, (), 'looks like nothing that is normal in this store')

    def _stands(
        self,
        view: BayView,
        cell: tuple[int, int],
        middle: tuple[float, float],
        *,
        emptied: bool = False,
    ) -> bool:
        """
        Return whether something smooth stands at a place: of its own colour or print.

        :param emptied: its column shows much less than ever; only what is bright counts then
        """
        shown = contrast(view, cell, self._network.stride)
        if shown.coloured:
            return True
        if emptied and not shown.bright:
            return False
        own = self._prints.at_place(view, self._signs.pixel(middle)).score
        return NOTHING < own < (OTHER_BRIGHT if emptied else OTHER_THING)

    def _lies(self, view: BayView, normal: NormalBay, cell: tuple[int, int]) -> bool:
        if self._turned_over_upright(view.image, view.bay, cell) > TURNED:
            return False
        usual = decode_picture(normal.picture)
        size = (view.image.shape[1], view.image.shape[0])
        usual = np.asarray(cv2.resize(usual, size, interpolation=cv2.INTER_LINEAR), np.uint8)
        return self._turned_over_upright(usual, view.bay, cell) >= ROUND

    def _turned_over_upright(self, image: ImageArray, bay: str, cell: tuple[int, int]) -> float:
        """Return how many times farther from normal a place is when it is turned by a quarter."""
        upright, turned = windows_turned(image, self._middle(cell), self._network)
        standing = self._belonging.own_distance(upright, bay, cell)
        lying = self._belonging.own_distance(turned, bay, cell)
        return lying / standing if standing > 0 and np.isfinite(lying) else float('inf')

    def _homes(
        self, views: Sequence[BayView], cell: tuple[int, int], centre: tuple[float, float]
    ) -> tuple[Home, ...]:
        """Return the places where what stands at a place belongs, best first, a bay once."""
        own, middle = views[0], self._signs.pixel(centre)
        homes = self._printed(self._prints.correlations(views, middle), SAME_PRINT, own)
        for look in self._compare(views[:VIEWS], cell).homes:
            if look.distance <= AT_HOME:
                down_m = (look.row + 0.5) * self._network.stride / own.px_per_m
                homes.append(Home(look.bay, self._level(look.bay, down_m, own), LOOKS_SURE))
        if not homes and self._belonging.loose(own.bay):
            dropped = self._signs.dropped(own, middle)
            homes = [
                Home(bay, self._level(bay, match.down_m, own), DROPPED_SURE)
                for bay, match in dropped.items()
            ]
        elif not homes:
            loose = self._homes_of_loose(own, middle)
            homes = [Home(bay, None, HUES_SURE) for bay in loose]
        first: dict[str, Home] = {}
        for home in homes:
            first.setdefault(home.bay, home)
        return tuple(first.values())

    def _printed(self, matches: Mapping[str, Match], least: float, view: BayView) -> list[Home]:
        alike = [(bay, match) for bay, match in matches.items() if match.likeness >= least]
        return [
            Home(bay, self._level(bay, match.down_m, view), _sure(match.likeness))
            for bay, match in sorted(alike, key=lambda pair: -pair[1].likeness)
        ]

    def _level(self, bay: str, down_m: float, view: BayView) -> int:
        """Return the level at so many metres below the upper edge of a bay's views."""
        home = self._store.bay(bay)
        return home.level_at(home.height + view.margin_m - down_m)

    def _homes_of_loose(self, view: BayView, middle: tuple[float, float]) -> list[str]:
        """Return the bays of loose goods that share a place's hues, unless packed ones do."""
        alike = self._hues.alike(view, middle)
        packed = [share for bay, share in alike.items() if not self._belonging.loose(bay)]
        least = max([HUES, *(share + HUES_MORE for share in packed)])
        return [bay for bay in _above(alike, least) if self._belonging.loose(bay)]

    def _compare(self, views: Sequence[BayView], cell: tuple[int, int]) -> Comparison:
        looks = [windows_around(v.image, self._middle(cell), self._network) for v in views]
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


def _above(scores: Mapping[str, float], least: float) -> list[str]:
    """Return the bays that reach ``least``, best first."""
    best_first = sorted(scores.items(), key=lambda item: -item[1])
    return [bay for bay, score in best_first if score >= least]


def _sure(likeness: float) -> float:
    """Return the chance that a thing is at home where a front is so much alike."""
    return 1 / (1 + math.exp(-PRINT_SLOPE * (likeness - PRINT_EVEN)))


def _gap(structure: float) -> Naming:
    return Naming(
        Kind.GAP, (), f'nothing stands here: {structure:.0%} of the usual structure is seen'
    )
