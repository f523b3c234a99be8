# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The feature autoencoder: shapes at every size, the PCA it starts as, and what training does."""

import numpy as np
import pytest

from shelf_anomaly.errors import SettingsError
from shelf_training.network import (
    apply_scaling,
    build_extractor,
    build_head,
    build_network,
    FeatureSettings,
    fit_scaling,
    principal_components,
    sample_cells,
)

SMALL = FeatureSettings(taps=('s4', 's8'), cell_px=8, code_dims=6, hidden=8)


def cells(count: int, dims: int, rank: int, seed: int = 0) -> np.ndarray:
    """Cells that lie in a subspace of ``rank`` dimensions."""
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(count, rank)) @ rng.normal(size=(rank, dims)) + 3).astype(np.float32)


@pytest.mark.parametrize(('rows', 'cols'), [(64, 96), (40, 72), (8, 24)])
def test_extractor_gives_a_cell_for_each_square_of_pixels(rows: int, cols: int) -> None:
    # s16 is coarser than the cell: the picture is filled up to multiples of 16 and cut back
    settings = FeatureSettings(taps=('s8', 's16'), cell_px=8)
    image = np.random.default_rng(0).uniform(0, 255, (1, rows, cols, 3)).astype(np.float32)
    features = np.asarray(build_extractor(settings)(image))
    assert (
        features.shape
        == (1, rows // 8, cols // 8, settings.dims)
        == (1, rows // 8, cols // 8, 152)
    )


def test_finer_maps_are_averaged_onto_the_grid() -> None:
    image = np.full((1, 32, 32, 3), 90, np.float32)
    settings = FeatureSettings(taps=('s4',), cell_px=16)
    fine = np.asarray(build_extractor(FeatureSettings(taps=('s4',), cell_px=4))(image))
    coarse = np.asarray(build_extractor(settings)(image))
    expected = fine.reshape(1, 2, 4, 2, 4, 24).mean(axis=(2, 4))
    assert coarse == pytest.approx(expected, abs=1e-4)


def test_scaling_gives_each_tap_the_same_share() -> None:
    values = cells(4000, SMALL.dims, SMALL.dims)
    scaled = apply_scaling(values, fit_scaling(values, SMALL))
    assert scaled.mean(axis=0) == pytest.approx(np.zeros(64), abs=1e-3)
    first, second = (scaled[:, :24] ** 2).sum(1).mean(), (scaled[:, 24:] ** 2).sum(1).mean()
    assert first == pytest.approx(second, rel=1e-3)
    assert (scaled**2).mean() == pytest.approx(1.0, rel=1e-3)


def test_principal_components_of_a_known_cloud() -> None:
    # variance 9 along (0, 1), 1 along (1, 0): the first axis is (0, 1), its sign positive
    cloud = np.array([[1, 0], [-1, 0], [0, 3], [0, -3]], np.float32) + 5
    axes, mean = principal_components(cloud, 1)
    assert axes[:, 0] == pytest.approx([0, 1], abs=1e-9)
    assert mean == pytest.approx([5, 5])


def test_head_starts_as_the_pca_and_so_reconstructs_what_lies_in_it() -> None:
    values = cells(500, SMALL.dims, rank=4)  # fewer dimensions than the code has
    code, reconstruction = build_head(SMALL, values)(values[None, :20, None])
    assert code.shape == (1, 20, 1, 6)
    assert np.asarray(reconstruction)[0, :, 0] == pytest.approx(values[:20], abs=1e-3)


def test_network_reports_the_mean_squared_error_of_each_cell() -> None:
    rng = np.random.default_rng(1)
    image = rng.uniform(0, 255, (2, 40, 64, 3)).astype(np.float32)
    extractor = build_extractor(SMALL)
    features = np.asarray(extractor(image))
    scaling = fit_scaling(features.reshape(-1, 64), SMALL)
    head = build_head(SMALL, apply_scaling(features.reshape(-1, 64), scaling))
    out = build_network(extractor, scaling, head)(image)
    scaled = apply_scaling(features, scaling)
    expected = ((scaled - np.asarray(head(scaled)[1])) ** 2).mean(axis=-1)
    assert out['code'].shape == (2, 5, 8, 6)
    assert np.asarray(out['error']) == pytest.approx(expected, abs=1e-4)


def test_sample_takes_masked_cells_only() -> None:
    maps = [np.arange(12, dtype=np.float32).reshape(2, 3, 2), np.full((1, 2, 2), 50, np.float32)]
    masks = [np.array([[True, False, False], [False, False, True]]), np.array([[False, True]])]
    assert sample_cells(maps, masks, 100, seed=0).tolist() == [[0, 1], [10, 11], [50, 50]]


@pytest.mark.parametrize(
    ('wrong', 'said'),
    [
        ({'kernel': 2}, 'kernel is 2'),
        ({'code_dims': 0}, 'code_dims is 0'),
        ({'cell_px': 7}, 'cell_px is 7'),
    ],
)
def test_settings_out_of_range_are_refused(wrong: dict, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        FeatureSettings(**wrong)
