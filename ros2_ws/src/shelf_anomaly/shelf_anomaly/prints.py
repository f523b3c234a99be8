# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
The same print elsewhere: a piece of a view, looked for in the pictures of all normal bays.

Packages of one product are printed alike to the millimetre, and a metric view shows them at one
size. So a normalised cross correlation (J. P. Lewis, Fast Normalized Cross-Correlation, 1995)
finds them wherever they stand, whatever stands beside them and however the light is. What is
loose (fruit) never looks twice the same and is not found in this way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
import math

import cv2
import numpy as np

from .artefact import Artefact
from .places import normal_pictures
from .records import BayView, ImageArray

SIZE_M = (0.05, 0.12)
"""Width and height of the piece: the inner part of a facing, without what stands beside it."""
ASIDE_M = (-0.03, 0.0, 0.03)  # a finding's middle is not quite that of the thing
OWN_M = 0.1  # around its own place nothing is looked for: what is wrong there is the question
PLACE_M = (0.12, 0.16)
"""Half width and half height around a place that count as the place: a lying product's middle is
not where its upright one was."""
SLOT_M = (0.05, 0.16)
"""The same for what stands upright: farther to the side it is the next slot's."""
NOISE = 0.01  # of a correlation
SURELY_OWN = 0.94  # from which on what stands at a place need not be looked for elsewhere
ANGLES, TURN = tuple(range(0, 360, 10)), (-5.0, 5.0)
"""Degrees by which a thing is turned that was dropped and fits nowhere upright, and then closer.
Twice as wide steps lose a tenth of the correlation."""
SIZES, GROWTH = (0.93, 1.03, 1.13), (0.95, 1.05)
"""How large a dropped thing looks, and then closer: what lies 10 cm before the face of the shelf
looks a tenth larger to a camera at 1.1 m."""
SHIFTS_M = ((0.02, 0.0), (-0.02, 0.0), (0.0, 0.02), (0.0, -0.02))
DROPPED_REACH = 9  # fine pixels: the shifts, and what differs between passes
CANDIDATES = 12  # sets of bay, angle and size that are looked at closely
COARSE, FINE = 96.0, 192.0
"""Pixels per metre: the whole of each picture is searched at the first, the best places at the
second, which tells varieties apart that differ in small print."""
PLACES = 4  # of each picture that are looked at closely
REACH = 3  # fine pixels around a place that was found coarsely
PLAIN = 4.0  # grey levels; with less contrast nothing is printed, and it would correlate with all


@dataclass(frozen=True, slots=True)
class Match:
    """Where a piece fits best in a bay."""

    score: float
    """Normalised correlation, -1..1."""
    down_m: float
    """From the upper edge of the view to the middle of the place."""


@dataclass(frozen=True, slots=True)
class _Way:
    """How a piece is cut out of a view."""

    centre: tuple[float, float]
    """Column and row in pixels."""
    angle: float = 0.0
    """Degrees that it is turned by."""
    size: float = 1.0
    """How much larger than usual a thing looks."""

    def moved(self, px_per_m: float) -> list[_Way]:
        """Return ways a little beside."""
        return [
            replace(
                self,
                centre=(self.centre[0] + right * px_per_m, self.centre[1] + down * px_per_m),
            )
            for right, down in SHIFTS_M
        ]

    def turned(self) -> list[_Way]:
        """Return ways turned a little."""
        return [replace(self, angle=self.angle + more) for more in TURN]

    def sized(self) -> list[_Way]:
        """Return ways a little smaller and larger."""
        return [replace(self, size=self.size * more) for more in GROWTH]


NOTHING = -1.0  # correlation of what is plain: nothing is printed there
NOWHERE = Match(NOTHING, 0.0)


@dataclass(frozen=True)
class _Pictures:
    coarse: ImageArray
    fine: ImageArray

    @cached_property
    def grey(self) -> ImageArray:
        """The coarse picture in grey, which is searched three times as fast."""
        return _grey(self.coarse)


