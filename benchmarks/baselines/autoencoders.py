# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
Autoencoders of pixels: the thesis's own, and a modern one of the same kind.

The thesis thresholds two numbers, the kernel density of the code and the reconstruction error;
here each is compared with its normal spread in the bay, and the larger counts. The modern network
is deeper, wider and trained with Adam; its residual is the score.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from shelf_anomaly.density import log_density
from shelf_anomaly.preprocess import padded_size
from shelf_anomaly.records import Float32Array, FloatArray, ImageArray
from shelf_training.bandwidth import best_bandwidth

from .views import CELL_PX, to_cells, View, Views

SQUARES = 4  # of a view, for training
CODES = 1500  # of a bay, in its density
SIDE_PX = {'thesis': 96, 'modern': 128}


class PixelAutoencoder:
    """Shared by both: trained on squares of the normal views of all bays."""

    kind = ''

    def __init__(self, epochs: int, seed: int = 0) -> None:
        """Train at most so many epochs."""
        self._epochs = epochs
        self._seed = seed
        self._run: Any = None

    def _train(self, views: Views, patrols: Sequence[str], told: Callable[[str], None]) -> Any:
        import keras

        keras.utils.set_random_seed(self._seed)
        rng, side = np.random.default_rng(self._seed), SIDE_PX[self.kind]
        pictures: dict[str, list[Float32Array]] = {patrol: [] for patrol in patrols}
        for bay in views.dataset.bays:
            for patrol in patrols:
                for view in views.of(bay, patrol):
                    pictures[patrol].append(squares(view.image, view.judged, side, rng))
        held = patrols[-1]
        train = np.concatenate([p for name in patrols[:-1] for p in pictures[name]])
        valid = np.concatenate(pictures[held])
        told(f'{self.name}: {len(train)} squares')  # type: ignore[attr-defined]
        if self.kind == 'thesis':
            from shelf_training.thesis import build_thesis, thesis_network, train_thesis

            autoencoder = build_thesis()
            first = min(20, self._epochs)
            train_thesis(autoencoder, train, valid, first_epochs=first, more_epochs=self._epochs)
            model = thesis_network(autoencoder)
        else:
            autoencoder = build_modern()
            autoencoder.compile(keras.optimizers.Adam(1e-3), loss='mse')
            stop = keras.callbacks.EarlyStopping(patience=5, restore_best_weights=True)
            options = {'validation_data': (valid, valid), 'callbacks': [stop], 'verbose': 0}
            autoencoder.fit(train, train, batch_size=16, epochs=self._epochs, **options)
            model = autoencoder
        told(f'{self.name}: trained')  # type: ignore[attr-defined]
        return traced(model)


def traced(model: Any) -> Any:
    """
    Return a model as a graph for each size of picture that comes.

    One graph for all sizes cannot be had: bilinear upsampling asks for the size.
    """
    import tensorflow as tf

    return tf.function(lambda image: model(image, training=False))


