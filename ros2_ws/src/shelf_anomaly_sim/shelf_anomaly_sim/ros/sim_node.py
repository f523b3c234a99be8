# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The node ``sim_node``: a simulated robot that publishes what it measures on its patrols."""

from __future__ import annotations

from collections.abc import Sequence
import sys
import time

import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from shelf_anomaly_msgs.msg import DetectorStatus

from shelf_anomaly.errors import ShelfAnomalyError

from ..live import live_patrols, LivePatrol
from ..pacer import Pacer
from ..patrol_source import Shot
from .parameters import read_parameters
from .robot_topics import RobotTopics

BAD_SETTINGS = 2


class SimNode(Node):
    """Publishes patrols at a rate, or as fast as the detector follows."""

    def __init__(self) -> None:
        """Read the parameters, build the store, advertise."""
        super().__init__('sim_node')
        self._asked = read_parameters(self)
        self._store = self._asked.store()
        self._topics = RobotTopics(self, self._asked.cameras, raw=self._asked.raw)
        count = len(self._asked.cameras)
        self._pacer = Pacer(self._asked.frame_ns / 1e9 / count / self._asked.rate)
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self)
        self._detectors: dict[str, DetectorStatus] = {}
        if self._asked.follow:
            self.create_subscription(DetectorStatus, 'detector_status', self._on_status, 10)

    def drive(self) -> None:
        """Drive all patrols, then return."""
        p = self._asked
        self._topics.say({'state': 'waiting'})
        self._wait_for_subscribers()
        for live in live_patrols(self._store, p.cameras, p.programme, time.time_ns(), p.frame_ns):
            self._topics.say({'state': 'driving', **live.announcement()})
            self._drive_one(live)
        self._topics.say({'state': 'finished'})
        self._spin(2.0)  # what is under way arrives

    def _drive_one(self, live: LivePatrol) -> None:
        start_s = time.monotonic()
        for event in live.patrol.events():
            due_s = start_s + (event.stamp_ns - live.patrol.start_ns) / 1e9 / self._asked.rate
            self._spin(due_s - time.monotonic())
            if isinstance(event, Shot):
                start_s += self._hold()
            self._topics.publish(event)

    def _hold(self) -> float:
        """Wait until the detector follows; return how long it took."""
        if not self._asked.follow:
            return 0.0
        start_s = time.monotonic()
        while not self._pacer.may_send(time.monotonic()):
            self._spin(0.005)
        now_s = time.monotonic()
        self._pacer.sent(now_s)
        return now_s - start_s

    def _on_status(self, message: DetectorStatus) -> None:
        """Add up the detectors: one for each camera."""
        self._detectors[message.robot] = message
        all_ = self._detectors.values()
        dropped = sum(m.frames_dropped for m in all_)
        settled = dropped + sum(
            m.frames_inspected + m.frames_rejected + m.frames_unplaced for m in all_
        )
        self._pacer.status(settled, dropped, time.monotonic())

    def _wait_for_subscribers(self) -> None:
        end_s = time.monotonic() + self._asked.wait_s
        while any(t.get_subscription_count() == 0 for t in self._topics.images.values()):
            if time.monotonic() > end_s:
                self.get_logger().warning('nobody listens to the images; driving all the same')
                return
            self._spin(0.05)

    def _spin(self, seconds: float) -> None:
        """Let messages come in for so long; at least look once."""
        end_s = time.monotonic() + seconds
        while True:
            if not rclpy.ok():
                raise ExternalShutdownException
            left_s = end_s - time.monotonic()
            self._executor.spin_once(timeout_sec=max(0.0, min(left_s, 0.1)))
            if time.monotonic() >= end_s:
                return


def main(args: Sequence[str] | None = None) -> int:
    """Run the node; 0 when all was driven or it was told to stop, 2 for a bad parameter."""
    rclpy.init(args=None if args is None else list(args))
    try:
        SimNode().drive()
    except (ShelfAnomalyError, rclpy.exceptions.ParameterException) as error:
        print(f'sim_node: {error}', file=sys.stderr)
        return BAD_SETTINGS
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except RuntimeError:  # rclpy's own, when the signal comes between a look and a publication
        if rclpy.ok():
            raise
    finally:
        rclpy.try_shutdown()
    return 0


if __name__ == '__main__':
    sys.exit(main())