class Prints:
    """Small pictures of all normal bays."""

    def __init__(self, artefact: Artefact, bays: Sequence[str]) -> None:
        """Decode the pictures of ``bays``."""
        self._pictures = {
            bay: [
                _Pictures(_scaled(picture, COARSE / px_per_m), _scaled(picture, FINE / px_per_m))
                for picture, px_per_m in normal_pictures(artefact, bay)
            ]
            for bay in bays
        }

    def correlations(
        self, views: Sequence[BayView], centre: tuple[float, float]
    ) -> dict[str, Match]:
        """
        Look for what stands at one place, away from that place.

        :param views: views of one bay and pass
        :param centre: column and row in pixels of the views
        :return: the best match in each bay; its score is the mean over the views
        """
        found: dict[str, list[Match]] = {bay: [] for bay in self._pictures}
        for view in views:
            pieces = [
                _pieces(view, (centre[0] + aside * view.px_per_m, centre[1]), 0)
                for aside in ASIDE_M
            ]
            for bay, pictures in self._pictures.items():
                found[bay].append(_highest(pictures, pieces, _own(view, centre, bay)))
        return {
            bay: Match(float(np.mean([m.score for m in matches])), _best(matches).down_m)
            for bay, matches in found.items()
            if matches
        }

    def closer_elsewhere(
        self,
        views: Sequence[BayView],
        centre: tuple[float, float],
        least: float,
        closer: float,
        skip: int | None = None,
    ) -> float:
        """
        Return how much better what stands at one place fits elsewhere than there.

        Each piece is compared with both: one that shows the edge of a thing shows what stands
        beside it, too, which is normal there. The piece of which it is clearest counts. A store
        has many places, so they are searched only as long as a piece can still reach the limits.

        :param views: views of one bay and pass, at least one
        :param centre: column and row in pixels of the views
        :param least: normalised correlation with what fits best elsewhere, mean over the views
        :param closer: what less than is of no interest
        :param skip: number of the bay's picture that is not asked
        :return: logarithm of how many times less it differs from what fits best elsewhere, with
            NOISE beside both, mean over the views; 0 if that does not reach ``closer``
        """
        best = 0.0
        for aside in ASIDE_M:
            found = self._piece_elsewhere(views, centre, aside, least, max(closer, best), skip)
            best = max(best, found)
        return best

    def _piece_elsewhere(
        self,
        views: Sequence[BayView],
        centre: tuple[float, float],
        aside: float,
        least: float,
        closer: float,
        skip: int | None,
    ) -> float:
        ours = [p for i, p in enumerate(self._pictures[views[0].bay]) if i != skip]
        places = [(centre[0] + aside * view.px_per_m, centre[1]) for view in views]
        pieces = [_pieces(view, at, 0) for view, at in zip(views, places, strict=True)]
        own = [
            max(
                (_near(p.fine, piece.fine, _metres(view, at), SLOT_M) for p in ours),
                default=NOTHING,
            )
            for view, at, piece in zip(views, places, pieces, strict=True)
        ]
        there = [1.0] * len(views)  # the most that can be found
        if max(own) >= SURELY_OWN or _closer_than(own, there) < closer:
            return 0.0
        for i, (view, at, piece) in enumerate(zip(views, places, pieces, strict=True)):
            there[i] = _best(
                _highest(ours if bay == view.bay else known, [piece], _own(view, at, bay))
                for bay, known in self._pictures.items()
            ).score
            if float(np.mean(there)) < least or _closer_than(own, there) < closer:
                return 0.0
        return _closer_than(own, there)

    def dropped(
        self, view: BayView, centre: tuple[float, float], bays: Iterable[str]
    ) -> dict[str, Match]:
        """
        Look for what lies at one place at any angle, nearer or farther, away from that place.

        :param centre: column and row in pixels of the view
        :param bays: where to look
        :return: the best match in each bay that is worth a closer look; how it correlates where
            it correlates least, as an edge matches any edge with one half
        """
        known = {bay: self._pictures[bay] for bay in bays}
        rough = []
        for size in SIZES:
            for angle in ANGLES:
                way = _Way(centre, angle, size)
                piece = _grey(_piece(view, way, COARSE))
                for bay, pictures in known.items():
                    here = _own(view, centre, bay)
                    rough += [
                        (score, row, col, bay, way)
                        for score, row, col in _places(pictures[0].grey, piece, here, 1)
                    ]
        rough.sort(key=lambda found: -found[0])
        best: dict[str, Match] = {}
        for _, row, col, bay, way in rough[:CANDIDATES]:
            score = self._closest(view, way, bay, (row, col))
            match = Match(score, (row + SIZE_M[1] * COARSE / 2) / COARSE)
            best[bay] = _best([match, best.get(bay, NOWHERE)])
        return best

    def _closest(self, view: BayView, way: _Way, bay: str, place: tuple[int, int]) -> float:
        """Return the correlation of a dropped thing after a search in one respect at a time."""

        def compare(way: _Way) -> tuple[float, ImageArray, ImageArray]:
            piece = _piece(view, way, FINE)
            parts = [_part(p.fine, piece, *place, DROPPED_REACH) for p in self._pictures[bay]]
            scores = [_correlation(part, piece) for part in parts]
            best = int(np.argmax(scores))
            return scores[best], parts[best], piece

        best = compare(way)
        for nearby in (lambda w: w.moved(view.px_per_m), _Way.turned, _Way.sized):
            for other in nearby(way):
                found = compare(other)
                if found[0] > best[0]:
                    best, way = found, other
        return _least(best[1], best[2])

    def at_place(
        self,
        view: BayView,
        centre: tuple[float, float],
        angles: Sequence[int] = (0,),
        skip: int | None = None,
        sizes: Sequence[float] = (1.0,),
        reach_m: tuple[float, float] = PLACE_M,
    ) -> float:
        """
        Look for what stands at one place at that very place.

        :param centre: column and row in pixels of the view
        :param angles: degrees by which the piece is turned; the best of them counts
        :param skip: number of the bay's picture that is not asked
        :param sizes: how much larger than in the pictures it may look; the best of them counts
        :param reach_m: how far to each side, and up and down, it may stand
        :return: the highest correlation with what is normal there; NOTHING if it is plain
        """
        own = _metres(view, centre)
        pictures = [one for i, one in enumerate(self._pictures[view.bay]) if i != skip]
        best = NOTHING
        for angle in angles:
            for aside in ASIDE_M:
                # What is turned by a quarter is long across, and its height is what is unsure.
                step = (0.0, aside) if angle % 180 else (aside, 0.0)
                at = (centre[0] + step[0] * view.px_per_m, centre[1] + step[1] * view.px_per_m)
                for size in sizes:
                    piece = _piece(view, _Way(at, angle, size), FINE)
                    for picture in pictures:
                        best = max(best, _near(picture.fine, piece, own, reach_m))
        return best


