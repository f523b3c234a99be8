# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
The default network for photos: an autoencoder of features whose code also tells products apart.

The encoder's code must serve two masters: the decoder, which reconstructs the pretrained features
from it, and a linear classifier, which says which product a cell shows, or that it shows something
made up. The classifier's log odds are log density ratios; they lie in the artefact beside the
network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
from keras import layers, ops
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from shelf_anomaly.records import BoolArray, Float32Array, FloatArray

from .network import FeatureSettings, scale_layer, Scaling
from .thesis import History

RECONSTRUCTION_WEIGHT = 0.2
BATCH = 16
CROP = 20
"""Side of the square of cells that a step takes from a picture: as good as all, and faster."""
LEARNING_RATE = 2e-3
DROP_FEATURES, DROP_CODE = 0.1, 0.2
LOOK_DIMS, SHRINK = 16, 0.3


@dataclass(frozen=True, slots=True)
class LabelledFeatures:
    """Features of labelled pictures, all of one size."""

    features: npt.NDArray[np.float16]
    """Shape ``(n, rows, cols, dims)``, not scaled."""
    labels: npt.NDArray[np.int64]
    """Shape ``(n, rows, cols)``."""
    pure: BoolArray
    """Shape ``(n, rows, cols)``."""
    folds: npt.NDArray[np.int64]
    """Shape ``(n,)``."""


@dataclass(frozen=True, slots=True)
class PhotoHead:
    """A trained autoencoder with its classifier."""

    coder: keras.Model
    """From scaled features to ``[code, reconstruction]``."""
    weights: Float32Array
    """Shape ``(code_dims, classes)``."""
    bias: Float32Array
    """Shape ``(classes,)``."""
    history: History


@dataclass(frozen=True, slots=True)
class Look:
    """Linear axes of features in which whole photos are compared."""

    weights: Float32Array
    """Shape ``(features, dims)``."""
    bias: Float32Array
    """Shape ``(dims,)``."""

    def of(self, means: FloatArray) -> FloatArray:
        """Return looks, shape ``(n, dims)``, of mean features, shape ``(n, features)``."""
        return np.asarray(means @ self.weights + self.bias, np.float64)


def fit_look(means: FloatArray, products: npt.NDArray[np.int64]) -> Look:
    """
    Find the axes along which photos differ most, in units of how those of one product differ.

    Linear discriminant analysis (Fisher 1936; Rao 1948) of the total spread, so that a product
    that was never met lies apart, too. The spread within products is shrunk towards a sphere
    (Ledoit and Wolf 2004), as there are fewer photos than features.

    :param means: mean features of normal photos, shape ``(n, features)``
    :param products: which product each shows, shape ``(n,)``
    """
    middle, spread = means.mean(axis=0), means.std(axis=0) + 1e-6
    scaled = (means - middle) / spread
    middles = {p: scaled[products == p].mean(axis=0) for p in np.unique(products)}
    rest = scaled - np.stack([middles[p] for p in products])
    within = rest.T @ rest / len(rest)
    sphere = np.trace(within) / len(within) * np.eye(len(within))
    within = (1 - SHRINK) * within + SHRINK * sphere + 1e-9 * np.eye(len(within))
    root = np.linalg.cholesky(np.linalg.inv(within))
    _, axes = np.linalg.eigh(root.T @ (scaled.T @ scaled / len(scaled)) @ root)
    weights = (root @ axes[:, ::-1][:, :LOOK_DIMS]) / spread[:, None]
    return Look(weights.astype(np.float32), (-middle @ weights).astype(np.float32))


def build_coder(shape: FeatureSettings) -> tuple[keras.Model, keras.Model]:
    """Return the autoencoder, and the same with dropout for training; from scaled features."""
    encoder = layers.Conv2D(
        shape.code_dims, shape.kernel, padding='same', activation='relu', name='encoder'
    )
    hidden = layers.Conv2D(shape.hidden, 1, activation='relu', name='decoder_hidden')
    decoder = layers.Conv2D(shape.dims, 1, name='decoder')
    features = keras.Input((None, None, shape.dims), name='features')
    code = encoder(features)
    coder = keras.Model(features, [code, decoder(hidden(code))], name='photo_autoencoder')
    damaged = layers.SpatialDropout2D(DROP_FEATURES)(features)
    loose = encoder(damaged)
    trained = keras.Model(features, [layers.Dropout(DROP_CODE)(loose), decoder(hidden(loose))])
    return coder, trained


