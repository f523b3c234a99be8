# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Verdicts as labelled data; learned appearances listed and taken back, in a file in use."""

from __future__ import annotations

import json
from pathlib import Path
import sys

import pytest

from shelf_anomaly.cli import main
from shelf_anomaly.learned import LearnedLook
from shelf_anomaly.memory import Memory, Verdict
from shelf_anomaly.records import Box, Kind

sys.path.insert(0, str(Path(__file__).parent))

from pass_builder import appearance
from test_memory import alert


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    """Return an open memory, as a detector holds it, with two verdicts."""
    made = Memory(tmp_path / 'robot.db', 'corner')
    look = LearnedLook(
        'id-1', 'L01', Box(0.5, 0.6, 0.1, 0.2), Kind.GAP, appearance(2.0), 0.7, 'Ann', 'ok', 30
    )
    made.save([alert(1), alert(2)], learned=[look])
    made.save(verdict=Verdict('id-1', 'false_alarm', 'Ann', 'ok', 30, alert(1)))
    made.save(verdict=Verdict('id-2', 'confirmed', 'Bob', '', 40, alert(2, evidence=b'')))
    return made


def run(memory: Memory, *words: str) -> int:
    return main([*words, '--memory', str(memory.path)])


def test_verdicts_are_labelled_data(
    memory: Memory, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / 'said.jsonl'
    assert run(memory, 'verdicts', 'export', str(out)) == 0
    assert '2 verdicts' in capsys.readouterr().out

    first, second = (json.loads(line) for line in out.read_text().splitlines())
    assert (first['label'], first['author'], first['alert']['bay']) == ('normal', 'Ann', 'L01')
    assert (tmp_path / first['evidence']).read_bytes() == alert().evidence
    assert (second['label'], second['verdict'], second['evidence']) == ('fault', 'confirmed', '')


def test_what_was_learned_is_listed_and_taken_back(
    memory: Memory, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(memory, 'learned', 'list', '--json') == 0
    (row,) = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (row['id'], row['bay'], row['kind'], row['author']) == ('id-1', 'L01', 'gap', 'Ann')

    assert run(memory, 'learned', 'forget', 'nobody') == 2
    assert 'none is called so' in capsys.readouterr().err
    memory.changed_elsewhere()
    assert run(memory, 'learned', 'forget', 'id') == 0
    assert memory.changed_elsewhere()
    assert memory.learned() == []
    assert run(memory, 'learned', 'list') == 0
    assert 'nothing was learned' in capsys.readouterr().out


def test_no_file_is_an_error_that_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(['learned', 'list', '--memory', str(tmp_path / 'none.db')]) == 2
    assert 'no such memory file' in capsys.readouterr().err
