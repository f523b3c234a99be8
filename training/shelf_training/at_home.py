# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
How near a look must be to what is normal in a bay, to be at home there.

Looks of normal places are compared with what the other patrols showed at the same place: products
that are at home. The distance that most of them keep is the limit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from shelf_anomaly.artefact import Artefact
from shelf_anomaly.belonging import Belonging
from shelf_anomaly.dataset import Dataset
from shelf_anomaly.inspector import encode_view
from shelf_anomaly.looks import windows_around
from shelf_anomaly.network import Network
from shelf_anomaly.places import unpack
from shelf_anomaly.scoring import PATCH_M, window_mean

QUANTILE = 0.9  # of the distances of products to their own place on other patrols
ELSEWHERE = (
    1.05  # times as far may a thing be that stands among strange neighbours, in other light
)
VIEWS, PLACES = 60, 4  # looked at: views over all bays, places of each
BUSY = 0.7  # a place with as much of the view's mean structure shows a product


def at_home_distance(
    dataset: Dataset,
    bays: Sequence[str],
    artefact: Artefact,
    look_dims: int,
    view_limit_m: float,
    *,
    threads: int,
    seed: int,
    on_view: Callable[[], None] = lambda: None,
) -> float:
    """
    Return the distance up to which a look counts as normal in a bay.

    :param artefact: the model so far: network and normal codes
    """
    network = Network(artefact.network_onnx, artefact.stride, threads=threads)
    belonging = Belonging(artefact, tuple(bays), look_dims)
    passes = {patrol: index for index, patrol in enumerate(dataset.patrols)}
    rng = np.random.default_rng(seed)
    entries = [entry for bay in bays for entry in dataset.of(bay)]
    found: dict[str, list[float]] = {bay: [] for bay in bays}
    for index in rng.permutation(len(entries))[:VIEWS]:
        entry = entries[index]
        view = dataset.load(entry)
        seen = encode_view(view, network, view_limit_m).seen
        structure = window_mean(
            unpack(artefact, entry.bay).activity, network.stride / view.px_per_m, PATCH_M
        )
        rows, cols = np.nonzero(seen & (structure >= BUSY))
        for i in rng.permutation(rows.size)[:PLACES]:
            cell = (int(rows[i]), int(cols[i]))
            middle = ((cell[1] + 0.5) * network.stride, (cell[0] + 0.5) * network.stride)
            looks = windows_around(view.image, middle, network, look_dims)
            without = passes[entry.patrol]
            own = belonging.compare(looks, entry.bay, cell, without_pass=without).own
            if np.isfinite(own):
                found[entry.bay].append(own)
        on_view()
    # Of the bays the median: one of loose fruit, never twice the same, says little of the others.
    limits = [float(np.quantile(own, QUANTILE)) for own in found.values() if own]
    return ELSEWHERE * float(np.median(limits)) if limits else 0.0