def train_photo_head(
    data: LabelledFeatures,
    chosen: npt.NDArray[np.int64],
    held: npt.NDArray[np.int64],
    scaling: Scaling,
    shape: FeatureSettings,
    classes: int,
    *,
    epochs: int,
    seed: int,
    on_epoch: Any = lambda note: None,
) -> PhotoHead:
    """
    Train autoencoder and classifier together.

    :param chosen: indices of the pictures to train on
    :param held: indices of pictures kept apart, for the curve; may be empty
    :param classes: products, and one more for the made up
    """
    keras.utils.set_random_seed(seed)
    coder, trained = build_coder(shape)
    classifier = layers.Conv2D(classes, 1, name='classifier')
    classifier.build((None, None, None, shape.code_dims))
    scale = scale_layer(scaling)
    steps = max(1, len(chosen) // BATCH)
    rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps * epochs)
    optimizer = keras.optimizers.AdamW(rate, weight_decay=1e-4)
    variables = [*trained.trainable_variables, *classifier.trainable_variables]

    def losses(features: Any, labels: Any, weight: Any, *, training: bool) -> Any:
        scaled = scale(features)
        code, reconstruction = (trained if training else coder)(scaled, training=training)
        logits = classifier(code)
        told = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
        wrong = tf.reduce_sum(told * weight) / (tf.reduce_sum(weight) + 1e-6)
        return wrong + RECONSTRUCTION_WEIGHT * tf.reduce_mean(tf.square(scaled - reconstruction))

    @tf.function(reduce_retracing=True)
    def step(features: Any, labels: Any, weight: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = losses(features, labels, weight, training=True)
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return loss

    measure = tf.function(lambda f, la, w: losses(f, la, w, training=False), reduce_retracing=True)
    rng, history = np.random.default_rng(seed), History()
    for _ in range(epochs):
        parts = np.array_split(rng.permutation(chosen), steps)
        history.loss.append(
            float(np.mean([float(step(*_batch(data, part, rng))) for part in parts]))
        )
        if held.size:
            parts = np.array_split(held, max(1, len(held) // BATCH))
            history.val_loss.append(
                float(np.mean([float(measure(*_batch(data, part))) for part in parts]))
            )
        on_epoch(f'loss {history.loss[-1]:.3f}')
    history.best_epoch = epochs - 1  # the rate ends at zero: the last weights are the ones meant
    weights, bias = classifier.get_weights()
    return PhotoHead(coder, weights[0, 0], bias, history)


def _batch(
    data: LabelledFeatures, part: npt.NDArray[np.int64], rng: np.random.Generator | None = None
) -> tuple[Any, Any, Any]:
    """
    Return features, labels and weights.

    :param rng: if given, of the same random square of each picture; else of whole pictures
    """
    rows, cols = data.labels.shape[1:]
    top, left, side = 0, 0, max(rows, cols)
    if rng is not None:
        side = CROP
        top, left = (
            int(rng.integers(max(1, rows - side + 1))),
            int(rng.integers(max(1, cols - side + 1))),
        )
    area = (part, slice(top, top + side), slice(left, left + side))
    return (
        tf.constant(data.features[area].astype(np.float32)),
        tf.constant(data.labels[area]),
        tf.constant(data.pure[area].astype(np.float32)),
    )


def join_heads(
    extractor: keras.Model, scaling: Scaling, heads: Sequence[PhotoHead], look: Look
) -> tuple[keras.Model, Float32Array, Float32Array]:
    """
    Join extractor, heads and look into what is shipped.

    Several heads vote: their codes lie beside each other, and the mean of their log odds is one
    linear function of that longer code. The look lies behind them, and the classifier does not
    see it; as it is linear, its mean over a photo is the look of the mean features.

    :param extractor: its first features are those of the heads, all of them those of the look
    :return: network from ``image`` to ``code`` and ``error``, classifier's weights and bias
    """
    image = keras.Input((None, None, 3), name='image')
    features = extractor(image)
    scaled = scale_layer(scaling)(features[..., : scaling.mean.size])
    codes, errors = [], []
    for head in heads:
        code, reconstruction = head.coder(scaled)
        codes.append(code)
        errors.append(ops.mean(ops.square(scaled - reconstruction), axis=-1))
    axes = layers.Conv2D(look.weights.shape[1], 1, name='look')
    codes.append(axes(features))
    axes.set_weights([look.weights[None, None], look.bias])
    code = layers.Concatenate(name='codes')(codes)
    error = errors[0] if len(errors) == 1 else layers.Average(name='errors')(errors)
    network = keras.Model(image, {'code': code, 'error': error}, name='photos')
    blind = np.zeros((look.weights.shape[1], heads[0].weights.shape[1]), np.float32)
    weights = np.concatenate([*(head.weights / len(heads) for head in heads), blind])
    return (
        network,
        weights.astype(np.float32),
        np.mean([head.bias for head in heads], axis=0).astype(np.float32),
    )