def _metres(view: BayView, point: tuple[float, float]) -> tuple[float, float]:
    return point[0] / view.px_per_m, point[1] / view.px_per_m


def _own(view: BayView, centre: tuple[float, float], bay: str) -> tuple[float, float] | None:
    """Return the place, metres from the upper left of the pictures of its own bay."""
    return _metres(view, centre) if bay == view.bay else None


def _grey(image: ImageArray) -> ImageArray:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)


def _scaled(image: ImageArray, scale: float) -> ImageArray:
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _pieces(view: BayView, centre: tuple[float, float], angle: float) -> _Pictures:
    """Return the piece around a point, turned, at both scales; edges of the view are repeated."""
    way = _Way(centre, angle)
    return _Pictures(_piece(view, way, COARSE), _piece(view, way, FINE))


def _piece(view: BayView, way: _Way, px_per_m: float) -> ImageArray:
    """Return one piece at one scale; edges of the view are repeated."""
    scale = px_per_m / (view.px_per_m * way.size)
    return _turned(_scaled(_square(view, way), scale), way.angle, px_per_m)


def _square(view: BayView, way: _Way) -> ImageArray:
    """Return what is around a point, large enough to be turned; the view's edges are repeated."""
    reach = round(0.5 * float(np.hypot(*SIZE_M)) * view.px_per_m * way.size) + 1
    col, row = (round(value) for value in way.centre)
    rows = np.clip(np.arange(row - reach, row + reach), 0, view.image.shape[0] - 1)
    cols = np.clip(np.arange(col - reach, col + reach), 0, view.image.shape[1] - 1)
    return np.asarray(view.image[rows[:, None], cols[None, :]], np.uint8)


