# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""One pass of one bay -> findings: where it was not normal, of what kind, and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from .bareness import Bareness
from .bay_pass import BayPass
from .budget import Budget
from .kinds import Namer, Naming
from .middles import FALL_OFF, middle_of, middle_on_board
from .places import NormalBay
from .records import BoolArray, Box, Finding, Float32Array, Kind
from .scoring import channels, CODE_CHANNELS, highest, peaks, standard_scores
from .signs import Signs
from .store_layout import Bay

APART_M = (0.13, 0.26)
"""Half width and half height within which only the highest maximum is a finding: about one
facing."""
KEEP = 0.7
"""An alert that is open stands as long as its place scores above this part of the threshold. What
stands in a shelf scores nearly the same on the next pass; lower, and chance keeps alerts open."""
BOX_M = (0.06, 0.32)
NEAR_M = (0.15, 0.25)  # half width and half height within which a finding may be a known alert's
NAMED_WITHIN = (4, 2)  # rows and columns within which codes and colours are of one thing
UPRIGHT_M, LYING_M = 0.08, 0.22
"""Distance along a board within which two maxima are of one thing that stands, or that lies."""
SHADOW_M, SHADOW = (0.06, 0.32), 0.25
"""Half width and half height within which a maximum that scores less than this part of another is
its shadow: what stands out much raises what is above and below it, on other boards too."""
JOINED_M = 0.2
"""Distance along a board within which two maxima of one kind are of one thing if the scores
between them stay above FALL_OFF times the lower: what is wider than a facing stands out at both
sides."""
AROUND_M = (0.06, 0.10)  # half width and half height around a place that count as the place
SUGGESTIONS = 3
UNNAMED = Naming(Kind.UNKNOWN, (), 'too weak to be named')


@dataclass(frozen=True, slots=True)
class PassResult:
    """What a pass of a bay showed."""

    findings: tuple[Finding, ...]
    """All things that reach KEEP times the threshold, highest first."""
    scores: Float32Array
    """Shape ``(rows, cols)``; NaN where not judged."""
    judged: BoolArray
    face: BoolArray
    """Cells on the bay's face; others are not judged."""
    cell_m: float
    margin_m: float
    bay_height_m: float
    threshold: float
    coverage: float
    """Part of the face's cells that were judged."""
    plain: Float32Array
    """Scores before signs made places count more or less; shape ``(rows, cols)``."""

    @property
    def highest(self) -> float:
        """Highest score of the pass; 0 when nothing was judged."""
        return float(np.nanmax(self.scores)) if np.isfinite(self.scores).any() else 0.0

    def score_at(self, box: Box) -> float | None:
        """Return the highest score around a place, or None when the place was not judged."""
        return self.score_at_cell(self._row(box.y), self._col(box.x))

    def score_at_cell(self, row: int, col: int) -> float | None:
        """Return the same for the place at a row and column."""
        across, up = (round(side / self.cell_m) for side in AROUND_M)
        near = np.s_[max(0, row - up) : row + up + 1, max(0, col - across) : col + across + 1]
        part = self.scores[near][self.face[near]]
        if part.size == 0 or np.isfinite(part).mean() < 0.5:
            return None
        return float(np.nanmax(part))

    def lowest_between(self, a: Box, b: Box) -> float:
        """Return the lowest score on the way from one place to another, a cell to each side."""
        steps = max(abs(self._row(a.y) - self._row(b.y)), abs(self._col(a.x) - self._col(b.x))) + 1
        scores = np.nan_to_num(self.scores)
        rows = np.linspace(self._row(a.y), self._row(b.y), steps).round().astype(int)
        cols = np.linspace(self._col(a.x), self._col(b.x), steps).round().astype(int)
        return min(
            float(scores[max(0, row - 1) : row + 2, col].max())
            for row, col in zip(rows, cols, strict=True)
        )

    def _col(self, x: float) -> int:
        return int((x + self.margin_m) / self.cell_m)

    def _row(self, y: float) -> int:
        return int((self.bay_height_m + self.margin_m - y) / self.cell_m)


