# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Pretrained features of bay views, computed once and kept on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from shelf_anomaly.preprocess import network_input
from shelf_anomaly.records import Float32Array
from shelf_training.backbone import build_backbone

from .views import CELL_PX, View


class Features:
    """EfficientNet-Lite0 at strides 8 and 16, on cells of 16 pixels, each with its neighbours."""

    def __init__(self, cache: Path) -> None:
        """Keep the features below ``cache``."""
        self._cache = cache
        self._run: Any = None

    def __call__(self, view: View) -> Float32Array:
        """Return the features of a view, shape ``(rows, cols, dims)``."""
        file = self._cache / Path(view.key).with_suffix('.npy')
        if file.exists():
            return np.load(file).astype(np.float32)
        if self._run is None:
            import tensorflow as tf

            model = build_backbone(('s8', 's16'))
            self._run = tf.function(lambda image: model(image, training=False))
        image = network_input(view.image, CELL_PX)
        fine, coarse = (np.asarray(m)[0] for m in self._run(image))
        rows, cols = coarse.shape[:2]
        fine = fine.reshape(rows, 2, cols, 2, -1).mean(axis=(1, 3))
        # PatchCore's local pooling: a cell knows its neighbours.
        joined = np.concatenate([_scaled(fine), _scaled(coarse)], axis=-1)
        pooled = np.stack([cv2.blur(joined[..., i], (3, 3)) for i in range(joined.shape[-1])], -1)
        file.parent.mkdir(parents=True, exist_ok=True)
        np.save(file, pooled.astype(np.float16))
        return pooled.astype(np.float32)


def _scaled(values: Float32Array) -> Float32Array:
    """Bring a feature map to unit mean square a cell, so that both strides count alike."""
    return np.asarray(values / (np.sqrt((values**2).sum(-1).mean()) + 1e-6), np.float32)
