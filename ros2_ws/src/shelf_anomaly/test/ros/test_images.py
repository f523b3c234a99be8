# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Image messages to pixels, beside cv_bridge where that reads them right."""

from __future__ import annotations

import array

import numpy as np
import pytest
from sensor_msgs.msg import CompressedImage, Image

from shelf_anomaly.errors import FrameError
from shelf_anomaly.ros import images
from shelf_anomaly.ros.images import decode

RNG = np.random.default_rng(3)
BGR = RNG.integers(0, 255, (6, 8, 3), np.uint8)


def message(pixels: np.ndarray, encoding: str, *, pad: int = 0, big_endian: int = 0) -> Image:
    height, width = pixels.shape[:2]
    row = pixels.reshape(height, -1)
    rows = np.concatenate([row, np.full((height, pad), 77, row.dtype)], axis=1)
    made = Image(
        height=height, width=width, encoding=encoding, step=rows.shape[1], is_bigendian=big_endian
    )
    made.data = array.array('B', rows.astype(np.uint8).tobytes())
    return made


@pytest.mark.parametrize(
    ('encoding', 'pixels'),
    [
        ('bgr8', BGR),
        ('8UC3', BGR),
        ('rgb8', BGR[..., ::-1]),
        ('bgra8', np.dstack([BGR, np.full((6, 8), 9, np.uint8)])),
        ('rgba8', np.dstack([BGR[..., ::-1], np.full((6, 8), 9, np.uint8)])),
    ],
)
@pytest.mark.parametrize(
    'pad', [0, 5]
)  # padded rows are where some releases of cv_bridge go wrong
@pytest.mark.parametrize('big_endian', [0, 1])
def test_colours(encoding: str, pixels: np.ndarray, pad: int, big_endian: int) -> None:
    decoded = decode(message(pixels, encoding, pad=pad, big_endian=big_endian))

    assert np.array_equal(decoded.image, BGR)


def test_grey_and_without_cv_bridge(monkeypatch: pytest.MonkeyPatch) -> None:
    grey = BGR[..., 0]
    wanted = np.repeat(grey[..., None], 3, axis=2)
    assert images._BRIDGE is not None
    assert np.array_equal(decode(message(grey, 'mono8')).image, wanted)

    monkeypatch.setattr(images, '_BRIDGE', None)

    assert np.array_equal(decode(message(grey, 'mono8')).image, wanted)
    assert np.array_equal(decode(message(BGR[..., ::-1], 'rgb8')).image, BGR)


def test_what_is_no_image() -> None:
    good = message(BGR, 'bgr8')
    good.data = good.data[:50]
    with pytest.raises(FrameError, match='cut off'):
        decode(good)
    with pytest.raises(FrameError, match="encoding 'bgr7' is not known; supported are 8UC1"):
        decode(message(BGR, 'bgr7'))
    with pytest.raises(FrameError, match='no bytes'):
        decode(CompressedImage(format='jpeg'))
