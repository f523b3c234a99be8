# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Whatever comes from outside: one diagnostic each, the node lives, the next good frame works."""

from __future__ import annotations

from collections.abc import Callable
import math
from pathlib import Path
import struct
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import PoseWithCovarianceStamped
from graph import Graph, Process, Processes, wait
import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from shelf_anomaly_msgs.msg import DetectorStatus
import tiny_store

from shelf_anomaly.records import CameraModel
from shelf_anomaly.ros import qos
from shelf_anomaly.ros.conversions import camera_to_message, ns_to_stamp, pose_to_message
from shelf_anomaly.ros.debug_image import raw_message

PERIOD_NS = 100_000_000


class Feeder:
    """A camera that can be made to misbehave."""

    def __init__(self, graph: Graph, node: Process, *, raw: bool) -> None:
        self.node = node
        self.raw = raw
        self.now_ns = tiny_store.START_NS
        self.picture, self.camera = tiny_store.render(6, seed=30), tiny_store.CAMERA
        if raw:
            # Half the size: a whole raw frame does not fit the stock shared memory, and delays
            # the poses beside it; that is another test's matter.
            self.picture = np.ascontiguousarray(self.picture[::2, ::2])
            k = self.camera.k * np.array([[0.5], [0.5], [1.0]])
            self.camera = CameraModel(320, 240, k)
        self.jpeg = tiny_store.jpeg(self.picture)
        self.states = graph.hear(DetectorStatus, 'detector_status', qos.STATUS)
        self._told = graph.hear(DiagnosticArray, '/diagnostics', qos.DIAGNOSTICS)
        kind, topic = (
            (Image, 'camera/image_raw')
            if raw
            else (CompressedImage, 'camera/image_raw/compressed')
        )
        self._poses = graph.publisher(PoseWithCovarianceStamped, 'robot_pose')
        self._infos = graph.publisher(CameraInfo, 'camera/camera_info')
        self._images = graph.publisher(kind, topic)

    def image(self) -> Any:
        """Return a good image at the present time."""
        if self.raw:
            return raw_message(self.picture, ns_to_stamp(self.now_ns), tiny_store.FRAME_ID)
        message = CompressedImage(format='jpeg', data=self.jpeg)
        message.header.stamp, message.header.frame_id = (
            ns_to_stamp(self.now_ns),
            tiny_store.FRAME_ID,
        )
        return message

    def pose(self) -> PoseWithCovarianceStamped:
        """Return a good pose at the present time."""
        message = PoseWithCovarianceStamped()
        message.header.stamp, message.header.frame_id = ns_to_stamp(self.now_ns), 'map'
        message.pose.pose = pose_to_message(tiny_store.base_pose(6))
        return message

    def info(self) -> CameraInfo:
        """Return a good camera_info."""
        return camera_to_message(self.camera)

    def send(self, *messages: Any) -> None:
        """Publish each on its topic."""
        publishers = {PoseWithCovarianceStamped: self._poses, CameraInfo: self._infos}
        for message in messages:
            publishers.get(type(message), self._images).publish(message)

    def good(self) -> None:
        """Send a good frame; wait until it was inspected."""
        before = self.inspected
        self.now_ns += PERIOD_NS
        self.send(self.info(), self.pose(), self.image())
        wait(
            lambda: self.inspected > before,
            f'an inspected frame; the node says: {self.node.output}',
        )
        assert self.node.running
        self.now_ns += PERIOD_NS

    @property
    def inspected(self) -> int:
        """Frames inspected so far."""
        return self.states[-1].frames_inspected if self.states else 0

    def trouble(self, reason: str) -> int:
        """Return how often diagnostics have told of ``reason``."""
        if not self._told:
            return 0
        values = [value for status in self._told[-1].status for value in status.values]
        return sum(int(value.value) for value in values if value.key == f'trouble {reason}')

    def bad(self, reason: str, *messages: Any) -> None:
        """Send something bad; wait for its diagnostic, then for a good frame."""
        before = self.trouble(reason)
        self.send(*messages)
        wait(
            lambda: self.trouble(reason) > before,
            f'a diagnostic {reason!r}; the node says: {self.node.output}',
        )
        assert self.trouble(reason) == before + 1
        assert any(s.level == s.WARN and s.message for s in self._told[-1].status)
        self.good()


