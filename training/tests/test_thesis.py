# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The thesis's network, layer by layer, and its way of training."""

import keras
import numpy as np
import pytest

from shelf_training.thesis import build_thesis, thesis_network, train_thesis

# kind, filters or factor, activation, output for 96x96: appendix A of the thesis
TABLE = [
    ('Conv2D', 16, 'relu', (96, 96, 16)),
    ('MaxPooling2D', 4, None, (24, 24, 16)),
    ('Conv2D', 8, 'relu', (24, 24, 8)),
    ('MaxPooling2D', 4, None, (6, 6, 8)),
    ('Conv2D', 3, 'relu', (6, 6, 3)),
    ('MaxPooling2D', 2, None, (3, 3, 3)),  # the code: 27 numbers
    ('Conv2D', 3, 'relu', (3, 3, 3)),
    ('UpSampling2D', 2, None, (6, 6, 3)),
    ('Conv2D', 8, 'relu', (6, 6, 8)),
    ('UpSampling2D', 4, None, (24, 24, 8)),
    ('Conv2D', 16, 'relu', (24, 24, 16)),
    ('UpSampling2D', 4, None, (96, 96, 16)),
    ('Conv2D', 3, 'sigmoid', (96, 96, 3)),
]


def test_layers_are_those_of_the_thesis() -> None:
    network = build_thesis()
    found, shape = [], (1, 96, 96, 3)
    for layer in network.layers:
        shape = layer.compute_output_shape(shape)
        if isinstance(layer, keras.layers.Conv2D):
            assert (layer.kernel_size, layer.padding) == ((3, 3), 'same')
            found.append(('Conv2D', layer.filters, layer.activation.__name__, tuple(shape[1:])))
        else:
            size = layer.pool_size if isinstance(layer, keras.layers.MaxPooling2D) else layer.size
            found.append((type(layer).__name__, size[0], None, tuple(shape[1:])))
    assert found == TABLE
    assert network.count_params() == 3738


def test_deployed_network_keeps_the_contract_at_any_size() -> None:
    autoencoder = build_thesis()
    image = np.random.default_rng(0).uniform(0, 255, (1, 64, 96, 3)).astype(np.float32)
    out = thesis_network(autoencoder)(image)
    wrong = (image / 255 - np.asarray(autoencoder(image / 255))) ** 2
    expected = wrong.mean(axis=-1).reshape(1, 2, 32, 3, 32).mean(axis=(2, 4))
    assert out['code'].shape == (1, 2, 3, 3)
    assert np.asarray(out['error']) == pytest.approx(expected, abs=1e-6)


def test_training_learns_and_keeps_the_best_weights_of_the_second_run() -> None:
    keras.utils.set_random_seed(3)
    autoencoder = build_thesis()
    pictures = np.full((8, 32, 32, 3), 0.8, np.float32)
    history = train_thesis(autoencoder, pictures, pictures[:2], first_epochs=3, more_epochs=12)
    assert len(history.loss) == len(history.val_loss) == 15
    assert history.loss[-1] < 0.8 * history.loss[0]
    assert history.best_epoch == 3 + int(np.argmin(history.val_loss[3:]))
    kept = float(np.mean((np.asarray(autoencoder(pictures[:2])) - pictures[:2]) ** 2))
    assert kept == pytest.approx(history.val_loss[history.best_epoch], rel=1e-3)
