# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Drives patrols of the tiny store past a detector, at its pace, and keeps what it says."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from geometry_msgs.msg import PoseWithCovarianceStamped
from graph import Graph, Process, wait
from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter
from sensor_msgs.msg import CameraInfo, CompressedImage
from shelf_anomaly_msgs.msg import BayInspection, DetectorStatus, ShelfAlert, ShelfAlertArray
import tiny_store

from shelf_anomaly.ros import qos
from shelf_anomaly.ros.conversions import camera_to_message, ns_to_stamp, pose_to_message

HOUR_NS = 3_600_000_000_000
TROUBLE_S = 60.0


class GoneError(Exception):
    """The detector was killed meanwhile."""


@cache
def picture(index: int, number: int, fault: bool) -> bytes:
    """Return the JPEG of a frame of patrol ``number``."""
    return tiny_store.jpeg(tiny_store.render(index, seed=20 + number, fault=fault))


class Driver:
    """A robot with a dashboard's ears, in the test's own process."""

    def __init__(self, graph: Graph, robot: str, prefix: str = '') -> None:
        """
        Advertise and listen.

        :param robot: name of the detector in its messages
        :param prefix: namespace of the detector with a slash, e.g. ``/r1``; empty for none
        """
        self._graph = graph
        self._robot = robot
        node = graph.node
        name = f'{prefix}/' if prefix else ''
        self._images = node.create_publisher(
            CompressedImage, f'{name}camera/image_raw/compressed', qos.profile(10)
        )
        self._infos = node.create_publisher(
            CameraInfo, f'{name}camera/camera_info', qos.profile(10)
        )
        self._poses = node.create_publisher(
            PoseWithCovarianceStamped, f'{name}robot_pose', qos.profile(50)
        )
        self.alerts: list[ShelfAlert] = graph.hear(ShelfAlert, f'{name}shelf_alerts', qos.ALERTS)
        self.snapshots: list[ShelfAlertArray] = graph.hear(
            ShelfAlertArray, f'{name}open_alerts', qos.OPEN_ALERTS
        )
        self.bays: list[BayInspection] = graph.hear(
            BayInspection, f'{name}bay_inspections', qos.INSPECTIONS
        )
        self.states: list[DetectorStatus] = graph.hear(
            DetectorStatus, f'{name}detector_status', qos.STATUS
        )
        self._client = node.create_client(
            SetParameters, f'{prefix or ""}/shelf_detector/set_parameters'
        )

    def connect(self, process: Process) -> None:
        """Wait until a detector that has just begun reads everything and is heard."""
        self._process = process
        self.states.clear()
        self._wait(
            lambda: all(
                p.get_subscription_count() for p in (self._images, self._infos, self._poses)
            ),
            'readers',
        )
        self._wait(lambda: self.states, 'the first status')
        self._wait(self._client.service_is_ready, 'the parameter service')

    def patrol(self, number: int, *, fault: bool) -> None:
        """
        Drive one patrol from its first frame to its end.

        :raises GoneError: as soon as the detector does not live any more
        """
        name = f'p{number}'
        self._name_patrol(name)
        heard = len(self.bays)
        before = self.states[-1].frames_inspected
        for index in range(tiny_store.FRAMES):
            self._frame(number, index, fault)
            self._wait(
                lambda done=before + index + 1: self.states[-1].frames_inspected >= done,
                f'frame {index}',
            )
        self._name_patrol(f'after-{name}')  # ends the patrol
        self._wait(
            lambda: len({b.bay for b in self.bays[heard:] if b.patrol.startswith(name)}) == 2,
            'the inspections',
        )

    def latest(self) -> dict[str, ShelfAlert]:
        """Return the latest word on each alert by its id, as a dashboard would know it."""
        return {alert.id: alert for alert in self.alerts}

    def _wait(self, condition: Callable[[], Any], what: str) -> None:
        def reached() -> bool:
            if not self._process.running:
                raise GoneError(what)
            return bool(condition())

        wait(reached, what, TROUBLE_S)

    def _name_patrol(self, name: str) -> None:
        request = SetParameters.Request(
            parameters=[Parameter('patrol', value=name).to_parameter_msg()]
        )
        future = self._client.call_async(request)
        self._wait(future.done, 'the parameter')

    def _frame(self, number: int, index: int, fault: bool) -> None:
        now = tiny_store.START_NS + number * HOUR_NS + index * tiny_store.FRAME_PERIOD_NS
        info = camera_to_message(tiny_store.CAMERA)
        info.header.stamp, info.header.frame_id = ns_to_stamp(now), tiny_store.FRAME_ID
        for part in (0, 1):
            pose = PoseWithCovarianceStamped()
            pose.header.frame_id = 'map'
            pose.header.stamp = ns_to_stamp(now + part * 50_000_000)
            step = part * 50_000_000 / tiny_store.FRAME_PERIOD_NS
            pose.pose.pose = pose_to_message(tiny_store.base_pose(index + step))
            self._poses.publish(pose)
        self._infos.publish(info)
        message = CompressedImage(format='jpeg', data=picture(index, number, fault))
        message.header = info.header
        self._images.publish(message)
