# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Raw pixels of each encoding, against hand-made pixels and against cv_bridge."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from shelf_anomaly.errors import FrameError
from shelf_anomaly.raw_image import SUPPORTED_ENCODINGS, to_bgr

WIDTH, HEIGHT = 6, 4
BGR = np.random.default_rng(3).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
GREY = BGR[..., 0].copy()
ALPHA = np.full((HEIGHT, WIDTH, 1), 9, np.uint8)
RGB = BGR[..., ::-1]


def read(data: np.ndarray, encoding: str, step: int = 0, big_endian: bool = False) -> np.ndarray:
    flat = np.ascontiguousarray(data).view(np.uint8).ravel()
    return to_bgr(
        flat, width=WIDTH, height=HEIGHT, encoding=encoding, step=step, big_endian=big_endian
    )


@pytest.mark.parametrize(
    ('encoding', 'data', 'wanted'),
    [
        ('bgr8', BGR, BGR),
        ('8UC3', BGR, BGR),
        ('rgb8', RGB, BGR),
        ('bgra8', np.dstack([BGR, ALPHA]), BGR),
        ('rgba8', np.dstack([RGB, ALPHA]), BGR),
        ('8UC4', np.dstack([BGR, ALPHA]), BGR),
        ('mono8', GREY, np.dstack([GREY] * 3)),
        ('8UC1', GREY, np.dstack([GREY] * 3)),
        ('mono16', GREY.astype('<u2') * 256 + 5, np.dstack([GREY] * 3)),
        ('rgb16', RGB.astype('<u2') * 256 + 5, BGR),
        ('bgr16', BGR.astype('<u2') * 256, BGR),
    ],
)
def test_encodings(encoding: str, data: np.ndarray, wanted: np.ndarray) -> None:
    np.testing.assert_array_equal(read(data, encoding), wanted)


def test_big_endian() -> None:
    found = read((GREY.astype(np.uint16) * 256 + 5).astype('>u2'), 'mono16', big_endian=True)
    np.testing.assert_array_equal(found[..., 0], GREY)


def test_padded_rows_and_a_last_row_without_its_padding() -> None:
    step = WIDTH * 3 + 5
    padded = np.full((HEIGHT, step), 200, np.uint8)
    padded[:, : WIDTH * 3] = BGR.reshape(HEIGHT, -1)
    np.testing.assert_array_equal(read(padded, 'bgr8', step), BGR)
    np.testing.assert_array_equal(read(padded.ravel()[:-5], 'bgr8', step), BGR)


def test_the_result_is_no_view_of_the_message() -> None:
    data = BGR.copy()
    found = read(data, 'bgr8')
    data[:] = 0
    np.testing.assert_array_equal(found, BGR)


@pytest.mark.parametrize(
    ('encoding', 'at'), [('yuv422', 1), ('uyvy', 1), ('yuv422_yuy2', 0), ('yuyv', 0)]
)
def test_packed_yuv(encoding: str, at: int) -> None:
    data = np.full((HEIGHT, WIDTH, 2), 128, np.uint8)  # no colour
    data[..., at] = 235  # full brightness
    np.testing.assert_array_equal(read(data, encoding), np.full((HEIGHT, WIDTH, 3), 255))


@pytest.mark.parametrize(('encoding', 'order'), [('nv12', (0, 1)), ('nv21', (1, 0))])
def test_half_chroma(encoding: str, order: tuple[int, int]) -> None:
    data = np.full((HEIGHT * 3 // 2, WIDTH), 81, np.uint8)  # red is Y 81, U 90, V 240
    chroma = data[HEIGHT:].reshape(HEIGHT // 2, WIDTH // 2, 2)
    chroma[..., order[0]], chroma[..., order[1]] = 90, 240
    found = read(data, encoding).reshape(-1, 3).astype(int)
    assert np.abs(found - [0, 0, 255]).max() <= 2


@pytest.mark.parametrize(
    ('encoding', 'red', 'blue'),
    [
        ('bayer_rggb8', (0, 0), (1, 1)),
        ('bayer_bggr8', (1, 1), (0, 0)),
        ('bayer_gbrg8', (1, 0), (0, 1)),
        ('bayer_grbg8', (0, 1), (1, 0)),
    ],
)
def test_bayer_patterns_as_ros_names_them(
    encoding: str, red: tuple[int, int], blue: tuple[int, int]
) -> None:
    mosaic = np.full((16, 16), 20, np.uint8)  # green sites
    mosaic[red[0] :: 2, red[1] :: 2] = 200
    mosaic[blue[0] :: 2, blue[1] :: 2] = 90
    found = to_bgr(mosaic.tobytes(), width=16, height=16, encoding=encoding, step=16)
    np.testing.assert_array_equal(found[4:12, 4:12], np.full((8, 8, 3), (90, 20, 200)))


@pytest.mark.parametrize(
    ('change', 'reason', 'text'),
    [
        ({'encoding': '32FC1'}, 'encoding', "'32FC1' is not known; supported are .*bgr8.*rgb8"),
        ({'encoding': ''}, 'encoding', 'is not known'),
        ({'width': 0}, 'zero_size', 'has no pixels'),
        ({'height': 0}, 'zero_size', 'has no pixels'),
        ({'width': 10**6}, 'too_large', 'at most'),
        ({'step': 3}, 'size', 'step 3 is less than the 18 bytes'),
        ({'height': 5}, 'truncated', 'it was cut off'),
        ({'data': b''}, 'truncated', '0 bytes'),
        ({'encoding': 'yuyv', 'width': 5}, 'size', 'even width'),
        ({'encoding': 'nv12', 'width': 5}, 'size', 'even sides'),
    ],
)
def test_what_cannot_be_used_is_named(change: dict, reason: str, text: str) -> None:
    given = {
        'data': BGR.tobytes(),
        'width': WIDTH,
        'height': HEIGHT,
        'encoding': 'bgr8',
        'step': 0,
    }
    with pytest.raises(FrameError, match=text) as caught:
        to_bgr(**{**given, **change})
    assert caught.value.reason == reason


@pytest.mark.parametrize('encoding', SUPPORTED_ENCODINGS)
def test_the_same_pixels_as_cv_bridge(encoding: str) -> None:
    cv_bridge = pytest.importorskip('cv_bridge')
    bridge = cv_bridge.CvBridge()
    values = {
        'rgba8': 4,
        'bgra8': 4,
        '8UC4': 4,
        'bgr8': 3,
        'rgb8': 3,
        '8UC3': 3,
        'rgb16': 6,
        'bgr16': 6,
    }
    size = values.get(encoding, 2 if encoding[:3] in ('yuv', 'uyv') or encoding == 'mono16' else 1)
    data = cv2.GaussianBlur(
        np.random.default_rng(1).integers(0, 256, (32, 48 * size), np.uint8), (5, 5), 0
    )
    message = SimpleNamespace(
        width=48, height=32, encoding=encoding, step=48 * size, is_bigendian=0, data=data.tobytes()
    )
    try:
        wanted = bridge.imgmsg_to_cv2(message, desired_encoding='bgr8')
    except (cv_bridge.CvBridgeError, AttributeError, TypeError, ValueError, KeyError) as error:
        pytest.skip(f'this cv_bridge does not convert it: {error}')
    found = to_bgr(data.tobytes(), width=48, height=32, encoding=encoding, step=48 * size)
    assert np.abs(found.astype(int) - wanted).max() <= (1 if '16' in encoding else 0)
