# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Listens to a live run: what the simulation says, and what the detector says."""

from __future__ import annotations

from collections.abc import Mapping
import json
from typing import Any

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from shelf_anomaly_msgs.msg import DetectorStatus, ShelfAlert, ShelfAlertArray
from std_msgs.msg import String

from ..tally import SeenAlert, Tally
from .robot_topics import LATCHED, STATE_TOPIC

ALERTS = QoSProfile(depth=1000, reliability=ReliabilityPolicy.RELIABLE)
SNAPSHOT = QoSProfile(
    depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL
)
STATES = {
    ShelfAlert.STATE_OPEN: 'open',
    ShelfAlert.STATE_RESOLVED: 'resolved',
    ShelfAlert.STATE_DISMISSED: 'dismissed',
}


class Watcher:
    """A ROS node that keeps the score."""

    def __init__(self) -> None:
        """Join the graph; the domain is the environment's."""
        rclpy.init(args=[])
        self.tally = Tally()
        self.state: Mapping[str, Any] = {'state': 'starting'}
        self.statuses: dict[str, DetectorStatus] = {}
        self._node = rclpy.create_node('patrol_watch')
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self._node)
        self._node.create_subscription(String, STATE_TOPIC, self._on_state, LATCHED)
        self._node.create_subscription(ShelfAlert, 'shelf_alerts', self._on_alert, ALERTS)
        self._node.create_subscription(ShelfAlertArray, 'open_alerts', self._on_open, SNAPSHOT)
        self._node.create_subscription(DetectorStatus, 'detector_status', self._on_status, 10)

    def spin(self, seconds: float) -> None:
        """Let messages come in."""
        self._executor.spin_once(timeout_sec=seconds)

    def frames(self, field: str = 'frames_inspected') -> int:
        """Return a counter of the detectors, added up."""
        return sum(int(getattr(status, field)) for status in self.statuses.values())

    @property
    def settled(self) -> int:
        """Frames that the detectors are done with, one way or the other."""
        fields = ('frames_inspected', 'frames_dropped', 'frames_rejected', 'frames_unplaced')
        return sum(self.frames(field) for field in fields)

    def close(self) -> None:
        """Leave the graph."""
        self._node.destroy_node()
        rclpy.try_shutdown()

    def _on_state(self, message: String) -> None:
        self.state = json.loads(message.data)
        if self.state['state'] == 'driving':
            self.tally.begin(
                self.state['patrol'],
                self.state['start_ns'],
                self.state['end_ns'],
                self.state['faults'],
            )

    def _on_alert(self, message: ShelfAlert) -> None:
        last_seen_ns = message.last_seen.sec * 10**9 + message.last_seen.nanosec
        place = message.location
        state = STATES.get(message.state, 'open')
        self.tally.alert(SeenAlert(message.id, place.bay, place.x, place.y, state, last_seen_ns))

    def _on_open(self, message: ShelfAlertArray) -> None:
        for alert in message.alerts:
            self._on_alert(alert)

    def _on_status(self, message: DetectorStatus) -> None:
        self.statuses[message.robot] = message
