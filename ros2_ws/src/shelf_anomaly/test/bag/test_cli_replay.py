# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""``shelf-anomaly replay`` from the command line to the files; the pipeline is scripted here."""

import json
from pathlib import Path
from types import SimpleNamespace

from bag_builder import patrol
import pytest
from replay_builder import alert, ScriptedPipeline
import yaml

from shelf_anomaly import artefact, cli, pipeline
from shelf_anomaly.errors import ArtefactError
from shelf_anomaly.pipeline import PipelineSettings
from shelf_anomaly.store_layout import StoreLayout

BAY = {
    'id': 'L01', 'side': 'left', 'origin': [0, 1, 0.1], 'facing_yaw': -1.57, 'width': 1.0,
    'height': 1.2, 'levels': [0.0, 0.4, 0.8],
}  # fmt: skip


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[tuple[StoreLayout, object, PipelineSettings]]:
    """Let the command build a scripted pipeline, and tell with what."""
    calls: list[tuple[StoreLayout, object, PipelineSettings]] = []

    def build(
        store: StoreLayout, model: object, settings: PipelineSettings, memory: object
    ) -> ScriptedPipeline:
        assert memory is None
        calls.append((store, model, settings))
        return ScriptedPipeline(lambda _: (alert(1),))

    def load(folder: str) -> SimpleNamespace:
        if folder == 'none':
            raise ArtefactError('none: no such model folder')
        return SimpleNamespace(name=f'model {folder}')

    monkeypatch.setattr(pipeline, 'Pipeline', build)
    monkeypatch.setattr(artefact, 'load_artefact', load)
    return calls


@pytest.fixture
def layout(tmp_path: Path) -> Path:
    bays = [{**BAY, 'id': f'L0{i}', 'origin': [i - 1.0, 1, 0.1]} for i in (1, 2, 3)]
    document = {
        'version': 1,
        'store': 'corner',
        'frame': 'map',
        'aisles': [{'id': 'A', 'bays': bays}],
    }
    (tmp_path / 'store.yaml').write_text(yaml.safe_dump(document))
    return tmp_path / 'store.yaml'


def run(tmp_path: Path, layout: Path, *words: object) -> int:
    line = [
        'replay',
        tmp_path / 'bags',
        '--store',
        layout,
        '--out',
        tmp_path / 'out',
        '--model',
        'm',
    ]
    return cli.main([str(word) for word in (*line, *words)])


def test_all_goes_well(
    tmp_path: Path, layout: Path, built: list, capsys: pytest.CaptureFixture[str]
) -> None:
    patrol(3).write(tmp_path / 'bags' / 'a')
    patrol(2).write(tmp_path / 'bags' / 'b')
    assert run(tmp_path, layout, '--budget', '0.3', '--threads', '1', '--no-evidence') == 0
    ((store, _, settings),) = built
    assert list(store.bays) == ['L01', 'L02', 'L03']
    assert settings.false_alarms_per_aisle_patrol == 0.3
    assert (settings.threads, settings.evidence) == (1, False)
    report = json.loads((tmp_path / 'out' / 'report.json').read_text())
    assert (report['model'], report['frames'], list(report['patrols'])) == (
        'model m',
        5,
        ['a', 'b'],
    )
    assert report['false_alarms_per_aisle_patrol'] == 0.3
    assert json.loads((tmp_path / 'out' / 'alerts.jsonl').read_text())['bay'] == 'L01'
    said = capsys.readouterr().out
    assert '1 open, 0 put right; 5 frames of 2 patrols' in ' '.join(said.split())
    assert said.rstrip().endswith(f'report: {tmp_path / "out" / "report.html"}')


def test_a_bag_that_cannot_be_used_is_exit_code_2_and_the_rest_is_done(
    tmp_path: Path, layout: Path, built: list, capsys: pytest.CaptureFixture[str]
) -> None:
    patrol(3).write(tmp_path / 'bags' / 'a')
    (tmp_path / 'bags' / 'b.mcap').write_text('x')
    assert run(tmp_path, layout) == 2
    assert json.loads((tmp_path / 'out' / 'report.json').read_text())['frames'] == 3
    assert 'b.mcap: cannot be read as a bag' in capsys.readouterr().out


def test_mistakes_are_named_before_anything_is_done(
    tmp_path: Path, layout: Path, built: list, capsys: pytest.CaptureFixture[str]
) -> None:
    patrol(1).write(tmp_path / 'bags' / 'a')
    (tmp_path / 'out').mkdir()
    (tmp_path / 'out' / 'thesis.doc').touch()
    for words, text in (
        ((), 'holds thesis.doc'),
        (('--model', 'none'), 'no such model folder'),
        (('--store', tmp_path / 'x.yaml'), 'x.yaml: no such file'),
    ):
        assert run(tmp_path, layout, *words) == 2
        assert text in capsys.readouterr().err
    assert [f.name for f in (tmp_path / 'out').iterdir()] == ['thesis.doc']
    assert run(tmp_path, layout, '--force') == 0


def test_the_report_is_opened_when_asked(
    tmp_path: Path, layout: Path, built: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr('webbrowser.open', opened.append)
    patrol(1).write(tmp_path / 'bags' / 'a')
    assert run(tmp_path, layout, '--open') == 0
    assert opened == [(tmp_path / 'out' / 'report.html').as_uri()]
