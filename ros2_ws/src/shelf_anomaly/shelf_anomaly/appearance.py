# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
How a place of a bay looked in one pass, kept small, and whether it looks the same in another.

An appearance is the network's codes of the cells around a place, in a few views of one pass. Two
appearances of one bay are compared cell by cell, each cell with those near it (goods are never put
back to the centimetre) in views from a similar point of the aisle. How far the *same* things lie
apart at a place from pass to pass is measured on the normal passes there (:func:`usual_distance`),
and a look is another one's only if it is nearer to it than to every normal pass (:func:`alike`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import io
import zipfile

import numpy as np

from .bay_pass import BayPass
from .density import References
from .errors import MemoryFileError
from .records import BoolArray, Box, Float32Array, FloatArray

HALF_M = (0.045, 0.10)
"""Half width and half height of what is kept around a place: about a facing."""
MAX_VIEWS = 6
SHIFT_CELLS = (1, 2)
"""Rows and columns that a thing may have moved."""
OFFSET_M = 0.4
"""Views whose cameras stood farther apart than this along the shelf are not compared."""
MIN_OVERLAP = 0.4
"""Part of the cells that both must have seen."""
RADIUS_QUANTILE = 0.95
MAX_PAIRS = 40
SLACK = 1.05
"""Part of the usual distance from pass to pass within which two looks are the same thing."""
CLEARLY = 0.5
"""Part of the distance to normal within which two looks are the same thing in any case."""


@dataclass(frozen=True, slots=True, eq=False)
class Appearance:
    """Codes around a place of a bay, in views of one pass."""

    row: int
    """Of the first cell, in the cells of the bay's views; row 0 is the top."""
    col: int
    codes: Float32Array
    """Shape ``(views, rows, cols, dims)``."""
    seen: BoolArray
    """Shape ``(views, rows, cols)``."""
    offsets_m: FloatArray
    """Shape ``(views,)``: where along the face the camera stood."""

    @property
    def middle(self) -> tuple[int, int]:
        """Row and column of the cell in the middle."""
        return self.row + self.codes.shape[1] // 2, self.col + self.codes.shape[2] // 2

    def to_bytes(self) -> bytes:
        """Return it as a small archive without anything that can be executed."""
        buffer = io.BytesIO()
        np.savez_compressed(
            buffer,
            place=np.array([self.row, self.col], np.int32),
            codes=self.codes.astype(np.float16),
            seen=self.seen,
            offsets_m=self.offsets_m.astype(np.float32),
        )
        return buffer.getvalue()

    @staticmethod
    def from_bytes(data: bytes) -> Appearance:
        """Return what :meth:`to_bytes` wrote; :raises MemoryFileError: if it is damaged."""
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as archive:
                row, col = (int(v) for v in archive['place'])
                return Appearance(
                    row,
                    col,
                    archive['codes'].astype(np.float32),
                    archive['seen'].astype(bool),
                    archive['offsets_m'].astype(np.float64),
                )
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise MemoryFileError(f'an appearance in the memory is damaged: {error}') from None


def cell_of(box: Box, bay_height: float, margin_m: float, cell_m: float) -> tuple[int, int]:
    """Return row and column of the cell at the middle of a box; may lie outside the view."""
    return (
        int((bay_height + margin_m - box.y) / cell_m),
        int((box.x + margin_m) / cell_m),
    )


def _region(
    shape: tuple[int, ...], cell: tuple[int, int], cell_m: float
) -> tuple[slice, slice] | None:
    half_cols, half_rows = (max(1, round(side / cell_m)) for side in HALF_M)
    rows = slice(max(0, cell[0] - half_rows), min(shape[0], cell[0] + half_rows + 1))
    cols = slice(max(0, cell[1] - half_cols), min(shape[1], cell[1] + half_cols + 1))
    return (rows, cols) if rows.start < rows.stop and cols.start < cols.stop else None


def appearance_in(seen: BayPass, cell: tuple[int, int]) -> Appearance | None:
    """
    Return how the place around a cell looked in a pass, from the most frontal views.

    :return: None when no view judged that cell
    """
    if not seen.scores:
        return None
    first = seen.scores[0]
    rows, cols = first.distance.shape[1:]
    cell = (min(max(cell[0], 0), rows - 1), min(max(cell[1], 0), cols - 1))
    region = _region((rows, cols), cell, first.cell_m)
    views = seen.views_of(*cell)[:MAX_VIEWS]
    if region is None or not views:
        return None
    return Appearance(
        region[0].start,
        region[1].start,
        np.stack([seen.scores[i].code[region] for i in views]).astype(np.float32),
        np.stack([np.isfinite(seen.scores[i].distance[0][region]) for i in views]),
        np.array([seen.views[i].offset_m for i in views]),
    )


