# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The memory file: whole steps, one owner, errors that say what to do, a kill at any moment."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
import signal
import sqlite3
import subprocess
import sys
import time

import numpy as np
import pytest

from shelf_anomaly.errors import MemoryFileError
from shelf_anomaly.learned import LearnedLook
from shelf_anomaly.memory import alert_from_json, alert_to_json, Memory, open_for_reading, Verdict
from shelf_anomaly.records import Alert, Box, Home, Kind, Roi, State

sys.path.insert(0, str(Path(__file__).parent))

from pass_builder import appearance


def alert(number: int = 1, **changes: object) -> Alert:
    made = Alert(
        id=f'id-{number}',
        kind=Kind.GAP,
        state=State.OPEN,
        store='corner',
        aisle='A',
        bay='L01',
        level=1,
        box=Box(0.5, 0.6, 0.1, 0.2),
        score=7.5,
        threshold=4.0,
        p_value=0.01,
        first_seen_ns=10,
        last_seen_ns=20,
        sightings=3,
        homes=(Home('L02', 1, 0.9), Home('L03', None, 0.25)),
        seen_in=('monday',),
        roi=Roi(1, 2, 3, 4),
        evidence=b'\xff\xd8\xff picture',
    )
    return replace(made, **changes)  # type: ignore[arg-type]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / 'deep' / 'memory.db'


def test_everything_comes_back(file: Path) -> None:
    memory = Memory(file, 'corner')
    look = LearnedLook(
        'id-1', 'L01', Box(0.5, 0.6, 0.1, 0.2), Kind.GAP, appearance(2.0), 0.7, 'Ann', 'ok', 30
    )
    verdict = Verdict('id-1', 'false_alarm', 'Ann', 'ok', 30, alert())
    memory.save([alert(1), alert(2, roi=None)], {'id-1': appearance(5.0)}, notes={'k': [1, 2]})
    memory.save([alert(1, state=State.DISMISSED)], learned=[look], verdict=verdict)
    memory.save(verdict=verdict)  # a verdict that arrives twice
    memory.close()

    memory = Memory(file, 'corner')
    (first, seen), (second, none) = memory.alerts()
    assert first == alert(1, state=State.DISMISSED)
    assert second == alert(2, roi=None)
    assert none is None
    assert seen is not None  # a change without a new look keeps the old one
    np.testing.assert_allclose(seen.codes, 5.0)
    (learned,) = memory.learned()
    assert (learned.id, learned.radius, learned.author) == ('id-1', 0.7, 'Ann')
    assert memory.verdicts() == [verdict]
    assert memory.note('k') == [1, 2]
    assert memory.note('none') is None
    memory.save(forgotten=['id-1'])
    assert memory.learned() == []


def test_what_was_not_said_is_known(file: Path) -> None:
    memory = Memory(file, 'corner')
    memory.save([alert(1), alert(2)])
    memory.sent(['id-1'])
    assert [a.id for a in memory.unsent()] == ['id-2']
    memory.save([alert(1, state=State.RESOLVED)])
    assert [a.id for a in memory.unsent()] == ['id-1', 'id-2']


def test_old_and_resolved_is_dropped_once_it_was_said(file: Path) -> None:
    memory = Memory(file, 'corner')
    old = {'state': State.RESOLVED, 'resolved_ns': 5}
    memory.save([alert(1, **old), alert(2, **old), alert(3), alert(4, state=State.DISMISSED)])
    memory.sent(['id-1', 'id-3'])
    memory.prune(before_ns=6)
    assert [a.id for a, _ in memory.alerts()] == ['id-2', 'id-3', 'id-4']


def test_one_detector_a_file_and_anybody_may_read(file: Path) -> None:
    memory = Memory(file, 'corner')
    with pytest.raises(MemoryFileError, match='in use by another detector'):
        Memory(file, 'corner')
    reader = open_for_reading(file)
    assert not memory.changed_elsewhere()
    reader.save(notes={'said': 'by another'})
    assert memory.changed_elsewhere()
    assert not memory.changed_elsewhere()
    memory.close()
    Memory(file, 'corner').close()


def test_of_another_store(file: Path) -> None:
    Memory(file, 'corner').close()
    with pytest.raises(MemoryFileError, match="store 'corner', not of 'mall'"):
        Memory(file, 'mall')
    with pytest.raises(MemoryFileError, match='no such memory file'):
        open_for_reading(file.with_name('other.db'))


@pytest.mark.parametrize('harm', ['text', 'schema', 'folder', 'record'])
def test_a_file_that_cannot_be_used_says_what_to_do(file: Path, harm: str) -> None:
    file.parent.mkdir()
    if harm == 'text':
        file.write_bytes(b'this is no database, but long enough to be looked at' * 30)
    elif harm == 'folder':
        file.mkdir()
    else:
        memory = Memory(file, 'corner')
        memory.save([alert()])
        memory.close()
        with sqlite3.connect(file) as db:
            if harm == 'schema':
                db.execute("UPDATE meta SET value = '99' WHERE key = 'schema'")
            else:
                db.execute("UPDATE alerts SET record = '{}'")
    with pytest.raises(MemoryFileError, match=r'memory\.db: .*(move the file away|name another)'):
        Memory(file, 'corner').alerts()


WRITER = """
import sys
sys.path[:0] = [{here!r}]
from test_memory import alert
from shelf_anomaly.memory import alert_from_json, alert_to_json, Memory
memory = Memory({file!r}, 'corner')
step = memory.note('step') or 0
while True:
    step += 1
    changed = [alert(n, sightings=step) for n in range(5)]
    memory.save(changed, notes={{'step': step}})
    print(step, flush=True)
"""


def test_a_kill_at_any_moment_leaves_whole_steps(file: Path) -> None:
    """A writer is killed again and again; each time all of its last step is there, or nothing."""
    rng = np.random.default_rng(5)
    said = 0
    for _ in range(6):
        program = WRITER.format(here=str(Path(__file__).parent), file=str(file))
        writer = subprocess.Popen([sys.executable, '-c', program], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        assert int(writer.stdout.readline()) > said  # it runs, and went on where it was
        time.sleep(float(rng.uniform(0.0, 0.05)))
        writer.send_signal(signal.SIGKILL)
        lines = writer.communicate(timeout=20)[0].split()
        said = max(said, *(int(line) for line in lines), 0) if lines else said
        memory = Memory(file, 'corner')
        step = memory.note('step')
        assert step >= said  # what was said was written before
        assert {a.sightings for a, _ in memory.alerts()} == {step}
        assert len(memory.alerts()) == 5
        said = step
        memory.close()


def test_an_alert_of_an_earlier_version_keeps_its_homes() -> None:
    """They were bays alone: of what level, and how sure, is not known."""
    record = alert_to_json(alert())
    record['suggested_bays'] = ['L02', 'L03']
    del record['homes']

    assert alert_from_json(record).homes == (Home('L02', None, 0.0), Home('L03', None, 0.0))
