# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Passes, findings and appearances for tests of what follows the inspection."""

from __future__ import annotations

from dataclasses import replace

from layout_builder import row_of_bays
import numpy as np

from shelf_anomaly.appearance import Appearance
from shelf_anomaly.finder import PassResult
from shelf_anomaly.inspector import SCALES
from shelf_anomaly.records import BayView, Box, CellScores, Finding, Kind, ViewQuality
from shelf_anomaly.store_layout import StoreLayout
from shelf_anomaly.tracker import Sighting

CELL_M, MARGIN_M, HEIGHT_M, WIDTH_M = 0.05, 0.05, 1.2, 1.0
ROWS, COLS = 26, 22
THRESHOLD = 4.0


def store() -> StoreLayout:
    """Two bays of 1 m."""
    return row_of_bays('L01', 'L02', levels=(0.0, 0.4, 0.8), width=WIDTH_M, height=HEIGHT_M)


def finding(x: float = 0.5, y: float = 0.6, score: float = 8.0, **changes: object) -> Finding:
    made = Finding('L01', Box(x, y, 0.1, 0.2), 1, Kind.FOREIGN, score, THRESHOLD, 0.01, 4)
    return replace(made, **changes)  # type: ignore[arg-type]


def appearance(value: float, *, row: int = 10, col: int = 9) -> Appearance:
    """Return a place all of whose cells have the code ``value``, in one view."""
    codes = np.full((1, 5, 3, 2), value, np.float32)
    return Appearance(row, col, codes, np.ones((1, 5, 3), bool), np.array([0.5]))


def sighting(found: Finding | None = None, look: float | None = None, **more: bool) -> Sighting:
    return Sighting(found or finding(), None if look is None else appearance(look), **more)


def result(*findings: Finding, usual: float = 0.5, judged: bool = True) -> PassResult:
    """Return a pass that scores ``usual`` everywhere but at its findings."""
    values = np.full((ROWS, COLS), usual, np.float32)
    for one in findings:
        row = int((HEIGHT_M + MARGIN_M - one.box.y) / CELL_M)
        values[row, int((one.box.x + MARGIN_M) / CELL_M)] = one.score
    if not judged:
        values[:] = np.nan
    seen = np.isfinite(values)
    face = np.ones(values.shape, bool)
    return PassResult(
        findings, values, seen, face, CELL_M, MARGIN_M, HEIGHT_M, THRESHOLD, 1.0, values
    )


def view(offset_m: float, stamp_ns: int = 0, bay: str = 'L01') -> BayView:
    quality = ViewQuality(1.0, 300.0, 0.0, 1.0, 100.0)
    shape = (ROWS * 4, COLS * 4)
    return BayView(
        bay,
        stamp_ns,
        np.zeros((*shape, 3), np.uint8),
        np.ones(shape, bool),
        4 / CELL_M,
        MARGIN_M,
        np.eye(3),
        offset_m,
        quality,
    )


def scores(distance: float, stamp_ns: int = 0, bay: str = 'L01') -> CellScores:
    """Cells that all lie ``distance`` from normal, with codes of that value."""
    return CellScores(
        bay,
        stamp_ns,
        CELL_M,
        np.full((ROWS, COLS, 2), distance, np.float32),
        np.zeros((ROWS, COLS), np.float32),
        np.full((SCALES, ROWS, COLS), distance, np.float32),
        np.ones((ROWS, COLS), np.float32),
    )
