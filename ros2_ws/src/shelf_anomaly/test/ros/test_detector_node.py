# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The detector as a process over real DDS: what it finds, how it begins and how it ends."""

from __future__ import annotations

from pathlib import Path
import shutil
import signal
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from graph import Graph, Process, Processes, wait
import pytest
from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter
from sensor_msgs.msg import CompressedImage, Image
from shelf_anomaly_msgs.msg import (
    AlertVerdict,
    BayInspection,
    DetectorStatus,
    ShelfAlert,
    ShelfAlertArray,
)
import tiny_store
from visualization_msgs.msg import Marker, MarkerArray

from shelf_anomaly.ros import qos
from shelf_anomaly.ros.alert_messages import verdict_to_message

ROBOT = str(Path(__file__).with_name('fixture_robot.py'))
READY = 'inspecting '
PROFILE = Path(__file__).parents[2] / 'config' / 'fastdds_large_images.xml'
PROFILE_NAMES = ('FASTRTPS_DEFAULT_PROFILES_FILE', 'FASTDDS_DEFAULT_PROFILES_FILE')


def detector(
    processes: Processes, tiny: tuple[Path, Path], remaps: Any = (), **more: object
) -> Process:
    store, model = tiny
    asked: dict[str, object] = {
        'store': store,
        'model': model,
        'pose_source': 'topic',
        'camera_mount': tiny_store.MOUNT,
        'status_period_s': 0.2,
    }
    return processes.node('detector_node', remaps, **(asked | more))


def fault_of(alerts: list[ShelfAlert]) -> ShelfAlert | None:
    """Return the alert on the strange thing's place, if it was raised."""
    x, y = tiny_store.fault_at()
    for alert in alerts:
        at = alert.location
        if at.bay == tiny_store.FAULT_BAY and abs(at.x - x) < 0.1 and abs(at.y - y) < 0.2:
            return alert
    return None


@pytest.mark.parametrize(
    'how', [(), ('--raw',), ('--raw', '--best-effort')], ids=['jpeg', 'raw', 'raw_best_effort']
)
def test_a_marked_shelf_is_named(
    how: tuple[str, ...], tiny: tuple[Path, Path], graph: Graph, processes: Processes
) -> None:
    alerts = graph.hear(ShelfAlert, 'shelf_alerts', qos.ALERTS)
    bays = graph.hear(BayInspection, 'bay_inspections', qos.INSPECTIONS)
    states = graph.hear(DetectorStatus, 'detector_status', qos.STATUS)
    node = detector(processes, tiny, robot='r1')
    node.wait_output(READY)
    # The profile that the launch files set: without it most best-effort raw frames are lost.
    profile = {name: str(PROFILE) for name in PROFILE_NAMES} if how else {}
    processes.python(ROBOT, *how, **profile).wait_output('patrol done')

    alert = wait(lambda: fault_of(alerts), 'the alert')

    assert alert.location.level == tiny_store.FAULT_LEVEL
    assert (alert.location.store, alert.location.aisle, alert.robot, alert.model) == (
        'tiny',
        'A1',
        'r1',
        'tiny',
    )
    assert alert.state == ShelfAlert.STATE_OPEN
    assert alert.kind == ShelfAlert.KIND_FOREIGN
    assert alert.header.frame_id == tiny_store.FRAME_ID
    assert alert.score >= alert.threshold > 0
    assert bytes(alert.evidence.data[:3]) == b'\xff\xd8\xff'
    # x is 1 m into the second bay from the origin (0, 1.2, 0.2); the face looks along -y.
    place = alert.pose.pose.position
    assert place.x == pytest.approx(1.0 + tiny_store.fault_at()[0], abs=0.1)
    assert place.y == pytest.approx(1.2)
    assert place.z == pytest.approx(0.2 + tiny_store.fault_at()[1], abs=0.2)
    code, _ = node.end()  # the passes that run are ended on the way out
    assert code == 0
    wait(lambda: {b.bay for b in bays} == {'A1-L01', 'A1-L02'}, 'an inspection of both bays')
    results = {b.bay: b.result for b in bays}
    assert results == {'A1-L01': BayInspection.RESULT_NORMAL, 'A1-L02': BayInspection.RESULT_ALERT}
    assert {b.patrol for b in bays} == {'2026-01-31T09:12:03Z'}
    last = states[-1]
    if '--best-effort' in how:
        assert last.frames_received > tiny_store.FRAMES - 3
    else:
        assert last.frames_received == tiny_store.FRAMES
        assert last.frames_rejected == last.frames_unplaced == 0
        assert last.frames_inspected + last.frames_dropped == tiny_store.FRAMES
    names = list(last.stage_names)
    assert names[0] == 'decode'
    assert {'locate', 'inspect', 'publish'} <= set(names)
    assert all(
        0 <= p50 <= p95 for p50, p95 in zip(last.stage_ms_p50, last.stage_ms_p95, strict=True)
    )


