# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
What a place shows beside how far its codes are from normal: its structure, colour and print.

Codes say how unusual a place is, and unusual is also a row that was pulled to the back. A print
that is not what stands here, but stands elsewhere or stands here when it is turned, or a place
that is bare, is a sign of a fault by itself; the usual print, though farther back, one that all is
well. What shows a sign counts more or less, on normal passes as on others, so the false-alarm
budget stays what it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

import numpy as np

from .bareness import Bare, Bareness, structure_of
from .bay_pass import BayPass
from .belonging import Belonging
from .colours import colour_spread, contrast
from .middles import middle_of
from .pieces import SIZE_M
from .places import NormalBay
from .prints import Match, mean_match, Prints, SLOT_M
from .records import BayView, Float32Array
from .scoring import CODE_CHANNELS, highest, peaks, weighed
from .store_layout import StoreLayout
from .template_match import NOTHING
from .weights import BARE, CLOSER, PlaceSigns, USUAL, weight

LOOKED_AT = 2.5
"""Score from which maxima are looked at, which takes time. Below any usual threshold: once all are
weighed, that for one false alarm per aisle and patrol lies at 3.8 to 5.2."""
ELSEWHERE = 0.9  # correlation from which a thing may be what stands elsewhere
VIEWS = 2  # that are compared with what stands elsewhere
CLEAR_M = 0.02  # between a piece of goods and the boards and uprights beside it
VIEWS_AT_HOME = 3  # that are compared with what is normal at the place
BEHIND_M = (0.0, 0.04, 0.08)
"""How much higher than in front the same thing appears on the lowest board, on which the camera
looks down, where it stands a row farther back. Half of the false alarms were at the feet of goods
there."""
AT_HOME, AT_HOME_STRUCTURE = 0.93, 0.6
"""Likeness to the usual print from which on nothing else stands here, and how much of the
usual structure must be there, as a gap shows what stands beside it."""
FARTHER = (0.88, 0.94, 1.0, 1.06, 1.13)  # sizes of what stands nearer or farther than in a picture
LYING, LYING_MORE = 0.92, 0.15
"""A front that correlates so much with what is normal at its place once it is turned by a quarter,
and so much more than upright, lies: so did 15 of 16 fallen things of two stores of our own, and
none of 14 gaps."""
LYING_UP_M = 0.07
"""Height of the middle of a lying thing above its board: half of what it is wide."""
LYING_ASIDE_M = (0.0, -0.03, 0.03)
"""It is twice as long as it is wide, and what stands out most is not its middle."""
DROPPED, DROPPED_OWN, DROPPED_STRUCTURE = 0.8, 0.8, 1.2
"""What lies among loose goods is a package of another bay if it correlates so much with it at some
angle, and less with what lay here; prints show more structure than fruit. Nine packages reached
0.85 to 0.98, three that no bay sells at most 0.69."""
BESIDE = (2, 1)  # rows and columns beside a maximum where other channels may have theirs
QUARTERS = (90, 270)  # degrees
LIKENESS = attrgetter('likeness')


