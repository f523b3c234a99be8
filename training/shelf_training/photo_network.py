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

from shelf_anomaly.records import BoolArray, Float32Array

from .network import FeatureSettings, scale_layer, Scaling
from .thesis import History

RECONSTRUCTION_WEIGHT = 0.2
BATCH = 16
CROP = 20
"""Side of the square of cells that a step takes from a picture: as good as all, and faster."""
LEARNING_RATE = 2e-3
DROP_FEATURES, DROP_CODE = 0.1, 0.2


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
    extractor: keras.Model, scaling: Scaling, heads: Sequence[PhotoHead]
) -> tuple[keras.Model, Float32Array, Float32Array]:
    """
    Join extractor and heads into what is shipped.

    Several heads vote: their codes lie beside each other, and the mean of their log odds is one
    linear function of that longer code.

    :return: network from ``image`` to ``code`` and ``error``, classifier's weights and bias
    """
    image = keras.Input((None, None, 3), name='image')
    scaled = scale_layer(scaling)(extractor(image))
    codes, errors = [], []
    for head in heads:
        code, reconstruction = head.coder(scaled)
        codes.append(code)
        errors.append(ops.mean(ops.square(scaled - reconstruction), axis=-1))
    code = codes[0] if len(codes) == 1 else layers.Concatenate(name='codes')(codes)
    error = errors[0] if len(errors) == 1 else layers.Average(name='errors')(errors)
    network = keras.Model(image, {'code': code, 'error': error}, name='photos')
    weights = np.concatenate([head.weights for head in heads]) / len(heads)
    return (
        network,
        weights.astype(np.float32),
        np.mean([head.bias for head in heads], axis=0).astype(np.float32),
    )