def test_a_late_dashboard_has_everything_at_once_and_verdicts_come_back(
    tiny: tuple[Path, Path], graph: Graph, processes: Processes
) -> None:
    early = graph.hear(ShelfAlert, 'shelf_alerts', qos.ALERTS)
    node = detector(processes, tiny)
    node.wait_output(READY)
    processes.python(ROBOT).wait_output('patrol done')
    wait(lambda: fault_of(early), 'the alert')
    wait(lambda: node.running, 'the node')

    late = graph.hear(ShelfAlertArray, 'open_alerts', qos.OPEN_ALERTS)

    wait(lambda: late and fault_of(list(late[0].alerts)), 'the snapshot', 2.0)
    with_picture = wait(
        lambda: next((m for m in late if any(len(a.evidence.data) for a in m.alerts)), None),
        'the pictures',
        3.0,
    )
    found = fault_of(list(with_picture.alerts))
    assert found is not None
    assert with_picture.header.frame_id == 'map'
    assert with_picture.more == 0
    assert late[0].alerts[0].score >= late[0].alerts[-1].score

    verdicts = graph.publisher(AlertVerdict, 'alert_verdicts', qos.VERDICTS)
    verdicts.publish(verdict_to_message(found.id, 'false_alarm', store='another store'))
    verdicts.publish(verdict_to_message('no such id', 'resolved', store='tiny'))
    verdicts.publish(AlertVerdict(alert_id=found.id, verdict=99, store='tiny'))
    verdicts.publish(verdict_to_message(found.id, 'false_alarm', store='tiny', author='Eva'))

    changed = wait(
        lambda: [a for a in early if a.id == found.id and a.state != a.STATE_OPEN], 'the change'
    )
    assert changed[0].state == ShelfAlert.STATE_DISMISSED
    wait(lambda: found.id not in {a.id for a in late[-1].alerts}, 'a snapshot without it')
    assert node.end()[0] == 0


def test_it_ends_at_once_and_without_traceback(
    tiny: tuple[Path, Path], processes: Processes
) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        node = detector(processes, tiny)
        node.wait_output(READY)

        code, seconds = node.end(number)

        assert code == 0
        assert seconds < 2.0
        assert 'Traceback' not in node.output


def test_it_ends_in_the_middle_of_a_patrol(
    tiny: tuple[Path, Path], graph: Graph, processes: Processes
) -> None:
    states = graph.hear(DetectorStatus, 'detector_status', qos.STATUS)
    bays = graph.hear(BayInspection, 'bay_inspections', qos.INSPECTIONS)
    node = detector(processes, tiny)
    node.wait_output(READY)
    processes.python(ROBOT)
    wait(lambda: states and states[-1].frames_inspected > 5, 'some frames')

    code, seconds = node.end()

    assert code == 0
    assert seconds < 2.0
    assert 'Traceback' not in node.output
    wait(lambda: {b.bay for b in bays} == {'A1-L01', 'A1-L02'}, 'the passes that were under way')