class Thesis(PixelAutoencoder):
    """The thesis's network: density of its code, and reconstruction error."""

    name = 'thesis (autoencoder, KDE of its code)'
    kind = 'thesis'

    def learn(self, views: Views, patrols: Sequence[str], told: Callable[[str], None]) -> None:
        """Train, and gather codes and errors of each bay."""
        self._run = self._train(views, patrols, told)
        rng = np.random.default_rng(self._seed)
        self._bays: dict[str, tuple[FloatArray, np.ndarray, float, tuple[float, ...]]] = {}
        for bay in views.dataset.bays:
            codes, owners, errors = [], [], []
            for patrol in patrols:
                for view in views.of(bay, patrol):
                    code, error = self._outputs(view.image)
                    mask = view.judged[::2, ::2][: code.shape[0], : code.shape[1]]
                    picked = code[: mask.shape[0], : mask.shape[1]][mask]
                    codes.append(picked)
                    owners += [patrol] * len(picked)
                    errors.append(error[: mask.shape[0], : mask.shape[1]][mask])
            together, names = np.concatenate(codes).astype(np.float64), np.array(owners)
            kept = rng.permutation(len(together))[:CODES]
            together, names = together[kept], names[kept]
            bandwidth = max(1e-4, best_bandwidth(together[: CODES // 3]))
            density = log_density(together[:300], together[300:], bandwidth)
            error = np.concatenate(errors)
            spread = (density.mean(), density.std() + 1e-9, error.mean(), error.std() + 1e-9)
            self._bays[bay] = (together, names, bandwidth, tuple(map(float, spread)))
            told(f'{self.name}: {bay}')

    def score(self, view: View, without: str | None = None) -> Float32Array:
        """Return the larger of low density and high error, in normal spreads."""
        codes, owners, bandwidth, spread = self._bays[view.bay]
        codes = codes[owners != without] if without is not None else codes
        code, error = self._outputs(view.image)
        flat = code.reshape(-1, code.shape[-1]).astype(np.float64)
        density = log_density(flat, codes, bandwidth).reshape(code.shape[:2])
        low = (spread[0] - density) / spread[1]
        return to_cells(np.maximum(low, (error - spread[2]) / spread[3]), view.judged)

    def _outputs(self, image: ImageArray) -> tuple[Float32Array, Float32Array]:
        from shelf_anomaly.preprocess import network_input

        out = self._run(network_input(image, 32))
        return np.asarray(out['code'])[0], np.asarray(out['error'])[0]


class Modern(PixelAutoencoder):
    """A modern convolutional autoencoder: its pixel residual."""

    name = 'pixel residual (convolutional autoencoder)'
    kind = 'modern'

    def learn(self, views: Views, patrols: Sequence[str], told: Callable[[str], None]) -> None:
        """Train."""
        self._run = self._train(views, patrols, told)

    def score(self, view: View, without: str | None = None) -> Float32Array:
        """Return the mean squared residual of each cell."""
        del without  # one network for all; it has met its own normal views
        from shelf_anomaly.preprocess import network_input

        image = network_input(view.image, CELL_PX) / 255.0
        rest = np.asarray(self._run(image))[0] - image[0]
        rows, cols = padded_size(*view.image.shape[:2], CELL_PX)
        cells = (rest**2).mean(-1).reshape(rows // CELL_PX, CELL_PX, cols // CELL_PX, CELL_PX)
        return to_cells(cells.mean(axis=(1, 3)), view.judged)


def build_modern() -> Any:
    """Return an autoencoder of RGB 0..1: four strided stages to a 16 times smaller code."""
    import keras
    from keras import layers

    image = keras.Input((None, None, 3))
    value = image
    for filters in (32, 64, 96):
        value = layers.Conv2D(filters, 3, 2, 'same', activation='gelu')(value)
        value = layers.GroupNormalization(8)(value)
    value = layers.Conv2D(48, 3, 2, 'same', name='code')(value)
    for filters in (96, 64, 32, 32):
        value = layers.UpSampling2D(interpolation='bilinear')(value)
        value = layers.Conv2D(filters, 3, 1, 'same', activation='gelu')(value)
    return keras.Model(image, layers.Conv2D(3, 3, 1, 'same', activation='sigmoid')(value))


def squares(
    image: ImageArray, judged: np.ndarray, side: int, rng: np.random.Generator
) -> Float32Array:
    """Return random squares of what is judged, RGB 0..1, ``(n, side, side, 3)``."""
    found, cells = [], side // CELL_PX
    rows, cols = image.shape[0] - side, image.shape[1] - side
    for _ in range(20 * SQUARES):
        if min(rows, cols) < 0 or len(found) == SQUARES:
            break
        top, left = int(rng.integers(rows + 1)), int(rng.integers(cols + 1))
        r, c = top // CELL_PX, left // CELL_PX
        if judged[r : r + cells, c : c + cells].mean() > 0.8:
            found.append(image[top : top + side, left : left + side, ::-1])
    return np.asarray(found, np.float32).reshape(-1, side, side, 3) / 255
