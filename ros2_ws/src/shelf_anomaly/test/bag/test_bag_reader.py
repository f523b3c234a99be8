# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Bags written here, right and wrong, and what the reader makes of them."""

from pathlib import Path
import shutil

from bag_builder import (
    base_at,
    compressed,
    info,
    jpeg,
    mount,
    patrol,
    pose,
    raw,
    Recording,
    S,
    START,
    transforms,
)
import numpy as np
import pytest

from shelf_anomaly.bag.bag_reader import BagReader
from shelf_anomaly.bag.problems import Problem
from shelf_anomaly.bag.topics import BagOptions
from shelf_anomaly.errors import BagError
from shelf_anomaly.records import CameraPose, Frame, Pose

IMAGE, INFO = '/camera/image_raw/compressed', '/camera/camera_info'
MOUNT = Pose(np.array([0.0, 0.0, 0.9]), np.array([-0.5, 0.5, -0.5, 0.5]))


def read(path: Path, **options: object) -> tuple[list[tuple[Frame, CameraPose]], list[Problem]]:
    problems: list[Problem] = []
    with BagReader(path, BagOptions(**options)) as bag:
        return list(bag.frames(problems.append)), problems


def reasons(problems: list[Problem]) -> list[str]:
    return [problem.reason for problem in problems]


@pytest.mark.parametrize('mcap', [True, False])
def test_frames_with_poses_in_order(tmp_path: Path, mcap: bool) -> None:
    path = patrol().write(tmp_path / 'monday', mcap=mcap)
    with BagReader(path) as bag:
        assert (bag.name, bag.frames_total) == ('monday', 5)
        placed = list(bag.frames())
    assert len(placed) == 5
    for i, (frame, where) in enumerate(placed):
        assert frame.stamp_ns == START + i * S // 2 + S // 40
        assert frame.camera.k[0, 0] == 50.0
        assert frame.frame_id == 'camera'
        # 1 m/s along x, interpolated between two poses; the camera sits 0.9 m above the base
        assert where.pose.position == pytest.approx([i / 2 + 0.025, 0.0, 0.9], abs=1e-6)
        assert where.pose.rotation[:, 2] == pytest.approx([1.0, 0.0, 0.0], abs=1e-9)
        assert where.age_ns == 0
        assert where.sigma_m == pytest.approx(0.02)
        assert where.sigma_rad == pytest.approx(0.01)


def test_a_single_mcap_file_is_a_bag(tmp_path: Path) -> None:
    path = patrol().write(tmp_path / 'monday')
    (file,) = path.glob('*.mcap')
    assert len(read(file)[0]) == 5


