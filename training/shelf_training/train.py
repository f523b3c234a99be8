# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
Trains the feature autoencoder on cached features.

The backbone is frozen, so each picture goes through it once; after that an epoch costs seconds.
The input is damaged (noise, and whole channels or cells dropped) and the undamaged features are
asked back: a denoising autoencoder cannot learn to copy, which would reconstruct faults too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from shelf_anomaly.errors import DatasetError
from shelf_anomaly.records import BoolArray, Float32Array

from .thesis import History

Batch = tuple[Float32Array, Float32Array, Float32Array]


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """How the autoencoder is trained."""

    epochs: int = 30
    batch: int = 16
    crop: int = 24
    """Side of the square of cells that a batch takes from a map."""
    crops_per_map: int = 1
    learning_rate: float = 1e-3
    noise: float = 0.3
    """Standard deviation of the added noise; scaled features have about 1."""
    drop: float = 0.1
    """Share of cells whose features are blanked."""
    patience: int = 8
    """Epochs without a better validation loss before it stops; the best weights are kept."""
    seed: int = 0


class CropBatches(keras.utils.PyDataset):
    """Batches of random squares of cells, damaged; the same ones for the same seed."""

    def __init__(
        self,
        maps: Sequence[Float32Array],
        masks: Sequence[BoolArray],
        settings: TrainSettings,
        *,
        damage: bool,
        seed: int,
    ) -> None:
        """
        Take scaled feature maps.

        :param maps: shapes ``(rows, cols, dims)``, sizes may differ
        :param masks: shapes ``(rows, cols)``: cells that count
        :param damage: add noise and blank cells
        """
        super().__init__()
        if not maps:
            raise DatasetError('there is not one view to train on')
        self._maps, self._masks, self._settings = maps, masks, settings
        self._damage, self._seed, self._epoch = damage, seed, 0

    def __len__(self) -> int:
        """Batches of an epoch."""
        crops, batch = len(self._maps) * self._settings.crops_per_map, self._settings.batch
        return (crops + batch - 1) // batch

    def __getitem__(self, index: int) -> Batch:
        """Return damaged features, features, and weights of a batch."""
        rng = np.random.default_rng([self._seed, self._epoch, index])
        order = np.random.default_rng([self._seed, self._epoch]).permutation(
            len(self._maps) * self._settings.crops_per_map
        )
        size = self._settings.batch
        chosen = order[index * size : (index + 1) * size] % len(self._maps)
        crops = [self._crop(int(i), rng) for i in chosen]
        clean = np.stack([features for features, _ in crops])
        weight = np.stack([mask for _, mask in crops]).astype(np.float32)
        return self._damaged(clean, rng), clean, weight

    def on_epoch_end(self) -> None:
        """Take other squares in the next epoch; validation squares stay."""
        self._epoch += int(self._damage)

    def _crop(self, index: int, rng: np.random.Generator) -> tuple[Float32Array, BoolArray]:
        features, mask = self._maps[index], self._masks[index]
        side = self._settings.crop
        top = int(rng.integers(max(1, features.shape[0] - side + 1)))
        left = int(rng.integers(max(1, features.shape[1] - side + 1)))
        part = features[top : top + side, left : left + side].astype(np.float32)
        inside = mask[top : top + side, left : left + side]
        pad = (side - part.shape[0], side - part.shape[1])
        if any(pad):
            part = np.pad(part, ((0, pad[0]), (0, pad[1]), (0, 0)))
            inside = np.pad(inside, ((0, pad[0]), (0, pad[1])))
        return part, inside

    def _damaged(self, clean: Float32Array, rng: np.random.Generator) -> Float32Array:
        if not self._damage:
            return clean
        noisy = clean + rng.normal(0, self._settings.noise, clean.shape).astype(np.float32)
        keep = rng.random((*clean.shape[:3], 1)) >= self._settings.drop
        return np.asarray(noisy * keep, np.float32)


def train_head(
    head: keras.Model,
    train: tuple[Sequence[Float32Array], Sequence[BoolArray]],
    validation: tuple[Sequence[Float32Array], Sequence[BoolArray]],
    settings: TrainSettings,
    callbacks: Sequence[Any] = (),
) -> History:
    """
    Train the autoencoder; it holds the best weights afterwards.

    :param head: from :func:`network.build_head`
    :param train: scaled feature maps and their masks
    :param validation: the same of patrols kept apart
    :return: the losses by epoch
    """
    model = keras.Model(head.inputs, head.outputs[1])
    batches = CropBatches(*train, settings, damage=True, seed=settings.seed)
    held = CropBatches(*validation, settings, damage=False, seed=settings.seed)
    rate = keras.optimizers.schedules.CosineDecay(
        settings.learning_rate, max(1, settings.epochs * len(batches)), alpha=0.02
    )
    model.compile(optimizer=keras.optimizers.Adam(rate), loss='mse', jit_compile=False)
    stop = keras.callbacks.EarlyStopping(
        'val_loss', patience=settings.patience, restore_best_weights=True
    )
    record = model.fit(
        batches,
        validation_data=held,
        epochs=settings.epochs,
        callbacks=[stop, *callbacks],
        verbose=0,
    ).history
    losses = [float(x) for x in record['val_loss']]
    return History([float(x) for x in record['loss']], losses, int(np.argmin(losses)))
