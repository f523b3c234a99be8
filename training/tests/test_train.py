# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Training on cached features: what a batch holds, what does not count, and that it repeats."""

import keras
import numpy as np
import pytest

from shelf_anomaly.errors import DatasetError
from shelf_training.network import build_head, FeatureSettings
from shelf_training.train import CropBatches, train_head, TrainSettings

SHAPE = FeatureSettings(taps=('s2',), cell_px=2, code_dims=3, hidden=6)  # 16 features


def maps(count: int, seed: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Feature maps that lie on a curved surface, which a linear code of 3 cannot hold whole."""
    rng = np.random.default_rng(seed)
    mixing = np.random.default_rng(9).normal(size=(6, 16))
    hidden = [rng.normal(size=(9 + i % 3, 7, 3)) for i in range(count)]
    values = [np.concatenate([h, np.abs(h)], axis=-1) @ mixing for h in hidden]
    return [v.astype(np.float32) for v in values], [np.ones(v.shape[:2], bool) for v in values]


def test_batches_hold_damaged_and_clean_crops_and_pad_small_maps() -> None:
    features, masks = maps(4, 0)
    masks[0][:] = False
    batches = CropBatches(features, masks, TrainSettings(batch=4, crop=8), damage=True, seed=1)
    damaged, clean, weight = batches[0]
    assert damaged.shape == clean.shape == (4, 8, 8, 16)
    assert len(batches) == 1
    # maps are 7 wide: the eighth column is padding and does not count
    assert not weight[:, :, 7].any()
    # one map is masked whole
    assert sorted(weight.sum(axis=(1, 2)).tolist()) == [0, 56, 56, 56]
    assert np.abs(damaged - clean).max() > 0.1


def test_validation_batches_are_clean_and_stay() -> None:
    features, masks = maps(3, 0)
    batches = CropBatches(features, masks, TrainSettings(batch=4, crop=4), damage=False, seed=1)
    first = batches[0]
    batches.on_epoch_end()
    assert (first[0] == first[1]).all()
    assert (batches[0][1] == first[1]).all()


def test_training_improves_on_the_pca_and_repeats() -> None:
    train, held = maps(24, 0), maps(8, 1)
    settings = TrainSettings(epochs=12, batch=8, crop=6, noise=0.05, drop=0.0, learning_rate=5e-3)
    cells = np.concatenate([m.reshape(-1, 16) for m in train[0]])
    runs = []
    for _ in range(2):
        keras.utils.set_random_seed(0)
        head = build_head(SHAPE, cells)
        whole = np.concatenate([m.reshape(-1, 16) for m in held[0]])[None, :, None]
        before = float(np.mean((np.asarray(head(whole)[1]) - whole) ** 2))
        history = train_head(head, train, held, settings)
        after = float(np.mean((np.asarray(head(whole)[1]) - whole) ** 2))
        runs.append(history.val_loss)
        assert after < 0.9 * before
    assert runs[0] == pytest.approx(runs[1], rel=1e-5)


def test_no_views_is_an_error() -> None:
    with pytest.raises(DatasetError, match='not one view'):
        CropBatches([], [], TrainSettings(), damage=True, seed=0)
