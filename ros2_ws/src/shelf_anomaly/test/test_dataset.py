# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""A dataset comes back as it was written, and one that is damaged says where."""

from __future__ import annotations

from collections.abc import Callable
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from shelf_anomaly.dataset import (
    Dataset,
    INDEX,
    load_dataset,
    TEMPLATES,
    ViewEntry,
    write_index,
)
from shelf_anomaly.errors import DatasetError
from shelf_anomaly.registration import Template

STORE = {
    'version': 1,
    'store': 'corner shop',
    'aisles': [
        {
            'id': 'A',
            'bays': [
                {
                    'id': bay,
                    'origin': [float(x), 1.0, 0.2],
                    'facing_yaw': -1.5707963,
                    'width': 1.0,
                    'height': 0.5,
                    'levels': [0.0],
                }
                for x, bay in enumerate(('L01', 'L02', 'L03'))
            ],
        }
    ],
}
QUALITY = {
    'coverage': 1.0,
    'px_per_m': 300.0,
    'incidence_rad': 0.0,
    'sharpness': 1.0,
    'exposure': 100.0,
    'registration_m': 0.01,
}
ROWS, COLS = 31, 56


def _entry(bay: str, patrol: str, index: int, stamp_ns: int) -> ViewEntry:
    return ViewEntry(
        file=f'{bay}/{patrol}_{index:04d}.jpg',
        bay=bay,
        patrol=patrol,
        stamp_ns=stamp_ns,
        offset_m=0.25 * index,
        # The source is the view moved 6 px to the left: its last 6 columns were not seen.
        homography=(1.0, 0.0, -6.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0),
        source_size=(ROWS, COLS),
        quality=QUALITY,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two bays of three with views, from two patrols, written in no order."""
    views = [
        _entry('L02', 'tuesday', 0, 400),
        _entry('L01', 'tuesday', 1, 900),
        _entry('L01', 'monday', 0, 100),
        _entry('L01', 'tuesday', 0, 300),
    ]
    for number, view in enumerate(views):
        (tmp_path / view.bay).mkdir(exist_ok=True)
        image = np.full((ROWS, COLS, 3), 40 * (number + 1), np.uint8)
        cv2.imwrite(str(tmp_path / view.file), image)
    grid = np.arange(12, dtype=np.float32).reshape(3, 4)
    templates = {'L01': Template(grid, grid / 12), 'L02': Template(-grid, grid / 24)}
    write_index(tmp_path, STORE, 50.0, 0.06, views, templates)
    return tmp_path


def test_a_dataset_comes_back(folder: Path) -> None:
    dataset = load_dataset(folder)
    assert (dataset.px_per_m, dataset.margin_m, dataset.store.store) == (50.0, 0.06, 'corner shop')
    assert dataset.patrols == ('monday', 'tuesday')
    assert dataset.bays == ('L01', 'L02')
    grid = np.arange(12, dtype=np.float32).reshape(3, 4)
    assert np.array_equal(dataset.templates['L02'].mean, -grid)
    assert np.array_equal(dataset.templates['L01'].weight, grid / 12)


def test_views_of_a_bay_are_by_patrol_and_time(folder: Path) -> None:
    dataset = load_dataset(folder)
    order = [(view.patrol, view.stamp_ns) for view in dataset.of('L01')]
    assert order == [('monday', 100), ('tuesday', 300), ('tuesday', 900)]
    assert dataset.of('L03') == []


def test_a_view_is_read_with_what_was_seen(folder: Path) -> None:
    dataset = load_dataset(folder)
    view = dataset.load(dataset.of('L02')[0])
    assert view.image.shape == (ROWS, COLS, 3)
    assert abs(float(view.image.mean()) - 40) < 2
    assert view.seen[:, : COLS - 6].all()
    assert not view.seen[:, COLS - 5 :].any()
    assert (view.bay, view.stamp_ns, view.offset_m) == ('L02', 400, 0.0)
    assert view.quality.registration_m == 0.01


def _edit(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        index = json.loads((folder / INDEX).read_text())
        change(index)
        (folder / INDEX).write_text(json.dumps(index))

    return damage


@pytest.mark.parametrize(
    ('damage', 'said'),
    [
        (lambda f: (f / INDEX).unlink(), r'dataset\.json: no such file; make a dataset with'),
        (lambda f: (f / INDEX).write_text('{'), r'dataset\.json: cannot be read'),
        (lambda f: (f / INDEX).write_text('[]'), r'is no dataset of this version'),
        (_edit(lambda i: i.update(schema=99)), r'is no dataset of this version'),
        (_edit(lambda i: i.pop('px_per_m')), r"dataset\.json: KeyError\('px_per_m'\)"),
        (_edit(lambda i: i['views'][0].pop('stamp_ns')), r'dataset\.json: TypeError'),
        (_edit(lambda i: i['views'].clear()), r'holds no view; drive past'),
        (_edit(lambda i: i['views'][0].update(bay='X9')), r'views of X9, which the store'),
        (_edit(lambda i: i['store'].update(version=7)), r'dataset\.json: store: version: is 7'),
        (lambda f: (f / 'L02/tuesday_0000.jpg').unlink(), r'tuesday_0000\.jpg: missing \(1 of 4'),
        (lambda f: (f / TEMPLATES).write_bytes(b'no'), r'templates\.npz: cannot be read'),
        (lambda f: (f / TEMPLATES).unlink(), r'templates\.npz: cannot be read'),
    ],
)
def test_a_damaged_dataset_says_where(
    folder: Path, damage: Callable[[Path], object], said: str
) -> None:
    damage(folder)
    with pytest.raises(DatasetError, match=said):
        load_dataset(folder)


def test_a_view_that_is_no_picture_is_named(folder: Path) -> None:
    dataset: Dataset = load_dataset(folder)
    (folder / 'L02/tuesday_0000.jpg').write_bytes(b'not a picture')
    with pytest.raises(DatasetError, match=r'tuesday_0000\.jpg: missing or no picture'):
        dataset.load(dataset.of('L02')[0])


def test_a_dataset_that_was_not_finished_has_no_index(folder: Path, tmp_path: Path) -> None:
    """The index is written last: without it there is no dataset."""
    before = (folder / INDEX).read_bytes()
    with pytest.raises(TypeError):
        write_index(folder, {'not': {1, 2}}, 50.0, 0.06, [], {})
    assert (folder / INDEX).read_bytes() == before
