# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
Training pictures in which something does not belong, made from normal photos only.

Drawn fruit and pieces of the other products, in the outline of fruit, are laid into normal photos
and are to be found. Not to be found are pieces of the same product (so that an edge alone is no
sign of a fault), and clutter that photos show beside the goods: neighbouring crates that reach in
from the border, and tags. Related work: CutPaste (arXiv 2104.04015), DRAEM (arXiv 2108.07610).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from shelf_anomaly.records import BoolArray, Float32Array, FloatArray, ImageArray

from .augment import relight, zoom
from .outlines import TURN
from .photo_folder import Photo, PhotoSet
from .things import drawn, noise, piece, Thing

DRAWN_SHARE, OTHER_SHARE = 0.55, 0.25  # of the things; the rest is pieces of the own product
MOST_THINGS = 3
SIZE = (1 / 9, 1 / 4)  # longer side of a thing, as part of the picture's side
CLUTTER_SHARE, BLURRED_SHARE, JPEG_SHARE = 0.35, 0.3, 0.7  # of the pictures


@dataclass(frozen=True, slots=True)
class Labelled:
    """A picture and how much of each of its cells does not belong."""

    image: ImageArray
    foreign: Float32Array
    """Shape ``(rows, cols)``, 0..1."""


def labelled_picture(
    photo: Photo,
    photos: PhotoSet,
    side_px: int,
    cell_px: int,
    rng: np.random.Generator,
    *,
    things: bool,
) -> Labelled:
    """
    Make one training picture.

    What is laid in comes from photos of the same fold, so that a model that is trained without a
    fold has not met anything of it.

    :param photo: the normal photo that it is made from
    :param things: lay things into it, or leave it as it is (under another light, and zoomed)
    """
    own = photos.of(photo.product, fold=photo.fold)
    others = [p for p in photos.photos if p.fold == photo.fold and p.product != photo.product]
    image = part(photo, side_px, rng)
    if rng.random() < CLUTTER_SHARE:
        image = add_clutter(image, others, rng)
    if rng.random() < BLURRED_SHARE:  # before things are laid in: those of one's own are sharper
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.3, 1))), np.uint8)
    foreign = np.zeros(image.shape[:2], bool)
    for _ in range(int(rng.integers(1, MOST_THINGS + 1)) if things else 0):
        belongs, thing = _thing(own, others, side_px, rng)
        image, where = lay(image, thing, rng)
        foreign[where] = not belongs
    if rng.random() < JPEG_SHARE:
        image = _compressed(image, rng)
    cells = side_px // cell_px
    share = cv2.resize(foreign.astype(np.float32), (cells, cells), interpolation=cv2.INTER_AREA)
    return Labelled(image, np.asarray(share, np.float32))


def _thing(
    own: Sequence[Photo], others: Sequence[Photo], side_px: int, rng: np.random.Generator
) -> tuple[bool, Thing]:
    """Return whether it belongs, and a thing."""
    draw = rng.random()
    if draw < OTHER_SHARE and others:
        return False, piece(part(_any(others, rng), side_px, rng), rng, lit=0.5)
    if draw < OTHER_SHARE + DRAWN_SHARE:
        like = part(_any([*own, *others], rng), side_px, rng) if rng.random() < 0.4 else None
        return False, drawn(rng, like)
    return True, piece(part(_any(own, rng), side_px, rng), rng, lit=0.3)


def _any(photos: Sequence[Photo], rng: np.random.Generator) -> Photo:
    return photos[int(rng.integers(len(photos)))]


def part(photo: Photo, side_px: int, rng: np.random.Generator, most: float = 1.6) -> ImageArray:
    """
    Return a square part of a photo under some light.

    :param most: how far it may be zoomed in
    """
    image = photo.image
    side = min(image.shape[:2])
    top, left = (int(rng.integers(n - side + 1)) for n in image.shape[:2])
    square = image[top : top + side, left : left + side]
    if side != side_px:
        square = np.asarray(
            cv2.resize(square, (side_px, side_px), interpolation=cv2.INTER_LINEAR), np.uint8
        )
    return relight(zoom(square, rng, most), rng)


