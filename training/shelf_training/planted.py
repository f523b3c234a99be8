# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
Training pictures in which something does not belong, made from normal photos only.

Round pieces are laid into normal photos: pieces of the same product (which belong: so that an edge
of a piece is no sign of a fault), of the other products, and of things that were made up (strange
colours, drawn textures), which stand for what no product shows. Every cell is labelled by what it
shows. Related work: CutPaste (arXiv 2104.04015), DRAEM (arXiv 2108.07610).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from shelf_anomaly.records import BoolArray, ImageArray

from .augment import relight, zoom
from .photo_folder import Photo, PhotoSet

OWN_SHARE, MADE_UP_SHARE = 0.4, 0.25  # of the pieces; the rest shows any product
MOST_PIECES = 3
PIECE = (0.08, 0.165)  # half axes of a piece, as parts of the picture's side
PURE = 0.8  # part of a cell that one thing must fill for the cell to be learnt from


@dataclass(frozen=True, slots=True)
class Labelled:
    """A picture and what each of its cells shows."""

    image: ImageArray
    labels: npt.NDArray[np.int64]
    """Shape ``(rows, cols)``: the product's index, or the number of products for a made-up
    thing."""
    pure: BoolArray
    """Shape ``(rows, cols)``: cells that show one thing only."""


def labelled_picture(
    photo: Photo,
    photos: PhotoSet,
    side_px: int,
    cell_px: int,
    rng: np.random.Generator,
    *,
    pieces: bool,
) -> Labelled:
    """
    Make one training picture.

    Pieces come from photos of the same fold, so that a model that is trained without a fold has
    not met anything of it.

    :param photo: the normal photo that it is made from
    :param pieces: lay pieces into it, or leave it as it is (under another light, and zoomed)
    """
    image = _part(photo, side_px, rng)
    shows = np.full(image.shape[:2], photo.product, np.int64)
    for _ in range(int(rng.integers(1, MOST_PIECES + 1)) if pieces else 0):
        kind, piece = _piece(photo, photos, side_px, rng)
        image, mask = lay(image, piece, rng)
        shows[mask] = kind
    kinds = len(photos.products) + 1
    cells = side_px // cell_px
    share = np.stack(
        [
            cv2.resize(
                (shows == kind).astype(np.float32), (cells, cells), interpolation=cv2.INTER_AREA
            )
            for kind in range(kinds)
        ]
    )
    return Labelled(image, share.argmax(axis=0), share.max(axis=0) > PURE)


def _piece(
    photo: Photo, photos: PhotoSet, side_px: int, rng: np.random.Generator
) -> tuple[int, ImageArray]:
    """Return what a piece shows and a picture to cut it from."""
    draw = rng.random()
    product = photo.product if draw < OWN_SHARE else int(rng.integers(len(photos.products)))
    sources = photos.of(product, fold=photo.fold)
    source = _part(sources[int(rng.integers(len(sources)))], side_px, rng)
    if draw > 1 - MADE_UP_SHARE:
        return len(photos.products), made_up(source, rng)
    return product, source


def _part(photo: Photo, side_px: int, rng: np.random.Generator) -> ImageArray:
    """Return a square part of a photo under some light."""
    image = photo.image
    side = min(image.shape[:2])
    top, left = (int(rng.integers(n - side + 1)) for n in image.shape[:2])
    part = image[top : top + side, left : left + side]
    if side != side_px:
        part = np.asarray(
            cv2.resize(part, (side_px, side_px), interpolation=cv2.INTER_LINEAR), np.uint8
        )
    return relight(zoom(part, rng, 1.6), rng)


def lay(
    image: ImageArray, source: ImageArray, rng: np.random.Generator
) -> tuple[ImageArray, BoolArray]:
    """
    Lay a round piece of ``source`` into ``image``, with a soft edge.

    :return: the picture, and where the piece is, shape ``(rows, cols)``
    """
    rows, cols = image.shape[:2]
    axes = rng.uniform(*PIECE, 2) * min(rows, cols)
    centre = rng.uniform(0.15, 0.85, 2) * [cols, rows]
    origin = rng.uniform(0.3, 0.7, 2) * [source.shape[1], source.shape[0]]
    scale = rng.uniform(0.7, 1.4)
    matrix = np.array(
        [[scale, 0, centre[0] - scale * origin[0]], [0, scale, centre[1] - scale * origin[1]]]
    )
    moved = cv2.warpAffine(source, matrix, (cols, rows), borderMode=cv2.BORDER_REFLECT_101)
    mask = np.zeros((rows, cols), np.float32)
    cv2.ellipse(mask, (tuple(centre), tuple(2 * axes), float(rng.uniform(0, 180))), 1.0, -1)
    soft = cv2.GaussianBlur(mask, (0, 0), float(rng.uniform(0.5, 2.5)))[..., None]
    return (image * (1 - soft) + moved * soft).astype(np.uint8), mask > 0.5


def made_up(image: ImageArray, rng: np.random.Generator) -> ImageArray:
    """Return something that no product shows: strange colours of a photo, or a drawn texture."""
    kind = int(rng.integers(3))
    if kind == 0:
        hsv = cv2.cvtColor(image, cv2.COLOR_BGR2HSV).astype(np.int32)
        hsv[..., 0] = (hsv[..., 0] + rng.integers(25, 156)) % 180
        hsv[..., 1] = np.clip(hsv[..., 1] * rng.uniform(0.2, 1.2), 0, 255)
        return np.asarray(cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2BGR), np.uint8)
    if kind == 1:
        return image[..., rng.permutation(3)] if rng.random() < 0.5 else 255 - image
    return _texture(image.shape[0], rng)


def _texture(side: int, rng: np.random.Generator) -> ImageArray:
    value = np.zeros((side, side, 3), np.float32)
    for octave in range(2, 7):
        bands = 1 if rng.random() < 0.6 else 3
        noise = rng.normal(size=(2**octave, 2**octave, bands)).astype(np.float32)
        grown = cv2.resize(noise, (side, side), interpolation=cv2.INTER_CUBIC).reshape(
            side, side, -1
        )
        value += grown * 12 * rng.uniform(0.2, 1.0)
    return np.clip(value + rng.uniform(20, 235, 3), 0, 255).astype(np.uint8)


def planted_photo(photo: Photo, sources: Sequence[Photo], rng: np.random.Generator) -> ImageArray:
    """Return a photo with one piece of another product in it, for the figures of the card."""
    return lay(photo.image, sources[int(rng.integers(len(sources)))].image, rng)[0]
