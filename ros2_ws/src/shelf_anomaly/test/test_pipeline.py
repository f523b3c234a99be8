# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The whole chain on pixels of the tiny store, patrol after patrol, with and without a memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
import sys

import cv2
import numpy as np
import pytest

pytest.importorskip('onnx', reason='the tiny store needs the training packages')
sys.path.insert(0, str(Path(__file__).parent / 'ros'))

import tiny_store

from shelf_anomaly.artefact import load_artefact
from shelf_anomaly.errors import ArtefactError, PoseError
from shelf_anomaly.locator import face_homography
from shelf_anomaly.memory import Memory
from shelf_anomaly.pipeline import Pipeline, PipelineSettings
from shelf_anomaly.records import (
    Alert,
    BayReport,
    BayResult,
    CameraPose,
    Frame,
    ImageArray,
    Kind,
    State,
)
from shelf_anomaly.store_layout import load_store_layout, parse_store_layout

HOUR = 3_600_000_000_000
FIRST, SECOND = 'A1-L01', 'A1-L02'


@pytest.fixture(scope='module')
def tiny(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Store layout and model of the tiny store."""
    return tiny_store.build(tmp_path_factory.mktemp('tiny'))


def build(tiny: tuple[Path, Path], memory: Memory | None = None, **settings: object) -> Pipeline:
    asked = PipelineSettings(threads=1, **settings)  # type: ignore[arg-type]
    return Pipeline(load_store_layout(tiny[0]), load_artefact(tiny[1]), asked, memory)


@cache
def render(index: int, seed: int, fault: bool) -> ImageArray:
    return tiny_store.as_recorded(tiny_store.render(index, seed=seed, fault=fault))


def frames(number: int, *, fault: bool, only: Iterable[int] | None = None) -> Iterable[Frame]:
    """Frames of patrol ``number``, an hour after the one before."""
    for index in range(tiny_store.FRAMES) if only is None else only:
        picture = render(index, 20 + number, fault)
        stamp = tiny_store.START_NS + number * HOUR + index * tiny_store.FRAME_PERIOD_NS
        yield Frame(stamp, picture, tiny_store.CAMERA, tiny_store.FRAME_ID)


def pose_of(frame: Frame) -> CameraPose:
    index = (frame.stamp_ns - tiny_store.START_NS) % HOUR / tiny_store.FRAME_PERIOD_NS
    return CameraPose(tiny_store.camera_pose(index))


def drive(pipeline: Pipeline, number: int, *, fault: bool) -> list[BayReport]:
    """Drive a patrol; return the reports of its passes."""
    pipeline.begin_patrol(f'patrol {number}')
    reports: list[BayReport] = []
    for frame in frames(number, fault=fault):
        reports += pipeline.process(frame, pose_of(frame)).bays
    return reports + list(pipeline.end_patrol().bays)


def at_the_fault(pipeline: Pipeline) -> list[Alert]:
    x, y = tiny_store.fault_at()
    near = [a for a in pipeline.alerts if a.bay == tiny_store.FAULT_BAY]
    return [a for a in near if abs(a.box.x - x) < 0.15 and abs(a.box.y - y) < 0.25]


def essence(alerts: Iterable[Alert]) -> list[tuple[object, ...]]:
    return [(a.bay, a.level, a.state, a.seen_in, a.resolved_in) for a in alerts]


def test_first_sight_again_put_right_and_back(tiny: tuple[Path, Path]) -> None:
    pipeline = build(tiny)
    for number, fault in enumerate([False, True, True, False, True]):
        reports = drive(pipeline, number, fault=fault)
        results = {r.bay: r.result for r in reports}
        expected = BayResult.ALERT if fault else BayResult.NORMAL
        assert results == {FIRST: BayResult.NORMAL, SECOND: expected}

    (alert,) = at_the_fault(pipeline)  # the store's light may raise another one elsewhere
    assert alert.state is State.OPEN
    assert alert.seen_in == ('patrol 1', 'patrol 2', 'patrol 4')
    assert (alert.bay, alert.level) == (SECOND, tiny_store.FAULT_LEVEL)
    assert alert.box.x == pytest.approx(tiny_store.fault_at()[0], abs=0.1)
    assert alert.evidence[:3] == b'\xff\xd8\xff'
    assert alert.roi is not None


@pytest.mark.parametrize(
    ('what', 'kind', 'homes'),
    [
        (tiny_store.STRANGE, Kind.FOREIGN, ()),
        (tiny_store.STRAY, Kind.MISPLACED, (FIRST,)),
        (tiny_store.EMPTY, Kind.GAP, ()),
        (tiny_store.LEMONS, Kind.FOREIGN, ()),
        (tiny_store.WHITE, Kind.FOREIGN, ()),
    ],
)
def test_what_is_wrong_is_named(
    tiny: tuple[Path, Path], what: str, kind: Kind, homes: tuple[str, ...]
) -> None:
    pipeline = build(tiny)
    pipeline.begin_patrol('kinds')
    for frame in frames(1, fault=False):
        index = round((frame.stamp_ns - tiny_store.START_NS) % HOUR / tiny_store.FRAME_PERIOD_NS)
        picture = tiny_store.as_recorded(tiny_store.render(index, seed=21, fault=True, what=what))
        pipeline.process(replace(frame, image=picture), pose_of(frame))
    pipeline.end_patrol()
    (alert,) = at_the_fault(pipeline)
    assert (alert.kind, alert.suggested_bays[:1]) == (kind, homes)


def test_what_was_not_seen_is_told_and_resolves_nothing(tiny: tuple[Path, Path]) -> None:
    pipeline = build(tiny)
    drive(pipeline, 0, fault=True)
    pipeline.begin_patrol('short')
    for frame in frames(1, fault=False, only=range(3)):  # only the first bay
        pipeline.process(frame, pose_of(frame))
    reports = {r.bay: r for r in pipeline.end_patrol().bays}

    assert reports[FIRST].result is BayResult.NORMAL
    assert reports[SECOND].result is BayResult.NOT_SEEN
    assert [a.state for a in pipeline.alerts] == [State.OPEN]


def test_a_jump_back_voids_the_passes_under_way(tiny: tuple[Path, Path]) -> None:
    pipeline = build(tiny)
    pipeline.begin_patrol('loops')
    for frame in frames(1, fault=True, only=range(8, 14)):
        pipeline.process(frame, pose_of(frame))
    for frame in frames(0, fault=False):
        pipeline.process(frame, pose_of(frame))
    pipeline.end_patrol()

    assert pipeline.alerts == ()


def test_silence_ends_a_pass(tiny: tuple[Path, Path]) -> None:
    pipeline = build(tiny)
    pipeline.begin_patrol('one')
    last = 0
    for frame in frames(0, fault=True):
        pipeline.process(frame, pose_of(frame))
        last = frame.stamp_ns

    assert pipeline.idle(last + 1_000_000_000).bays == ()
    assert [r.bay for r in pipeline.idle(last + 2_000_000_000).bays] == [FIRST, SECOND]
    assert len(pipeline.open_alerts) == 1


def test_a_frame_without_a_usable_pose_costs_only_itself(tiny: tuple[Path, Path]) -> None:
    pipeline = build(tiny)
    pipeline.begin_patrol('one')
    for number, frame in enumerate(frames(0, fault=True)):
        if number == 5:
            with pytest.raises(PoseError, match='pose_age'):
                pipeline.process(frame, CameraPose(pose_of(frame).pose, age_ns=10**9))
        else:
            pipeline.process(frame, pose_of(frame))
    pipeline.end_patrol()

    assert len(pipeline.open_alerts) == 1


def test_a_model_of_another_store_is_refused(tiny: tuple[Path, Path]) -> None:
    other = parse_store_layout({**tiny_store.LAYOUT, 'store': 'other'})
    with pytest.raises(ArtefactError, match="fitted on store 'tiny'"):
        Pipeline(other, load_artefact(tiny[1]))


def test_a_run_that_ends_is_taken_up_where_it_was(tiny: tuple[Path, Path], tmp_path: Path) -> None:
    whole = build(tiny)
    for number, fault in enumerate([True, False, True]):
        drive(whole, number, fault=fault)

    for number, fault in enumerate([True, False, True]):
        memory = Memory(tmp_path / 'memory.db', 'tiny')
        pipeline = build(tiny, memory)
        drive(pipeline, number, fault=fault)
        memory.close()

    assert essence(pipeline.alerts) == essence(whole.alerts)
    assert pipeline.alerts[0].evidence == whole.alerts[0].evidence


def test_a_pass_that_was_cut_off_is_void_and_the_patrol_goes_on(
    tiny: tuple[Path, Path], tmp_path: Path
) -> None:
    memory = Memory(tmp_path / 'memory.db', 'tiny')
    pipeline = build(tiny, memory, pass_gap_ns=700_000_000)
    pipeline.begin_patrol('monday')
    for frame in frames(0, fault=True):
        pipeline.process(frame, pose_of(frame))
    assert pipeline.interrupted_patrol is not None  # the first bay has gone by, the second not
    memory.close()

    memory = Memory(tmp_path / 'memory.db', 'tiny')
    again = build(tiny, memory)
    assert again.alerts == ()
    assert again.interrupted_patrol is not None
    assert again.interrupted_patrol[0] == 'monday'
    for frame in frames(0, fault=True, only=range(5, 16)):  # the robot drives by once more
        again.process(frame, pose_of(frame))
    reports = {r.bay: r for r in again.end_patrol().bays}

    assert reports[SECOND].result is BayResult.ALERT
    assert FIRST not in reports or reports[FIRST].result is not BayResult.NOT_SEEN
    assert [a.seen_in for a in again.alerts] == [('monday',)]
    assert again.interrupted_patrol is None


def faded(frame: Frame, bay_id: str) -> Frame:
    """Return a frame in which the light of a bay has grown dim and warm."""
    bay = tiny_store.layout().bays[bay_id]
    to_image = face_homography(bay, frame.camera, pose_of(frame).pose)
    corners = np.array([[[0, 0], [bay.width, 0], [bay.width, bay.height], [0, bay.height]]])
    outline = cv2.perspectiveTransform(corners, to_image).round().astype(np.int32)
    inside = cv2.fillConvexPoly(np.zeros(frame.image.shape[:2], np.uint8), outline, 1)[..., None]
    dim = (frame.image * (0.3, 0.6, 0.8)).astype(np.uint8)
    return replace(frame, image=np.where(inside > 0, dim, frame.image))


def drive_faded(pipeline: Pipeline, number: int, bay: str) -> dict[str, bool]:
    """Drive a patrol in such light; return which bays are to be learnt anew by their reports."""
    pipeline.begin_patrol(f'patrol {number}')
    reports: list[BayReport] = []
    for frame in frames(number, fault=False):
        reports += pipeline.process(faded(frame, bay), pose_of(frame)).bays
    return {r.bay: r.relearn for r in [*reports, *pipeline.end_patrol().bays]}


def test_a_bay_whose_light_has_changed_is_to_be_learnt_anew(tiny: tuple[Path, Path]) -> None:
    pipeline = build(tiny)
    said = [drive_faded(pipeline, number, SECOND) for number in range(2)]

    assert said == [{FIRST: False, SECOND: False}, {FIRST: False, SECOND: True}]
    assert pipeline.relearn_bays == (SECOND,)


def test_a_bay_with_a_fault_is_not(tiny: tuple[Path, Path]) -> None:
    pipeline = build(tiny)
    said = [drive(pipeline, number, fault=True) for number in range(4)]

    assert len(pipeline.open_alerts) == 1
    assert not any(report.relearn for reports in said for report in reports)


def test_a_bay_that_was_learnt_anew_is_so_no_more(tiny: tuple[Path, Path]) -> None:
    pipeline = build(tiny)
    for number in range(2):
        drive_faded(pipeline, number, SECOND)

    pipeline.adopt(build(tiny))  # the same model says nothing new
    assert pipeline.relearn_bays == (SECOND,)

    model = load_artefact(tiny[1])
    changed = {f'{SECOND}/usual_print': model.array(f'{SECOND}/usual_print') + 1}
    other = replace(model, arrays={**model.arrays, **changed})
    pipeline.adopt(Pipeline(load_store_layout(tiny[0]), other, PipelineSettings(threads=1)))
    assert pipeline.relearn_bays == ()


def test_what_is_said_is_written_first(tiny: tuple[Path, Path], tmp_path: Path) -> None:
    memory = Memory(tmp_path / 'memory.db', 'tiny')
    pipeline = build(tiny, memory)
    drive(pipeline, 0, fault=True)

    reader = Memory(tmp_path / 'memory.db', 'tiny', exclusive=False)
    assert essence(a for a, _ in reader.alerts()) == essence(pipeline.alerts)
    assert [a.id for a in reader.unsent()] == [pipeline.alerts[0].id]
    pipeline.sent(pipeline.unsent())
    assert reader.unsent() == []
