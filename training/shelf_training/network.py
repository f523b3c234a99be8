# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
The default network: an autoencoder of pretrained features.

A frozen backbone turns a picture into feature maps, which are laid on one grid of cells and
scaled. The autoencoder squeezes the features of each cell (with its neighbours, for a kernel
larger than one) into a short code and reconstructs them; what it has not met among the normals it
reconstructs badly. This is feature reconstruction error (FRE) of Ndiour, Ahuja and Tickoo,
arXiv 2012.04250 and 2204.02071, with a learned decoder in place of the inverse PCA, and with axes
that tell places apart in place of those of the largest variance.

The encoder is found in closed form, by linear discriminant analysis (Fisher 1936; Rao 1948) of
places: what differs between two looks at one place of a shelf on two patrols (light, noise, how
the goods were put back) is what a code should not see, and what differs between places is what it
should. Distances between codes are measured in units of the former. No label is needed: the pose
says which cells are the same place. The decoder is trained on top of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
from keras import layers, ops
import numpy as np
import tensorflow as tf

from shelf_anomaly.errors import SettingsError
from shelf_anomaly.records import Float32Array, FloatArray

from .backbone import build_backbone, MEAN, tap_channels, tap_stride


@dataclass(frozen=True, slots=True)
class FeatureSettings:
    """Shape of the feature autoencoder."""

    taps: tuple[str, ...] = ('s8', 's16')
    """Feature maps of the backbone (see backbone.TAPS)."""
    cell_px: int = 8
    """Side of a cell in pixels; the maps are laid on this grid."""
    code_dims: int = 48
    """Length of the code of a cell."""
    kernel: int = 1
    """Cells that a code looks at, as the side of a square: 1 or 3."""
    hidden: int = 128
    """Width of the decoder's non-linear branch."""

    def __post_init__(self) -> None:
        """Refuse what cannot be built."""
        if self.kernel not in (1, 3, 5):
            raise SettingsError(f'kernel is {self.kernel}, expected 1, 3 or 5')
        if not 1 <= self.code_dims <= 512:
            raise SettingsError(f'code_dims is {self.code_dims}, expected 1..512')
        if self.cell_px not in (2, 4, 8, 16, 32):
            raise SettingsError(f'cell_px is {self.cell_px}, expected 2, 4, 8, 16 or 32')

    @property
    def dims(self) -> int:
        """Features of a cell."""
        return sum(tap_channels(tap) for tap in self.taps)


@dataclass(frozen=True, slots=True)
class Scaling:
    """Makes the features of a cell comparable: ``(x - mean) * scale``, per channel."""

    mean: FloatArray
    """Shape ``(dims,)``."""
    scale: FloatArray
    """Shape ``(dims,)``; each tap contributes alike to a squared distance."""


class Enlarge(layers.Layer):
    """Bilinear enlargement by a whole factor, for sizes that are known only when it runs."""

    def __init__(self, factor: int, **options: Any) -> None:
        """Enlarge rows and columns ``factor`` times."""
        super().__init__(**options)
        self._factor = factor

    def call(self, value: Any) -> Any:
        """Return the enlarged map."""
        return tf.image.resize(value, tf.shape(value)[1:3] * self._factor)

    def compute_output_shape(self, shape: Any) -> Any:
        """Return the shape of the enlarged map, None where it is not known yet."""
        rows, cols = (None if side is None else side * self._factor for side in shape[1:3])
        return (shape[0], rows, cols, shape[3])


class PadTo(layers.Layer):
    """Fills a picture up, below and to the right, to whole multiples of a stride."""

    def __init__(self, stride: int, **options: Any) -> None:
        """Pad with the weights' mean, which is the zero that convolutions pad with."""
        super().__init__(**options)
        self._stride = stride

    def call(self, image: Any) -> Any:
        """Return the padded picture."""
        size = tf.shape(image)[1:3]
        # In positive numbers only: ONNX divides integers towards zero.
        missing = (size + (self._stride - 1)) // self._stride * self._stride - size
        pads = tf.pad(tf.stack([tf.zeros_like(missing), missing], axis=1), [[1, 1], [0, 0]])
        padded = tf.pad(image, pads, constant_values=MEAN)
        padded.set_shape(
            [image.shape[0], None, None, image.shape[3]]
        )  # tf.pad forgets the channels
        return padded

    def compute_output_shape(self, shape: Any) -> Any:
        """Return the shape, whose sides are known only when it runs."""
        return (shape[0], None, None, shape[3])


class Crop(layers.Layer):
    """Takes the cells of the padding away again."""

    def __init__(self, cell_px: int, **options: Any) -> None:
        """Keep a cell for each ``cell_px`` pixels of the picture."""
        super().__init__(**options)
        self._cell_px = cell_px

    def call(self, features: Any, image: Any) -> Any:
        """Return the cells of ``features`` that lie in ``image``."""
        size = tf.shape(image)[1:3] // self._cell_px
        return features[:, : size[0], : size[1]]

    def compute_output_shape(self, features_shape: Any, image_shape: Any) -> Any:
        """Return the shape, whose sides are known only when it runs."""
        return (features_shape[0], None, None, features_shape[3])


