# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""A folder of normal photos, ``PHOTOS/<product>/train/*.jpg``, read and checked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console

from shelf_anomaly.checker import fit_photo
from shelf_anomaly.errors import DatasetError, FrameError
from shelf_anomaly.image_io import decode_compressed
from shelf_anomaly.records import ImageArray

ENDINGS = ('.jpg', '.jpeg', '.png')
LEAST_PHOTOS = 9
FEW_PHOTOS = 30
FOLDS = 3


@dataclass(frozen=True, slots=True)
class Photo:
    """One normal photo at the network's scale."""

    product: int
    """Index of its product."""
    fold: int
    """Which part of the product's photos it belongs to; parts are runs of photos taken after each
    other."""
    name: str
    image: ImageArray
    """Shape ``(rows, cols, 3)``, uint8 BGR."""


@dataclass(frozen=True, slots=True)
class PhotoSet:
    """Normal photos of several products."""

    products: tuple[str, ...]
    photos: tuple[Photo, ...]

    def of(
        self, product: int, *, fold: int | None = None, without: int | None = None
    ) -> list[Photo]:
        """Return the photos of a product: all, those of a fold, or those of the other folds."""
        return [
            p
            for p in self.photos
            if p.product == product and (fold is None or p.fold == fold) and p.fold != without
        ]


def load_photos(
    folder: str | Path, side_px: int, stride: int, *, square: bool, console: Console
) -> PhotoSet:
    """
    Read all training photos.

    :param folder: holds a folder for each product
    :param side_px: side of a square of the area that photos are brought to
    :param square: bring them to exactly that square
    :raises DatasetError: if there is no product, or one has too few photos that can be read
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DatasetError(f'{folder}: no such folder; it should hold <product>/train/*.jpg')
    products = sorted(p.name for p in folder.iterdir() if (p / 'train').is_dir())
    if not products:
        inside = ', '.join(sorted(p.name for p in folder.iterdir())[:6]) or 'nothing'
        raise DatasetError(f'{folder}: no <product>/train folder; it holds {inside}')
    photos: list[Photo] = []
    for index, product in enumerate(products):
        files = sorted(
            f for f in (folder / product / 'train').iterdir() if f.suffix.lower() in ENDINGS
        )
        images = list(_images(files, side_px, stride, square, console))
        if len(images) < LEAST_PHOTOS:
            raise DatasetError(
                f'{folder / product / "train"}: {len(images)} photo(s) that can be read, '
                f'at least {LEAST_PHOTOS} are needed; fifty are good'
            )
        if len(images) < FEW_PHOTOS:
            console.print(
                f'[yellow]{product}: {len(images)} photos only; thresholds will be rough, '
                'fifty are good'
            )
        parts = np.array_split(np.arange(len(images)), FOLDS)
        fold_of = {int(i): fold for fold, part in enumerate(parts) for i in part}
        photos += [Photo(index, fold_of[i], name, image) for i, (name, image) in enumerate(images)]
    return PhotoSet(tuple(products), tuple(photos))


def _images(
    files: list[Path], side_px: int, stride: int, square: bool, console: Console
) -> Iterator[tuple[str, ImageArray]]:
    for file in files:
        try:
            image = decode_compressed(file.read_bytes(), file.suffix, upright=True).image
            yield file.name, fit_photo(image, side_px, stride, square=square)
        except (FrameError, OSError) as error:
            console.print(f'[yellow]{file}: left out: {error}')
