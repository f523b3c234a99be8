# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The files of a replay."""

from collections.abc import Mapping
import json
import math
from pathlib import Path

import pytest
from replay_builder import alert, PICTURE, report, store, UUID

from shelf_anomaly.bag.problems import Problem, ProblemLog
from shelf_anomaly.bag.result import Patrol, ReplayResult
from shelf_anomaly.bag.writer import prepare_out, write_files
from shelf_anomaly.errors import SettingsError
from shelf_anomaly.records import Alert, BayResult, State


def result(*alerts: Alert) -> ReplayResult:
    log = ProblemLog()
    log.add(Problem('monday', '/image', 5, 'truncated', 'image: cut off', frame_lost=True))
    bays = {'L01': BayResult.ALERT, 'L02': BayResult.NORMAL, 'L03': BayResult.NOT_SEEN}
    passes = {'L01': [report('L01', 'monday', BayResult.ALERT, alert_ids=(UUID.format(1),))]}
    monday = Patrol('monday', bays, passes, 10, 8, 1, 2, [(0.0, 0.0), (1.0, 0.1)], log)
    return ReplayResult(
        store(), 'shop', 0.5, {'monday': monday}, alerts, 2.0, {'locate': 3.0}, {'sharpness': 4}
    )


def lines(out: Path) -> list[Mapping[str, object]]:
    return [json.loads(line) for line in (out / 'alerts.jsonl').read_text().splitlines()]


def test_files(tmp_path: Path) -> None:
    out = prepare_out(tmp_path / 'deep' / 'out')
    write_files(
        result(alert(1), alert(2, state=State.RESOLVED, resolved_in='tuesday', evidence=b'')), out
    )
    first, second = lines(out)
    assert first == {
        'id': UUID.format(1),
        'kind': 'misplaced',
        'state': 'open',
        'store': 'corner shop',
        'aisle': 'A',
        'bay': 'L01',
        'level': 1,
        'x': 0.35,
        'y': 0.55,
        'width': 0.1,
        'height': 0.2,
        'score': 7.25,
        'threshold': 4.0,
        'p_value': 0.002,
        'suggested_bays': ['L03', 'L02'],
        'suggested_levels': [1, None],
        'suggested_confidences': [0.9, 0.4],
        'seen_in': ['monday'],
        'resolved_in': None,
        'first_seen_ns': 1_760_000_000_000_000_001,
        'last_seen_ns': 1_760_000_600_000_000_000,
        'sightings': 5,
        'expected': 'Oat milk',
        'reason': 'Oat milk belongs here',
        'evidence': f'evidence/{UUID.format(1)}.jpg',
    }
    assert (out / str(first['evidence'])).read_bytes() == PICTURE
    assert (second['state'], second['resolved_in'], second['evidence']) == (
        'resolved',
        'tuesday',
        '',
    )
    found = json.loads((out / 'report.json').read_text())
    assert found['patrols'] == {'monday': {'L01': 'alert', 'L02': 'normal', 'L03': 'not_seen'}}
    assert (found['frames'], found['frames_inspected'], found['seconds'], found['model']) == (
        10,
        8,
        2.0,
        'shop',
    )
    assert found['problems'] == {'truncated': 1}
    assert found['details']['monday']['problems'] == ['1 x truncated: image: cut off']
    assert found['details']['monday']['bays']['L01'][0]['views_refused'] == {'sharpness': 2}
    assert sorted(f.name for f in out.iterdir()) == [
        'alerts.jsonl',
        'evidence',
        'report.html',
        'report.json',
    ]


def test_no_alerts_is_an_empty_file(tmp_path: Path) -> None:
    out = prepare_out(tmp_path / 'out')
    write_files(result(), out)
    assert (out / 'alerts.jsonl').read_bytes() == b''


def test_numbers_are_finite(tmp_path: Path) -> None:
    out = prepare_out(tmp_path / 'out')
    write_files(result(alert(1, score=math.inf, p_value=math.nan)), out)
    assert 'Infinity' not in (text := (out / 'alerts.jsonl').read_text())
    assert 'NaN' not in text
    assert lines(out)[0]['score'] is None


def test_an_older_replay_is_written_over_and_its_pictures_go(tmp_path: Path) -> None:
    out = prepare_out(tmp_path / 'out')
    write_files(result(alert(1), alert(2)), out)
    write_files(result(alert(2), alert(3)), prepare_out(out))
    assert sorted(f.name for f in (out / 'evidence').iterdir()) == [
        f'{UUID.format(i)}.jpg' for i in (2, 3)
    ]
    assert len(lines(out)) == 2


@pytest.mark.parametrize('name', ['thesis.doc', 'evidence/holiday.png', '.hidden'])
def test_foreign_files_are_not_written_over(tmp_path: Path, name: str) -> None:
    (tmp_path / 'evidence').mkdir()
    (tmp_path / name).write_text('mine')
    with pytest.raises(SettingsError, match=f'holds {name}, which no replay wrote.*--force'):
        prepare_out(tmp_path)
    write_files(result(alert(1)), prepare_out(tmp_path, force=True))
    assert (tmp_path / name).read_text() == 'mine'


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / 'out').touch()
    with pytest.raises(SettingsError, match='is a file; name a folder'):
        prepare_out(tmp_path / 'out')
    with pytest.raises(SettingsError, match='cannot be written'):
        prepare_out(tmp_path / 'out' / 'deeper')


def test_an_id_can_lead_nowhere_else(tmp_path: Path) -> None:
    out = prepare_out(tmp_path / 'out')
    write_files(result(alert(1, id='../../../evil')), out)
    assert [f.name for f in (out / 'evidence').iterdir()] == ['evil.jpg']
