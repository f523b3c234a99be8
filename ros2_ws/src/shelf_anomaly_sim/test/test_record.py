# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Whole recordings: format, determinism, what comes back out of a bag."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from rosbags.highlevel import AnyReader
from sim_builders import camera, pictures, store

from shelf_anomaly.store_layout import load_store_layout
from shelf_anomaly_sim.bag import write_patrol
from shelf_anomaly_sim.camera import CameraSpec, parse_cameras
from shelf_anomaly_sim.cli import main
from shelf_anomaly_sim.errors import PlanError
from shelf_anomaly_sim.patrol_source import Patrol, Shot

SMALL = ['--bays', '2', '--resolution', '160x120', '--focal', '90', '--produce-bays', '0']


def test_bag_has_the_topics_types_and_rates_of_a_robot(tmp_path: Path) -> None:
    """20 Hz of TF, 10 Hz of poses, an image and its camera_info every half second, one mount."""
    spec = camera(160, 120)
    patrol = Patrol(store(bays=1), [spec], 0)
    write_patrol(patrol, [spec], tmp_path / 'patrol_00')
    with AnyReader([tmp_path / 'patrol_00']) as reader:
        topics = {c.topic: (c.msgtype, c.msgcount) for c in reader.connections}
        seconds = patrol.seconds
        assert topics['/tf_static'] == ('tf2_msgs/msg/TFMessage', 1)
        assert topics['/tf'][1] == pytest.approx(20 * seconds, abs=2)
        assert topics['/robot_pose'][1] == pytest.approx(10 * seconds, abs=2)
        assert topics['/camera/image_raw/compressed'] == (
            'sensor_msgs/msg/CompressedImage',
            patrol.frames,
        )
        assert topics['/camera/camera_info'] == ('sensor_msgs/msg/CameraInfo', patrol.frames)
        assert patrol.frames == pytest.approx(2 * seconds, abs=1)
        stamps = []
        for connection, at_ns, raw in reader.messages():
            message = reader.deserialize(raw, connection.msgtype)
            head = message.transforms[0].header if 'tf' in connection.topic else message.header
            assert head.stamp.sec * 10**9 + head.stamp.nanosec == at_ns
            stamps.append(at_ns)
            if connection.topic.endswith('compressed'):
                assert cv2.imdecode(message.data, cv2.IMREAD_COLOR).shape == (120, 160, 3)
                assert (message.format, head.frame_id) == ('jpeg', 'camera_optical_frame')
            elif connection.topic.endswith('info'):
                assert message.k.tolist() == spec.model.k.ravel().tolist()
            elif connection.topic == '/robot_pose':
                covariance = message.pose.covariance.reshape(6, 6)
                assert covariance[0, 0] == pytest.approx(0.02**2)
                assert covariance[5, 5] == pytest.approx(np.radians(0.6) ** 2)
        assert stamps == sorted(stamps)


def test_two_cameras_in_one_bag(tmp_path: Path) -> None:
    """Each with its topics and its mount."""
    cameras = parse_cameras('left,right', resolution=(160, 120), focal_px=90)
    write_patrol(
        Patrol(store(bays=1, sides=('left', 'right')), cameras, 0), cameras, tmp_path / 'bag'
    )
    with AnyReader([tmp_path / 'bag']) as reader:
        topics = {c.topic for c in reader.connections}
        assert {'/camera_left/camera_info', '/camera_right/image_raw/compressed'} <= topics
        connection, _, raw = next(m for m in reader.messages() if m[0].topic == '/tf_static')
        mounts = reader.deserialize(raw, connection.msgtype).transforms
        assert [m.child_frame_id for m in mounts] == [
            'camera_left_optical_frame',
            'camera_right_optical_frame',
        ]


def test_existing_bag_is_not_overwritten(tmp_path: Path) -> None:
    """Say so and leave it."""
    (tmp_path / 'bag').mkdir()
    with pytest.raises(PlanError, match='bag: exists already'):
        write_patrol(Patrol(store(bays=1), [camera()], 0), [camera()], tmp_path / 'bag')


def test_robot_is_not_where_it_thinks_but_near() -> None:
    """The error of a patrol is a few centimetres; another patrol has another."""
    sim, spec = store(bays=1), camera(64, 48)
    shots = [
        [e for e in Patrol(sim, [spec], n).events() if isinstance(e, Shot)][3] for n in (0, 0, 1)
    ]
    assert np.array_equal(shots[0].image, shots[1].image)
    assert not np.array_equal(shots[0].image, shots[2].image)


