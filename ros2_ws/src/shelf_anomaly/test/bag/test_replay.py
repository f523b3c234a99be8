# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The loop over bags."""

from pathlib import Path

from bag_builder import patrol
import pytest
from replay_builder import alert, ScriptedPipeline, store

from shelf_anomaly.bag.bag_paths import find_bags
from shelf_anomaly.bag.replay import Progress, READING, replay, ReplaySettings
from shelf_anomaly.bag.result import ReplayResult
from shelf_anomaly.errors import BagError
from shelf_anomaly.records import BayResult

NORMAL, ALERT, NOT_SEEN = BayResult.NORMAL, BayResult.ALERT, BayResult.NOT_SEEN


def run(pipeline: ScriptedPipeline, *bags: Path, **options: object) -> ReplayResult:
    return replay(find_bags(bags), store(), pipeline, ReplaySettings('shop', 0.5), **options)


def test_bags_in_order_one_patrol_each(tmp_path: Path) -> None:
    patrol(4).write(tmp_path / 'a')
    patrol(3, bad=[1]).write(tmp_path / 'b')
    pipeline = ScriptedPipeline(lambda name: (alert(2), alert(1)) if name == 'b' else ())
    ticks: list[Progress] = []
    time = iter(range(1000))
    result = run(pipeline, tmp_path, on_progress=ticks.append, clock=lambda: float(next(time)))

    assert pipeline.calls == ['begin a', 'end a', 'begin b', 'end b']
    assert len(pipeline.stamps) == 6
    assert pipeline.poses[1].pose.position[0] == pytest.approx(0.525)
    assert (result.frames, result.frames_inspected) == (7, 6)
    assert [p.frames for p in result.patrols.values()] == [4, 3]
    assert result.patrols['b'].problems.counts == {'not_an_image': 1}
    assert result.patrols['b'].problems.frames_lost == 1
    # worst pass of a bay counts; a bay without a report was not seen
    assert result.patrols['a'].bays == {'L01': ALERT, 'L02': NOT_SEEN, 'L03': NOT_SEEN}
    assert result.refused == {'sharpness': 6}
    assert {k: v for k, v in result.stage_ms.items() if k != READING} == {
        'locate': 12.0,
        'inspect': 30.0,
    }
    assert (
        result.stage_ms[READING] == 8e3
    )  # the clock of this test ticks 1 s a look, 4 + 1 and 2 + 1 reads
    assert [a.id[-2:] for a in result.alerts] == ['01', '02']  # order of first sight
    assert result.failed == {}
    assert [(t.bag, t.number, t.bags, t.frames, t.frames_total) for t in ticks][3:5] == [
        ('a', 1, 2, 4, 4),
        ('b', 2, 2, 1, 3),
    ]
    assert [t.all_frames for t in ticks] == [1, 2, 3, 4, 5, 7]


def test_the_track_is_thinned(tmp_path: Path) -> None:
    patrol(20, step_ns=20_000_000).write(tmp_path / 'a')  # 2 cm a frame
    track = run(ScriptedPipeline(), tmp_path / 'a').patrols['a'].track
    steps = [track[i + 1][0] - track[i][0] for i in range(3)]
    assert len(track) == 4
    assert all(0.1 <= step < 0.13 for step in steps)


def test_a_frame_that_the_pipeline_refuses_is_one_frame_lost(tmp_path: Path) -> None:
    patrol(4).write(tmp_path / 'a')
    pipeline = ScriptedPipeline()
    pipeline.refuse_stamp = 2
    result = run(pipeline, tmp_path / 'a')
    assert (result.frames, result.frames_inspected, result.problems) == (4, 3, {'odd': 1})


def test_a_bag_that_cannot_be_used_does_not_stop_the_others(tmp_path: Path) -> None:
    patrol(2).write(tmp_path / 'a')
    patrol(2).without('/tf', '/tf_static', '/robot_pose').write(tmp_path / 'b')
    patrol(2).without('/tf_static').write(tmp_path / 'c')
    patrol(2).write(tmp_path / 'd')
    result = run(pipeline := ScriptedPipeline(), tmp_path)
    assert list(result.failed) == ['b', 'c']
    assert 'nothing says where the camera was' in result.failed['b']
    assert 'no frame could be placed' in result.failed['c']
    assert set(result.patrols['b'].bays.values()) == {NOT_SEEN}
    assert pipeline.calls == ['begin a', 'end a', 'begin c', 'end c', 'begin d', 'end d']
    assert result.patrols['d'].frames == 2


def test_no_bag_at_all_can_be_used(tmp_path: Path) -> None:
    patrol(2).without('/tf', '/robot_pose').write(tmp_path / 'a')
    (tmp_path / 'b.mcap').write_text('x')
    with pytest.raises(BagError, match=r'(?s)nothing says where.*\n.*cannot be read as a bag'):
        run(ScriptedPipeline(), tmp_path)
