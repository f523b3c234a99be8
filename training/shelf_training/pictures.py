# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The pictures of a bay in its normal state that a model keeps."""

from __future__ import annotations

from shelf_anomaly.dataset import Dataset
from shelf_anomaly.records import ImageArray

from .calibrate import composite


def normal_pictures_of(dataset: Dataset, bay: str) -> list[ImageArray]:
    """Return one picture of each pass in :func:`patrols_of_pictures`."""
    return [
        composite([dataset.load(entry) for entry in dataset.of(bay) if entry.patrol == patrol])
        for patrol in patrols_of_pictures(dataset, bay)
    ]


def patrols_of_pictures(dataset: Dataset, bay: str) -> tuple[str, ...]:
    """Return the last patrol that passed a bay, the first and one between, the last first."""
    patrols = list(dict.fromkeys(entry.patrol for entry in dataset.of(bay)))
    return tuple(dict.fromkeys((patrols[-1], patrols[0], patrols[len(patrols) // 2])))
