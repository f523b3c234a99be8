# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The epochs of a training, drawn as they pass."""

from __future__ import annotations

import keras

from .progress import Step


class EpochBar(keras.callbacks.Callback):
    """Moves a bar by an epoch and shows the losses."""

    def __init__(self, bar: Step) -> None:
        """Draw on ``bar``."""
        super().__init__()
        self._bar = bar

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Show the losses of the epoch."""
        logs = logs or {}
        note = f'loss {logs.get("loss", float("nan")):.4f}'
        if 'val_loss' in logs:
            note += f', validation {logs["val_loss"]:.4f}'
        self._bar.advance(note=note)