def lay(image: ImageArray, thing: Thing, rng: np.random.Generator) -> tuple[ImageArray, BoolArray]:
    """
    Lay a thing into a picture, turned, in about its light, with a soft edge, perhaps a shadow.

    :return: the picture, and where the thing is, shape ``(rows, cols)``
    """
    rows, cols = image.shape[:2]
    size = rng.uniform(*SIZE) * min(rows, cols)
    centre = (float(rng.uniform(0.12, 0.88) * cols), float(rng.uniform(0.12, 0.88) * rows))
    moved, mask = _moved(thing, (rows, cols), size, centre, float(rng.uniform(0, 360)))
    where = mask > 0.5
    if not where.any():
        return image, where
    ratio = (image[where].mean() + 60) / (moved[where].mean() + 60)
    gain = np.clip(ratio ** rng.uniform(0, 1), 0.5, 1.4) * np.exp(rng.normal(0, 0.1))
    below: Float32Array = image.astype(np.float32)
    if rng.random() < 0.25:
        shadow = cv2.GaussianBlur(np.roll(mask, int(0.08 * size), 0), (0, 0), 0.06 * size)
        below *= 1 - shadow[..., None] * rng.uniform(0.1, 0.5)
    soft = cv2.GaussianBlur(mask, (0, 0), float(rng.uniform(0.4, 1.5)))[..., None]
    return (below * (1 - soft) + np.clip(moved * gain, 0, 255) * soft).astype(np.uint8), where


def _moved(
    thing: Thing, shape: tuple[int, int], size: float, centre: tuple[float, float], degrees: float
) -> tuple[Float32Array, Float32Array]:
    """Return a thing and its mask in a picture of ``shape``, its longer side ``size`` pixels."""
    down, across = np.nonzero(thing.mask > 0.5)
    middle = (float(np.ptp(across) / 2 + across.min()), float(np.ptp(down) / 2 + down.min()))
    scale = size / (float(max(np.ptp(across), np.ptp(down))) + 1)
    matrix: FloatArray = np.array(cv2.getRotationMatrix2D(middle, degrees, scale), np.float64)
    matrix[:, 2] += np.subtract(centre, middle)
    image, mask = thing.image, thing.mask
    if scale < 0.8:  # warping does not average over the pixels that it leaves out
        image, mask = (
            np.asarray(cv2.GaussianBlur(v, (0, 0), 0.4 / scale), np.float32) for v in (image, mask)
        )
    to = (shape[1], shape[0])
    return (
        np.asarray(cv2.warpAffine(image, matrix, to, borderMode=cv2.BORDER_REPLICATE), np.float32),
        np.asarray(cv2.warpAffine(mask, matrix, to), np.float32),
    )


def add_clutter(
    image: ImageArray, others: Sequence[Photo], rng: np.random.Generator
) -> ImageArray:
    """Lay in what stands beside goods: something large that reaches in from a border, or a tag."""
    side = image.shape[0]
    mask = np.zeros((side, side), np.float32)
    source = np.clip(
        noise(side, rng, 2, 6, 3) * rng.uniform(2, 25)
        + rng.uniform(10, 250)
        + rng.normal(0, 20, 3),
        0,
        255,
    )
    if rng.random() < 0.6:
        angle, away = rng.uniform(0, TURN), rng.uniform(0.2, 0.45) * side
        y, x = np.mgrid[:side, :side] - side / 2
        mask[x * np.cos(angle) + y * np.sin(angle) > away] = 1
        if others and rng.random() < 0.6:
            source = part(_any(others, rng), side, rng, 1.3).astype(np.float64)
    else:
        centre, size = rng.uniform(0.05, 0.95, 2) * side, rng.uniform(0.08, 0.3, 2) * side
        box = cv2.boxPoints((tuple(centre), tuple(size), float(rng.uniform(-30, 30))))
        corners = np.asarray(box) + rng.normal(0, 3, (4, 2))
        cv2.fillPoly(mask, [corners.astype(np.int32)], 1.0)
    soft = cv2.GaussianBlur(mask, (0, 0), float(rng.uniform(0.5, 1.5)))[..., None]
    return np.asarray(image * (1 - soft) + source * soft, np.uint8)


def _compressed(image: ImageArray, rng: np.random.Generator) -> ImageArray:
    """Return the picture as a JPEG shows it: a thing shall not be told by being none."""
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(70, 97))]
    return np.asarray(cv2.imdecode(cv2.imencode('.jpg', image, quality)[1], cv2.IMREAD_COLOR))


def planted_photo(photo: Photo, sources: Sequence[Photo], rng: np.random.Generator) -> ImageArray:
    """
    Return a photo with one foreign thing in it, for the figures of the card.

    :param sources: photos of other products; if there are none, the thing is drawn
    """
    thing = piece(_any(sources, rng).image, rng, lit=0.5) if sources else drawn(rng)
    return _compressed(lay(photo.image, thing, rng)[0], rng)
