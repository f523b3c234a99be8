# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
What a place shows beside how far its codes are from normal: its structure, colour and print.

Codes say how unusual a place is, and unusual is also a row that was pulled to the back. A print
that is not what stands here, but stands elsewhere or stands here when it is turned, or a place
that is bare, is a sign of a fault by itself. What shows such a sign counts more, on normal passes
as on others, so the false-alarm budget stays what it is.
"""

from __future__ import annotations

import cv2
import numpy as np

from .bay_pass import BayPass
from .belonging import Belonging
from .places import NormalBay
from .prints import Match, NOTHING, Prints, SIZE_M, SLOT_M
from .records import BayView, Float32Array
from .scoring import PATCH_M, peaks, raised, window_mean
from .store_layout import StoreLayout

RAISED = 1.6
"""How many times the score of a place counts that shows a sign. From 1.4 to 2 all did alike on
stores of our own."""
RAISED_DROPPED = 2.0
"""The same where something was dropped among loose goods, which differ so much from day to day
that a package stands out little."""
LOWERED = 1 / RAISED  # the same where the very print stands that always stood there
BARE = 0.45
"""Part of the usual structure; of 639 maxima of normal passes 4 lay below, of 36 gaps 27."""
OTHER_PRINT = 0.68
"""Correlation with what is normal here, below which something else stands here: so did 1% of the
maxima of normal passes, and half of the things that were foreign or misplaced."""
ELSEWHERE = 0.93  # correlation from which a thing is what stands elsewhere
CLOSER_ELSEWHERE = 1.9
"""Logarithm of how many times less the print differs from what stands elsewhere than from what
stands here. On three stores of our own so did 23 of 25 misplaced things, 10 of 22 look-alike
varieties, and 8 of the 274 highest maxima where nothing was wrong."""
VIEWS = 2  # that are compared with what stands elsewhere
CLEAR_M = 0.02  # between a piece of goods and the boards and uprights beside it
VIEWS_AT_HOME = 3  # that are compared with what is normal at the place
AT_HOME, AT_HOME_STRUCTURE = 0.93, 0.6
"""Mean correlation with what is normal here, at some size, from which on nothing else stands here,
and how much of the usual structure must be there, as a gap shows what stands beside it. On three
stores of our own so did half of the higher maxima where nothing was wrong, three of 23 gaps before
their structure was asked, and no other fault of 84."""
FARTHER = (0.88, 0.94, 1.0, 1.06, 1.13)  # sizes of what stands nearer or farther than in a picture
LYING, LYING_MORE = 0.92, 0.15
"""A front that correlates so much with what is normal at its place once it is turned by a quarter,
and so much more than upright, lies: so did 15 of 16 fallen things of two stores of our own, and
none of 14 gaps."""
LYING_UP_M = (0.05, 0.07)
"""Height of the middle of a lying thing above its board: half of what it is wide."""
DROPPED, DROPPED_OWN, DROPPED_STRUCTURE = 0.8, 0.8, 1.2
"""What lies among loose goods is a package of another bay if it correlates so much with it at some
angle, and less with what lay here; prints show more structure than fruit. Nine packages reached
0.85 to 0.98, three that no bay sells at most 0.69."""
FALL_OFF = 0.6
"""What stands out reaches to where the score falls below this part of its maximum."""
AROUND = (5, 4)  # rows and columns beside a maximum that may belong to the same thing
QUARTERS = (90, 270)  # degrees
COLOURED = 12.0
"""In CIELAB; a smooth place whose hue and saturation differ as much from what is around it shows a
thing (a lemon). Empty places of grey shelves differ by at most 3, most fruit by over 13."""


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
        normal: NormalBay,
        scores: Float32Array,
        threshold: float,
        apart_m: tuple[float, float],
        *,
        skip: int | None = None,
    ) -> Float32Array:
        """
        Return the scores of a pass, RAISED times as high around maxima that show a sign.

        Around those that show what is normal there they are LOWERED.

        :param scores: shape ``(rows, cols)``
        :param threshold: maxima that would not reach it are not looked at, as that takes time
        :param apart_m: half width and half height within which only the highest is a maximum
        :param skip: normal picture that shows this very pass
        """
        cell_m = seen.scores[0].cell_m
        factor = RAISED_DROPPED if self._belonging.loose(seen.bay) else RAISED
        strange, usual = [], []
        for score, row, col in peaks(scores, cell_m, threshold / factor, apart_m):
            middle = middle_of(scores, (score, row, col))
            if self.shown(seen, normal, (row, col), middle, skip):
                strange.append((row, col))
            elif self.at_home(seen, normal, (row, col), middle, skip):
                usual.append((row, col))
        lowered = raised(scores, usual, LOWERED, cell_m, apart_m)
        return raised(lowered, strange, factor, cell_m, apart_m)

    def at_home(
        self,
        seen: BayPass,
        normal: NormalBay,
        cell: tuple[int, int],
        middle: tuple[float, float],
        skip: int | None = None,
    ) -> bool:
        """Return whether a place shows the print that is normal there; see :meth:`shown`."""
        views = [seen.views[i] for i in seen.views_of(*cell)[:VIEWS_AT_HOME]]
        if not views or self._belonging.loose(seen.bay):
            return False
        if self.structure(seen, normal, cell) < AT_HOME_STRUCTURE:
            return False
        centre = self._on_board(views[0], self.pixel(middle))
        own = [
            self._prints.at_place(view, centre, skip=skip, sizes=FARTHER, reach_m=SLOT_M)
            for view in views
        ]
        return float(np.mean(own)) >= AT_HOME

    def shown(
        self,
        seen: BayPass,
        normal: NormalBay,
        cell: tuple[int, int],
        middle: tuple[float, float],
        skip: int | None = None,
    ) -> bool:
        """
        Return whether a place shows a sign of a fault.

        :param cell: row and column of the place
        :param middle: row and column of the middle of what stands out there, in cells
        """
        views = seen.views_of(*cell)
        if not views:
            return False
        view, centre = seen.views[views[0]], self.pixel(middle)
        structure = self.structure(seen, normal, cell)
        own = self._prints.at_place(view, centre, skip=skip)
        if self._belonging.loose(view.bay):
            other = structure >= DROPPED_STRUCTURE and own <= DROPPED_OWN
            return other and bool(self.dropped(view, centre))
        if structure < BARE and not self.coloured(view, cell):
            return True
        if NOTHING < own < OTHER_PRINT:
            return True
        if self.lying(view, middle, skip):
            return True
        return self._elsewhere([seen.views[i] for i in views[:VIEWS]], centre, skip)

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

    def structure(self, seen: BayPass, normal: NormalBay, cell: tuple[int, int]) -> float:
        """Return which part of its usual structure a place shows; 1 where that is not known."""
        cell_m = seen.scores[0].cell_m
        shown = float(activity_of(seen, cell_m)[cell])
        usual = float(window_mean(normal.activity, cell_m, PATCH_M)[cell])
        return shown / usual if np.isfinite(shown) and np.isfinite(usual) and usual > 0 else 1.0

    def coloured(self, view: BayView, cell: tuple[int, int]) -> bool:
        """Return whether a place has another colour than what is around it."""
        lab = cv2.cvtColor(view.image.astype(np.float32) / 255, cv2.COLOR_BGR2LAB)
        hues = np.asarray(lab[..., 1:], np.float32)
        top, left = cell[0] * self._stride - self._stride, cell[1] * self._stride
        place = hues[max(0, top) : top + 3 * self._stride, left : left + self._stride]
        around = hues[view.seen]
        if not (place.size and len(around)):
            return False
        apart = np.median(place.reshape(-1, 2), axis=0) - np.median(around, axis=0)
        return float(np.linalg.norm(apart)) > COLOURED

    def lying(self, view: BayView, middle: tuple[float, float], skip: int | None = None) -> bool:
        """
        Return whether what is normal at a place lies there, on its board.

        :param middle: row and column of the middle of what stands out there, in cells
        """
        bay = self._store.bay(view.bay)
        top = bay.height + view.margin_m
        col, row = self.pixel(middle)
        board = bay.levels[bay.level_at(top - row / view.px_per_m)]
        for up in LYING_UP_M:
            centre = (col, (top - board - up) * view.px_per_m)
            turned = self._prints.at_place(view, centre, QUARTERS, skip=skip)
            if turned >= LYING:
                upright = self._prints.at_place(view, centre, skip=skip)
                if turned >= upright + LYING_MORE:
                    return True
        return False

    def pixel(self, middle: tuple[float, float]) -> tuple[float, float]:
        """Return column and row in pixels of a row and column in cells."""
        return middle[1] * self._stride, middle[0] * self._stride

    def _elsewhere(
        self, views: list[BayView], centre: tuple[float, float], skip: int | None
    ) -> bool:
        return self._prints.fits_elsewhere(views, centre, ELSEWHERE, CLOSER_ELSEWHERE, skip)

    def dropped(self, view: BayView, centre: tuple[float, float]) -> dict[str, Match]:
        """
        Return the bays of packages to which what lies at a place belongs, best first.

        :param centre: column and row in pixels
        """
        matches = self._prints.dropped(view, centre, self._belonging.packed)
        best_first = sorted(matches.items(), key=lambda item: -item[1].score)
        return {bay: match for bay, match in best_first if match.score >= DROPPED}


def middle_of(scores: Float32Array, peak: tuple[float, int, int]) -> tuple[float, float]:
    """Return row and column, in cells, of the middle of what stands out around a maximum."""
    score, row, col = peak
    top, left = max(0, row - AROUND[0]), max(0, col - AROUND[1])
    part = np.nan_to_num(scores[top : row + AROUND[0] + 1, left : col + AROUND[1] + 1])
    weight = np.where(part >= FALL_OFF * score, part, 0.0)
    rows, cols = np.mgrid[: part.shape[0], : part.shape[1]] + 0.5
    total = float(weight.sum())
    return top + float((weight * rows).sum()) / total, left + float((weight * cols).sum()) / total


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
