# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Image and CompressedImage messages to BGR pixels; every number is checked before it is used."""

from __future__ import annotations

from typing import Any

import numpy as np
from sensor_msgs.msg import CompressedImage, Image

from ..errors import FrameError
from ..image_io import check_size, decode_compressed, Decoded
from ..raw_image import to_bgr
from ..records import ImageArray

try:
    from cv_bridge import CvBridge

    _BRIDGE: Any = CvBridge()
except Exception:  # noqa: BLE001  built against one numpy, it fails in its own ways with others
    _BRIDGE = None

BRIDGED = {'bgr8': 3, 'rgb8': 3, 'bgra8': 4, 'rgba8': 4, 'mono8': 1, '8UC3': 3}
"""Encodings that cv_bridge reads as they are meant, with bytes per pixel."""


def decode(message: Image | CompressedImage) -> Decoded:
    """
    Return the pixels of a message.

    :return: shape ``(height, width, 3)``, uint8 BGR, and a note on what was odd
    :raises FrameError: if they cannot be had; the reason can be counted
    """
    if isinstance(message, CompressedImage):
        return decode_compressed(bytes(message.data), str(message.format))
    return Decoded(_raw(message))


def _raw(message: Image) -> ImageArray:
    width, height, step, encoding = (
        int(message.width),
        int(message.height),
        int(message.step),
        str(message.encoding),
    )
    check_size(width, height)
    channels = BRIDGED.get(encoding)
    # Some releases of cv_bridge ignore padding and fail on swapped bytes: we read those.
    tight = (
        channels is not None and step == width * channels and len(message.data) == step * height
    )
    if _BRIDGE is not None and tight and not message.is_bigendian:
        try:
            return np.asarray(
                _BRIDGE.imgmsg_to_cv2(message, 'passthrough' if encoding == '8UC3' else 'bgr8'),
                np.uint8,
            )
        except Exception as error:  # noqa: BLE001  TypeError, ValueError, cv2.error all occur
            raise FrameError(
                'not_an_image',
                f'image: cv_bridge cannot convert {encoding} {width}x{height}: {error}',
            ) from None
    data = np.frombuffer(message.data, np.uint8)
    return to_bgr(
        data,
        width=width,
        height=height,
        encoding=encoding,
        step=step,
        big_endian=bool(message.is_bigendian),
    )
