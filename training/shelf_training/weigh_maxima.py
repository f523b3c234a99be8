# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
How much the maxima of normal passes count by the signs that they show, as on the robot.

Signs (see :mod:`shelf_anomaly.signs`) are prints among others, so they are read in the views
themselves, with the finished model. The pictures of normal passes that the model keeps are not
asked about the passes that they show.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from rich.console import Console

from shelf_anomaly.artefact import Artefact
from shelf_anomaly.bay_pass import BayPass
from shelf_anomaly.belonging import Belonging
from shelf_anomaly.dataset import Dataset
from shelf_anomaly.finder import APART_M
from shelf_anomaly.places import bays_of, unpack
from shelf_anomaly.prints import Prints
from shelf_anomaly.records import BayView, CellScores, Float32Array
from shelf_anomaly.signs import Signs

from .calibrate import CalibratedBay, EncodedView, with_maxima
from .pictures import patrols_of_pictures
from .progress import step


def weigh_maxima(
    dataset: Dataset,
    calibrated: Mapping[str, CalibratedBay],
    encoded: Mapping[str, list[EncodedView]],
    artefact: Artefact,
    console: Console,
) -> dict[str, CalibratedBay]:
    """
    Return the bays with the scores of their normal passes as the robot would see them.

    :param encoded: views of the bays, in the order of the dataset
    :param artefact: the model so far
    """
    cell_m = artefact.stride / dataset.px_per_m
    bays = bays_of(artefact.arrays)
    belonging, prints = Belonging(artefact, bays), Prints(artefact, bays)
    signs = Signs(dataset.store, artefact.stride, belonging, prints)
    found = {}
    total = sum(one.bay_maxima.size for one in calibrated.values())
    with step(console, 'signs on normal passes', total) as bar:
        for bay, one in calibrated.items():
            normal, pictures = unpack(artefact, bay), patrols_of_pictures(dataset, bay)
            passes = sorted({view.pass_index for view in encoded[bay]})
            maps = []
            for i, (index, standard) in enumerate(zip(passes, one.left_out, strict=True)):
                others = replace(normal, edges=np.delete(normal.edges, i, axis=0))
                patrol = dataset.patrols[index]
                seen = _pass(dataset, bay, patrol, encoded[bay], cell_m)
                skip = pictures.index(patrol) if patrol in pictures else None
                bareness = signs.bareness(seen, others)
                maps.append(signs.weighed_scores(seen, bareness, standard, APART_M, skip=skip))
                bar.advance(note=bay)
            found[bay] = with_maxima(one, np.stack(maps), cell_m)
    return found


def _pass(
    dataset: Dataset, bay: str, patrol: str, encoded: list[EncodedView], cell_m: float
) -> BayPass:
    """Return a pass with its views, and which cells they show."""
    seen = BayPass(bay, patrol, 0)
    index = dataset.patrols.index(patrol)
    by_offset = {view.offset_m: view for view in encoded if view.pass_index == index}
    for entry in dataset.of(bay):
        if entry.patrol != patrol:
            continue
        view = dataset.load(entry)
        if view.offset_m in by_offset:
            seen.add(view, _scores(view, by_offset[view.offset_m], cell_m))
    return seen


def _scores(view: BayView, coded: EncodedView, cell_m: float) -> CellScores:
    """Return what the signs ask of a view: where it was judged, and its structure."""
    found = coded.encoded
    judged: Float32Array = np.where(found.seen, 0.0, np.nan).astype(np.float32)
    return CellScores(
        bay=view.bay,
        stamp_ns=view.stamp_ns,
        cell_m=cell_m,
        code=found.code,
        error=found.error,
        distance=np.stack([judged, judged]),
        activity=found.activity,
    )
