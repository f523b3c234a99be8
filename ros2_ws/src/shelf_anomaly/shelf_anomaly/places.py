# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
What is normal at each place of a bay, as it lies in an artefact: packed small, unpacked for use.

Codes are rounded to at most 8 bits a dimension. The template of the registration and a picture of
the normal bay lie beside them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from .artefact import Artefact, DENSITY
from .density import References
from .emptiness import pack_shares, unpack_shares
from .errors import ArtefactError
from .packing import pack_views, Packed, unpack_views
from .records import BoolArray, Float32Array, FloatArray, ImageArray
from .registration import Template

Array = npt.NDArray[Any]

WINDOW = (4, 2)
"""Rows and columns of cells of the window through which looks are compared: about one facing."""
TEMPLATE_STEP = 1 / 16
"""Of locally normalised grey values, from which normal views differ by 0.5 (root mean square), and
of weights up to 1."""
COLOUR_STEP = 1.0  # of a* and b*; between two normal passes of a place lies about twice as much
PRINT_PX_PER_M = 192.0
"""Of the pictures of further passes: small print can still be told apart."""


@dataclass(frozen=True, slots=True)
class PlaceStatistics:
    """How scores lie at each place on normal passes."""

    mean: Float32Array
    """Shape ``(channels, rows, cols)``; NaN where no normal pass was judged."""
    std: Float32Array
    """Shape ``(channels, rows, cols)``."""


@dataclass(frozen=True, slots=True)
class NormalBay:
    """All that is known about one bay's normal state."""

    references: References
    colours: References
    """Of the same views as the references: their colours in place of codes."""
    statistics: PlaceStatistics
    template: Template
    activity: Float32Array
    """Shape ``(rows, cols)``: usual structure in each cell."""
    error: Float32Array
    """Shape ``(2, rows, cols)``: mean and spread of the reconstruction error."""
    edges: Float32Array
    """Shape ``(passes, levels, columns)``: what :func:`edge_shares` says of the normal passes."""
    picture: bytes
    """WebP of the bay in its normal state, the whole view."""
    picture_px_per_m: float
    prints: tuple[bytes, ...] = ()
    """WebP of the bay on other normal passes, PRINT_PX_PER_M: what was turned or stood behind on
    one pass shows its print on another."""


def pack(bay: str, normal: NormalBay, code_step: float) -> dict[str, Array]:
    """
    Turn a bay's normal state into small arrays for ``density.npz``.

    :param code_step: rounding of a code, a small part of the kernel's bandwidth: one step for all
        dimensions, so that those that vary little cost little
    """
    codes = pack_codes(normal.references, code_step)
    colours = pack_views(_bytes_of_colours(normal.colours), normal.colours.seen)
    statistics = np.stack([normal.statistics.mean, normal.statistics.std])
    template = np.stack([normal.template.mean, normal.template.weight]) / TEMPLATE_STEP
    return (
        codes.arrays(bay)
        | {
            f'{bay}/colours': colours.rest,
            f'{bay}/colours_middle': colours.middle,
            f'{bay}/offsets_m': normal.references.offsets_m.astype(np.float32),
            f'{bay}/statistics': statistics.astype(np.float16),
            f'{bay}/template': np.clip(np.round(template), -127, 127).astype(np.int8),
            f'{bay}/activity': normal.activity.astype(np.float16),
            f'{bay}/error': normal.error.astype(np.float16),
            f'{bay}/edges': pack_shares(normal.edges),
            f'{bay}/picture': np.frombuffer(normal.picture, np.uint8),
            f'{bay}/picture_px_per_m': np.asarray(normal.picture_px_per_m, np.float32),
        }
        | {
            f'{bay}/print_{i}': np.frombuffer(picture, np.uint8)
            for i, picture in enumerate(normal.prints)
        }
    )


def _bytes_of_colours(colours: References) -> npt.NDArray[np.uint8]:
    rounded = np.clip(np.round(colours.codes / COLOUR_STEP), -127, 127).astype(np.int8)
    return np.where(colours.seen[..., None], rounded, 0).view(np.uint8)


def _colours_of_bytes(packed: npt.NDArray[np.uint8]) -> Float32Array:
    return np.asarray(packed.view(np.int8).astype(np.float32) * COLOUR_STEP, np.float32)


def as_packed_colours(colours: References) -> References:
    """Return colours as the robot will have them, rounded."""
    return replace(colours, codes=_colours_of_bytes(_bytes_of_colours(colours)))


@dataclass(frozen=True, slots=True)
class CodePacking:
    """The normal codes of a bay as they lie in the artefact, for those who need a few of them."""

    packed: Array
    """Shape ``(views, rows, cols, dims)``, uint8."""
    low: Float32Array
    """Shape ``(dims,)``."""
    step: Float32Array
    """Shape ``(dims,)``."""
    seen: BoolArray
    """Shape ``(views, rows, cols)``."""
    passes: npt.NDArray[np.int64]
    """Shape ``(views,)``."""

    def arrays(self, bay: str) -> dict[str, Array]:
        """Return what :func:`read_packing` reads."""
        codes = pack_views(self.packed, self.seen)
        return {
            f'{bay}/codes': codes.rest,
            f'{bay}/codes_middle': codes.middle,
            f'{bay}/code_scale': np.stack([self.low, self.step]),
            f'{bay}/seen': np.packbits(self.seen),
            f'{bay}/passes': self.passes.astype(np.int16),
        }

    def codes(self, view: int) -> Float32Array:
        """Return a view's codes, shape ``(rows, cols, dims)``."""
        return self._open(self.packed[view])

    def window(self, view: int, top: int, left: int) -> Float32Array:
        """Return the codes of one window, shape ``(*WINDOW, dims)``."""
        rows, cols = WINDOW
        return self._open(self.packed[view, top : top + rows, left : left + cols])

    def _open(self, packed: Array) -> Float32Array:
        return np.asarray(packed.astype(np.float32) * self.step + self.low)