def altered(model: Path, folder: Path) -> Path:
    copy = folder / 'altered'
    shutil.copytree(model, copy)
    network = copy / 'network.onnx'
    data = bytearray(network.read_bytes())
    data[len(data) // 2] ^= 1
    network.write_bytes(data)
    return copy


def test_what_cannot_work_ends_with_one_line(
    tiny: tuple[Path, Path], processes: Processes, tmp_path: Path
) -> None:
    store, model = tiny
    other = tmp_path / 'other.yaml'
    other.write_text(store.read_text().replace('"store": "tiny"', '"store": "other"'))
    cases: list[tuple[dict[str, object], int, str]] = [
        ({'model': tmp_path / 'none'}, 3, 'no such model folder'),
        ({'model': altered(model, tmp_path)}, 3, 'differs from what the manifest says'),
        ({'store': tmp_path / 'none.yaml'}, 2, 'no such file'),
        ({'store': other}, 2, "was made for 'tiny'"),
        ({'store': "''"}, 2, 'parameter store'),
        ({'camera_mount': (0.0,) * 7}, 2, 'parameter camera_mount'),
        ({'camera_mount': (0.0, 0.0, 0.8, 1.0, 1.0, 1.0, 1.0)}, 2, 'length 2'),
        ({'patrol_gap_s': '10'}, 2, 'write 10.0'),
        ({'false_alarms_per_aisle_patrol': 1000.0}, 2, 'false_alarms_per_aisle_patrol'),
        ({'pose_source': 'gps'}, 2, 'none of auto, tf, topic'),
    ]
    started = [(detector(processes, tiny, **change), code, text) for change, code, text in cases]
    for node, code, text in started:
        assert node.code() == code, node.output
        lines = [line for line in node.output.splitlines() if line.strip()]
        assert len(lines) == 1, node.output
        assert lines[0].startswith('detector_node: error: ')
        assert text in lines[0]


def test_a_malformed_command_line_is_one_line(processes: Processes) -> None:
    node = processes.python('-m', 'shelf_anomaly.ros.detector_node', '--ros-args', '-p', 'store')

    assert node.code() == 2
    assert node.output.splitlines()[-1].startswith('detector_node: error: ')
    assert 'Traceback' not in node.output


def test_parameters_live(tiny: tuple[Path, Path], graph: Graph, processes: Processes) -> None:
    node = detector(processes, tiny, treshold=3.0)
    node.wait_output(READY)
    assert 'parameter treshold is not known' in node.output
    client = graph.node.create_client(SetParameters, '/shelf_detector/set_parameters')
    wait(client.service_is_ready, 'the parameter service')

    def change(name: str, value: object) -> Any:
        request = SetParameters.Request(
            parameters=[Parameter(name, value=value).to_parameter_msg()]
        )
        future = client.call_async(request)
        wait(future.done, 'the answer')
        return future.result().results[0]

    assert change('false_alarms_per_aisle_patrol', 0.3).successful
    refused = change('false_alarms_per_aisle_patrol', 1e6)
    assert not refused.successful
    assert '100' in refused.reason or 'range' in refused.reason
    assert not change('model', '/tmp').successful  # read-only
    assert change('patrol', 'morning').successful

    bays = graph.hear(BayInspection, 'bay_inspections', qos.INSPECTIONS)
    processes.python(ROBOT).wait_output('patrol done')
    assert node.end()[0] == 0
    wait(lambda: len(bays) >= 2, 'the inspections')
    assert {b.patrol for b in bays} == {'morning'}


def test_pictures_are_drawn_when_someone_looks(
    tiny: tuple[Path, Path], graph: Graph, processes: Processes
) -> None:
    scenes = graph.hear(MarkerArray, 'shelf_markers', qos.MARKERS)
    pictures = graph.hear(Image, 'debug_image', qos.DEBUG_IMAGE)
    jpegs = graph.hear(CompressedImage, 'debug_image/compressed', qos.DEBUG_IMAGE)
    node = detector(processes, tiny)
    node.wait_output(READY)
    topics = ('debug_image', 'debug_image/compressed')
    wait(lambda: all(graph.node.count_publishers(topic) for topic in topics), 'the publishers')
    # Slowly: what was drawn before the node knew of its viewers is gone.
    processes.python(ROBOT, '--period', '0.4').wait_output('patrol done')

    wait(lambda: pictures and jpegs, 'pictures')
    assert (pictures[-1].width, pictures[-1].height, pictures[-1].encoding) == (640, 480, 'bgr8')
    assert pictures[-1].header.frame_id == tiny_store.FRAME_ID
    scene = wait(
        lambda: next((s for s in scenes if any(m.ns == 'alerts' for m in s.markers)), None),
        'an alert box',
    )
    assert scene.markers[0].action == Marker.DELETEALL
    assert {m.ns for m in scene.markers[1:]} == {'bays', 'bay_names', 'alerts', 'alert_names'}
    assert {m.header.frame_id for m in scene.markers} == {'map'}


def test_two_cameras_are_two_nodes(
    tiny: tuple[Path, Path], graph: Graph, processes: Processes
) -> None:
    alerts = graph.hear(ShelfAlert, '/left/shelf_alerts', qos.ALERTS)
    other = graph.hear(DetectorStatus, '/right/detector_status', qos.STATUS)
    for side in ('left', 'right'):
        remaps = (
            f'__ns:=/{side}',
            f'camera/image_raw:=/{side}_camera/image_raw',
            f'camera/camera_info:=/{side}_camera/camera_info',
            'robot_pose:=/robot_pose',
        )
        detector(processes, tiny, remaps).wait_output(READY)
    robot = processes.python(ROBOT, '--camera', 'left_camera')
    robot.wait_output('patrol done')

    alert = wait(lambda: fault_of(alerts), 'the alert')

    assert alert.robot == 'left'
    wait(lambda: other and other[-1].robot == 'right', 'the other camera')
    assert other[-1].frames_received == 0


def test_a_camera_that_never_comes_is_told(
    tiny: tuple[Path, Path], graph: Graph, processes: Processes
) -> None:
    told = graph.hear(DiagnosticArray, '/diagnostics', qos.DIAGNOSTICS)
    detector(processes, tiny, camera_timeout_s=0.5).wait_output(READY)

    status = wait(
        lambda: next(
            (
                s
                for m in told
                for s in m.status
                if s.name.endswith('camera') and s.level == s.ERROR
            ),
            None,
        ),
        'an error',
    )
    assert 'nobody publishes /camera/image_raw' in status.message