@dataclass(frozen=True, slots=True)
class _Stay:
    """A pass, and what its findings are told by."""

    bay: Bay
    seen: BayPass
    normal: NormalBay
    bareness: Bareness
    codes: Float32Array
    """Highest standard score of its codes, shape ``(rows, cols)``."""


class Finder:
    """Turns passes into findings, for one budget."""

    def __init__(self, budget: Budget, signs: Signs, namer: Namer) -> None:
        """
        Prepare for one budget.

        :param signs: make places count more or less
        :param namer: tells the kinds
        """
        self._budget = budget
        self._signs = signs
        self._namer = namer

    def find(
        self,
        bay: Bay,
        seen: BayPass,
        normal: NormalBay,
        threshold: float,
        known: Sequence[Box] = (),
    ) -> PassResult:
        """
        Find what is not normal.

        :param seen: a pass with at least one view
        :param threshold: score from which a finding raises an alert
        :param known: places of alerts that are open; weaker findings elsewhere get no kind, as to
            tell it takes as long as several views
        """
        cell_m, view = seen.scores[0].cell_m, seen.views[0]
        standard = standard_scores(channels(seen.mean, cell_m), normal.statistics, cell_m)
        plain, codes = highest(standard), highest(standard[:CODE_CHANNELS])
        bareness = self._signs.bareness(seen, normal)
        scores = self._signs.weighed_scores(seen, bareness, standard, APART_M)
        face = bay.face((scores.shape[0], scores.shape[1]), cell_m, view.margin_m)
        result = PassResult(
            findings=(),
            scores=scores,
            judged=seen.judged,
            face=face,
            cell_m=cell_m,
            margin_m=view.margin_m,
            bay_height_m=bay.height,
            threshold=threshold,
            coverage=float(seen.judged[face].mean()) if face.any() else 0.0,
            plain=plain,
        )
        stay = _Stay(bay, seen, normal, bareness, codes)
        found = [
            self._finding(stay, result, peak, known)
            for peak in peaks(scores, cell_m, KEEP * threshold, APART_M)
        ]
        return replace(result, findings=tuple(distinct(found, result.lowest_between)))

    def at_home(self, seen: BayPass, normal: NormalBay, cell: tuple[int, int]) -> bool:
        """Return whether a cell, row and column, shows the print that it usually shows."""
        return self._signs.at_home(seen, normal, cell)

    def _finding(
        self,
        stay: _Stay,
        result: PassResult,
        peak: tuple[float, int, int],
        known: Sequence[Box],
    ) -> Finding:
        score, row, col = peak
        box = self._box(stay.bay, result, peak)
        matters = score >= result.threshold or any(_near(box, other) for other in known)
        naming = self._name(stay, result, peak) if matters else UNNAMED
        if naming.kind is Kind.FALLEN:
            box = replace(box, x=self._middle_x(stay.bay, result, peak))
        return Finding(
            bay=stay.bay.id,
            box=box,
            level=stay.bay.level_at(box.y),
            kind=naming.kind,
            score=score,
            weight=score / float(result.plain[row, col]) if score > 0 else 1.0,
            threshold=result.threshold,
            p_value=self._budget.p_value(score),
            sightings=len(stay.seen.views_of(row, col)),
            homes=naming.homes[:SUGGESTIONS],
            reason=naming.reason,
        )

    def _name(self, stay: _Stay, result: PassResult, peak: tuple[float, int, int]) -> Naming:
        """
        Name what stands at a maximum.

        Codes show a thing as a whole, its colour often only a part of it: where codes stand out,
        too, they say where it is.
        """
        scores, codes, (_, row, col) = result.scores, stay.codes, peak
        top, left = max(0, row - NAMED_WITHIN[0]), max(0, col - NAMED_WITHIN[1])
        near = np.nan_to_num(
            codes[top : row + NAMED_WITHIN[0] + 1, left : col + NAMED_WITHIN[1] + 1]
        )
        down, right = np.unravel_index(int(near.argmax()), near.shape)
        if near[down, right] >= FALL_OFF * result.threshold:
            scores = codes
            peak = (float(near[down, right]), top + int(down), left + int(right))
        cell, middle = peak[1:], middle_of(scores, peak)
        return self._namer.name(stay.seen, stay.normal, stay.bareness.at(cell), cell, middle)

    def _middle_x(self, bay: Bay, result: PassResult, peak: tuple[float, int, int]) -> float:
        """Return where the middle of a lying thing is; either of its ends may stand out most."""
        middle = middle_on_board(result.scores, peak, bay, result.cell_m, result.margin_m)
        return float(np.clip(middle[1] * result.cell_m - result.margin_m, 0, bay.width))

    def _box(self, bay: Bay, result: PassResult, peak: tuple[float, int, int]) -> Box:
        """Return the place of a maximum; its extent ends where the score falls off."""
        score, row, col = peak
        scores, cell = np.nan_to_num(result.scores, nan=-np.inf), result.cell_m

        def extent(line: Float32Array, middle: int) -> float:
            low = line < FALL_OFF * score
            before, after = np.flatnonzero(low[:middle]), np.flatnonzero(low[middle:])
            start = int(before[-1]) + 1 if before.size else 0
            stop = middle + int(after[0]) if after.size else line.size
            return float(np.clip((stop - start) * cell, *BOX_M))

        width, height = extent(scores[row], col), extent(scores[:, col], row)
        x = (col + 0.5) * cell - result.margin_m
        y = bay.height + result.margin_m - (row + 0.5) * cell
        return Box(
            float(np.clip(x, 0, bay.width)), float(np.clip(y, 0, bay.height)), width, height
        )


