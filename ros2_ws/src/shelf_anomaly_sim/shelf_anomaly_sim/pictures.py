# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
Reads product pictures from a folder that the user names.

::

    DIR/packages/<sku>.jpg|png  or  packages/<sku>/*.jpg|png   one product on a plain background
    DIR/produce/<sku>/*.jpg|png or  produce/<sku>.jpg|png      photos filled with the produce
    DIR/things/<name>.jpg|png   (optional)                     things that no shelf sells

The part of a package's name before the first hyphen is its family: ``Arla-Sour-Milk`` and
``Arla-Sour-Cream`` are look-alikes. A picture with transparency keeps it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from shelf_anomaly.records import ImageArray

from .catalogue import Catalogue, Package, Produce, Shape
from .cutout import cut_out
from .errors import PicturesError

SUFFIXES = ('.jpg', '.jpeg', '.png', '.webp', '.bmp')
FLAT_TOP = 0.8
MIN_PACKAGES = 4  # fewer cannot be misplaced among each other


def load_pictures(folder: str | Path) -> Catalogue:
    """
    Read a folder of product pictures.

    :param folder: laid out as the module says
    :return: the catalogue
    :raises PicturesError: naming the folder or picture, and what is expected
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise PicturesError(f'{folder}: no such folder of pictures; see --pictures in the README')
    packages = {sku: _package(sku, files[0]) for sku, files in _entries(folder / 'packages')}
    if len(packages) < MIN_PACKAGES:
        raise PicturesError(
            f'{folder}: {len(packages)} packages found, at least {MIN_PACKAGES} are needed; '
            'put pictures on a plain background into packages/<sku>.jpg or packages/<sku>/*.jpg'
        )
    produce: dict[str, Produce] = {}
    for sku, files in _entries(folder / 'produce'):
        _read(files[0])  # a folder of something else is noticed now, not in the tenth patrol
        produce[sku] = PhotographedProduce(sku, files)
    things = {}
    for name, files in _entries(folder / 'things'):
        things[name] = _cut(files[0])
    return Catalogue(packages, produce, things)


@dataclass(frozen=True, slots=True)
class PhotographedProduce:
    """Produce whose heaps are pieces of photos."""

    sku: str
    files: tuple[Path, ...]

    def heap(self, rng: np.random.Generator, width_px: int, height_px: int) -> ImageArray:
        """Return another photo, another piece of it, turned over or not."""
        photo = _read(self.files[int(rng.integers(len(self.files)))])
        height, width = photo.shape[:2]
        scale = float(rng.uniform(0.55, 0.85)) * min(width / width_px, height / height_px)
        crop_w, crop_h = max(8, int(width_px * scale)), max(8, int(height_px * scale))
        # The middle of a photo shows what it is a photo of; its rim often the neighbours.
        fx, fy = rng.uniform(0.25, 0.75, 2)
        x, y = int((width - crop_w) * fx), int((height - crop_h) * fy)
        piece = photo[y : y + crop_h, x : x + crop_w]
        if rng.random() < 0.5:
            piece = piece[:, ::-1]
        return np.asarray(
            cv2.resize(piece, (width_px, height_px), interpolation=cv2.INTER_AREA), np.uint8
        )


def _entries(folder: Path) -> Iterator[tuple[str, tuple[Path, ...]]]:
    """Yield each name in a folder with its pictures, sorted; nothing for no folder."""
    if not folder.is_dir():
        return
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith('.'):
            continue
        if entry.is_dir():
            files = tuple(f for f in sorted(entry.iterdir()) if f.suffix.lower() in SUFFIXES)
            if not files:
                raise PicturesError(f'{entry}: holds no picture ({", ".join(SUFFIXES)})')
            yield entry.name, files
        elif entry.suffix.lower() in SUFFIXES:
            yield entry.stem, (entry,)


def _read(file: Path) -> ImageArray:
    image = (
        cv2.imdecode(np.fromfile(file, np.uint8), cv2.IMREAD_UNCHANGED)
        if file.stat().st_size
        else None
    )
    if image is None:
        raise PicturesError(f'{file}: is no picture that can be read; remove or replace it')
    if image.dtype != np.uint8:
        image = cv2.convertScaleAbs(image, alpha=1 / 257)  # 16 bits a channel
    if image.ndim == 2:
        image = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
    return np.asarray(image, np.uint8)


def _cut(file: Path) -> ImageArray:
    cut = cut_out(_read(file))
    if cut is None:
        raise PicturesError(
            f'{file}: nothing stands out from the background; use a picture on a plain background'
        )
    return cut


def _package(sku: str, file: Path) -> Package:
    front = _cut(file)
    return Package(
        sku=sku,
        family=sku.split('-', 1)[0],
        shape=Shape.CARTON,
        front=front,
        side=side_from_edge(front),
        top=top_from_edge(front),
    )


def side_from_edge(front: ImageArray) -> ImageArray:
    """Guess a carton's side: the colours at the edge of its front, one strip."""
    strip = front[:, : max(2, front.shape[1] // 12)].astype(np.float32)
    alpha = strip[..., 3:].max(1)
    weight = np.maximum(strip[..., 3:].sum(1), 1.0)
    colour = (strip[..., :3] * strip[..., 3:]).sum(1) / weight
    colour = cv2.GaussianBlur(colour[:, None, :], (1, 31), 6)[:, 0]
    column = np.concatenate([colour, alpha], 1)[:, None]
    return np.repeat(column, 8, axis=1).clip(0, 255).astype(np.uint8)


def top_from_edge(front: ImageArray) -> ImageArray | None:
    """Guess a carton's top: the colour of its front's upper edge, if that is wide."""
    edge = front[: max(2, front.shape[0] // 25)]
    solid = edge[..., 3] > 127
    if float(solid.any(0).mean()) < FLAT_TOP:
        return None
    colour = edge[..., :3][solid].mean(0)
    return np.dstack([np.full((8, 8, 3), colour), np.full((8, 8), 255.0)]).astype(np.uint8)