def build_extractor(settings: FeatureSettings) -> keras.Model:
    """
    Build the frozen part.

    :return: from RGB 0..255, ``(n, height, width, 3)``, multiples of ``settings.cell_px``, to
        features ``(n, height / cell_px, width / cell_px, dims)``
    """
    backbone = build_backbone(settings.taps)
    _round_weights(backbone)
    stride = max(settings.cell_px, *(tap_stride(tap) for tap in settings.taps))
    image = keras.Input((None, None, 3), name='image')
    padded = image if stride == settings.cell_px else PadTo(stride, name='pad')(image)
    maps = backbone(padded)
    maps = maps if isinstance(maps, (list, tuple)) else [maps]
    on_grid = [
        _on_grid(value, tap_stride(tap), settings.cell_px, tap)
        for tap, value in zip(settings.taps, maps, strict=True)
    ]
    joined = on_grid[0] if len(on_grid) == 1 else layers.Concatenate(name='features')(on_grid)
    features = (
        joined
        if stride == settings.cell_px
        else Crop(settings.cell_px, name='crop')(joined, image)
    )
    return keras.Model(image, features, name='extractor')


def _round_weights(model: keras.Model) -> None:
    """Round to half precision, which the export then stores: half the size, the same numbers."""
    model.set_weights([w.astype(np.float16).astype(np.float32) for w in model.get_weights()])