def feeder(graph: Graph, processes: Processes, tiny: tuple[Path, Path], *, raw: bool) -> Feeder:
    store, model = tiny
    node = processes.node(
        'detector_node',
        store=store,
        model=model,
        pose_source='topic',
        camera_mount=tiny_store.MOUNT,
        status_period_s=0.1,
    )
    node.wait_output('inspecting ')
    return Feeder(graph, node, raw=raw)


def changed(message: Any, **fields: Any) -> Any:
    """Return ``message`` with other fields."""
    for name, value in fields.items():
        setattr(message, name, value)
    return message


def bomb(jpeg: bytes) -> bytes:
    """Return a JPEG whose header says 65000x65000."""
    at = jpeg.index(b'\xff\xc0') + 5
    return jpeg[:at] + struct.pack('>HH', 65000, 65000) + jpeg[at + 4 :]


def test_compressed(tiny: tuple[Path, Path], graph: Graph, processes: Processes) -> None:
    feed = feeder(graph, processes, tiny, raw=False)
    feed.send(feed.pose(), feed.image())  # before any camera_info
    wait(lambda: feed.trouble('no_camera_info') == 1, 'a word on the camera_info that is missing')
    feed.good()

    feed.bad(
        'truncated', feed.pose(), changed(feed.image(), data=feed.jpeg[: len(feed.jpeg) // 2])
    )
    feed.bad('not_an_image', feed.pose(), changed(feed.image(), data=b'GIF89a' + bytes(500)))
    feed.bad('empty', feed.pose(), changed(feed.image(), data=b''))
    feed.bad('too_large', feed.pose(), changed(feed.image(), data=bomb(feed.jpeg)))
    before = feed.inspected
    feed.bad('format', feed.pose(), changed(feed.image(), format='png'))
    assert feed.inspected == before + 2  # decoded by what it is

    nan = feed.pose()
    nan.pose.pose.position.x = math.nan
    feed.bad('not_finite', nan)
    strange = feed.pose()
    strange.pose.pose.orientation.w = 0.0
    feed.bad('not_a_rotation', strange)
    elsewhere = feed.pose()
    elsewhere.header.frame_id = 'odom'
    feed.bad('pose_frame', elsewhere)
    feed.bad('camera_info', changed(feed.info(), k=[0.0] * 9))
    zero = feed.image()
    zero.header.stamp = ns_to_stamp(0)
    feed.bad('stamp', zero)

    feed.now_ns += 1_000_000_000  # no pose for this one: the last is a second old
    feed.bad('pose_age', feed.image())
    code, _ = feed.node.end()
    assert code == 0
    assert 'Traceback' not in feed.node.output


def test_raw(tiny: tuple[Path, Path], graph: Graph, processes: Processes) -> None:
    feed = feeder(graph, processes, tiny, raw=True)
    feed.good()

    def image(**fields: Any) -> Any:
        return changed(feed.image(), **fields)

    half = bytes(feed.image().data)[: 320 * 240 * 3 // 2]
    bad: list[tuple[str, Callable[[], Any]]] = [
        ('encoding', lambda: image(encoding='16UC7')),
        ('encoding', lambda: image(encoding='')),
        ('zero_size', lambda: image(width=0, height=0, step=0, data=b'')),
        ('truncated', lambda: image(data=half)),
        ('size', lambda: image(step=10)),
        ('too_large', lambda: image(width=2**31, height=2**31)),
        ('size', lambda: image(height=120, data=half)),  # camera_info says 240
    ]
    for reason, make in bad:
        feed.bad(reason, feed.pose(), make())
    assert feed.node.end()[0] == 0


@pytest.mark.parametrize('back_s', [3600, 86400])
def test_time_that_jumps_back_begins_a_new_patrol(
    back_s: int, tiny: tuple[Path, Path], graph: Graph, processes: Processes
) -> None:
    feed = feeder(graph, processes, tiny, raw=False)
    for _ in range(3):
        feed.good()

    feed.now_ns -= back_s * 1_000_000_000

    for _ in range(3):
        feed.good()
    assert feed.states[-1].frames_unplaced == 0
    assert feed.node.end()[0] == 0
