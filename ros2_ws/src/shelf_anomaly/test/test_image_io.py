# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Compressed pictures: right ones decode, wrong ones are named."""

from contextlib import suppress
import struct
import zlib

import cv2
import numpy as np
import pytest

from shelf_anomaly.errors import FrameError
from shelf_anomaly.image_io import decode_compressed


def picture(height: int = 48, width: int = 64) -> np.ndarray:
    image = np.zeros((height, width, 3), np.uint8)
    image[:, : width // 2] = (255, 0, 0)  # blue
    image[: height // 2, width // 2 :] = (0, 0, 255)  # red
    return image


def jpeg(image: np.ndarray | None = None, *flags: int) -> bytes:
    return cv2.imencode('.jpg', picture() if image is None else image, list(flags))[1].tobytes()


def png(image: np.ndarray | None = None) -> bytes:
    return cv2.imencode('.png', picture() if image is None else image)[1].tobytes()


def with_exif_turn(data: bytes) -> bytes:
    """Add an EXIF block that says: turn by 90 degrees (orientation 6)."""
    tiff = b'II*\0' + struct.pack('<IHHHIHHI', 8, 1, 0x0112, 3, 1, 6, 0, 0)
    body = b'Exif\0\0' + tiff
    return data[:2] + b'\xff\xe1' + struct.pack('>H', len(body) + 2) + body + data[2:]


def test_png_decodes_exactly() -> None:
    decoded = decode_compressed(png(), 'png')
    assert decoded.note == ''
    np.testing.assert_array_equal(decoded.image, picture())


@pytest.mark.parametrize(
    'flags', [(), (cv2.IMWRITE_JPEG_PROGRESSIVE, 1), (cv2.IMWRITE_JPEG_RST_INTERVAL, 2)]
)
def test_jpeg_decodes_as_opencv_does(flags: tuple[int, ...]) -> None:
    data = jpeg(None, *flags)
    decoded = decode_compressed(data, 'bgr8; jpeg compressed bgr8')
    wanted = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(decoded.image, wanted)
    assert decoded.note == ''


def test_grey_and_alpha_become_bgr() -> None:
    grey = np.full((8, 8), 77, np.uint8)
    np.testing.assert_array_equal(decode_compressed(png(grey)).image, np.full((8, 8, 3), 77))
    assert decode_compressed(png(np.zeros((4, 6, 4), np.uint8))).image.shape == (4, 6, 3)


def test_rgb_order_is_put_right() -> None:
    decoded = decode_compressed(png(), 'rgb8; png compressed rgb8')
    np.testing.assert_array_equal(decoded.image, picture()[..., ::-1])


def test_a_mislabelled_picture_is_decoded_by_what_it_is() -> None:
    decoded = decode_compressed(png(), 'jpeg')
    assert decoded.note == "declared 'jpeg', but the bytes are png; decoded as png"
    np.testing.assert_array_equal(decoded.image, picture())


def test_orientation_is_followed_only_when_asked() -> None:
    data = with_exif_turn(jpeg())
    assert decode_compressed(data).image.shape == (48, 64, 3)
    assert decode_compressed(data, upright=True).image.shape == (64, 48, 3)


def test_bytes_after_the_end_do_no_harm() -> None:
    assert decode_compressed(jpeg() + b'\0' * 100).image.shape == (48, 64, 3)


def test_an_end_marker_inside_a_thumbnail_does_not_hide_a_cut() -> None:
    body = b'\xff\xd8\xff\xd9 a thumbnail'
    data = jpeg()
    data = data[:2] + b'\xff\xe1' + struct.pack('>H', len(body) + 2) + body + data[2:]
    assert decode_compressed(data).image.shape == (48, 64, 3)
    with pytest.raises(FrameError, match='cut off'):
        decode_compressed(data[:-10])


def bomb(width: int, height: int) -> bytes:
    header = struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack('>I', 13) + b'IHDR' + header
    return b'\x89PNG\r\n\x1a\n' + chunk + struct.pack('>I', zlib.crc32(b'IHDR' + header))


def jpeg_of_size(width: int, height: int) -> bytes:
    data = bytearray(jpeg())
    at = data.index(b'\xff\xc0') + 5
    data[at : at + 4] = struct.pack('>HH', height, width)
    return bytes(data)


@pytest.mark.parametrize(
    ('data', 'reason', 'text'),
    [
        (b'', 'empty', 'no bytes'),
        (b'hello world', 'not_an_image', 'neither JPEG nor PNG'),
        (b'GIF89a' + bytes(50), 'not_an_image', 'neither JPEG nor PNG'),
        (jpeg()[:-1], 'truncated', 'ends before its end marker'),
        (jpeg()[:300], 'truncated', 'ends before its end marker'),
        (jpeg()[:3], 'truncated', 'ends before its end marker'),
        (png()[:-1], 'truncated', 'ends before its last part'),
        (png()[:20], 'truncated', 'ends before its last part'),
        (png()[:50] + b'x' + png()[51:], 'damaged', 'is damaged'),
        (bomb(40000, 40000), 'too_large', '40000x40000 pixels'),
        (bomb(10000, 6000), 'too_large', '50 million'),
        (bomb(0, 10), 'zero_size', 'has no pixels'),
        (jpeg_of_size(65000, 65000), 'too_large', '65000x65000 pixels'),
        (jpeg_of_size(64, 0), 'zero_size', 'has no pixels'),
        (b'\xff\xd8\xff\xd9', 'not_an_image', 'without a frame header'),
    ],
)
def test_what_cannot_be_used_is_named(data: bytes, reason: str, text: str) -> None:
    with pytest.raises(FrameError, match=text) as caught:
        decode_compressed(data, 'jpeg')
    assert caught.value.reason == reason


def test_any_cut_and_any_flipped_byte_ends_in_a_picture_or_a_frame_error() -> None:
    for whole in (jpeg(), png()):
        for cut in range(0, len(whole), 7):
            with pytest.raises(FrameError):
                decode_compressed(whole[:cut])
        for at in range(0, len(whole), 5):
            damaged = whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :]
            with suppress(FrameError):  # any other error fails this test
                assert decode_compressed(damaged).image.shape[2] == 3