def distance(now: Appearance, then: Appearance) -> float | None:
    """
    Return how far ``now`` lies from ``then``: the mean distance of its cells to the nearest alike.

    :param now: an appearance of the same bay, scored by the same network
    :return: in units of the code; None when too little of the place was seen in both
    """
    if now.codes.shape[3] != then.codes.shape[3]:
        return None
    found = [
        value for i in range(len(now.codes)) if (value := _view_distance(now, i, then)) is not None
    ]
    return float(np.mean(found)) if found else None


def _view_distance(now: Appearance, index: int, then: Appearance) -> float | None:
    near = np.flatnonzero(np.abs(then.offsets_m - now.offsets_m[index]) <= OFFSET_M)
    if near.size == 0:
        return None
    rows, cols = now.codes.shape[1:3]
    up, across = SHIFT_CELLS
    # The cells of `then` laid into the frame of `now`, with room for the shifts.
    laid = np.zeros((near.size, rows + 2 * up, cols + 2 * across, now.codes.shape[3]), np.float32)
    known = np.zeros(laid.shape[:3], bool)
    down, right = then.row - now.row + up, then.col - now.col + across
    r0, r1 = max(0, down), min(laid.shape[1], down + then.codes.shape[1])
    c0, c1 = max(0, right), min(laid.shape[2], right + then.codes.shape[2])
    if r0 >= r1 or c0 >= c1:
        return None
    part = (near, slice(r0 - down, r1 - down), slice(c0 - right, c1 - right))
    laid[:, r0:r1, c0:c1] = then.codes[part]
    known[:, r0:r1, c0:c1] = then.seen[part]
    best = np.full((rows, cols), np.inf, np.float32)
    for dr in range(2 * up + 1):
        for dc in range(2 * across + 1):
            there = laid[:, dr : dr + rows, dc : dc + cols]
            squared = ((there - now.codes[index][None]) ** 2).sum(axis=-1)
            squared[~known[:, dr : dr + rows, dc : dc + cols]] = np.inf
            best = np.minimum(best, squared.min(axis=0))
    both = now.seen[index] & known[:, up : up + rows, across : across + cols].any(axis=0)
    if both.sum() < MIN_OVERLAP * both.size:
        return None
    return float(np.sqrt(best[both]).mean())


def normal_appearances(
    references: References, cell: tuple[int, int], cell_m: float
) -> list[Appearance]:
    """Return how the place around a cell looked on each normal pass that saw it."""
    region = _region(references.codes.shape[1:3], cell, cell_m)
    if region is None:
        return []
    found = []
    for number in np.unique(references.passes):
        views = np.flatnonzero(references.passes == number)
        seen = references.seen[views][:, region[0], region[1]]
        whole = seen.mean(axis=(1, 2)) >= MIN_OVERLAP
        if whole.any():
            views = views[whole]
            found.append(
                Appearance(
                    region[0].start,
                    region[1].start,
                    references.codes[views][:, region[0], region[1]],
                    seen[whole],
                    references.offsets_m[views],
                )
            )
    return found


def usual_distance(normals: Sequence[Appearance]) -> float | None:
    """
    Return how far a place's own normal looks lie apart from pass to pass: the radius of one look.

    :return: a high quantile over pairs of passes; None with fewer than two
    """
    pairs = [(a, b) for a in normals for b in normals if a is not b]
    step = max(1, len(pairs) // MAX_PAIRS)
    found = [d for a, b in pairs[::step] if (d := distance(a, b)) is not None]
    return float(np.quantile(found, RADIUS_QUANTILE)) if found else None


def alike(
    now: Appearance, then: Appearance, normals: Sequence[Appearance], radius: float | None
) -> bool | None:
    """
    Return whether a place looks as it did when something was wrong there.

    :param now: the place in this pass
    :param then: the place when it was found
    :param normals: the place on each normal pass
    :param radius: how far the same things lie apart there from pass to pass; None if not known
    :return: None when it cannot be told
    """
    apart = distance(now, then)
    usual = [d for normal in normals if (d := distance(now, normal)) is not None]
    if apart is None or radius is None or not usual:
        return None
    return apart <= min(usual) and apart <= max(SLACK * radius, CLEARLY * min(usual))
