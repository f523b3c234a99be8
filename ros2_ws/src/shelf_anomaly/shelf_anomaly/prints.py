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
from dataclasses import dataclass
import math

import numpy as np

from .artefact import Artefact
from .pieces import COARSE, FINE, grey, Pictures, piece_at, piece_of, SIZE_M, Way
from .places import normal_pictures
from .records import BayView, ImageArray
from .template_match import (
    best_fit,
    colour_correlation,
    correlation,
    Fit,
    fit_near,
    least_half,
    NOTHING,
    part_around,
    places,
    worst_part,
)

ASIDE_M = (-0.03, 0.0, 0.03)  # a finding's middle is not quite that of the thing
PLACE_M = (0.12, 0.16)
"""Half width and half height around a place that count as the place: a lying product's middle is
not where its upright one was."""
SLOT_M = (0.05, 0.16)
"""The same for what stands upright: farther to the side it is the next slot's."""
NOISE = 0.01  # of a correlation
COLOURS, SAME_COLOURS = 0.065, 0.85
"""What the correlation of colours counts of that of prints, and what it is where all is the same:
varieties of one brand differ in a coloured field. Of 117 things of eight stores of our own, each
left out of the fit, three views with colours named the bay of 112 first; two views without, that
of 104."""
SURELY_OWN = 0.94  # from which on what stands at a place need not be looked for elsewhere
ANGLES = tuple(range(0, 360, 10))
"""Degrees by which a thing is turned that was dropped and fits nowhere upright, before it is
looked at closely. Twice as wide steps lose a tenth of the correlation."""
SIZES = (0.93, 1.03, 1.13)
"""How large a dropped thing looks: what lies 10 cm before the face of the shelf looks a tenth
larger to a camera at 1.1 m."""
DROPPED_REACH = 9  # fine pixels: the shifts, and what differs between passes
CANDIDATES = 12  # sets of bay, angle and size that are looked at closely


@dataclass(frozen=True, slots=True)
class Match:
    """Where a piece fits best in a bay."""

    score: float
    """Normalised correlation, -1..1."""
    down_m: float
    """From the upper edge of the view to the middle of the place."""
    colours: float = 0.0
    """Normalised correlation of the colours alone, -1..1."""
    worst: float = 0.0
    """Correlation of the part of the piece that fits least, -1..1."""

    @property
    def likeness(self) -> float:
        """How alike two fronts are: by their prints, and a little by their colours."""
        return self.score + COLOURS * (self.colours - SAME_COLOURS)


NOWHERE = Match(NOTHING, 0.0)