def test_record_writes_a_store_that_loads_and_a_truth_that_scores(tmp_path: Path) -> None:
    """The layout of the folder, and truth entries that belong to the layout."""
    out = tmp_path / 'out'
    assert (
        main(
            [
                'record',
                '--out',
                str(out),
                '--seed',
                '2',
                '--normal',
                '1',
                '--test',
                '3',
                '--faults',
                '2',
                *SMALL,
            ]
        )
        == 0
    )
    assert sorted(p.name for p in (out / 'train').iterdir()) == ['patrol_00']
    assert sorted(p.name for p in (out / 'test').iterdir()) == [
        'patrol_00',
        'patrol_01',
        'patrol_02',
    ]
    layout = load_store_layout(out / 'store.yaml')
    json.loads((out / 'store.yaml').read_text())  # JSON too, for tools without YAML
    truth = json.loads((out / 'truth.json').read_text())
    assert [len(truth[f'patrol_{i:02d}']) for i in range(3)] == [2, 2, 0]
    for fault in truth['patrol_00']:
        bay = layout.bay(fault['bay'])
        expected = [
            p.sku
            for p in bay.products
            if p.level == fault['level'] and p.x < fault['x'] < p.x + p.width
        ]
        assert expected == [fault['expected']]


def test_same_seed_same_bytes(tmp_path: Path) -> None:
    """Two recordings are equal, file by file, those from pictures too."""
    folder = pictures(tmp_path / 'p')
    for name in ('a', 'b'):
        argv = [
            'record',
            '--out',
            str(tmp_path / name),
            '--seed',
            '4',
            '--normal',
            '1',
            '--test',
            '1',
            '--faults',
            '1',
        ]
        assert main([*argv, '--pictures', str(folder), *SMALL]) == 0
    files = sorted(
        p.relative_to(tmp_path / 'a') for p in (tmp_path / 'a').rglob('*') if p.is_file()
    )
    assert len(files) == 6
    for file in files:
        assert (tmp_path / 'a' / file).read_bytes() == (tmp_path / 'b' / file).read_bytes(), file


def test_fault_is_in_the_picture(tmp_path: Path) -> None:
    """The frame that looks at a gap differs there from the day without, hardly elsewhere."""
    from shelf_anomaly_sim.saboteur import Saboteur

    sim, spec = store(seed=6, bays=2), camera()
    fault = next(
        f for f in Saboteur(sim, spec, np.random.default_rng(1)).draw(5) if f.kind == 'gap'
    )
    days = [Patrol(sim, [spec], 7, faults) for faults in ([fault], [])]
    place = sim.bays[fault.slot.bay].bay.to_map(fault.x, fault.y)
    best, change = 1e9, None
    for a, b in zip(days[0].events(), days[1].events(), strict=True):
        if not (isinstance(a, Shot) and isinstance(b, Shot)):
            continue
        seen = (place - a.truth.position) @ a.truth.rotation
        if abs(seen[0]) < best:
            best, change = abs(seen[0]), cv2.absdiff(a.image, b.image).max(2).astype(float)
            u = spec.model.k @ (seen / seen[2])
    assert change is not None
    x, y = int(u[0]), int(u[1])
    assert change[y - 8 : y + 8, x - 4 : x + 4].mean() > 15
    assert np.median(change) < 2


def test_folder_that_holds_something_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 2 and one line."""
    (tmp_path / 'mine.txt').write_text('keep')
    assert main(['record', '--out', str(tmp_path), '--normal', '1', '--test', '0', *SMALL]) == 2
    assert 'is not empty; choose another --out' in capsys.readouterr().err
    assert [p.name for p in tmp_path.iterdir()] == ['mine.txt']


def test_distorted_camera_bends_straight_boards() -> None:
    """With barrel distortion a point lands where OpenCV projects it; the middle stays."""
    from shelf_anomaly_sim.camera import yaw_pose
    from shelf_anomaly_sim.renderer import Renderer
    from shelf_anomaly_sim.stock import lay_stock

    sim = store(bays=2)
    stock = lay_stock(sim, np.random.default_rng(1))
    plain = camera(480, 360)
    bent = parse_cameras(
        'left', resolution=(480, 360), focal_px=270.0, distortion=(-0.2, 0.05, 0.0, 0.0, 0.0)
    )[0]
    pose = yaw_pose(0.8, 0.0, 0.0).compose(plain.mount)
    straight, curved = (Renderer(sim, c.model).render(pose, stock) for c in (plain, bent))
    rays = cv2.undistortPoints(
        np.array([[[60.0, 80.0]], [[240.0, 180.0]]]), bent.model.k, bent.model.d
    ).reshape(-1, 2)
    undistorted = cv2.undistort(curved, bent.model.k, bent.model.d)
    assert rays[1] == pytest.approx([0, 0], abs=1e-6)
    inner = np.s_[40:320, 60:420]
    assert cv2.absdiff(undistorted[inner], straight[inner]).mean() < 6
    assert cv2.absdiff(curved[inner], straight[inner]).mean() > 10


def test_default_camera_is_the_documented_one() -> None:
    """960 x 720, 540 px, 0.9 m."""
    spec = CameraSpec()
    assert (spec.model.width, spec.model.height, spec.model.k[0, 0], spec.height) == (
        960,
        720,
        540.0,
        0.9,
    )