class Signs:
    """Reads the signs of places, with the prints of all normal bays."""

    def __init__(
        self, store: StoreLayout, stride: int, belonging: Belonging, prints: Prints
    ) -> None:
        """
        Prepare.

        :param store: says at which heights the boards are
        :param stride: side of a cell in pixels
        """
        self._store = store
        self._stride = stride
        self._belonging = belonging
        self._prints = prints

    def weighed_scores(
        self,
        seen: BayPass,
        bareness: Bareness,
        standard: Float32Array,
        apart_m: tuple[float, float],
        *,
        skip: int | None = None,
    ) -> Float32Array:
        """
        Return the scores of a pass, weighed around its maxima by the signs that they show.

        :param bareness: of the pass; see :meth:`bareness`
        :param standard: standard scores of its channels, shape ``(channels, rows, cols)``
        :param apart_m: half width and half height within which only the highest is a maximum
        :param skip: normal picture that shows this very pass
        :return: shape ``(rows, cols)``
        """
        cell_m, scores = seen.scores[0].cell_m, highest(standard)
        places = []
        for score, row, col in peaks(scores, cell_m, LOOKED_AT, apart_m):
            middle = middle_of(scores, (score, row, col))
            bare = bareness.at((row, col))
            signs = self.read(seen, standard, bare, (row, col), middle, skip)
            places.append((row, col, weight(signs)))
        return weighed(scores, places, cell_m, apart_m)

    def bareness(self, seen: BayPass, normal: NormalBay) -> Bareness:
        """Return how bare each place is on a pass."""
        packed = not self._belonging.loose(seen.bay)
        return Bareness(seen, normal, self._store.bay(seen.bay), columns=packed)

    def read(
        self,
        seen: BayPass,
        standard: Float32Array,
        bare: Bare,
        cell: tuple[int, int],
        middle: tuple[float, float],
        skip: int | None = None,
    ) -> PlaceSigns:
        """
        Return the signs that a place shows.

        :param standard: standard scores of the pass's channels, shape ``(channels, rows, cols)``
        :param bare: how bare the place is
        :param cell: row and column of the place
        :param middle: row and column of the middle of what stands out there, in cells
        :param skip: normal picture that shows this very pass
        """
        loose = self._belonging.loose(seen.bay)
        views = [seen.views[i] for i in seen.views_of(*cell)]
        if not views:
            return PlaceSigns(loose=loose)
        view, centre = views[0], self.pixel(middle)
        own = self._prints.at_place(view, centre, skip=skip).score
        if loose:
            other = bare.structure >= DROPPED_STRUCTURE and own <= DROPPED_OWN
            dropped = other and bool(self.dropped(view, centre))
            here = self.pixel((cell[0] + 0.5, cell[1] + 0.5))
            spreads = [colour_spread(v, here) for v in views[:VIEWS_AT_HOME]]
            return PlaceSigns(
                loose=True,
                dropped=dropped,
                structure=bare.structure,
                colour_spread=float(np.mean(spreads)),
            )
        channels = _highest_beside(standard, cell)
        usual = self._usual_print(views[:VIEWS_AT_HOME], centre, skip)
        return PlaceSigns(
            own=own if own > NOTHING else None,
            closer=self._prints.closer_elsewhere(
                views[:VIEWS], centre, ELSEWHERE, CLOSER[0], skip
            ),
            bare=bare.structure < BARE and not contrast(view, cell, self._stride).coloured,
            emptied=bare.emptied,
            lying=self.lying(view, middle, skip),
            usual=usual.likeness,
            usual_worst=usual.worst,
            colours=max(channels[CODE_CHANNELS:]),
            codes=min(channels[:CODE_CHANNELS]),
        )

    def at_home(self, seen: BayPass, normal: NormalBay, cell: tuple[int, int]) -> bool:
        """Return whether a place, row and column, shows the print that is normal there."""
        views = [seen.views[i] for i in seen.views_of(*cell)[:VIEWS_AT_HOME]]
        if not views or self._belonging.loose(seen.bay):
            return False
        if float(structure_of(seen, normal)[cell]) < AT_HOME_STRUCTURE:
            return False
        centre = self.pixel((cell[0] + 0.5, cell[1] + 0.5))
        return self._usual_print(views, centre, None).likeness >= AT_HOME

    def _usual_print(
        self, views: list[BayView], centre: tuple[float, float], skip: int | None
    ) -> Match:
        """
        Return how what stands at a place fits what is normal there, at any size.

        Above the goods all is as always whatever stands below. So it is asked at the foot of the
        goods, too, and the less alike of both counts.
        """
        view, bay = views[0], self._store.bay(views[0].bay)
        col, row = self._on_board(view, centre)
        level = bay.level_at(bay.height + view.margin_m - row / view.px_per_m)
        foot = self._on_board(view, (col, self._row(view, bay.levels[level])))[1]
        found = self._print_at(views, (col, row), level, skip)
        if found.likeness <= USUAL or foot - row < CLEAR_M * view.px_per_m:
            return found
        return min(found, self._print_at(views, (col, foot), level, skip), key=LIKENESS)

    def _print_at(
        self, views: list[BayView], centre: tuple[float, float], level: int, skip: int | None
    ) -> Match:
        """Return the mean over the views; on the lowest board, that of the best height."""
        means = [
            mean_match(
                [
                    self._prints.at_place(
                        view,
                        (centre[0], centre[1] - up * view.px_per_m),
                        skip=skip,
                        sizes=FARTHER,
                        reach_m=SLOT_M,
                    )
                    for view in views
                ]
            )
            for up in (BEHIND_M if level == 0 else BEHIND_M[:1])
        ]
        return max(means, key=LIKENESS)

    def _row(self, view: BayView, y: float) -> float:
        """Return the row in pixels at so many metres above the bay's origin."""
        return (self._store.bay(view.bay).height + view.margin_m - y) * view.px_per_m

    def _on_board(self, view: BayView, centre: tuple[float, float]) -> tuple[float, float]:
        """
        Return the point next to a place around which a piece shows goods alone.

        Uprights and boards with their rails are as always whatever stands beside and on them.

        :param centre: column and row in pixels
        """
        bay = self._store.bay(view.bay)
        aside, up = (side / 2 + CLEAR_M for side in SIZE_M)
        top = bay.height + view.margin_m
        x = min(max(centre[0] / view.px_per_m - view.margin_m, aside), bay.width - aside)
        y = top - centre[1] / view.px_per_m
        y = max(y, bay.levels[bay.level_at(y)] + up)
        return (x + view.margin_m) * view.px_per_m, (top - y) * view.px_per_m

    def lying(self, view: BayView, middle: tuple[float, float], skip: int | None = None) -> bool:
        """
        Return whether what is normal at a place lies there, on its board.

        :param middle: row and column of the middle of what stands out there, in cells
        """
        bay = self._store.bay(view.bay)
        top = bay.height + view.margin_m
        col, row = self.pixel(middle)
        board = bay.levels[bay.level_at(top - row / view.px_per_m)]
        for aside in LYING_ASIDE_M:
            centre = (col + aside * view.px_per_m, (top - board - LYING_UP_M) * view.px_per_m)
            turned = self._prints.at_place(view, centre, QUARTERS, skip=skip).score
            if turned >= LYING:
                upright = self._prints.at_place(view, centre, skip=skip).score
                if turned >= upright + LYING_MORE:
                    return True
        return False

    def lying_in_most(self, views: Sequence[BayView], middle: tuple[float, float]) -> bool:
        """Return whether most views show what is normal at a place lying there; see lying."""
        return 2 * sum(self.lying(view, middle) for view in views) > len(views)

    def pixel(self, middle: tuple[float, float]) -> tuple[float, float]:
        """Return column and row in pixels of a row and column in cells."""
        return middle[1] * self._stride, middle[0] * self._stride

    def dropped(self, view: BayView, centre: tuple[float, float]) -> dict[str, Match]:
        """
        Return the bays of packages to which what lies at a place belongs, best first.

        :param centre: column and row in pixels
        """
        matches = self._prints.dropped(view, centre, self._belonging.packed)
        best_first = sorted(matches.items(), key=lambda item: -item[1].score)
        return {bay: match for bay, match in best_first if match.score >= DROPPED}


def _highest_beside(standard: Float32Array, cell: tuple[int, int]) -> list[float]:
    """Return the highest score of each channel at a place; what is not known counts 0."""
    top, left = (max(0, at - beside) for at, beside in zip(cell, BESIDE, strict=True))
    part = standard[:, top : cell[0] + BESIDE[0] + 1, left : cell[1] + BESIDE[1] + 1]
    return [float(one.max()) for one in np.nan_to_num(part)]
