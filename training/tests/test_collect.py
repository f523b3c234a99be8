# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Bags of rendered patrols become registered views; adding, replacing, and what cannot be used."""

from __future__ import annotations

from collections import Counter
import io
import json
from pathlib import Path
import shutil

import cv2
import numpy as np
import pytest
from rich.console import Console
import yaml

from shelf_anomaly.dataset import INDEX, load_dataset
from shelf_anomaly.errors import BagError, DatasetError
from shelf_anomaly.registration import normalise, register
from shelf_training.collect import collect, overview

PX_PER_M = 192.0


def test_every_pass_of_every_bay_has_views(tiny_dataset: Path) -> None:
    dataset = load_dataset(tiny_dataset)
    assert dataset.patrols == ('patrol_00', 'patrol_01', 'patrol_02')
    assert dataset.bays == ('A1-L01', 'A1-L02')
    passes = Counter((view.bay, view.patrol) for view in dataset.views)
    assert len(passes) == 6
    assert min(passes.values()) >= 3
    assert set(dataset.templates) == {'A1-L01', 'A1-L02'}


def test_views_are_of_the_size_of_the_face(tiny_dataset: Path) -> None:
    dataset = load_dataset(tiny_dataset)
    for bay in dataset.bays:
        face = dataset.store.bay(bay)
        for entry in dataset.of(bay)[::4]:
            view = dataset.load(entry)
            assert view.image.shape[:2] == (
                round((face.height + 0.12) * PX_PER_M),
                round((face.width + 0.12) * PX_PER_M),
            )
            assert view.seen.mean() > 0.25


def test_views_lie_on_each_other(tiny_dataset: Path) -> None:
    """
    Localisation was off by centimetres; after registration boards and uprights are not.

    Each view is fitted once more to the template: nothing is left to correct.
    """
    dataset = load_dataset(tiny_dataset)
    left, corrected = [], []
    for bay in dataset.bays:
        face = dataset.store.bay(bay)
        for entry in dataset.of(bay)[::3]:
            view = dataset.load(entry)
            size = dataset.templates[bay].mean.shape[::-1]
            small = cv2.resize(view.image, size, interpolation=cv2.INTER_AREA)
            seen = cv2.resize(view.seen.astype(np.float32), size, interpolation=cv2.INTER_AREA)
            foot = float(np.clip(view.offset_m, 0, face.width)) + view.margin_m
            fit = register(
                normalise(small),
                seen > 0.99,
                dataset.templates[bay],
                (foot, face.height / 2 + view.margin_m),
            )
            left.append(fit.shift_m)
            corrected.append(view.quality.registration_m)
    assert np.median(left) < 0.004
    assert np.median(corrected) > 2 * np.median(left)


def test_a_homography_leads_from_the_frame_to_the_view(tiny_dataset: Path) -> None:
    """The middle of a view lies inside the frame it was taken from, or the view is of an edge."""
    dataset = load_dataset(tiny_dataset)
    for entry in dataset.views[::5]:
        view = dataset.load(entry)
        rows, cols = np.nonzero(view.seen)
        middle = np.linalg.inv(view.homography) @ [cols.mean(), rows.mean(), 1.0]
        u, v = middle[:2] / middle[2]
        assert 0 <= u < entry.source_size[1]
        assert 0 <= v < entry.source_size[0]
        assert entry.source_size == (360, 480)


def _copy(dataset: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(dataset, tmp_path / 'views'))


def test_a_patrol_of_the_same_name_is_replaced_and_a_new_one_added(
    tiny_patrols, tiny_dataset: Path, tmp_path: Path, quiet: Console
) -> None:
    out = _copy(tiny_dataset, tmp_path)
    before = load_dataset(out)
    extra = tmp_path / 'bags' / 'thursday'
    shutil.copytree(tiny_patrols.normal[0], extra)
    # Replaced: patrol_01; added: thursday, which shows what patrol_00 shows.
    after = collect(
        [tiny_patrols.normal[1], extra], tiny_patrols.store, out, px_per_m=PX_PER_M, console=quiet
    )
    counts = Counter(view.patrol for view in after.views)
    assert counts == Counter(view.patrol for view in before.views) + Counter(
        {'thursday': counts['patrol_00']}
    )
    for bay in before.bays:  # templates are kept: earlier views stay registered
        assert np.array_equal(after.templates[bay].mean, before.templates[bay].mean)
    kept = {view.file for view in before.views if view.patrol != 'patrol_01'}
    assert kept <= {view.file for view in after.views}


def test_views_of_another_resolution_do_not_mix(
    tiny_patrols, tiny_dataset: Path, tmp_path: Path, quiet: Console
) -> None:
    out = _copy(tiny_dataset, tmp_path)
    before = (out / INDEX).read_bytes()
    with pytest.raises(DatasetError, match=r'at 192 px/m, wanted are .* at 128 px/m'):
        collect(tiny_patrols.normal[:1], tiny_patrols.store, out, px_per_m=128.0, console=quiet)
    assert (out / INDEX).read_bytes() == before


def test_a_store_that_stands_elsewhere_gives_no_views(
    tiny_patrols, tmp_path: Path, quiet: Console
) -> None:
    """A layout that does not fit the map ends with a sentence, and writes nothing."""
    document = yaml.safe_load(tiny_patrols.store.read_text())
    for bay in document['aisles'][0]['bays']:
        bay['origin'][0] += 100.0
    moved = tmp_path / 'moved.yaml'
    moved.write_text(json.dumps(document))
    with pytest.raises(DatasetError, match='no view of any bay could be used'):
        collect(tiny_patrols.normal[:1], moved, tmp_path / 'out', px_per_m=PX_PER_M, console=quiet)
    assert not (tmp_path / 'out').exists()


def test_a_folder_without_bags_is_named(tiny_patrols, tmp_path: Path, quiet: Console) -> None:
    (tmp_path / 'empty').mkdir()
    with pytest.raises(BagError, match='empty'):
        collect([tmp_path / 'empty'], tiny_patrols.store, tmp_path / 'out', console=quiet)


def test_the_overview_says_which_bay_needs_more(tiny_dataset: Path) -> None:
    dataset = load_dataset(tiny_dataset)
    console = Console(record=True, width=120, file=io.StringIO())
    console.print(overview(dataset))
    said = console.export_text()
    assert '2 more passes make it better' in said
    assert 'not seen' not in said
