# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
A small robot for tests: a process of its own that speaks and hears over ROS 2.

It says what is open at its start (a late dashboard must have it), then obeys lines on its
standard input: ``alert ID KIND``, ``bad``, ``inspect BAY``, ``place X Y YAW``. Each verdict that
it hears is answered with the state that it asks for, and printed.
"""

from __future__ import annotations

from contextlib import suppress
import math
import sys
import threading

from geometry_msgs.msg import PoseWithCovarianceStamped
import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from shelf_anomaly_msgs.msg import (
    AlertVerdict,
    BayInspection,
    DetectorStatus,
    ShelfAlert,
    ShelfAlertArray,
)

RELIABLE = QoSProfile(depth=100, reliability=ReliabilityPolicy.RELIABLE)
LATE = QoSProfile(
    depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL
)
STATES = {
    AlertVerdict.VERDICT_CONFIRMED: ShelfAlert.STATE_OPEN,
    AlertVerdict.VERDICT_FALSE_ALARM: ShelfAlert.STATE_DISMISSED,
    AlertVerdict.VERDICT_RESOLVED: ShelfAlert.STATE_RESOLVED,
    AlertVerdict.VERDICT_REOPENED: ShelfAlert.STATE_OPEN,
}


class Robot(Node):
    """Publishes on command, answers verdicts."""

    def __init__(self, store: str, open_id: str, picture: bytes) -> None:
        super().__init__('test_robot')
        self._store = store
        self._picture = picture
        self._told: dict[str, ShelfAlert] = {}
        self._alerts = self.create_publisher(ShelfAlert, 'shelf_alerts', RELIABLE)
        self._open = self.create_publisher(ShelfAlertArray, 'open_alerts', LATE)
        self._inspections = self.create_publisher(BayInspection, 'bay_inspections', RELIABLE)
        self._status = self.create_publisher(DetectorStatus, 'detector_status', RELIABLE)
        self._places = self.create_publisher(PoseWithCovarianceStamped, 'robot_pose', RELIABLE)
        self.create_subscription(AlertVerdict, 'alert_verdicts', self._hear, RELIABLE)
        self.create_timer(0.5, self._say_status)
        self._open.publish(
            ShelfAlertArray(
                robot='rover', alerts=[self._alert(open_id, ShelfAlert.KIND_MISPLACED)]
            )
        )

    def _alert(self, alert_id: str, kind: int) -> ShelfAlert:
        now = self.get_clock().now().to_msg()
        message = ShelfAlert(
            id=alert_id,
            kind=kind,
            state=ShelfAlert.STATE_OPEN,
            robot='rover',
            model='m 1',
            sightings=3,
        )
        message.header.stamp = message.first_seen = message.last_seen = now
        message.score, message.threshold, message.p_value = 8.0, 5.0, 0.001
        place = message.location
        place.store, place.aisle, place.bay, place.level = self._store, 'A1', 'A1-L01', 2
        place.x, place.y, place.width, place.height = 0.4, 1.0, 0.1, 0.2
        message.suggested_levels, message.suggested_confidences = [1], [0.75]
        message.suggested_bays, message.reason = ['A2-L01'], '<b>not</b> what is normal here'
        message.evidence.format, message.evidence.data = 'jpeg', self._picture
        self._told[alert_id] = message
        return message

    def _hear(self, message: AlertVerdict) -> None:
        print(
            'verdict',
            message.alert_id,
            message.verdict,
            message.author,
            repr(message.note),
            flush=True,
        )
        alert = self._told[message.alert_id]
        alert.state = STATES[message.verdict]
        alert.header.stamp = self.get_clock().now().to_msg()
        self._alerts.publish(alert)

    def _say_status(self) -> None:
        self._status.publish(
            DetectorStatus(robot='rover', store=self._store, model='m 1', frame_rate=9.5)
        )

    def obey(self, line: str) -> None:
        """Do what a line asks for."""
        order, *words = line.split()
        if order == 'alert':
            self._alerts.publish(self._alert(words[0], int(words[1])))
        elif order == 'bad':
            self._alerts.publish(ShelfAlert(id='../../etc/passwd', state=1))
            self._alerts.publish(ShelfAlert(id='7f1c2a9e-3a40-4d0e-9a53-2f8f1e0f6f11', state=77))
        elif order == 'inspect':
            told = BayInspection(
                store=self._store, bay=words[0], robot='rover', result=BayInspection.RESULT_NORMAL
            )
            told.end = self.get_clock().now().to_msg()
            self._inspections.publish(told)
        elif order == 'place':
            pose = PoseWithCovarianceStamped()
            pose.pose.pose.position.x, pose.pose.pose.position.y = float(words[0]), float(words[1])
            half = float(words[2]) / 2
            pose.pose.pose.orientation.z, pose.pose.pose.orientation.w = (
                math.sin(half),
                math.cos(half),
            )
            self._places.publish(pose)


def main() -> None:
    """Run until the standard input ends."""
    rclpy.init()
    picture = sys.stdin.buffer.read(int(sys.argv[3]))
    robot = Robot(sys.argv[1], sys.argv[2], picture)

    def obey() -> None:
        for line in sys.stdin.buffer:
            robot.obey(line.decode())
        rclpy.try_shutdown()

    threading.Thread(target=obey, daemon=True).start()
    print('ready', flush=True)
    with suppress(ExternalShutdownException, KeyboardInterrupt):
        rclpy.spin(robot)


if __name__ == '__main__':
    main()
