# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
The default network for photos: a detector of things that do not belong, on pretrained features.

A small convolutional network says of each cell how likely it shows a thing that was laid in. It
does not know the product: a thing stands out from what lies around it. Beside it lie the look of
the whole, which tells goods of another kind, and how badly principal components of normal cells
reconstruct a cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
from keras import layers, ops
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from shelf_anomaly.records import Float32Array

from .network import build_head, FeatureSettings, scale_layer, Scaling
from .photo_look import Look
from .thesis import History

WIDTH = 48
BATCH = 16
LEARNING_RATE, DECAY = 2e-3, 1e-3
DROP_FEATURES, DROP_CODE = 0.1, 0.2
THING_WEIGHT = 2.0  # of a cell with a thing, beside one without: they are few
PHOTO_WEIGHT = 0.3  # of the whole picture's loss beside that of its cells
SURE_NOT, SURE, A_THING = 0.1, 0.5, 0.3
"""Part of a cell that is foreign: below and above which it is learnt from, and what divides."""


@dataclass(frozen=True, slots=True)
class LabelledFeatures:
    """Features of labelled pictures, all of one size."""

    features: npt.NDArray[np.float16]
    """Shape ``(n, rows, cols, dims)``, not scaled."""
    foreign: npt.NDArray[np.float16]
    """Part of each cell that does not belong, shape ``(n, rows, cols)``."""
    folds: npt.NDArray[np.int64]
    """Shape ``(n,)``."""


@dataclass(frozen=True, slots=True)
class Detector:
    """A trained detector."""

    network: keras.Model
    """From scaled features ``(n, rows, cols, dims)`` to log odds, one channel."""
    history: History


def build_detector(dims: int) -> keras.Model:
    """
    Build the detector; a cell sees 7x7 cells, which is more than the largest thing.

    :param dims: features of a cell
    """
    features = keras.Input((None, None, dims), name='features')
    x = layers.SpatialDropout2D(DROP_FEATURES)(features)
    for width, name in ((2 * WIDTH, 'squeeze'), (WIDTH, 'cell')):
        x = layers.Conv2D(width, 1, activation='relu', name=name)(x)
    for dilation in (1, 2):
        x = layers.Conv2D(
            WIDTH,
            3,
            padding='same',
            dilation_rate=dilation,
            activation='relu',
            name=f'around_{dilation}',
        )(layers.SpatialDropout2D(DROP_FEATURES)(x))
    odds = layers.Conv2D(1, 1, name='odds')(layers.Dropout(DROP_CODE)(x))
    return keras.Model(features, odds, name='detector')


def train_detector(
    data: LabelledFeatures,
    chosen: npt.NDArray[np.int64],
    held: npt.NDArray[np.int64],
    scaling: Scaling,
    *,
    epochs: int,
    seed: int,
    on_epoch: Any = lambda note: None,
) -> Detector:
    """
    Train one detector.

    :param chosen: indices of the pictures to train on
    :param held: indices of pictures kept apart, for the curve; may be empty
    """
    keras.utils.set_random_seed(seed)
    detector = build_detector(data.features.shape[-1])
    scale = scale_layer(scaling)
    steps = max(1, len(chosen) // BATCH)
    rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps * epochs)
    optimizer = keras.optimizers.AdamW(rate, weight_decay=DECAY)

    @tf.function(reduce_retracing=True)
    def step(features: Any, foreign: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = _loss(detector(scale(features), training=True)[..., 0], foreign)
        variables = detector.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return loss

    @tf.function(reduce_retracing=True)
    def measure(features: Any, foreign: Any) -> Any:
        return _loss(detector(scale(features), training=False)[..., 0], foreign)

    rng, history = np.random.default_rng(seed), History()
    for _ in range(epochs):
        parts = np.array_split(rng.permutation(chosen), steps)
        mirrored = rng.random(len(parts)) < 0.5
        losses = [
            float(step(*_batch(data, p, mirror=m))) for p, m in zip(parts, mirrored, strict=True)
        ]
        history.loss.append(float(np.mean(losses)))
        if held.size:
            parts = np.array_split(held, max(1, len(held) // BATCH))
            history.val_loss.append(
                float(np.mean([float(measure(*_batch(data, p))) for p in parts]))
            )
        on_epoch(f'loss {history.loss[-1]:.3f}')
    history.best_epoch = epochs - 1  # the rate ends at zero: the last weights are the ones meant
    return Detector(detector, history)


def _loss(odds: Any, foreign: Any) -> Any:
    """
    Return how wrong cells are, and whole photos by their worst neighbourhood.

    :param odds: log odds, shape ``(n, rows, cols)``
    :param foreign: part of each cell that does not belong, of the same shape
    """
    loss = tf.nn.sigmoid_cross_entropy_with_logits
    thing = tf.cast(foreign > A_THING, tf.float32)
    sure = tf.cast((foreign < SURE_NOT) | (foreign > SURE), tf.float32)
    wrong = loss(thing, odds) * (1 + (THING_WEIGHT - 1) * thing)
    cells = tf.reduce_sum(wrong * sure) / (tf.reduce_sum(sure) + 1e-6)
    near = tf.nn.avg_pool2d(odds[..., None], 3, 1, 'SAME')[..., 0]
    photos = loss(tf.reduce_max(thing, (1, 2)), tf.reduce_max(near, (1, 2)))
    return cells + PHOTO_WEIGHT * tf.reduce_mean(photos)


def _batch(
    data: LabelledFeatures, part: npt.NDArray[np.int64], *, mirror: bool = False
) -> tuple[Any, Any]:
    """Return features and labels of some pictures."""
    turn = slice(None, None, -1) if mirror else slice(None)
    features, foreign = (
        tf.constant(values[part][:, :, turn].astype(np.float32))
        for values in (data.features, data.foreign)
    )
    return features, foreign


def join_photo_network(
    extractor: keras.Model,
    scaling: Scaling,
    shape: FeatureSettings,
    cells: Float32Array,
    detector: Detector,
    look: Look,
) -> keras.Model:
    """
    Join extractor, detector and look into what is shipped.

    The code of a cell is the detector's log odds, then the look of the whole photo, the same in
    every cell.

    :param extractor: its first features are those of the detector, the others those of the look
    :param cells: scaled features of normal cells, for the principal components, ``(n, dims)``
    :return: network from ``image`` to ``code`` and ``error``
    """
    image = keras.Input((None, None, 3), name='image')
    features = extractor(image)
    scaled = scale_layer(scaling)(features[..., : scaling.mean.size])
    _, reconstruction = build_head(shape, cells)(scaled)
    odds = detector.network(scaled)
    mean = layers.GlobalAveragePooling2D(name='whole')(features[..., scaling.mean.size :])
    axes = layers.Dense(look.weights.shape[1], name='look')
    whole = axes(layers.UnitNormalization(name='direction')(mean))
    axes.set_weights([look.weights, look.bias])
    everywhere = whole[:, None, None] + ops.zeros_like(odds)
    code = layers.Concatenate(name='codes')([odds, everywhere])
    error = ops.mean(ops.square(scaled - reconstruction), axis=-1)
    return keras.Model(image, {'code': code, 'error': error}, name='photos')