def distinct(
    findings: Sequence[Finding], lowest_between: Callable[[Box, Box], float]
) -> list[Finding]:
    """
    Return the findings without further maxima of one thing.

    What is tall has two maxima one above the other on its board, what lies or is wide has two
    beside each other, and what stands out much has shadows around it.

    :param findings: highest first
    :param lowest_between: returns the lowest score between two places
    """
    kept: list[Finding] = []
    for finding in findings:
        for i, other in enumerate(kept):
            if _is_part(finding, other):
                break
            if _is_other_end(finding, other, lowest_between):
                kept[i] = _whole(other, finding)
                break
        else:
            kept.append(finding)
    return kept


def _is_part(finding: Finding, stronger: Finding) -> bool:
    aside, up = abs(finding.box.x - stronger.box.x), abs(finding.box.y - stronger.box.y)
    if aside <= SHADOW_M[0] and up <= SHADOW_M[1] and finding.score < SHADOW * stronger.score:
        return True
    return finding.level == stronger.level and aside <= UPRIGHT_M


def _is_other_end(
    finding: Finding, stronger: Finding, lowest_between: Callable[[Box, Box], float]
) -> bool:
    aside = abs(finding.box.x - stronger.box.x)
    if finding.level != stronger.level:
        return False
    if Kind.FALLEN in (finding.kind, stronger.kind):
        return aside <= LYING_M
    if finding.kind is not stronger.kind or aside > JOINED_M:
        return False
    return lowest_between(finding.box, stronger.box) >= FALL_OFF * finding.score


def _whole(stronger: Finding, weaker: Finding) -> Finding:
    """Return the finding of a thing whose ends stand out; if one of them lies, all of it does."""
    if stronger.kind is Kind.FALLEN:
        return stronger
    if weaker.kind is Kind.FALLEN:
        return replace(
            stronger,
            kind=weaker.kind,
            homes=weaker.homes,
            reason=weaker.reason,
            box=replace(stronger.box, x=weaker.box.x),
        )
    x = np.average([stronger.box.x, weaker.box.x], weights=[stronger.score, weaker.score])
    return replace(stronger, box=replace(stronger.box, x=float(x)))


def _near(box: Box, other: Box) -> bool:
    return abs(box.x - other.x) <= NEAR_M[0] and abs(box.y - other.y) <= NEAR_M[1]
