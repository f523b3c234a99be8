# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The road to the robots: hears and hands over, publishes verdicts, spins in a thread."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
import threading
import time
from typing import Any, TypeVar

from geometry_msgs.msg import PoseWithCovarianceStamped
import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.signals import SignalHandlerOptions
from shelf_anomaly_msgs.msg import (
    AlertVerdict,
    BayInspection,
    DetectorStatus,
    ShelfAlert,
    ShelfAlertArray,
)

from ..records import BadRecordError, Record
from ..site import Site
from .locate_client import RosItemLocator
from .messages import alert_record, inspection_record, place_record, status_record, verdict_message

Message = TypeVar('Message')

# Every change counts, in order; what came before this dashboard is in the snapshot of open alerts.
CHANGES = QoSProfile(depth=100, reliability=ReliabilityPolicy.RELIABLE)
# One snapshot for each detector is kept for those who come late, also from several detectors.
SNAPSHOT = QoSProfile(
    depth=10, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL
)
# The newest place is enough, and either kind of publisher is heard.
PLACE = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)

SEND_S = 0.05
PLACE_S = 0.5
"""A robot's place is kept no more often than this."""


class RosBridge:
    """Hears the robots and tells them the verdicts; never waits for the database or a browser."""

    def __init__(
        self, site: Site, node: Node | None = None, *, pose_topic: str = 'robot_pose'
    ) -> None:
        """
        Build it.

        :param site: the dashboard
        :param node: a node that exists already; None makes one
        :param pose_topic: PoseWithCovarianceStamped of the robot's base in the map; empty for none
        """
        self._site = site
        self._robot = ''
        self._next_place = 0.0
        if not rclpy.ok():
            rclpy.init(args=None, signal_handler_options=SignalHandlerOptions.NO)
        self._node = node or Node('shelf_anomaly_dashboard')
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self._node)
        self._verdicts = self._node.create_publisher(AlertVerdict, 'alert_verdicts', CHANGES)
        self._listen(ShelfAlert, 'shelf_alerts', self._hear_alert, CHANGES)
        self._listen(ShelfAlertArray, 'open_alerts', self._hear_snapshot, SNAPSHOT)
        self._listen(BayInspection, 'bay_inspections', self._hear_inspection, CHANGES)
        self._listen(DetectorStatus, 'detector_status', self._hear_status, CHANGES)
        if pose_topic:
            self._listen(PoseWithCovarianceStamped, pose_topic, self._hear_place, PLACE)
        self._node.create_timer(SEND_S, self._send_verdicts)
        site.finder.use(RosItemLocator(self._node))
        self._thread = threading.Thread(target=self._spin, name='ros', daemon=True)

    def start(self) -> None:
        """Begin to listen, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Send what waits, end, and give everything back."""
        self._executor.shutdown(timeout_sec=1.0)
        if self._thread.is_alive():
            self._thread.join(timeout=1.0)
        self._send_verdicts()
        self._node.destroy_node()
        rclpy.try_shutdown()

    def _spin(self) -> None:
        with suppress(ExternalShutdownException):
            self._executor.spin()

    def _listen(
        self, kind: type[Message], topic: str, hear: Callable[[Message], None], qos: QoSProfile
    ) -> None:
        def guarded(message: Message) -> None:
            try:
                hear(message)
            except BadRecordError as error:  # one message is lost, and counted; the others go on
                self._site.service.note_problem(f'{topic}: {error}')

        self._node.create_subscription(kind, topic, guarded, qos)

    def _put(self, record: Record) -> None:
        self._robot = record.robot
        self._site.inbox.put(record)

    def _hear_alert(self, message: ShelfAlert) -> None:
        self._put(alert_record(message))

    def _hear_snapshot(self, message: ShelfAlertArray) -> None:
        for alert in message.alerts:
            try:
                self._put(alert_record(alert))
            except BadRecordError as error:  # the other alerts of the snapshot are good
                self._site.service.note_problem(f'open_alerts: {error}')

    def _hear_inspection(self, message: BayInspection) -> None:
        self._put(inspection_record(message))

    def _hear_status(self, message: DetectorStatus) -> None:
        self._put(status_record(message))

    def _hear_place(self, message: PoseWithCovarianceStamped) -> None:
        # The pose names no robot; it is the one on this road that is heard anyway.
        if self._robot and time.monotonic() >= self._next_place:
            self._next_place = time.monotonic() + PLACE_S
            self._put(place_record(message, self._site.queries.store, self._robot))

    def _send_verdicts(self) -> None:
        for record in self._site.service.take_verdicts():
            self._verdicts.publish(verdict_message(record))


def make_node(**options: Any) -> Node:
    """Return a node; ROS gets no signal handlers, as the web server ends the process."""
    rclpy.init(args=options.pop('args', None), signal_handler_options=SignalHandlerOptions.NO)
    return Node('shelf_anomaly_dashboard', **options)
