# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
How alike the looks of a bay's places usually are, from patrol to patrol.

Looks of normal places are compared with what other patrols showed at the same place: by their
codes, which is the bay's own measure of whether a look is at home there, and by their print, which
tells packages, whose fronts come back to the millimetre, from loose goods, which lie in another
heap every time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from shelf_anomaly.artefact import Artefact
from shelf_anomaly.belonging import Belonging
from shelf_anomaly.dataset import Dataset
from shelf_anomaly.inspector import encode_view
from shelf_anomaly.looks import windows_around
from shelf_anomaly.network import Network
from shelf_anomaly.places import unpack
from shelf_anomaly.prints import Prints
from shelf_anomaly.scoring import PATCH_M, window_mean

from .pictures import patrols_of_pictures

VIEWS, PLACES = 12, 4  # looked at: views of each bay, places of each
NAMES = ('distance', 'print')
BUSY = 0.7  # a place with as much of the view's mean structure shows a product


def usual_looks(
    dataset: Dataset,
    bays: Sequence[str],
    artefact: Artefact,
    view_limit_m: float,
    *,
    threads: int,
    seed: int,
    on_view: Callable[[], None] = lambda: None,
) -> dict[str, npt.NDArray[np.float32]]:
    """
    Return the medians of how a bay's looks compare with their own place on other patrols.

    :param artefact: the model so far: network, and normal codes and pictures of ``bays``
    :return: the arrays ``BAY/usual_distance`` (of codes) and ``BAY/usual_print`` (a correlation)
        of each bay, single numbers; in a bay without any product they are the medians of the
        others
    """
    network = Network(artefact.network_onnx, artefact.stride, threads=threads)
    unmeasured = {f'{bay}/usual_{name}': np.ones((), np.float32) for bay in bays for name in NAMES}
    belonging = Belonging(replace(artefact, arrays={**artefact.arrays, **unmeasured}), tuple(bays))
    prints = Prints(artefact, bays)
    passes = {patrol: index for index, patrol in enumerate(dataset.patrols)}
    found: dict[str, list[tuple[float, float]]] = {}
    for bay in bays:
        pictures = patrols_of_pictures(dataset, bay)
        rng = np.random.default_rng(seed)  # one bay's figure does not hang on the others
        structure = window_mean(
            unpack(artefact, bay).activity, network.stride / dataset.px_per_m, PATCH_M
        )
        entries = dataset.of(bay)
        found[bay] = []
        for index in rng.permutation(len(entries))[:VIEWS]:
            view = dataset.load(entries[index])
            seen = encode_view(view, network, view_limit_m).seen
            rows, cols = np.nonzero(seen & (structure >= BUSY))
            patrol = entries[index].patrol
            skip = pictures.index(patrol) if patrol in pictures else None
            for i in rng.permutation(rows.size)[:PLACES]:
                cell = (int(rows[i]), int(cols[i]))
                middle = ((cell[1] + 0.5) * network.stride, (cell[0] + 0.5) * network.stride)
                looks = windows_around(view.image, middle, network)
                own = belonging.own_distance(looks, bay, cell, without_pass=passes[patrol])
                if np.isfinite(own):
                    found[bay].append((own, prints.at_place(view, middle, skip=skip).score))
            on_view()
    known = {bay: np.median(own, axis=0) for bay, own in found.items() if own}
    usual = np.median(list(known.values()), axis=0) if known else np.ones(len(NAMES))
    return {
        f'{bay}/usual_{name}': np.asarray(known.get(bay, usual)[i], np.float32)
        for bay in bays
        for i, name in enumerate(NAMES)
    }
