# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""A bay learnt into a model: what changes, what must not, and that nothing heavy is needed."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
import shutil
import subprocess
import sys
from threading import Event, Thread

import numpy as np
import pytest
from rich.console import Console

sys.path.insert(0, str(Path(__file__).parents[2] / 'ros2_ws/src/shelf_anomaly/test/ros'))
import tiny_store

from shelf_anomaly import artefact_update
from shelf_anomaly.artefact import load_artefact
from shelf_anomaly.errors import ArtefactError, DatasetError, ShelfAnomalyError
from shelf_anomaly.pipeline import Pipeline, PipelineSettings
from shelf_anomaly.places import bays_of
from shelf_anomaly.records import Alert, CameraPose, Frame
from shelf_training.cli import main
from shelf_training.normal_maxima import merge_maxima
from shelf_training.refit import refit

OLD, NEW = 'A1-L01', 'A1-L02'


@pytest.fixture(scope='session')
def taught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a dataset of both bays and a model of the first one alone."""
    folder = tmp_path_factory.mktemp('taught')
    tiny_store.build(folder)
    tiny_store.fit_tiny(folder / 'data', folder / 'old', bays=[OLD])
    return folder


@pytest.fixture
def model(taught: Path, tmp_path: Path) -> Path:
    """Return a copy of the model of the first bay."""
    return Path(shutil.copytree(taught / 'old', tmp_path / 'model'))


def drive(model: Path, *, seed: int, fault: bool) -> list[Alert]:
    """Inspect a patrol with a model; return its alerts in the new bay."""
    pipeline = Pipeline(
        tiny_store.layout(), load_artefact(model), PipelineSettings(evidence=False)
    )
    pipeline.begin_patrol('test')
    for index, (stamp_ns, image) in enumerate(tiny_store.frames(seed=seed, fault=fault)):
        pose = CameraPose(tiny_store.camera_pose(index))
        picture = tiny_store.as_recorded(image)
        pipeline.process(Frame(stamp_ns, picture, tiny_store.CAMERA), pose)
    pipeline.end_patrol()
    return [alert for alert in pipeline.alerts if alert.bay == NEW]


def fingerprint(folder: Path) -> dict[str, str]:
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in folder.rglob('*')
        if p.is_file()
    }


def quiet() -> Console:
    return Console(quiet=True)


def test_a_new_bay_is_inspected_like_one_of_the_full_fit(taught: Path, model: Path) -> None:
    assert drive(model, seed=21, fault=True) == []  # it does not know the bay

    refit(taught / 'data', model, bays=[NEW], console=quiet())

    (found,) = drive(model, seed=21, fault=True)
    (full,) = drive(taught / 'model', seed=21, fault=True)
    assert (found.bay, found.level, found.kind) == (full.bay, full.level, full.kind)
    assert abs(found.box.x - full.box.x) < 0.05
    assert found.score / found.threshold == pytest.approx(full.score / full.threshold, rel=0.5)
    assert drive(model, seed=22, fault=False) == []


def test_every_other_bay_stays_byte_for_byte(taught: Path, model: Path) -> None:
    before = load_artefact(model)

    after = refit(taught / 'data', model, bays=[NEW], console=quiet())

    assert set(bays_of(after.arrays)) == {OLD, NEW}
    assert after.network_onnx == before.network_onnx
    for key, value in before.arrays.items():
        if key.startswith(f'{OLD}/'):
            assert after.arrays[key].dtype == value.dtype
            assert after.arrays[key].tobytes() == value.tobytes()
    note = after.manifest['refits'][-1]
    assert note['bays'] == {NEW: 5}
    assert note['budget_exact']
    assert after.manifest['data'][NEW]['passes'] == 5


def test_the_budget_is_that_of_all_bays(taught: Path, model: Path) -> None:
    made = refit(taught / 'data', model, bays=[NEW], console=quiet())

    maxima = np.concatenate([made.array(f'{bay}/maxima') for bay in (OLD, NEW)])
    assert made.array('budget/maxima').tolist() == sorted(maxima, reverse=True)
    assert made.array('budget/bay_maxima').size == 10
    assert made.number('aisle_patrols') == 5  # the same aisle, patrolled no more often

    again = refit(taught / 'data', model, bays=[NEW], console=quiet())

    # Learnt twice it replaces itself: nothing is counted twice.
    assert again.array('budget/maxima').tolist() == made.array('budget/maxima').tolist()
    assert len(again.manifest['refits']) == 2


def test_a_bay_with_few_passes_counts_as_often_as_the_others() -> None:
    arrays = {
        'A/maxima': np.array([5.0, 4.0, 3.0, 2.0]),
        'A/bay_maxima': np.ones(4),
        'B/maxima': np.array([9.0, 1.0]),
        'B/bay_maxima': np.ones(2),
    }
    merged = merge_maxima(arrays, ('A', 'B'), 4.0)['budget/maxima']
    assert merged.size == 8
    assert merged.max() == 9.0
    assert (merged > 5.0).sum() == 2


def test_a_model_without_maxima_of_its_bays_gets_the_new_ones_added(
    taught: Path, model: Path, tmp_path: Path
) -> None:
    old = load_artefact(model)
    arrays = {k: v for k, v in old.arrays.items() if not k.endswith('maxima') or 'budget' in k}
    plain = {k: v for k, v in old.manifest.items() if k not in ('files', 'schema')}
    artefact_update.update_artefact(old, arrays=arrays, manifest=plain, card='old')
    console = Console(file=(tmp_path / 'said').open('w'), width=200)

    made = refit(taught / 'data', model, bays=[NEW], console=console)

    assert made.array('budget/maxima').size > old.array('budget/maxima').size
    assert not made.manifest['refits'][-1]['budget_exact']
    assert 'earlier version' in (tmp_path / 'said').read_text()


def test_out_leaves_the_model_as_it_was(taught: Path, model: Path, tmp_path: Path) -> None:
    before = fingerprint(model)

    made = refit(taught / 'data', model, bays=[NEW], out=tmp_path / 'trial', console=quiet())

    assert made.folder == tmp_path / 'trial'
    assert made.name == 'trial'
    assert fingerprint(model) == before
    with pytest.raises(ArtefactError, match='exists and is not empty'):
        refit(taught / 'data', model, out=tmp_path / 'trial', console=quiet())


def test_a_failure_leaves_the_model_as_it_was(
    taught: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = fingerprint(model)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(artefact_update, 'write_artefact', full)
    with pytest.raises(ArtefactError, match='No space left'):
        refit(taught / 'data', model, bays=[NEW], console=quiet())
    assert fingerprint(model) == before
    assert [p.name for p in model.parent.iterdir()] == ['model']


def test_without_an_exchange_the_old_model_comes_back_when_the_new_one_cannot(
    taught: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(artefact_update, '_exchange_at_once', lambda _new, _old: False)
    refit(taught / 'data', model, bays=[NEW], console=quiet())
    assert set(bays_of(load_artefact(model).arrays)) == {OLD, NEW}
    assert [p.name for p in model.parent.iterdir()] == ['model']

    # The process died between the two renames.
    model.rename(model.with_name('.model.backup'))
    refit(taught / 'data', model, bays=[NEW], console=quiet())
    assert set(bays_of(load_artefact(model).arrays)) == {OLD, NEW}
    assert [p.name for p in model.parent.iterdir()] == ['model']


def test_a_reader_never_meets_half_a_model(taught: Path, model: Path) -> None:
    done, seen = Event(), []

    def read() -> None:
        while not done.is_set():
            try:  # both files below one open folder, as one look at it
                manifest = json.loads((model / 'manifest.json').read_text())
                seen.append(len(manifest['data']))
            except (OSError, ValueError) as error:
                seen.append(error)

    reader = Thread(target=read)
    reader.start()
    try:
        refit(taught / 'data', model, bays=[NEW], console=quiet())
    finally:
        done.set()
        reader.join()
    assert set(seen) <= {1, 2}


def test_a_robot_without_tensorflow_learns_a_bay(taught: Path, model: Path) -> None:
    code = (
        'import sys\n'
        'for name in ("tensorflow", "keras", "tf2onnx", "onnx", "matplotlib", "sklearn"):\n'
        '    sys.modules[name] = None\n'
        'from shelf_training.cli import main\n'
        'sys.exit(main(sys.argv[1:]))\n'
    )
    done = subprocess.run(
        [sys.executable, '-c', code, 'fit', taught / 'data', '--bays', NEW, '--into', model],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert f'learnt {NEW} (new, 5 passes)' in ' '.join(done.stderr.split())
    assert set(bays_of(load_artefact(model).arrays)) == {OLD, NEW}


@pytest.mark.parametrize(
    ('more', 'said'),
    [
        (['--bays', 'Z9'], '--bays Z9: store'),
        (['--bays', ','], 'names no bay'),
        (['--epochs', '3'], '--epochs has no meaning with --into'),
    ],
)
def test_what_cannot_be_learnt_is_said_in_one_line(
    more: list[str],
    said: str,
    taught: Path,
    model: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = fingerprint(model)
    try:
        code = main(['fit', str(taught / 'data'), '--into', str(model), *more])
    except SystemExit as stop:
        code = stop.code
    assert code == 2
    assert said in capsys.readouterr().err
    assert fingerprint(model) == before


def test_another_store_or_resolution_is_refused(taught: Path, model: Path, tmp_path: Path) -> None:
    for change, said in (
        (lambda i: i['store'].update(store='elsewhere'), "store 'elsewhere'"),
        (lambda i: i.update(px_per_m=200.0), '--px-per-m 128'),
    ):
        data = tmp_path / said[:4].strip("'-")
        shutil.copytree(taught / 'data', data)
        index = json.loads((data / 'dataset.json').read_text())
        change(index)
        (data / 'dataset.json').write_text(json.dumps(index))
        with pytest.raises(DatasetError, match=said):
            refit(data, model, console=quiet())


def test_one_pass_is_too_few(taught: Path, model: Path, tmp_path: Path) -> None:
    data = Path(shutil.copytree(taught / 'data', tmp_path / 'one'))
    index = json.loads((data / 'dataset.json').read_text())
    index['views'] = [v for v in index['views'] if v['patrol'] == 'normal_0']
    (data / 'dataset.json').write_text(json.dumps(index))
    with pytest.raises(ShelfAnomalyError, match=r'1 pass\(es\)'):
        refit(data, model, bays=[NEW], console=quiet())
    with pytest.raises(ShelfAnomalyError, match='drive past it again'):
        refit(data, model, console=quiet())


def test_out_or_into_must_be_given(taught: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['fit', str(taught / 'data')]) == 2
    assert '--out MODEL is missing' in capsys.readouterr().err
    assert main(['fit', str(taught / 'data'), '--out', 'm', '--bays', NEW]) == 2
    assert '--bays goes with --into' in capsys.readouterr().err