def test_raw_images(tmp_path: Path) -> None:
    recording = patrol().without(IMAGE)
    for i in range(4):
        recording.add('/camera/image_raw', START + i * S // 4, raw(START + i * S // 4))
    placed, problems = read(recording.write(tmp_path / 'bag'))
    assert (len(placed), problems) == (4, [])
    assert placed[0][0].image[15, 15].tolist() == [0, 200, 30]


def test_pose_topic_with_the_mount_of_tf_static(tmp_path: Path) -> None:
    path = patrol().write(tmp_path / 'bag')
    placed, _ = read(path, pose_topic='/robot_pose')
    assert [p.pose.position[0] for _, p in placed] == pytest.approx(
        [i / 2 + 0.025 for i in range(5)]
    )
    assert placed[0][1].pose.position[2] == pytest.approx(0.9)


def test_pose_topic_with_a_named_mount(tmp_path: Path) -> None:
    path = patrol().without('/tf', '/tf_static').write(tmp_path / 'bag')
    placed, problems = read(path, mount=MOUNT)
    assert (len(placed), problems) == (5, [])
    assert placed[2][1].pose.position == pytest.approx([1.025, 0.0, 0.9])


def test_a_named_mount_with_tf(tmp_path: Path) -> None:
    path = patrol().without('/tf_static').write(tmp_path / 'bag')
    placed, _ = read(path, mount=MOUNT)
    assert placed[2][1].pose.position == pytest.approx([1.025, 0.0, 0.9])


def test_no_mount_anywhere_says_what_to_do(tmp_path: Path) -> None:
    path = patrol().without('/tf', '/tf_static').write(tmp_path / 'bag')
    with pytest.raises(BagError, match=r'no frame could be placed.*--mount'):
        read(path)


def test_a_long_chain_and_a_static_transform_recorded_late(tmp_path: Path) -> None:
    recording = patrol().without('/tf', '/tf_static')
    for i in range(60):
        stamp = START + i * S // 20
        recording.add('/tf', stamp, base_at(stamp, i / 20, parent='odom'))
        if i % 5 == 0:
            recording.add('/tf', stamp, base_at(stamp, 3.0, child='odom'))
    recording.add('/tf_static', START + 2 * S, mount(parent='mast'))
    recording.add(
        '/tf_static',
        START + 2 * S,
        transforms(('base_link', 'mast', START, (0.1, 0, 0), (0, 0, 0, 1))),
    )
    placed, problems = read(recording.write(tmp_path / 'bag'))
    assert problems == []
    assert [p.pose.position[0] for _, p in placed] == pytest.approx(
        [3.1 + i / 2 + 0.025 for i in range(5)]
    )


def test_a_map_that_is_not_connected(tmp_path: Path) -> None:
    recording = patrol().without('/tf')
    for i in range(60):
        recording.add('/tf', START + i * S // 20, base_at(START + i * S // 20, 0.0, parent='odom'))
    with pytest.raises(
        BagError, match=r"connects 'map' with 'camera'; frames known: base_link, camera, odom"
    ):
        read(recording.write(tmp_path / 'bag'))


def test_poses_that_stop_grow_old(tmp_path: Path) -> None:
    recording = Recording([m for m in patrol().messages if m[0] != '/tf' or m[1] <= START + S])
    placed, problems = read(recording.write(tmp_path / 'bag'))
    assert (len(placed), problems) == (5, [])
    assert [p.age_ns for _, p in placed] == [0, 0, S // 40, S // 2 + S // 40, S + S // 40]


def test_bad_frames_are_told_and_nothing_else_is_lost(tmp_path: Path) -> None:
    recording = patrol(6, bad=[1])
    stamp = START + 2 * S
    recording.add(IMAGE, stamp, compressed(stamp, b''))
    recording.add(IMAGE, stamp + 1, compressed(stamp + 1, jpeg()[:-200]))
    recording.add(IMAGE, stamp + 2, compressed(stamp + 2, kind='png'))
    recording.add(IMAGE, stamp + 3, compressed(stamp + 2))  # the same stamp again
    placed, problems = read(recording.write(tmp_path / 'bag'))
    assert len(placed) == 6  # five of the patrol, and the mislabelled one
    assert reasons(problems) == [
        'not_an_image',
        'empty',
        'truncated',
        'mislabelled',
        'out_of_order',
    ]
    assert [p.frame_lost for p in problems] == [True, True, True, False, True]
    assert problems[0].bag == 'bag'
    assert problems[0].stamp_ns == START + S // 2 + S // 40


def test_an_image_of_another_size_than_its_camera_info(tmp_path: Path) -> None:
    recording = patrol(2).without(INFO).add(INFO, START, info(width=128))
    with pytest.raises(BagError, match=r'no frame could be used, .* camera_info says 128x48'):
        read(recording.write(tmp_path / 'bag'))


def test_a_topic_without_a_message(tmp_path: Path) -> None:
    import bag_builder

    with bag_builder.Writer(tmp_path / 'empty', version=9) as writer:
        writer.add_connection(IMAGE, bag_builder.COMPRESSED, typestore=bag_builder.STORE)
        writer.add_connection(INFO, bag_builder.INFO, typestore=bag_builder.STORE)
        writer.add_connection('/tf', bag_builder.TF, typestore=bag_builder.STORE)
    with pytest.raises(BagError, match=r'image_raw/compressed holds no image'):
        read(tmp_path / 'empty')


def test_camera_info_recorded_once_and_late_serves_all_frames(tmp_path: Path) -> None:
    recording = patrol().without(INFO).add(INFO, START + 2 * S, info())
    assert len(read(recording.write(tmp_path / 'bag'))[0]) == 5


def test_a_wrong_camera_info_does_not_replace_a_right_one(tmp_path: Path) -> None:
    recording = (
        patrol()
        .add(INFO, START + S, info(focal=0.0))
        .add(INFO, START + S + 1, info(focal=float('nan')))
    )
    placed, problems = read(recording.write(tmp_path / 'bag'))
    assert len(placed) == 5
    assert reasons(problems) == ['camera_info', 'camera_info']


def test_no_camera_info_message_at_all(tmp_path: Path) -> None:
    with pytest.raises(BagError, match=r'has no /camera/camera_info; record the camera_info'):
        read(patrol().without(INFO).write(tmp_path / 'bag'))


@pytest.mark.parametrize(
    ('bad', 'reason'),
    [
        (base_at(START + S, float('nan')), 'not_finite'),
        (transforms(('map', 'base_link', START + S, (0, 0, 0), (0, 0, 0, 0))), 'not_a_rotation'),
        (transforms(('map', 'map', START + S, (0, 0, 0), (0, 0, 0, 1))), 'not_a_transform'),
        (base_at(START + S, 1e12), 'not_a_pose'),
    ],
)
def test_bad_transforms_are_told_and_skipped(tmp_path: Path, bad: object, reason: str) -> None:
    placed, problems = read(patrol().add('/tf', START + S, bad).write(tmp_path / 'bag'))
    assert [p.pose.position[0] for _, p in placed] == pytest.approx(
        [i / 2 + 0.025 for i in range(5)]
    )
    assert reasons(problems) == [reason]


def test_bad_poses_on_the_pose_topic(tmp_path: Path) -> None:
    recording = patrol()
    recording.add('/robot_pose', START + S, pose(START + S, float('nan')))
    recording.add('/robot_pose', START + S, pose(START + S, 0.0, frame='odom'))
    recording.add('/robot_pose', START + S, pose(START + S, 0.0, variance=float('inf')))
    placed, problems = read(recording.write(tmp_path / 'bag'), pose_topic='/robot_pose')
    assert len(placed) == 5
    assert sorted(reasons(problems)) == ['not_finite', 'not_finite', 'pose_frame']


def test_a_looped_recording_starts_a_new_order(tmp_path: Path) -> None:
    recording = patrol()
    for topic, at_ns, message in list(recording.messages):
        if topic != '/tf_static':
            recording.add(topic, at_ns + 10 * S, message)  # the same stamps, recorded later
    placed, problems = read(recording.write(tmp_path / 'bag'))
    stamps = [frame.stamp_ns for frame, _ in placed]
    assert (len(placed), stamps[:5], problems) == (10, stamps[5:], [])
    assert [p.age_ns for _, p in placed] == [0] * 10


def test_two_cameras_together_in_the_order_of_time(tmp_path: Path) -> None:
    recording = patrol(camera='/left', frame_id='left')
    recording.add('/tf_static', START, mount(child='right'))
    for i in range(5):
        stamp = START + i * S // 2 + S // 3
        recording.add('/right/image_raw/compressed', stamp, compressed(stamp, frame='right'))
        recording.add('/right/camera_info', stamp, info(stamp, focal=70.0))
    path = recording.write(tmp_path / 'bag')
    with pytest.raises(BagError, match=r'2 cameras: /left, /right; choose one'):
        read(path)
    placed, problems = read(path, camera='all')
    assert problems == []
    assert [f.frame_id for f, _ in placed] == ['left', 'right'] * 5
    assert [f.camera.k[0, 0] for f, _ in placed] == [50.0, 70.0] * 5
    assert len(read(path, camera='/right')[0]) == 5


def test_an_image_without_a_stamp_takes_its_time_of_recording(tmp_path: Path) -> None:
    recording = patrol(1).add(IMAGE, START + S // 2, compressed(0))
    for i in range(40):
        recording.add('/tf', START + i * S // 20, base_at(START + i * S // 20, i / 20))
    placed, problems = read(recording.write(tmp_path / 'bag'))
    assert [f.stamp_ns for f, _ in placed] == [START + S // 40, START + S // 2]
    assert reasons(problems) == ['no_stamp']


def test_a_message_of_wrong_bytes_is_one_message_lost(tmp_path: Path) -> None:
    from rosbags.rosbag2 import Writer

    class Garbled(Writer):
        def write(self, connection: object, timestamp: int, data: bytes) -> None:
            hurt = connection.topic == IMAGE and timestamp < START + S // 2
            super().write(connection, timestamp, data[:9] if hurt else data)

    import bag_builder

    original, bag_builder.Writer = bag_builder.Writer, Garbled
    try:
        path = patrol().write(tmp_path / 'bag')
    finally:
        bag_builder.Writer = original
    placed, problems = read(path)
    assert len(placed) == 4
    assert (reasons(problems), problems[0].frame_lost) == (['message_damaged'], True)


def test_a_bag_that_was_cut_off(tmp_path: Path) -> None:
    path = patrol().write(tmp_path / 'bag')
    (file,) = path.glob('*.mcap')
    file.write_bytes(file.read_bytes()[:-300])
    with pytest.raises(
        BagError, match=rf'{path}: cannot be read as a bag: .*mcap recover {file.name}'
    ):
        read(path)


def test_a_bag_with_a_damaged_middle_keeps_what_is_before(tmp_path: Path) -> None:
    recording = patrol(40).without(IMAGE)
    noise = np.random.default_rng(0)
    for i in range(160):  # does not compress: several chunks
        message = raw(START + i * S // 8)
        message.data = noise.integers(0, 256, message.data.shape, np.uint8)
        recording.add('/camera/image_raw', START + i * S // 8, message)
    path = recording.write(tmp_path / 'bag', chunked=True)
    (file,) = path.glob('*.mcap')
    data = bytearray(file.read_bytes())
    last_chunk = data.rindex(b'\x28\xb5\x2f\xfd')  # where Zstandard data begins
    data[last_chunk : last_chunk + 4] = b'gone'
    file.write_bytes(bytes(data))
    placed, problems = read(path)
    assert 10 <= len(placed) < 160
    assert reasons(problems) == ['bag_damaged']


def test_a_bag_of_which_nothing_can_be_read(tmp_path: Path) -> None:
    path = patrol().write(tmp_path / 'bag', chunked=True)
    (file,) = path.glob('*.mcap')
    data = file.read_bytes()
    file.write_bytes(data.replace(b'\x28\xb5\x2f\xfd', b'gone'))
    with pytest.raises(BagError, match=r'no frame could be read: the bag is damaged'):
        read(path)


def test_what_is_no_bag(tmp_path: Path) -> None:
    with pytest.raises(BagError, match=r'nowhere: no such file or folder'):
        read(tmp_path / 'nowhere')
    (tmp_path / 'text.mcap').write_text('hello')
    with pytest.raises(BagError, match=r'text.mcap: cannot be read as a bag'):
        read(tmp_path / 'text.mcap')
    (tmp_path / 'folder').mkdir()
    with pytest.raises(BagError, match=r'folder: cannot be read as a bag.*metadata.yaml'):
        read(tmp_path / 'folder')
    path = patrol().write(tmp_path / 'bag')
    shutil.rmtree(path / 'x', ignore_errors=True)
    next(path.glob('*.mcap')).unlink()
    with pytest.raises(BagError, match=r'cannot be read as a bag: .*missing'):
        read(path)


def test_a_bag_without_the_topics_names_what_it_holds(tmp_path: Path) -> None:
    path = patrol().without(IMAGE, INFO).write(tmp_path / 'bag')
    with pytest.raises(
        BagError, match=r'no camera image.*the bag holds /robot_pose \(PoseWith.*/tf '
    ):
        read(path)