def _on_grid(value: Any, stride: int, cell_px: int, tap: str) -> Any:
    if stride > cell_px:
        return Enlarge(stride // cell_px, name=f'{tap}_up')(value)
    if stride < cell_px:
        return layers.AveragePooling2D(cell_px // stride, name=f'{tap}_down')(value)
    return value


def fit_scaling(cells: Float32Array, settings: FeatureSettings) -> Scaling:
    """
    Learn the scaling from features of normal cells.

    :param cells: shape ``(n, dims)``
    """
    mean = cells.mean(0, dtype=np.float64)
    deviation = cells.std(0, dtype=np.float64)
    deviation = np.maximum(deviation, 0.05 * float(np.median(deviation)) + 1e-6)
    share = np.concatenate(
        [
            np.full(tap_channels(tap), 1.0 / np.sqrt(len(settings.taps) * tap_channels(tap)))
            for tap in settings.taps
        ]
    )
    return Scaling(mean, share * np.sqrt(cells.shape[1]) / deviation)


def build_head(
    settings: FeatureSettings,
    cells: Float32Array | None = None,
    differences: Float32Array | None = None,
) -> keras.Model:
    """
    Build the autoencoder of scaled features.

    :param cells: scaled features of normal cells, ``(n, dims)``
    :param differences: of scaled features of one place on two passes, ``(m, dims)``; with them the
        encoder is fixed to the axes that tell places apart, without them it starts as the PCA of
        ``cells``
    :return: from features ``(n, rows, cols, dims)`` to ``[code, reconstruction]``
    """
    dims, code_dims, kernel = settings.dims, settings.code_dims, settings.kernel
    features = keras.Input((None, None, dims), name='features')
    encoder = layers.Conv2D(code_dims, kernel, padding='same', name='encoder')
    straight = layers.Conv2D(dims, 1, name='decoder')
    code = encoder(features)
    reconstruction = straight(code)
    if settings.hidden:
        bent = layers.Conv2D(settings.hidden, 1, activation='relu', name='decoder_hidden')(code)
        # Starts at zero: at first the decoder is the plain inverse of the PCA.
        bent = layers.Conv2D(
            dims, 1, use_bias=False, kernel_initializer='zeros', name='decoder_bent'
        )(bent)
        reconstruction = layers.Add(name='reconstruction')([reconstruction, bent])
    if cells is not None:
        mean = cells.mean(0, dtype=np.float64)
        if differences is None:
            axes, _ = principal_components(cells, settings.code_dims)
            back = axes.T
        else:
            axes = place_axes(cells, differences, settings.code_dims)
            back = least_squares_decoder(cells, axes)
            encoder.trainable = False  # training for reconstruction would undo the metric
        _set_linear(encoder, straight, axes, back, mean, settings)
    return keras.Model(features, [code, reconstruction], name='feature_autoencoder')


def _set_linear(
    encoder: Any,
    decoder: Any,
    axes: FloatArray,
    back: FloatArray,
    mean: FloatArray,
    settings: FeatureSettings,
) -> None:
    """Make the encoder ``(x - mean) @ axes`` and the straight decoder ``code @ back + mean``."""
    weights = np.zeros(
        (settings.kernel, settings.kernel, settings.dims, settings.code_dims), np.float32
    )
    middle = settings.kernel // 2
    weights[middle, middle] = axes
    encoder.set_weights([weights, (-mean @ axes).astype(np.float32)])
    decoder.set_weights([back[None, None].astype(np.float32), mean.astype(np.float32)])


def principal_components(cells: Float32Array, count: int) -> tuple[FloatArray, FloatArray]:
    """Return the first ``count`` principal axes, ``(dims, count)``, signs fixed, and the mean."""
    mean = cells.mean(0, dtype=np.float64)
    centred = cells.astype(np.float64) - mean
    _, vectors = np.linalg.eigh(centred.T @ centred / max(1, len(cells)))
    return _fixed_signs(vectors[:, ::-1][:, :count], count), mean


def place_axes(
    cells: Float32Array, differences: Float32Array, count: int, ridge: float = 0.1
) -> FloatArray:
    """
    Return the axes that tell places apart, in units of what differs at one place.

    :param cells: scaled features of normal cells, ``(n, dims)``
    :param differences: of one place on two passes, ``(m, dims)``; their covariance is twice that
        within a place
    :param count: axes wanted; what is missing to it is zero
    :param ridge: added to the variance within a place, as a part of its mean over the axes
    :return: shape ``(dims, count)``, the most telling first, signs fixed
    """
    apart = differences.astype(np.float64)
    within = apart.T @ apart / (2 * max(1, len(apart)))
    dims = len(within)
    within += (ridge * np.trace(within) / dims + 1e-12) * np.eye(dims)
    values, vectors = np.linalg.eigh(within)
    whiten = vectors / np.sqrt(values)
    centred = cells.astype(np.float64) - cells.mean(0, dtype=np.float64)
    _, turned = np.linalg.eigh(whiten.T @ (centred.T @ centred / max(1, len(cells))) @ whiten)
    return _fixed_signs((whiten @ turned)[:, ::-1][:, :count], count)


def least_squares_decoder(cells: Float32Array, axes: FloatArray) -> FloatArray:
    """Return the matrix ``(count, dims)`` that takes codes of ``cells`` back by least squares."""
    centred = cells.astype(np.float64) - cells.mean(0, dtype=np.float64)
    back, *_ = np.linalg.lstsq(centred @ axes, centred, rcond=None)
    return np.asarray(back, np.float64)


def _fixed_signs(axes: FloatArray, count: int) -> FloatArray:
    """Turn each axis so that its largest entry is positive; fill up with zeros to ``count``."""
    signs = np.sign(axes[np.abs(axes).argmax(0), np.arange(axes.shape[1])])
    turned = axes * np.where(signs == 0, 1.0, signs)
    return np.pad(turned, ((0, 0), (0, count - axes.shape[1])))


def build_network(extractor: keras.Model, scaling: Scaling, head: keras.Model) -> keras.Model:
    """
    Join the parts into what the robot runs.

    :return: from RGB 0..255 to ``code`` ``(n, rows, cols, code_dims)`` and ``error``
        ``(n, rows, cols)``, the mean squared reconstruction error of each cell
    """
    image = keras.Input((None, None, 3), name='image')
    scaled = scale_layer(scaling)(extractor(image))
    code, reconstruction = head(scaled)
    error = ops.mean(ops.square(scaled - reconstruction), axis=-1)
    return keras.Model(image, {'code': code, 'error': error}, name='features')


def traced(model: keras.Model) -> Callable[[Any], Any]:
    """Return ``model`` as one traced function for any size: three times as fast as calling it."""
    signature = [tf.TensorSpec([None, None, None, 3], tf.float32)]
    return tf.function(lambda image: model(image, training=False), input_signature=signature)  # type: ignore[no-any-return]


def scale_layer(scaling: Scaling) -> keras.Layer:
    """Return the scaling as a layer."""
    scale = scaling.scale.astype(np.float32)
    return layers.Rescaling(
        scale.tolist(), offset=(-scaling.mean * scaling.scale).tolist(), name='scaling'
    )


def apply_scaling(features: Float32Array, scaling: Scaling) -> Float32Array:
    """Return scaled features, as the layer of :func:`scale_layer` computes them."""
    return (
        (features - scaling.mean.astype(np.float32)) * scaling.scale.astype(np.float32)
    ).astype(np.float32)


def sample_cells(
    maps: Sequence[Float32Array], masks: Sequence[Any], count: int, seed: int
) -> Float32Array:
    """Return up to ``count`` cells of feature maps ``(rows, cols, dims)`` where masks allow it."""
    chosen = [features[mask] for features, mask in zip(maps, masks, strict=True)]
    total = sum(len(cells) for cells in chosen)
    rng = np.random.default_rng(seed)
    share = min(1.0, count / max(1, total))
    picked = [cells[rng.random(len(cells)) < share] for cells in chosen] if share < 1 else chosen
    return np.asarray(np.concatenate(picked), np.float32)
