# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Teaching: what is gathered is what collect gathers from bags, and nothing of it is lost."""

from __future__ import annotations

from pathlib import Path
import sys

import cv2
import numpy as np
import pytest

pytest.importorskip('shelf_training', reason='the tiny store is fitted with it')
sys.path.insert(0, str(Path(__file__).parent / 'ros'))
import tiny_store

from shelf_anomaly.dataset import load_dataset
from shelf_anomaly.errors import DatasetError
from shelf_anomaly.records import CameraPose, Frame
from shelf_anomaly.teach import Teacher

FIRST, SECOND = 'A1-L01', 'A1-L02'


def teacher(folder: Path, **more: int) -> Teacher:
    return Teacher(
        folder,
        tiny_store.layout(),
        tiny_store.LAYOUT,
        px_per_m=tiny_store.PX_PER_M,
        margin_m=0.06,
        **more,
    )


def drive(
    taught: Teacher, *, seed: int, patrol: str = 'monday', start_ns: int = 0, step: int = 1
) -> int:
    kept = 0
    for index in range(0, tiny_store.FRAMES, step):
        image = tiny_store.render(index, seed=seed)
        stamp = start_ns + index * tiny_store.FRAME_PERIOD_NS
        frame = Frame(stamp, image, tiny_store.CAMERA)
        kept += bool(taught.add(frame, CameraPose(tiny_store.camera_pose(index)), patrol))
    return kept


def test_each_stay_in_view_is_a_pass_and_the_dataset_can_be_fitted(tmp_path: Path) -> None:
    taught = teacher(tmp_path / 'views')
    for lap in range(2):  # one patrol, driven by twice
        drive(taught, seed=lap, start_ns=lap * 60_000_000_000, step=2)
    first, second = taught.progress
    assert (first.bay, first.passes, first.wanted) == (FIRST, 2, 3)
    assert second.passes == 2
    assert first.views >= 6

    data = taught.finish()

    assert data is not None
    assert data.bays == (FIRST, SECOND)
    assert data.patrols == ('monday', 'monday_pass2')
    assert not list((tmp_path / 'views' / 'spool').glob('*.jpg'))
    again = load_dataset(tmp_path / 'views')
    assert len(again.of(FIRST)) == sum(v.bay == FIRST for v in data.views)
    tiny_store.fit_tiny(tmp_path / 'views', tmp_path / 'model')


def test_what_was_gathered_outlives_a_crash(tmp_path: Path) -> None:
    folder = tmp_path / 'views'
    drive(teacher(folder), seed=1, step=3)  # killed here
    with (folder / 'spool' / 'frames.jsonl').open('a') as stream:
        stream.write('{"file": "0000')  # in the middle of a line

    taught = teacher(folder)

    assert {bay.passes for bay in taught.progress} == {1}
    drive(taught, seed=2, patrol='monday', step=3)
    assert {bay.passes for bay in taught.progress} == {2}
    data = taught.finish()
    assert data is not None
    assert {v.patrol for v in data.views} == {'monday', 'monday_pass2'}

    more = teacher(folder)  # another day
    drive(more, seed=3, patrol='tuesday', step=3)
    assert {bay.passes for bay in more.progress} == {3}
    third = more.finish()
    assert third is not None
    assert len(third.patrols) == 3
    before = {v.file for v in data.views}
    assert before < {v.file for v in third.views}


def test_bad_frames_and_standing_still_add_nothing(tmp_path: Path) -> None:
    taught = teacher(tmp_path / 'views')
    pose = CameraPose(tiny_store.camera_pose(4))
    blurred = cv2.GaussianBlur(tiny_store.render(4, seed=0), (0, 0), 12)
    dark = np.zeros_like(blurred)
    for image in (blurred, dark):
        assert taught.add(Frame(0, image, tiny_store.CAMERA), pose, 'p') == 0
    good = tiny_store.render(4, seed=0)
    assert taught.add(Frame(1, good, tiny_store.CAMERA), pose, 'p') > 0
    assert taught.add(Frame(2, good, tiny_store.CAMERA), pose, 'p') == 0
    assert teacher(tmp_path / 'other').finish() is None


def test_a_full_disk_and_another_stores_folder_are_refused(tmp_path: Path) -> None:
    taught = teacher(tmp_path / 'views', min_free_bytes=1 << 62)
    with pytest.raises(DatasetError, match='MiB are free'):
        drive(taught, seed=0)
    good = teacher(tmp_path / 'good')
    drive(good, seed=0, step=3)
    good.finish()
    with pytest.raises(DatasetError, match='choose another folder'):
        Teacher(tmp_path / 'good', tiny_store.layout(), {}, px_per_m=200.0, margin_m=0.06)
