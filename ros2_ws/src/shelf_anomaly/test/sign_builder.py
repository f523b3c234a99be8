# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Stores of bays with prints, and passes of them, for tests of what is read off a place."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from layout_builder import row_of_bays
import numpy as np
from print_builder import bay_arrays, HERE, prints, PX_PER_M, view

from shelf_anomaly.artefact import Artefact
from shelf_anomaly.bareness import Bare
from shelf_anomaly.bay_pass import BayPass
from shelf_anomaly.belonging import Belonging
from shelf_anomaly.density import References
from shelf_anomaly.places import NormalBay, PlaceStatistics
from shelf_anomaly.records import CellScores
from shelf_anomaly.registration import Template
from shelf_anomaly.scoring import CHANNELS, CODE_CHANNELS
from shelf_anomaly.signs import Signs
from shelf_anomaly.store_layout import StoreLayout
from shelf_anomaly.weights import CODES, COLOURS

STRIDE = 16
CELL_M = STRIDE / PX_PER_M
ROWS, COLS = 28, 36
CELL = (int(HERE[1]) // STRIDE, int(HERE[0]) // STRIDE)
MIDDLE = (HERE[1] / STRIDE, HERE[0] / STRIDE)
APART_M = (0.13, 0.26)
PACKED, LOOSE = 0.95, 0.8
LEVELS = (0.0, 1.2 - HERE[1] / PX_PER_M - 0.06)
USUAL_SCORES = np.full((len(CHANNELS), ROWS, COLS), CODES, np.float32)
USUAL_SCORES[CODE_CHANNELS:] = COLOURS
USUAL_BARE = Bare(structure=1.0, emptied=0.0)


def store(*bays: str, levels: Sequence[float] = LEVELS) -> StoreLayout:
    """Return a store; its second board is 6 cm below the place in question."""
    return row_of_bays(*bays, levels=levels, width=1.5, step=2.0)


def belonging(usual_print: float = PACKED, /, **bays: np.ndarray) -> Belonging:
    """Return what belongs where; ``usual_print`` is that of bay A, the others are packed."""
    codes = np.zeros((ROWS, COLS, 2), np.float32)
    codes[0, 0] = 1
    arrays: dict[str, np.ndarray] = {}
    for bay in bays:
        arrays |= bay_arrays(bay, codes, 1.0, usual_print if bay == 'A' else PACKED)
    return Belonging(Artefact(Path('m'), {}, b'', arrays), tuple(bays))


def signs(usual_print: float = PACKED, /, **bays: np.ndarray) -> Signs:
    return Signs(store(*bays), STRIDE, belonging(usual_print, **bays), prints(**bays))


def seen(image: np.ndarray, structure: float = 1.0, bay: str = 'A') -> BayPass:
    """Return a pass of one view, with so much structure everywhere."""
    shape = (ROWS, COLS)
    scores = CellScores(
        bay,
        0,
        CELL_M,
        np.zeros((*shape, 2), np.float32),
        np.zeros(shape, np.float32),
        np.zeros((2, *shape), np.float32),
        np.full(shape, structure, np.float32),
    )
    one = BayPass(bay, 'p', 0)
    one.add(view(bay, image), scores)
    return one


def normal() -> NormalBay:
    shape = (ROWS, COLS)
    codes, whole = np.zeros((1, *shape, 2), np.float32), np.ones((1, *shape), bool)
    flat = np.zeros((1, *shape), np.float32)
    references = References(codes, whole, np.zeros(1), np.zeros(1, np.int64))
    return NormalBay(
        references,
        references,
        PlaceStatistics(flat, flat + 1),
        Template(flat[0], flat[0]),
        np.ones(shape, np.float32),
        np.zeros((2, *shape), np.float32),
        np.zeros((1, len(LEVELS), 151), np.float32),
        b'',
        1.0,
    )


def lying_front(image: np.ndarray) -> np.ndarray:
    """Return a shelf on which what stands at HERE lies there, turned by a quarter."""
    row, col = int(HERE[1]), int(HERE[0])
    lying = image.copy()
    product = image[row - 45 : row + 45, col - 25 : col + 25]
    lying[row - 25 : row + 25, col - 45 : col + 45] = np.rot90(product)
    return lying
