# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
How far the looks of a bay's places usually are from each other, from patrol to patrol.

That is the bay's own measure of whether a look is at home there: looks of normal places are
compared with what the other patrols showed at the same place. Packages keep their look; fruit is
another heap every time, and so is nearly twice as far from itself.
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
from shelf_anomaly.scoring import PATCH_M, window_mean

VIEWS, PLACES = 12, 4  # looked at: views of each bay, places of each
BUSY = 0.7  # a place with as much of the view's mean structure shows a product


def usual_distances(
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
    Return the median distance of a bay's looks to their own place on other patrols.

    :param artefact: the model so far: network, and normal codes of ``bays``
    :return: the array ``BAY/usual_distance`` of each bay, a single number; in a bay without any
        product it is the median of the others
    """
    network = Network(artefact.network_onnx, artefact.stride, threads=threads)
    unmeasured = {f'{bay}/usual_distance': np.ones((), np.float32) for bay in bays}
    belonging = Belonging(replace(artefact, arrays={**artefact.arrays, **unmeasured}), tuple(bays))
    passes = {patrol: index for index, patrol in enumerate(dataset.patrols)}
    found: dict[str, list[float]] = {}
    for bay in bays:
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
            for i in rng.permutation(rows.size)[:PLACES]:
                cell = (int(rows[i]), int(cols[i]))
                middle = ((cell[1] + 0.5) * network.stride, (cell[0] + 0.5) * network.stride)
                looks = windows_around(view.image, middle, network)
                without = passes[entries[index].patrol]
                own = belonging.own_distance(looks, bay, cell, without_pass=without)
                if np.isfinite(own):
                    found[bay].append(own)
            on_view()
    known = [float(np.median(own)) for own in found.values() if own]
    usual = float(np.median(known)) if known else 1.0
    return {
        f'{bay}/usual_distance': np.asarray(np.median(own) if own else usual, np.float32)
        for bay, own in found.items()
    }