def _turned(square: ImageArray, angle: float, px_per_m: float) -> ImageArray:
    """Return the inner part of a square after a turn around its middle."""
    width, height = (round(side * px_per_m) for side in SIZE_M)
    middle = ((square.shape[1] - 1) / 2, (square.shape[0] - 1) / 2)
    turn = np.asarray(cv2.getRotationMatrix2D(middle, angle, 1.0), np.float64)
    turn[:, 2] += np.array([(width - 1) / 2 - middle[0], (height - 1) / 2 - middle[1]])
    return np.asarray(
        cv2.warpAffine(square, turn, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def _closer_than(own: Sequence[float], there: Sequence[float]) -> float:
    """Return the mean logarithm of how many times less something differs there than here."""
    both = zip(own, there, strict=True)
    return float(np.mean([math.log((1 - here + NOISE) / (1 - far + NOISE)) for here, far in both]))


def _highest(
    pictures: Sequence[_Pictures],
    pieces: Sequence[_Pictures],
    own_m: tuple[float, float] | None,
) -> Match:
    """
    Return the best match of any piece with a bay, in grey and coarsely before in colour.

    :param pictures: all that are known of the bay
    :param own_m: metres from the pictures' left and upper edge around which nothing counts
    """
    return _best(_highest_in(one, pieces, own_m) for one in pictures)


def _highest_in(
    picture: _Pictures, pieces: Sequence[_Pictures], own_m: tuple[float, float] | None
) -> Match:
    places = [
        (score, row, col, piece)
        for piece in pieces
        for score, row, col in _places(picture.grey, piece.grey, own_m)
    ]
    places.sort(key=lambda place: -place[0])
    return _best(
        Match(
            _closer(picture.fine, piece.fine, row, col),
            (row + piece.coarse.shape[0] / 2) / COARSE,
        )
        for _, row, col, piece in places[:PLACES]
    )


def _best(matches: Iterable[Match]) -> Match:
    return max(matches, key=lambda match: match.score, default=NOWHERE)


def _places(
    picture: ImageArray,
    piece: ImageArray,
    own_m: tuple[float, float] | None,
    most: int = PLACES,
) -> list[tuple[float, int, int]]:
    """Return correlation, upper row and left column of the best places, coarsely."""
    if not _comparable(picture, piece):
        return []
    rest = np.asarray(cv2.matchTemplate(picture, piece, cv2.TM_CCOEFF_NORMED), np.float32)
    high, wide = piece.shape[0] // 2, piece.shape[1] // 2

    def clear(row: float, col: float, up: float, across: float) -> None:
        top, left = max(0, round(row - up)), max(0, round(col - across))
        rest[top : max(0, round(row + up) + 1), left : max(0, round(col + across) + 1)] = -1.0

    if own_m is not None:
        near = OWN_M * COARSE
        clear(own_m[1] * COARSE - high, own_m[0] * COARSE - wide, near, near)
    found = []
    for _ in range(most):
        _, score, _, (col, row) = cv2.minMaxLoc(rest)
        if score <= -1.0:
            break
        found.append((float(score), int(row), int(col)))
        clear(row, col, high, wide)
    return found


def _closer(picture: ImageArray, piece: ImageArray, row: int, col: int) -> float:
    """Return the highest correlation near a place that was found coarsely."""
    return _correlation(_part(picture, piece, row, col, REACH), piece)


def _part(picture: ImageArray, piece: ImageArray, row: int, col: int, reach: int) -> ImageArray:
    """Return what lies around a place that was found coarsely."""
    scale = FINE / COARSE
    top, left = max(0, round(row * scale) - reach), max(0, round(col * scale) - reach)
    return picture[
        top : top + piece.shape[0] + 2 * reach, left : left + piece.shape[1] + 2 * reach
    ]


def _least(part: ImageArray, piece: ImageArray) -> float:
    """Return how the worst half of a piece correlates where the whole piece does best."""
    if not _comparable(part, piece):
        return NOTHING
    scores = cv2.matchTemplate(part, piece, cv2.TM_CCOEFF_NORMED)
    _, _, _, (col, row) = cv2.minMaxLoc(scores)
    there = part[row : row + piece.shape[0], col : col + piece.shape[1]]
    down, across = piece.shape[0] // 2, piece.shape[1] // 2
    halves = (np.s_[:down], np.s_[down:], np.s_[:, :across], np.s_[:, across:])
    return min(_correlation(there[half], piece[half]) for half in halves)


def _near(
    picture: ImageArray,
    piece: ImageArray,
    own_m: tuple[float, float],
    reach_m: tuple[float, float],
) -> float:
    """Return the highest correlation within so much to each side and up and down of a place."""
    high, wide = piece.shape[:2]
    col, row = own_m[0] * FINE, own_m[1] * FINE
    left, top = (
        round(m - r * FINE - s / 2)
        for m, r, s in zip((col, row), reach_m, (wide, high), strict=True)
    )
    right, bottom = (
        round(m + r * FINE + s / 2)
        for m, r, s in zip((col, row), reach_m, (wide, high), strict=True)
    )
    return _correlation(picture[max(0, top) : max(0, bottom), max(0, left) : max(0, right)], piece)


def _comparable(part: ImageArray, piece: ImageArray) -> bool:
    """Return whether something is printed on a piece, and it fits into a part."""
    fits = all(a >= b for a, b in zip(part.shape, piece.shape, strict=True))
    return fits and float(piece.std()) >= PLAIN


def _correlation(part: ImageArray, piece: ImageArray) -> float:
    """Return the highest correlation of a piece within a part; -1 if it is plain or larger."""
    if not _comparable(part, piece):
        return NOTHING
    return float(np.clip(cv2.matchTemplate(part, piece, cv2.TM_CCOEFF_NORMED).max(), -1.0, 1.0))