def pack_codes(references: References, code_step: float) -> CodePacking:
    """
    Round codes to at most 8 bits a dimension; cells that were not seen are blank, cost nothing.

    :param code_step: rounding of a code: one step for all dimensions, so that those that vary
        little cost little
    """
    codes, seen = references.codes, references.seen
    known = codes[seen] if seen.any() else codes.reshape(-1, codes.shape[-1])
    low = known.min(axis=0).astype(np.float32)
    step = np.maximum((known.max(axis=0) - low) / 255, code_step).astype(np.float32)
    packed = np.where(seen[..., None], np.round((codes - low) / step), 0).astype(np.uint8)
    return CodePacking(packed, low, step, seen, references.passes)


def as_packed(references: References, code_step: float) -> References:
    """Return references as the robot will have them, rounded: calibrated is what will run."""
    packing = pack_codes(references, code_step)
    return replace(
        references, codes=packing.packed.astype(np.float32) * packing.step + packing.low
    )


def read_packing(artefact: Artefact, bay: str) -> CodePacking:
    """Return a bay's packed codes; :raises ArtefactError: if the artefact lacks a part of them."""
    low, step = artefact.array(f'{bay}/code_scale').astype(np.float32)
    passes = artefact.array(f'{bay}/passes').astype(np.int64)
    shape = (len(passes), *artefact.array(f'{bay}/codes_middle').shape[:2])
    bits = np.unpackbits(artefact.array(f'{bay}/seen'), count=int(np.prod(shape)))
    seen = bits.reshape(shape).astype(bool)
    return CodePacking(_unpacked(artefact, f'{bay}/codes', seen), low, step, seen, passes)


def _unpacked(artefact: Artefact, key: str, seen: BoolArray) -> npt.NDArray[np.uint8]:
    packed = Packed(artefact.array(f'{key}_middle'), artefact.array(key))
    try:
        return unpack_views(packed, seen)
    except ValueError as error:
        raise ArtefactError(
            f'{artefact.folder / DENSITY}: {key} {error}; fit the model again'
        ) from None


def unpack(artefact: Artefact, bay: str) -> NormalBay:
    """Return a bay's normal state; :raises ArtefactError: if the artefact lacks a part of it."""
    packing = read_packing(artefact, bay)
    statistics = artefact.array(f'{bay}/statistics').astype(np.float32)
    template = artefact.array(f'{bay}/template').astype(np.float32) * TEMPLATE_STEP
    references = References(
        codes=packing.packed.astype(np.float32) * packing.step + packing.low,
        seen=packing.seen,
        offsets_m=artefact.array(f'{bay}/offsets_m').astype(np.float64),
        passes=packing.passes,
    )
    colours = _colours_of_bytes(_unpacked(artefact, f'{bay}/colours', packing.seen))
    return NormalBay(
        references=references,
        colours=replace(references, codes=colours),
        statistics=PlaceStatistics(statistics[0], statistics[1]),
        template=Template(template[0], template[1]),
        activity=artefact.array(f'{bay}/activity').astype(np.float32),
        error=artefact.array(f'{bay}/error').astype(np.float32),
        edges=unpack_shares(artefact.array(f'{bay}/edges')),
        picture=artefact.array(f'{bay}/picture').tobytes(),
        picture_px_per_m=float(artefact.array(f'{bay}/picture_px_per_m')),
        prints=tuple(_prints(artefact, bay)),
    )


def bays_of(arrays: Mapping[str, Array]) -> tuple[str, ...]:
    """Return the ids of the bays that an artefact's arrays describe."""
    return tuple(key.removesuffix('/codes') for key in arrays if key.endswith('/codes'))


def encode_picture(image: ImageArray, quality: int = 85) -> bytes:
    """Return ``image`` as JPEG."""
    return cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def encode_normal_picture(image: ImageArray) -> bytes:
    """Return ``image`` as a model keeps it: WebP, 0.7 times the size of JPEG at that quality."""
    return cv2.imencode('.webp', image, [cv2.IMWRITE_WEBP_QUALITY, 80])[1].tobytes()


def decode_picture(data: bytes) -> ImageArray:
    """Return a picture of our own as BGR."""
    return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), np.uint8)


def normal_picture(artefact: Artefact, bay: str) -> tuple[ImageArray, float]:
    """Return the picture of a bay in its normal state, BGR, and its pixels per metre."""
    picture = decode_picture(artefact.array(f'{bay}/picture').tobytes())
    return picture, float(artefact.array(f'{bay}/picture_px_per_m'))


def normal_pictures(artefact: Artefact, bay: str) -> list[tuple[ImageArray, float]]:
    """Return all pictures of a bay in its normal state, and their pixels per metre."""
    more = [(decode_picture(data), PRINT_PX_PER_M) for data in _prints(artefact, bay)]
    return [normal_picture(artefact, bay), *more]


def _prints(artefact: Artefact, bay: str) -> Iterator[bytes]:
    for i in count():
        data = artefact.arrays.get(f'{bay}/print_{i}')
        if data is None:
            return
        yield data.tobytes()


def picture_offset(
    point: FloatArray, bay_height: float, margin_m: float, px_per_m: float
) -> tuple[int, int]:
    """Return the pixel of a view at shelf coordinates ``(x, y)``."""
    return round((point[0] + margin_m) * px_per_m), round(
        (bay_height + margin_m - point[1]) * px_per_m
    )
