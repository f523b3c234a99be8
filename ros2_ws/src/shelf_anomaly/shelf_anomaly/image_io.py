# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Bytes from a camera, a bag or a file to BGR pixels, checked before they are decoded."""

from __future__ import annotations

from dataclasses import dataclass
import zlib

import cv2
import numpy as np

from .errors import FrameError
from .records import ImageArray, MAX_IMAGE_SIDE

MAX_PIXELS = 50_000_000
JPEG_MAGIC = b'\xff\xd8\xff'
PNG_MAGIC = b'\x89PNG\r\n\x1a\n'
_SIZE_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_BARE_MARKERS = frozenset({0x01, *range(0xD0, 0xD8)})


@dataclass(frozen=True, slots=True)
class Decoded:
    """A decoded picture."""

    image: ImageArray
    """Shape ``(height, width, 3)``, uint8 BGR."""
    note: str = ''
    """What was odd but did no harm, for people; empty when nothing was."""


def decode_compressed(data: bytes, declared: str = '', *, upright: bool = False) -> Decoded:
    """
    Decode a JPEG or PNG; what it is, its bytes tell.

    :param data: the whole file or message body
    :param declared: the ``format`` of the message or the file's extension, may be empty
    :param upright: turn the picture as its EXIF orientation says; a robot's camera_info describes
        the pixels as they are stored, a phone's photo is meant to be turned
    :return: the picture, and a note if ``declared`` says something else
    :raises FrameError: if it is empty, truncated, too large, or neither JPEG nor PNG
    """
    if not data:
        raise FrameError(
            'empty', 'image: no bytes; the camera or its driver sent an empty message'
        )
    if data.startswith(JPEG_MAGIC):
        kind, (width, height) = 'jpeg', _jpeg_size(data)
    elif data.startswith(PNG_MAGIC):
        kind, (width, height) = 'png', _png_size(data)
    else:
        told = f' (declared {declared!r})' if declared else ''
        raise FrameError(
            'not_an_image',
            f'image: starts with {data[:8].hex(" ")}{told}, which is neither JPEG nor PNG; '
            'publish one of these',
        )
    check_size(width, height)
    flags = cv2.IMREAD_COLOR if upright else cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        raise FrameError('not_an_image', f'image: {kind} cannot be decoded: {error.err}') from None
    if image is None:
        raise FrameError('not_an_image', f'image: {kind} of {len(data)} bytes cannot be decoded')
    pixels = np.asarray(image, np.uint8)
    if _stored_rgb(declared):
        pixels = np.ascontiguousarray(pixels[..., ::-1])
    return Decoded(pixels, _mismatch(kind, declared))


def check_size(width: int, height: int) -> None:
    """Refuse a picture without pixels or with more than any camera has; sizes in pixels."""
    if width <= 0 or height <= 0:
        raise FrameError('zero_size', f'image: {width}x{height} has no pixels')
    if max(width, height) > MAX_IMAGE_SIDE or width * height > MAX_PIXELS:
        raise FrameError(
            'too_large',
            f'image: {width}x{height} pixels; at most {MAX_IMAGE_SIDE} a side and '
            f'{MAX_PIXELS // 1_000_000} million in all are taken',
        )


def _jpeg_size(data: bytes) -> tuple[int, int]:
    """Walk the markers up to the end of the image; return its size, width first."""
    size: tuple[int, int] | None = None
    at = 2
    while True:
        at = data.find(b'\xff', at)
        while 0 <= at < len(data) - 1 and data[at + 1] == 0xFF:  # fill bytes
            at += 1
        if not 0 <= at < len(data) - 1:
            break
        marker = data[at + 1]
        at += 2
        if marker == 0x00 or marker in _BARE_MARKERS:  # a byte of the scan, or a restart
            continue
        if marker == 0xD9:
            if size is None:
                raise FrameError('not_an_image', 'image: JPEG without a frame header')
            return size
        length = int.from_bytes(data[at : at + 2], 'big')
        if marker in _SIZE_MARKERS and at + 7 <= len(data):
            size = (
                int.from_bytes(data[at + 5 : at + 7], 'big'),
                int.from_bytes(data[at + 3 : at + 5], 'big'),
            )
            check_size(*size)
        at += max(2, length)
    raise FrameError(
        'truncated', f'image: JPEG of {len(data)} bytes ends before its end marker; it was cut off'
    )


def _png_size(data: bytes) -> tuple[int, int]:
    """Walk the chunks up to IEND, check their sums; return the size, width first."""
    size: tuple[int, int] | None = None
    at = len(PNG_MAGIC)
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], 'big')
        name = data[at + 4 : at + 8]
        end = at + 12 + length
        if end > len(data):
            break
        if zlib.crc32(data[at + 4 : end - 4]) != int.from_bytes(data[end - 4 : end], 'big'):
            raise FrameError('damaged', f'image: PNG part {name!r} at byte {at} is damaged')
        if name == b'IHDR':
            size = (
                int.from_bytes(data[at + 8 : at + 12], 'big'),
                int.from_bytes(data[at + 12 : at + 16], 'big'),
            )
            check_size(*size)
        if name == b'IEND':
            if size is None:
                raise FrameError('not_an_image', 'image: PNG without a header')
            return size
        at = end
    raise FrameError(
        'truncated', f'image: PNG of {len(data)} bytes ends before its last part; it was cut off'
    )


def _stored_rgb(declared: str) -> bool:
    """Say whether the format (``'rgb8; jpeg compressed rgb8'``) says that red comes first."""
    return 'compressed rgb' in declared.lower()


def _mismatch(kind: str, declared: str) -> str:
    text = declared.lower()
    says = {
        'jpeg' if name in ('jpeg', 'jpg') else name
        for name in ('jpeg', 'jpg', 'png', 'webp', 'tiff', 'bmp')
        if name in text
    }
    if not says or kind in says:
        return ''
    return f'declared {declared!r}, but the bytes are {kind}; decoded as {kind}'
