# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
The thesis's network, layer by layer, as the named baseline.

Banstola, *Applications of Images Anomalies Detection using Deep Learning in Department Store*,
Jyväskylä 2020: a convolutional autoencoder for 96x96 RGB with a code of 3x3x3 numbers, trained
with Adadelta and MSE; 20 epochs, then up to 100 more with early stopping on the validation loss
(patience 30), the best weights kept. Fully convolutional as it is, it also runs on bay views.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
from keras import layers, ops
import numpy as np

from shelf_anomaly.records import Float32Array

SIZE_PX = 96
STRIDE = 32
CODE_DIMS = 3
BATCH = 32
FIRST_EPOCHS = 20
MORE_EPOCHS = 100
PATIENCE = 30
LEARNING_RATE = 1.0  # Adadelta's own, and the default of the Keras that the thesis used


def build_thesis() -> keras.Sequential:
    """
    Build the autoencoder of the thesis.

    :return: from RGB 0..1, ``(n, height, width, 3)``, multiples of 32, to its reconstruction
    """

    def convolution(filters: int, name: str, activation: str = 'relu') -> keras.Layer:
        return layers.Conv2D(filters, 3, padding='same', activation=activation, name=name)

    return keras.Sequential(
        [
            keras.Input((None, None, 3), name='picture'),
            convolution(16, 'encoder_1'),
            layers.MaxPooling2D(4, padding='same', name='pool_1'),
            convolution(8, 'encoder_2'),
            layers.MaxPooling2D(4, padding='same', name='pool_2'),
            convolution(3, 'encoder_3'),
            layers.MaxPooling2D(2, padding='same', name='code'),
            convolution(3, 'decoder_1'),
            layers.UpSampling2D(2, name='up_1'),
            convolution(8, 'decoder_2'),
            layers.UpSampling2D(4, name='up_2'),
            convolution(16, 'decoder_3'),
            layers.UpSampling2D(4, name='up_3'),
            convolution(3, 'reconstruction', 'sigmoid'),
        ],
        name='thesis',
    )


def thesis_network(autoencoder: keras.Sequential, name: str = 'thesis_network') -> keras.Model:
    """
    Dress the autoencoder for the robot.

    :return: from RGB 0..255 to ``code`` ``(n, rows, cols, 3)`` and ``error`` ``(n, rows, cols)``,
        the mean squared error of the pixels (0..1) of each 32x32 cell
    """
    image = keras.Input((None, None, 3), name='image')
    scaled = layers.Rescaling(1 / 255, name='scaling')(image)
    parts = keras.Model(
        autoencoder.inputs, [autoencoder.get_layer('code').output, autoencoder.outputs[0]]
    )
    code, reconstruction = parts(scaled)
    pixels = ops.mean(ops.square(scaled - reconstruction), axis=-1, keepdims=True)
    cells = layers.AveragePooling2D(STRIDE, name='cells')(pixels)
    return keras.Model(image, {'code': code, 'error': ops.squeeze(cells, axis=-1)}, name=name)


@dataclass(slots=True)
class History:
    """Losses by epoch."""

    loss: list[float] = field(default_factory=list)
    val_loss: list[float] = field(default_factory=list)
    best_epoch: int = 0
    """Epoch (from 0) whose weights were kept."""


def train_thesis(
    autoencoder: keras.Sequential,
    pictures: Float32Array,
    validation: Float32Array,
    *,
    callbacks: Sequence[Any] = (),
    first_epochs: int = FIRST_EPOCHS,
    more_epochs: int = MORE_EPOCHS,
) -> History:
    """
    Train as the thesis did; the autoencoder holds the best weights of the second run afterwards.

    :param pictures: RGB 0..1, shape ``(n, height, width, 3)``
    :param validation: the same of pictures kept apart
    """
    autoencoder.compile(
        optimizer=keras.optimizers.Adadelta(LEARNING_RATE), loss='mse', jit_compile=False
    )
    history = History()
    stop = keras.callbacks.EarlyStopping('val_loss', patience=PATIENCE, restore_best_weights=True)
    for epochs, extra in ((first_epochs, []), (more_epochs, [stop])):
        if epochs <= 0:
            continue
        record = autoencoder.fit(
            pictures,
            pictures,
            batch_size=BATCH,
            epochs=epochs,
            validation_data=(validation, validation),
            callbacks=[*extra, *callbacks],
            verbose=0,
        ).history
        before = len(history.loss)
        history.loss += [float(x) for x in record['loss']]
        history.val_loss += [float(x) for x in record['val_loss']]
        # Only the second run keeps its best weights; the first one ends where it ends.
        history.best_epoch = (
            before + int(np.argmin(record['val_loss'])) if extra else len(history.loss) - 1
        )
    return history
