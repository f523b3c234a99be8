# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
A folder of normal bay views: ``DATASET/<bay>/<patrol>_<index>.jpg`` and ``DATASET/dataset.json``.

Views are registered already; the template of each bay lies in ``templates.npz``. Splits are by
patrol, never by frame: frames of one patrol show the same stock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from shelf_anomaly.errors import DatasetError, LayoutError
from shelf_anomaly.locator import inside
from shelf_anomaly.records import BayView, ViewQuality
from shelf_anomaly.registration import Template
from shelf_anomaly.store_layout import parse_store_layout, StoreLayout

SCHEMA = 1
INDEX, TEMPLATES, STORE = 'dataset.json', 'templates.npz', 'store.yaml'
JPEG_QUALITY = 95


@dataclass(frozen=True, slots=True)
class ViewEntry:
    """One view of the dataset, without its pixels."""

    file: str
    """Path below the dataset."""
    bay: str
    patrol: str
    stamp_ns: int
    offset_m: float
    homography: tuple[float, ...]
    """Nine numbers, row by row: undistorted source pixel -> view pixel."""
    source_size: tuple[int, int]
    """Rows and columns of the source image."""
    quality: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Dataset:
    """Views of normal passes of one store."""

    folder: Path
    store: StoreLayout
    store_document: Any
    px_per_m: float
    margin_m: float
    views: tuple[ViewEntry, ...]
    templates: Mapping[str, Template]

    @property
    def patrols(self) -> tuple[str, ...]:
        """Names of the patrols, sorted."""
        return tuple(sorted({view.patrol for view in self.views}))

    def of(self, bay: str) -> list[ViewEntry]:
        """Return the views of one bay by patrol and time."""
        return sorted(
            (v for v in self.views if v.bay == bay), key=lambda v: (v.patrol, v.stamp_ns)
        )

    @property
    def bays(self) -> tuple[str, ...]:
        """Bays that have views, in the order of the store."""
        have = {view.bay for view in self.views}
        return tuple(bay for bay in self.store.bays if bay in have)

    def load(self, entry: ViewEntry) -> BayView:
        """Read one view; :raises DatasetError: naming a file that is missing or no picture."""
        path = self.folder / entry.file
        image = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if image is None:
            raise DatasetError(f'{path}: missing or no picture; run shelf-train collect again')
        homography = np.asarray(entry.homography, np.float64).reshape(3, 3)
        shape = (image.shape[0], image.shape[1])
        return BayView(
            bay=entry.bay,
            stamp_ns=entry.stamp_ns,
            image=np.asarray(image, np.uint8),
            seen=inside(entry.source_size, homography, shape),
            px_per_m=self.px_per_m,
            margin_m=self.margin_m,
            homography=homography,
            offset_m=entry.offset_m,
            quality=ViewQuality(**entry.quality),
        )


def load_dataset(folder: str | Path) -> Dataset:
    """
    Read a dataset's index and check it.

    :raises DatasetError: naming the file and what is wrong with it
    """
    folder = Path(folder)
    path = folder / INDEX
    try:
        index = json.loads(path.read_text(encoding='utf-8'))
    except FileNotFoundError:
        raise DatasetError(
            f'{path}: no such file; make a dataset with '
            f'shelf-train collect BAG... --store store.yaml --out {folder}'
        ) from None
    except (OSError, ValueError) as error:
        raise DatasetError(f'{path}: cannot be read: {error}') from None
    if not isinstance(index, dict) or index.get('schema') != SCHEMA:
        raise DatasetError(f'{path}: is no dataset of this version; run shelf-train collect again')
    try:
        store = parse_store_layout(index['store'], source=f'{path}: store')
        views = tuple(
            ViewEntry(
                **{
                    **v,
                    'homography': tuple(v['homography']),
                    'source_size': tuple(v['source_size']),
                }
            )
            for v in index['views']
        )
        px_per_m, margin_m = float(index['px_per_m']), float(index['margin_m'])
    except (KeyError, TypeError, ValueError) as error:
        raise DatasetError(f'{path}: {error!r}; run shelf-train collect again') from None
    except LayoutError as error:
        raise DatasetError(str(error)) from None
    if not views:
        raise DatasetError(
            f'{path}: holds no view; drive past the shelves and run shelf-train collect again'
        )
    strange = sorted({view.bay for view in views} - set(store.bays))
    if strange:
        raise DatasetError(f'{path}: views of {strange[0]}, which the store does not have')
    missing = [view.file for view in views if not (folder / view.file).is_file()]
    if missing:
        raise DatasetError(
            f'{folder / missing[0]}: missing ({len(missing)} of {len(views)} views); '
            'run shelf-train collect again'
        )
    return Dataset(
        folder, store, index['store'], px_per_m, margin_m, views, read_templates(folder)
    )


def read_templates(folder: Path) -> dict[str, Template]:
    """Return the template of each bay; :raises DatasetError: if the file cannot be read."""
    path = folder / TEMPLATES
    try:
        with np.load(path, allow_pickle=False) as packed:
            return {
                key.removesuffix('/mean'): Template(
                    packed[key], packed[key.removesuffix('mean') + 'weight']
                )
                for key in packed.files
                if key.endswith('/mean')
            }
    except (OSError, ValueError, KeyError) as error:
        raise DatasetError(
            f'{path}: cannot be read: {error}; run shelf-train collect again'
        ) from None


def write_index(
    folder: Path,
    document: Any,
    px_per_m: float,
    margin_m: float,
    views: list[ViewEntry],
    templates: Mapping[str, Template],
) -> None:
    """Write templates and index; the index last, so that a half-written dataset has none."""
    arrays: dict[str, Any] = {}
    for bay, template in templates.items():
        arrays[f'{bay}/mean'], arrays[f'{bay}/weight'] = template.mean, template.weight
    with (folder / f'.{TEMPLATES}.part').open('wb') as stream:
        np.savez_compressed(stream, **arrays)
    (folder / f'.{TEMPLATES}.part').replace(folder / TEMPLATES)
    index = {
        'schema': SCHEMA,
        'store': document,
        'px_per_m': px_per_m,
        'margin_m': margin_m,
        'views': [asdict(view) for view in views],
    }
    part = folder / f'.{INDEX}.part'
    part.write_text(json.dumps(index, indent=1) + '\n', encoding='utf-8')
    part.replace(folder / INDEX)
