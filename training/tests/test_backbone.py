# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The Keras backbone against figures that PyTorch computed from the same weights."""

import numpy as np
import pytest

from shelf_anomaly.errors import SettingsError
from shelf_training.backbone import build_backbone, tap_channels, tap_stride, TAPS


def pattern(rows: int, cols: int) -> np.ndarray:
    """Return a picture with edges and gradients, no file needed: ``(1, rows, cols, 3)`` 0..255."""
    y, x = np.mgrid[0:rows, 0:cols]
    channels = [(x * 7 + y * 3) % 256, (x * y) % 256, (255 - 2 * x + y) % 256]
    return np.stack(channels, -1)[None].astype(np.float32)


# tap: [0, 0, 0], [-1, -1, 1], [middle, middle, 2], mean, deviation; from the PyTorch network on
# pattern(64, 96), with its own padding layers (corners and edges would show another padding)
TORCH = {
    's2': (0.36732, 18.94520, 11.46412, -0.50880, 9.97302),
    's4': (26.11157, -5.28957, 5.28576, 0.67928, 12.50702),
    's8': (20.05657, 8.30548, 2.33710, -0.69142, 10.60329),
    's16a': (-4.01584, -1.73545, -4.32387, -1.20174, 8.89428),
    's16': (8.14050, 3.75953, 8.67699, 1.01613, 7.21690),
    's32a': (4.82917, 1.55830, 3.72807, 0.54672, 8.46226),
    's32': (1.85258, 0.91761, -1.60189, 0.16987, 3.40836),
}


@pytest.fixture(scope='module')
def maps() -> dict[str, np.ndarray]:
    values = build_backbone(tuple(TAPS)).predict(pattern(64, 96), verbose=0)
    return {tap: value[0] for tap, value in zip(TAPS, values, strict=True)}


@pytest.mark.parametrize('tap', TAPS)
def test_features_are_those_of_the_torch_network(maps: dict[str, np.ndarray], tap: str) -> None:
    value = maps[tap]
    rows, cols = value.shape[:2]
    found = (
        value[0, 0, 0],
        value[-1, -1, 1],
        value[rows // 2, cols // 2, 2],
        value.mean(),
        value.std(),
    )
    assert found == pytest.approx(TORCH[tap], abs=1e-3)


@pytest.mark.parametrize('tap', TAPS)
def test_maps_have_the_stated_stride_and_channels(maps: dict[str, np.ndarray], tap: str) -> None:
    stride = tap_stride(tap)
    assert maps[tap].shape == (64 // stride, 96 // stride, tap_channels(tap))


def test_unknown_tap_is_named() -> None:
    with pytest.raises(SettingsError, match=r"\['s7'\].*known are s2, s4"):
        build_backbone(('s8', 's7'))


def test_backbone_is_frozen() -> None:
    assert build_backbone(('s4',)).trainable_weights == []
