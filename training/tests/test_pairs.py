# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Two looks at one place: which views are compared, and which axes follow from them."""

import numpy as np
import pytest

from shelf_anomaly.dataset import ViewEntry
from shelf_training.network import build_head, FeatureSettings, place_axes
from shelf_training.pairs import sample_differences


def entry(bay: str, patrol: str, offset_m: float) -> ViewEntry:
    return ViewEntry(
        file='', bay=bay, patrol=patrol, stamp_ns=0, offset_m=offset_m,
        homography=(1.0,) * 9, source_size=(1, 1), quality={},
    )  # fmt: skip


def differences(entries: list[ViewEntry], values: list[float]) -> np.ndarray | None:
    maps = [np.full((4, 5, 3), value, np.float32) for value in values]
    return sample_differences(entries, maps, [np.ones((4, 5), bool)] * len(maps), 100, seed=0)


def test_views_of_one_bay_on_two_patrols_are_compared() -> None:
    found = differences([entry('A', 'p1', 0.1), entry('A', 'p2', 0.2)], [5, 2])
    assert found is not None
    assert set(np.unique(found)) == {-3, 3}


@pytest.mark.parametrize(
    'other', [entry('B', 'p2', 0.1), entry('A', 'p1', 0.1), entry('A', 'p2', 0.6)]
)
def test_another_bay_patrol_or_viewpoint_says_nothing(other: ViewEntry) -> None:
    assert differences([entry('A', 'p1', 0.1), other], [5, 2]) is None


def cloud() -> tuple[np.ndarray, np.ndarray]:
    """Cells that vary most along axis 0, but mostly from patrol to patrol; axis 1 tells places."""
    rng = np.random.default_rng(0)
    cells = rng.normal(size=(4000, 3)) * [10, 3, 0.1]
    noise = rng.normal(size=(4000, 3)) * [9, 0.3, 0.1]
    return cells.astype(np.float32), noise.astype(np.float32)


def test_the_first_axis_tells_places_apart_and_not_what_varies_most() -> None:
    cells, noise = cloud()
    axes = place_axes(cells, noise, 2, ridge=1e-3)
    assert np.abs(axes[:, 0]).argmax() == 1
    assert axes[1, 0] > 0  # signs are fixed, so that a fit can be repeated


def test_distances_are_in_units_of_what_differs_at_one_place() -> None:
    cells, noise = cloud()
    codes = noise @ place_axes(cells, noise, 3, ridge=1e-6)
    assert codes.var(axis=0) / 2 == pytest.approx(np.ones(3), rel=0.05)


def test_the_encoder_keeps_the_metric_and_the_decoder_brings_features_back() -> None:
    rng = np.random.default_rng(0)
    settings = FeatureSettings(('s4',), 8, 24, hidden=0)
    cells = rng.normal(size=(600, 24)).astype(np.float32)
    head = build_head(settings, cells, rng.normal(size=(600, 24)).astype(np.float32))
    code, reconstruction = head(cells[None, :50, None])
    assert not head.get_layer('encoder').trainable
    assert np.asarray(code).shape == (1, 50, 1, 24)
    assert np.asarray(reconstruction)[0, :, 0] == pytest.approx(cells[:50], abs=1e-2)