class Prints:
    """Small pictures of all normal bays."""

    def __init__(self, artefact: Artefact, bays: Sequence[str]) -> None:
        """Decode the pictures of ``bays``."""
        self._pictures = {
            bay: [
                Pictures.of(picture, px_per_m)
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
        :return: the best match in each bay; its correlations are means over the views
        """
        found: dict[str, list[Match]] = {bay: [] for bay in self._pictures}
        for view in views:
            pieces = [
                piece_at(view, (centre[0] + aside * view.px_per_m, centre[1])) for aside in ASIDE_M
            ]
            for bay, pictures in self._pictures.items():
                fit = best_fit(pictures, pieces, _own(view, centre, bay))
                found[bay].append(_match(fit))
        return {bay: mean_match(matches) for bay, matches in found.items() if matches}

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
        pieces = [piece_at(view, at) for view, at in zip(views, places, strict=True)]
        own = [
            _score(fit_near(p.fine, piece.fine, _metres(view, at), SLOT_M) for p in ours)
            for view, at, piece in zip(views, places, pieces, strict=True)
        ]
        there = [1.0] * len(views)  # the most that can be found
        if max(own) >= SURELY_OWN or _closer_than(own, there) < closer:
            return 0.0
        for i, (view, at, piece) in enumerate(zip(views, places, pieces, strict=True)):
            fits = (
                best_fit(ours if bay == view.bay else known, [piece], _own(view, at, bay))
                for bay, known in self._pictures.items()
            )
            there[i] = _score(fits)
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
                way = Way(centre, angle, size)
                piece = grey(piece_of(view, way, COARSE))
                for bay, pictures in known.items():
                    here = _own(view, centre, bay)
                    rough += [
                        (score, row, col, bay, way)
                        for score, row, col in places(pictures[0].grey, piece, here, 1)
                    ]
        rough.sort(key=lambda found: -found[0])
        best: dict[str, Match] = {}
        for _, row, col, bay, way in rough[:CANDIDATES]:
            score = self._closest(view, way, bay, (row, col))
            match = Match(score, (row + SIZE_M[1] * COARSE / 2) / COARSE)
            best[bay] = _best([match, best.get(bay, NOWHERE)])
        return best

    def _closest(self, view: BayView, way: Way, bay: str, place: tuple[int, int]) -> float:
        """Return the correlation of a dropped thing after a search in one respect at a time."""

        def compare(way: Way) -> tuple[float, ImageArray, ImageArray]:
            piece = piece_of(view, way, FINE)
            parts = [
                part_around(p.fine, piece, *place, DROPPED_REACH) for p in self._pictures[bay]
            ]
            scores = [correlation(part, piece) for part in parts]
            best = int(np.argmax(scores))
            return scores[best], parts[best], piece

        best = compare(way)
        for nearby in (lambda w: w.moved(view.px_per_m), Way.turned, Way.sized):
            for other in nearby(way):
                found = compare(other)
                if found[0] > best[0]:
                    best, way = found, other
        return least_half(best[1], best[2])

    def at_place(
        self,
        view: BayView,
        centre: tuple[float, float],
        angles: Sequence[int] = (0,),
        skip: int | None = None,
        sizes: Sequence[float] = (1.0,),
        reach_m: tuple[float, float] = PLACE_M,
    ) -> Match:
        """
        Look for what stands at one place at that very place.

        :param centre: column and row in pixels of the view
        :param angles: degrees by which the piece is turned; the best of them counts
        :param skip: number of the bay's picture that is not asked
        :param sizes: how much larger than in the pictures it may look; the best of them counts
        :param reach_m: how far to each side, and up and down, it may stand
        :return: what fits best of what is normal there; NOWHERE if it is plain
        """
        own = _metres(view, centre)
        pictures = [one for i, one in enumerate(self._pictures[view.bay]) if i != skip]
        best: Fit | None = None
        for angle in angles:
            for aside in ASIDE_M:
                # What is turned by a quarter is long across, and its height is what is unsure.
                step = (0.0, aside) if angle % 180 else (aside, 0.0)
                at = (centre[0] + step[0] * view.px_per_m, centre[1] + step[1] * view.px_per_m)
                for size in sizes:
                    piece = piece_of(view, Way(at, angle, size), FINE)
                    for picture in pictures:
                        fit = fit_near(picture.fine, piece, own, reach_m)
                        if fit is not None and (best is None or fit.score > best.score):
                            best = fit
        return _match(best)


def _metres(view: BayView, point: tuple[float, float]) -> tuple[float, float]:
    return point[0] / view.px_per_m, point[1] / view.px_per_m


def _own(view: BayView, centre: tuple[float, float], bay: str) -> tuple[float, float] | None:
    """Return the place, metres from the upper left of the pictures of its own bay."""
    return _metres(view, centre) if bay == view.bay else None


def _closer_than(own: Sequence[float], there: Sequence[float]) -> float:
    """Return the mean logarithm of how many times less something differs there than here."""
    both = zip(own, there, strict=True)
    return float(np.mean([math.log((1 - here + NOISE) / (1 - far + NOISE)) for here, far in both]))


def _score(fits: Iterable[Fit | None]) -> float:
    """Return the highest correlation."""
    return max((fit.score for fit in fits if fit is not None), default=NOTHING)


def _match(fit: Fit | None) -> Match:
    if fit is None:
        return NOWHERE
    return Match(
        fit.score,
        fit.down_m,
        colour_correlation(fit.piece, fit.place),
        worst_part(fit.piece, fit.place),
    )


def _best(matches: Iterable[Match]) -> Match:
    return max(matches, key=lambda match: match.score, default=NOWHERE)


def mean_match(matches: Sequence[Match]) -> Match:
    """Return the mean correlations of what several views say, at least one."""
    return Match(
        float(np.mean([match.score for match in matches])),
        _best(matches).down_m,
        float(np.mean([match.colours for match in matches])),
        float(np.mean([match.worst for match in matches])),
    )
