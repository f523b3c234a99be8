# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The simulated robot over a real ROS graph, in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
import json
import os
from pathlib import Path
import subprocess
import sys
import time
from typing import Any

import cv2
import numpy as np
import pytest

pytest.importorskip('rclpy', reason='ROS 2 is not installed here')
pytest.importorskip('shelf_anomaly_msgs', reason='the messages are not built here')

from geometry_msgs.msg import PoseWithCovarianceStamped
import rclpy
from rclpy.executors import SingleThreadedExecutor
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from shelf_anomaly_msgs.msg import DetectorStatus
from std_msgs.msg import String

from shelf_anomaly_sim.processes import Child, free_domain
from shelf_anomaly_sim.ros.robot_topics import IMAGES, LATCHED, POSES

SMALL = {
    'bays': 1,
    'produce_bays': 0,
    'width': 320,
    'height': 240,
    'focal': 180.0,
    'patrols': 2,
    'faults': 1,
    'rate': 30.0,
}


class Listener:
    """Collects what the robot says, and can answer as a detector."""

    def __init__(self, domain: int) -> None:
        """Join a domain of our own."""
        self.context = rclpy.Context()
        self.context.init(args=[], domain_id=domain)
        self.node = rclpy.create_node('listener', context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.got: dict[str, list[Any]] = {}
        self.status = self.node.create_publisher(DetectorStatus, 'detector_status', 10)

    def listen(self, kind: type, topic: str, qos: object) -> None:
        """Collect a topic."""
        self.got[topic] = []
        self.node.create_subscription(kind, topic, self.got[topic].append, qos)

    def spin_until(self, done: Any, seconds: float) -> None:
        """Let messages come in until a condition holds."""
        end = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < end, {k: len(v) for k, v in self.got.items()}
            self.executor.spin_once(timeout_sec=0.05)

    @property
    def states(self) -> list[dict[str, Any]]:
        """What the simulation said of itself."""
        return [json.loads(m.data) for m in self.got['simulation_state']]

    def finished(self) -> bool:
        """Whether all patrols were driven."""
        return any(s['state'] == 'finished' for s in self.states)


@pytest.fixture
def domain(monkeypatch: pytest.MonkeyPatch) -> int:
    """Return a private domain on this machine."""
    monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    return free_domain()


@pytest.fixture
def listener(domain: int) -> Iterator[Listener]:
    """Yield a listener that leaves at the end."""
    listener = Listener(domain)
    yield listener
    listener.node.destroy_node()
    listener.context.try_shutdown()


@pytest.fixture
def children() -> Iterator[list[Child]]:
    """Yield a list of processes that are ended at the end."""
    started: list[Child] = []
    yield started
    for child in started:
        child.stop()


def start(children: list[Child], domain: int, log: Path, **parameters: object) -> Child:
    """Start the node."""
    command = [sys.executable, '-m', 'shelf_anomaly_sim.ros.sim_node', '--ros-args']
    for name, value in {**SMALL, **parameters}.items():
        command += ['-p', f'{name}:={value}']
    child = Child('sim', command, {**os.environ, 'ROS_DOMAIN_ID': str(domain)}, log / 'sim.log')
    children.append(child)
    return child


def test_patrols_arrive_whole_and_in_order(
    listener: Listener, children: list[Child], domain: int, tmp_path: Path
) -> None:
    """Every image and its camera_info, poses with covariance around them, the truth beforehand."""
    for kind, topic, qos in (
        (CompressedImage, 'camera/image_raw/compressed', IMAGES),
        (CameraInfo, 'camera/camera_info', IMAGES),
        (PoseWithCovarianceStamped, 'robot_pose', POSES),
        (String, 'simulation_state', LATCHED),
    ):
        listener.listen(kind, topic, qos)
    child = start(children, domain, tmp_path)
    listener.spin_until(lambda: listener.finished() or not child.running, 60)
    driving = [s for s in listener.states if s['state'] == 'driving']
    assert [len(s['faults']) for s in driving] == [1, 1]
    images, infos = (
        listener.got[topic] for topic in ('camera/image_raw/compressed', 'camera/camera_info')
    )
    # Topics overtake each other: the word that all is driven may come before the last picture.
    wanted = sum(s['frames'] for s in driving)
    listener.spin_until(lambda: len(images) >= wanted and len(infos) >= wanted, 15)
    assert (
        len(images) == sum(s['frames'] for s in driving) == len(listener.got['camera/camera_info'])
    )
    stamps = [m.header.stamp.sec * 10**9 + m.header.stamp.nanosec for m in images]
    assert stamps == sorted(stamps)
    for state in driving:
        inside = [t for t in stamps if state['start_ns'] <= t <= state['end_ns']]
        assert len(inside) == state['frames']
    assert cv2.imdecode(np.asarray(images[3].data), cv2.IMREAD_COLOR).shape == (240, 320, 3)
    pose = listener.got['robot_pose'][0]
    assert pose.header.frame_id == 'map'
    assert pose.pose.covariance[0] == pytest.approx(0.0004)
    listener.spin_until(lambda: not child.running, 15)
    assert child.status == 0, child.last_words()


def test_raw_images_follow_a_slow_detector(
    listener: Listener, children: list[Child], domain: int, tmp_path: Path
) -> None:
    """With pace:=status every answer lets the next image go, and none is lost."""
    listener.listen(Image, 'camera/image_raw', IMAGES)
    listener.listen(String, 'simulation_state', LATCHED)
    child = start(children, domain, tmp_path, pace='status', transport='raw', patrols=1)
    images = listener.got['camera/image_raw']
    answered = 0

    def answer() -> bool:
        nonlocal answered
        if len(images) > answered:
            answered = len(images)
            listener.status.publish(
                DetectorStatus(robot='r', frames_received=answered, frames_inspected=answered)
            )
        return listener.finished() or not child.running

    listener.spin_until(answer, 60)
    frames = next(s['frames'] for s in listener.states if s['state'] == 'driving')
    assert len(images) == frames
    assert (images[0].encoding, images[0].step, len(images[0].data)) == (
        'bgr8',
        960,
        320 * 240 * 3,
    )


def test_bad_parameter_is_one_line(children: list[Child], domain: int, tmp_path: Path) -> None:
    """Status 2, the parameter, the words that are known."""
    child = start(children, domain, tmp_path, pace='sometimes')
    end = time.monotonic() + 20
    while child.running and time.monotonic() < end:
        time.sleep(0.05)
    assert child.status == 2
    assert (
        child.last_words().splitlines()[-1]
        == "sim_node: parameter pace: 'sometimes' is none of none, status"
    )


def test_interrupt_ends_it_cleanly(
    listener: Listener, children: list[Child], domain: int, tmp_path: Path
) -> None:
    """Status 0, no traceback, within the time that is given."""
    listener.listen(CompressedImage, 'camera/image_raw/compressed', IMAGES)
    child = start(children, domain, tmp_path, rate=1.0)
    listener.spin_until(lambda: len(listener.got['camera/image_raw/compressed']) > 2, 40)
    child.stop()
    assert child.status == 0
    assert 'Traceback' not in child.last_words()


def test_a_signal_just_before_a_publication_ends_it_cleanly_and_other_errors_are_told(
    domain: int,
) -> None:
    """Rclpy shuts down in the signal's handler, wherever the node is; publishing then fails."""
    parameters = [part for k, v in SMALL.items() for part in ('-p', f'{k}:={v}')]
    for then, status in (('raise RuntimeError("else")', 1), ('rclpy.try_shutdown()', 0)):
        code = f"""if True:
            import sys
            import rclpy
            from shelf_anomaly_sim.ros.sim_node import main, SimNode
            def drive(node):
                {then}
                node._topics.say({{'state': 'driving'}})
                print('published')
            SimNode.drive = drive
            sys.exit(main(sys.argv))
        """
        done = subprocess.run(
            [sys.executable, '-c', code, '--ros-args', *parameters],
            env={**os.environ, 'ROS_DOMAIN_ID': str(domain)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert 'published' not in done.stdout
        assert (done.returncode, 'Traceback' in done.stderr) == (status, status == 1), done.stderr
