# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Uncompressed sensor_msgs/Image pixels of any usual encoding to BGR."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from .errors import FrameError
from .image_io import check_size
from .records import ImageArray


@dataclass(frozen=True, slots=True)
class _Encoding:
    channels: int
    """Values a pixel; 2 for the packed YUV 4:2:2 kinds."""
    code: int | None
    """OpenCV's conversion to BGR; None: it is BGR."""
    wide: bool = False
    """16 bits a value."""


_ENCODINGS: Mapping[str, _Encoding] = {
    'bgr8': _Encoding(3, None),
    '8uc3': _Encoding(3, None),
    'rgb8': _Encoding(3, cv2.COLOR_RGB2BGR),
    'bgra8': _Encoding(4, cv2.COLOR_BGRA2BGR),
    '8uc4': _Encoding(4, cv2.COLOR_BGRA2BGR),
    'rgba8': _Encoding(4, cv2.COLOR_RGBA2BGR),
    'mono8': _Encoding(1, cv2.COLOR_GRAY2BGR),
    '8uc1': _Encoding(1, cv2.COLOR_GRAY2BGR),
    'mono16': _Encoding(1, cv2.COLOR_GRAY2BGR, wide=True),
    'bgr16': _Encoding(3, None, wide=True),
    'rgb16': _Encoding(3, cv2.COLOR_RGB2BGR, wide=True),
    'yuv422': _Encoding(2, cv2.COLOR_YUV2BGR_UYVY),
    'uyvy': _Encoding(2, cv2.COLOR_YUV2BGR_UYVY),
    'yuv422_yuy2': _Encoding(2, cv2.COLOR_YUV2BGR_YUY2),
    'yuyv': _Encoding(2, cv2.COLOR_YUV2BGR_YUY2),
    # OpenCV names a Bayer pattern by its second row, ROS by its first.
    'bayer_rggb8': _Encoding(1, cv2.COLOR_BayerBG2BGR),
    'bayer_bggr8': _Encoding(1, cv2.COLOR_BayerRG2BGR),
    'bayer_gbrg8': _Encoding(1, cv2.COLOR_BayerGR2BGR),
    'bayer_grbg8': _Encoding(1, cv2.COLOR_BayerGB2BGR),
}
SUPPORTED_ENCODINGS = tuple(
    sorted([*(n for n in _ENCODINGS if n[0] != '8'), '8UC1', '8UC3', '8UC4', 'nv12', 'nv21'])
)
"""The encodings that :func:`to_bgr` reads."""


def to_bgr(
    data: npt.NDArray[np.uint8] | bytes,
    *,
    width: int,
    height: int,
    encoding: str,
    step: int,
    big_endian: bool = False,
) -> ImageArray:
    """
    Convert the body of a sensor_msgs/Image.

    :param data: the message's ``data``
    :param width: pixels
    :param height: rows
    :param encoding: as sensor_msgs/image_encodings names it
    :param step: bytes a row, padding included; 0 means no padding
    :param big_endian: byte order of 16-bit values
    :return: shape ``(height, width, 3)``, uint8 BGR
    :raises FrameError: if the encoding is not known or the numbers do not fit the data
    """
    check_size(width, height)
    flat = np.frombuffer(data, np.uint8) if isinstance(data, bytes) else np.asarray(data, np.uint8)
    name = encoding.strip().lower()
    if name in ('nv12', 'nv21'):
        return _half_chroma(flat, width, height, step or width, name)
    kind = _ENCODINGS.get(name)
    if kind is None:
        raise FrameError(
            'encoding',
            f'image: encoding {encoding!r} is not known; supported are '
            f'{", ".join(SUPPORTED_ENCODINGS)}',
        )
    row = width * kind.channels * (2 if kind.wide else 1)
    rows = _rows(flat, height, step or row, row, encoding)
    if kind.channels == 2 and width % 2:
        raise FrameError('size', f'image: {encoding} needs an even width, got {width}')
    pixels: ImageArray = rows
    if kind.wide:
        wide = np.ascontiguousarray(rows).view('>u2' if big_endian else '<u2')
        pixels = (wide >> 8).astype(np.uint8)
    pixels = pixels.reshape(height, width, kind.channels)
    convert: Callable[..., object] = cv2.cvtColor
    bgr = pixels if kind.code is None else convert(np.ascontiguousarray(pixels), kind.code)
    return np.array(bgr, np.uint8, copy=kind.code is None, order='C')  # never a view of a message


def _rows(
    flat: npt.NDArray[np.uint8], height: int, step: int, row: int, encoding: str
) -> npt.NDArray[np.uint8]:
    """Return the rows without their padding, shape ``(height, row)``."""
    if step < row:
        raise FrameError(
            'size', f'image: step {step} is less than the {row} bytes of a row of {encoding}'
        )
    needed = step * (height - 1) + row  # the last row may come without its padding
    if flat.size < needed:
        raise FrameError(
            'truncated',
            f'image: {flat.size} bytes, but {height} rows of {step} need {needed}; it was cut off',
        )
    if flat.size < step * height:
        flat = np.concatenate([flat, np.zeros(step * height - flat.size, np.uint8)])
    return flat[: step * height].reshape(height, step)[:, :row]


def _half_chroma(
    flat: npt.NDArray[np.uint8], width: int, height: int, step: int, name: str
) -> ImageArray:
    if width % 2 or height % 2:
        raise FrameError('size', f'image: {name} needs even sides, got {width}x{height}')
    rows = np.ascontiguousarray(_rows(flat, height * 3 // 2, step, width, name))
    code = cv2.COLOR_YUV2BGR_NV12 if name == 'nv12' else cv2.COLOR_YUV2BGR_NV21
    return np.asarray(cv2.cvtColor(rows, code), np.uint8)
