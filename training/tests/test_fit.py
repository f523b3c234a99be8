# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""From tiny rendered patrols to a model that finds what was planted, end to end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from shelf_anomaly.artefact import load_artefact
from shelf_anomaly.bag.bag_reader import BagReader
from shelf_anomaly.bag.topics import BagOptions
from shelf_anomaly.dataset import load_dataset, write_index
from shelf_anomaly.errors import DatasetError, SettingsError
from shelf_anomaly.pipeline import Pipeline, PipelineSettings
from shelf_anomaly.records import Alert
from shelf_anomaly.store_layout import load_store_layout
from shelf_training.fit import fit, FitSettings

pytestmark = pytest.mark.timeout(1200)  # a model is fitted first
BUDGET = 20.0  # loose: three passes, and cells of eight centimetres in pictures this small


def _alerts(model: Path, store: Path, bag: Path, budget: float) -> tuple[Alert, ...]:
    layout = load_store_layout(store)
    settings = PipelineSettings(false_alarms_per_aisle_patrol=budget, threads=1)
    pipeline = Pipeline(layout, load_artefact(model), settings)
    pipeline.begin_patrol(bag.name)
    with BagReader(bag, BagOptions(), name=bag.name, map_frame=layout.frame) as reader:
        for frame, pose in reader.frames(lambda _: None):
            pipeline.process(frame, pose)
    pipeline.end_patrol()
    return pipeline.alerts


def _at(alerts: tuple[Alert, ...], fault: dict[str, object]) -> list[Alert]:
    return [
        a
        for a in alerts
        if a.bay == fault['bay']
        and abs(a.box.x - fault['x']) <= 0.75 * fault['w'] + 0.05
        and abs(a.box.y - fault['y']) <= 0.75 * fault['h'] + 0.05
    ]


def test_the_model_says_how_it_was_made(tiny_model: Path) -> None:
    artefact = load_artefact(tiny_model)  # checks every byte
    manifest = artefact.manifest
    assert (artefact.mode, artefact.store) == ('bays', 'sim-3')
    assert set(manifest['data']) == {'A1-L01', 'A1-L02'}
    assert all(data['passes'] == 3 for data in manifest['data'].values())
    assert manifest['aisle_patrols'] == 3
    assert manifest['parity']['max_rel'] < 1e-3
    assert len(manifest['training']['validation_loss']) >= 1
    assert {path.name for path in (tiny_model / 'plots').iterdir()} >= {
        'training.png',
        'scores.png',
        'reconstructions.png',
    }
    assert (tiny_model / 'card.md').read_text().startswith('# tiny')


def test_nothing_in_a_model_is_an_object(tiny_model: Path) -> None:
    """Numbers only: numpy would need pickle for anything else."""
    with np.load(tiny_model / 'density.npz', allow_pickle=False) as arrays:
        assert all(arrays[key].dtype != object for key in arrays.files)


def test_what_was_planted_is_found(tiny_model: Path, tiny_patrols) -> None:
    """Both faults of the patrol, among few others, and nothing stands there once put right."""
    truth = tiny_patrols.truth
    assert len(truth['patrol_00']) == 2
    faulty = _alerts(tiny_model, tiny_patrols.store, tiny_patrols.test[0], BUDGET)
    assert all(_at(faulty, fault) for fault in truth['patrol_00'])
    # An alert somewhere among so many places is no finding if there are more than were asked for.
    assert len(faulty) <= 2 + BUDGET
    fixed = _alerts(tiny_model, tiny_patrols.store, tiny_patrols.test[2], BUDGET)
    for fault in truth['patrol_00']:
        before = max(a.score for a in _at(faulty, fault))
        after = max((a.score for a in _at(fixed, fault)), default=0.0)
        assert after < before


def test_a_tighter_budget_means_fewer_alerts(tiny_model: Path, tiny_patrols) -> None:
    counts = [
        len(_alerts(tiny_model, tiny_patrols.store, tiny_patrols.test[2], budget))
        for budget in (0.05, 20.0)
    ]
    assert counts[0] < counts[1]


def test_a_bay_of_one_pass_is_left_out(tiny_dataset: Path, tmp_path: Path, quiet: Console) -> None:
    """With a single pass nothing can be left out to calibrate: said, and the others go on."""
    from shelf_training.fit import usable_bays

    dataset = load_dataset(tiny_dataset)
    kept = [v for v in dataset.views if v.bay == 'A1-L01' or v.patrol == 'patrol_00']
    for bay in dataset.bays:
        (tmp_path / bay).symlink_to(tiny_dataset / bay)
    args = (dataset.store_document, dataset.px_per_m, dataset.margin_m)
    write_index(tmp_path, *args, kept, dataset.templates)
    assert usable_bays(load_dataset(tmp_path), quiet) == ('A1-L01',)
    only_one = [v for v in dataset.views if v.patrol == 'patrol_00']
    write_index(tmp_path, *args, only_one, dataset.templates)
    with pytest.raises(DatasetError, match='no bay has two passes or more'):
        fit(tmp_path, tmp_path / 'model', FitSettings(epochs=1), quiet)
    assert not (tmp_path / 'model' / 'manifest.json').exists()


@pytest.mark.parametrize('wrong', [{'network': 'resnet'}, {'epochs': 0}])
def test_settings_that_cannot_be_fitted_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match=f'--{next(iter(wrong))} is'):
        FitSettings(**wrong)  # type: ignore[arg-type]
