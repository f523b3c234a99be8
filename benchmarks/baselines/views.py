# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Bay views of normal and of test patrols, warped and registered once, for all methods."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console

from shelf_anomaly.bag.bag_paths import find_bags
from shelf_anomaly.dataset import Dataset, load_dataset, ViewEntry, write_index
from shelf_anomaly.errors import DatasetError
from shelf_anomaly.preprocess import cells_seen
from shelf_anomaly.records import BoolArray, Float32Array, ImageArray
from shelf_anomaly.store_layout import Bay
from shelf_training.collect import collect

CELL_PX = 16
VIEW_LIMIT_M = 0.5
"""Cells farther along the shelf than this from the camera are not judged, as on the robot."""
TEST = 'test-'


@dataclass(frozen=True, slots=True)
class View:
    """One bay view, with the cells of it that count."""

    key: str
    """Names it in caches."""
    bay: str
    patrol: str
    image: ImageArray
    judged: BoolArray
    """Shape ``(rows, cols)``: cells of CELL_PX pixels that every method must judge."""


FeatureSource = Callable[[View], Float32Array]
"""Gives the features of a view, shape ``(rows, cols, dims)``."""


class Views:
    """Normal and test views of one store."""

    def __init__(self, dataset: Dataset, per_pass: int) -> None:
        """Keep at most ``per_pass`` views of each pass of a bay, evenly spread."""
        self.dataset = dataset
        self.cell_m = CELL_PX / dataset.px_per_m
        self._entries: dict[tuple[str, str], list[ViewEntry]] = defaultdict(list)
        for bay in dataset.bays:
            for entry in dataset.of(bay):
                self._entries[bay, entry.patrol].append(entry)
        for key, entries in self._entries.items():
            picked = np.linspace(0, len(entries) - 1, min(per_pass, len(entries))).round()
            self._entries[key] = [entries[int(i)] for i in picked]

    @property
    def normal(self) -> list[str]:
        """Names of the normal patrols."""
        return [name for name in self.dataset.patrols if not name.startswith(TEST)]

    @property
    def tests(self) -> list[str]:
        """Names of the test patrols, as the truth has them."""
        return [n.removeprefix(TEST) for n in self.dataset.patrols if n.startswith(TEST)]

    def of(self, bay: str, patrol: str) -> list[View]:
        """Return the views of one pass of a bay."""
        return [self._view(entry) for entry in self._entries.get((bay, patrol), [])]

    def _view(self, entry: ViewEntry) -> View:
        view = self.dataset.load(entry)
        judged = cells_seen(view.seen, CELL_PX) & inside(
            self.dataset.store.bay(entry.bay), view.image, self.dataset, entry.offset_m
        )
        return View(entry.file, entry.bay, entry.patrol, view.image, judged)


def inside(bay: Bay, image: ImageArray, dataset: Dataset, offset_m: float) -> BoolArray:
    """Return which cells lie on the face and near enough to where the camera stood."""
    cell_m, margin = CELL_PX / dataset.px_per_m, dataset.margin_m
    rows, cols = (-(-side // CELL_PX) for side in image.shape[:2])
    x = (np.arange(cols) + 0.5) * cell_m - margin
    y = bay.height + margin - (np.arange(rows) + 0.5) * cell_m
    across = (x >= 0) & (x <= bay.width) & (np.abs(x - offset_m) <= VIEW_LIMIT_M)
    return np.asarray(((y >= 0) & (y <= bay.height))[:, None] & across[None, :])


def gather(
    store: Path,
    train: Sequence[Path],
    test: Sequence[Path],
    cache: Path,
    px_per_m: float,
    console: Console,
) -> Dataset:
    """Collect the views of both into one dataset below ``cache``, or read what is there."""
    folder = cache / 'views'
    if (cache / 'views.done').exists():
        return load_dataset(folder)
    collect(train, store, folder, px_per_m=px_per_m, console=console)
    links = rename_bags(find_bags(test), cache / 'test-bags')
    # The templates of the normal patrols are kept: test views are registered as on the robot.
    dataset = collect([links], store, folder, px_per_m=px_per_m, console=console)
    (cache / 'views.done').touch()
    return dataset


def rename_bags(bags: Mapping[str, Path], folder: Path) -> Path:
    """
    Give each bag a folder whose name begins with TEST, with links to its files; return ``folder``.

    The folders are real: a patrol's name is that of the folder that a link leads to.

    :raises DatasetError: if two bags have the same name
    """
    for name, path in bags.items():
        if '/' in name:
            raise DatasetError(f'{path}: two test patrols have this name; rename one')
        own = folder / f'{TEST}{name}'
        own.mkdir(parents=True, exist_ok=True)
        for file in sorted(path.iterdir()) if path.is_dir() else [path]:
            if not (own / file.name).exists():
                (own / file.name).symlink_to(file.resolve())
    return folder


def subset(dataset: Dataset, patrols: Sequence[str], folder: Path) -> Path:
    """Write a dataset of a few patrols, whose pictures are links; return its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for bay in dataset.bays:
        if not (folder / bay).exists():
            (folder / bay).symlink_to((dataset.folder / bay).resolve(), target_is_directory=True)
    kept = [view for view in dataset.views if view.patrol in patrols]
    document, templates = dataset.store_document, dataset.templates
    write_index(folder, document, dataset.px_per_m, dataset.margin_m, kept, templates)
    return folder


def to_cells(values: Float32Array, judged: BoolArray) -> Float32Array:
    """Return values of cells, NaN where a cell does not count; a coarser map is enlarged."""
    rows, cols = judged.shape
    factor = -(-rows // values.shape[0])
    if factor > 1:
        values = np.repeat(np.repeat(values, factor, axis=0), factor, axis=1)
    return np.where(judged, values[:rows, :cols], np.nan).astype(np.float32)
