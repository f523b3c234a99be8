# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Everything that the node says; a publish that fails is counted and never ends anything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.duration import Duration
from rclpy.event_handler import PublisherEventCallbacks
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CompressedImage, Image
from shelf_anomaly_msgs.msg import BayInspection, DetectorStatus, ShelfAlert, ShelfAlertArray
from visualization_msgs.msg import MarkerArray

from ..records import Alert, BayReport, BayResult, Frame, Outcome
from ..store_layout import StoreLayout
from . import qos
from .alert_messages import alert_to_message, report_to_message
from .conversions import ns_to_stamp
from .debug_image import draw, jpeg_message, raw_message
from .guard import Guard
from .health import Snapshot
from .markers import markers
from .shot import Shot

MAX_OPEN = 200
"""Alerts in one snapshot; the rest is counted in it."""
MAX_EVIDENCE_BYTES = 4 * 1024 * 1024
"""Pictures in one snapshot; alerts beyond it come without theirs."""


class Publishers:
    """The node's topics; used by the executor's thread and by the worker's."""

    def __init__(
        self, node: Node, store: StoreLayout, robot: str, model: str, guard: Guard
    ) -> None:
        """Advertise everything."""
        self._node = node
        self._store = store
        self._robot = robot
        self._model = model
        self._guard = guard
        self._results: dict[str, BayResult] = {}
        self._frame_id = ''
        self.newcomer = False
        """Someone has begun to read the open alerts and has no pictures yet."""
        self._alerts = self._make(ShelfAlert, 'shelf_alerts', qos.ALERTS)
        self._open = self._make(ShelfAlertArray, 'open_alerts', qos.OPEN_ALERTS, self._matched)
        self._inspections = self._make(BayInspection, 'bay_inspections', qos.INSPECTIONS)
        self._status = self._make(DetectorStatus, 'detector_status', qos.STATUS)
        self._diagnostics = self._make(DiagnosticArray, '/diagnostics', qos.DIAGNOSTICS)
        self._markers = self._make(MarkerArray, 'shelf_markers', qos.MARKERS)
        self._debug = self._make(Image, 'debug_image', qos.DEBUG_IMAGE)
        self._debug_jpeg = self._make(CompressedImage, 'debug_image/compressed', qos.DEBUG_IMAGE)

    def rename_model(self, model: str) -> None:
        """Name another model in the messages from now on."""
        self._model = model

    def outcome(
        self,
        outcome: Outcome,
        open_alerts: tuple[Alert, ...],
        frame: Frame | None,
        shot: Shot | None,
    ) -> None:
        """Publish one step of the pipeline."""
        if frame is not None:
            self._frame_id = frame.frame_id
        for alert in outcome.alerts:
            self._send(self._alerts, partial(self._alert, alert))
        for report in outcome.bays:
            self._results[report.bay] = report.result
            self._send(
                self._inspections,
                partial(self._report, report),
            )
        if outcome.alerts:
            self.open_alerts(open_alerts)
        if outcome.alerts or outcome.bays:
            self.draw_store(open_alerts)
        if frame is not None and shot is not None:
            self._picture(outcome, open_alerts, frame, shot)

    def heard(self) -> bool:
        """Return whether somebody reads the alerts."""
        return bool(self._alerts.get_subscription_count())

    def open_alerts(self, alerts: Sequence[Alert], *, pictures: bool = False) -> None:
        """Publish all that is open, worst first; with pictures for someone who has just come."""
        ordered = sorted(alerts, key=lambda a: a.threshold - a.score)
        self._send(self._open, lambda: self._snapshot(ordered, pictures))

    def draw_store(self, alerts: Sequence[Alert]) -> None:
        """Publish bays and open alerts for a 3-D view."""
        self._send(
            self._markers, lambda: markers(self._store, dict(self._results), alerts, self._now())
        )

    def status(
        self, snapshot: Snapshot, open_alerts: int, relearn_bays: Sequence[str] = ()
    ) -> None:
        """Publish counters, stage times and the bays to be learnt anew."""

        def build() -> DetectorStatus:
            message = self._status_message(snapshot, open_alerts)
            message.relearn_bays = list(relearn_bays)
            return message

        self._send(self._status, build)

    def diagnostics(self, message: DiagnosticArray) -> None:
        """Publish the diagnostics."""
        self._send(self._diagnostics, lambda: message)

    def flush(self, timeout_s: float) -> None:
        """Wait until the readers of alerts have what was sent, for so long at most."""
        for publisher in (self._alerts, self._open, self._inspections):
            self._guard.run('flush', publisher.wait_for_all_acked, Duration(seconds=timeout_s / 3))

    def _make(
        self,
        message_type: Any,
        topic: str,
        profile: QoSProfile,
        matched: Callable[[Any], None] | None = None,
    ) -> Publisher:
        return self._node.create_publisher(
            message_type, topic, profile, event_callbacks=PublisherEventCallbacks(matched=matched)
        )

    def _send(self, publisher: Publisher, build: Callable[[], Any]) -> None:
        # A full history or a field that does not fit raises; the next message may still go out.
        self._guard.run('publish', lambda: publisher.publish(build()))

    def _now(self) -> Any:
        return self._node.get_clock().now().to_msg()

    def _alert(self, alert: Alert, *, evidence: bool = True) -> ShelfAlert:
        return alert_to_message(
            alert, self._store, robot=self._robot, model=self._model, evidence=evidence
        )

    def _report(self, report: BayReport) -> BayInspection:
        return report_to_message(report, self._store, robot=self._robot, frame_id=self._frame_id)

    def _snapshot(self, ordered: Sequence[Alert], pictures: bool) -> ShelfAlertArray:
        message = ShelfAlertArray(robot=self._robot, more=max(0, len(ordered) - MAX_OPEN))
        message.header.stamp = self._now()
        message.header.frame_id = self._store.frame
        left = MAX_EVIDENCE_BYTES if pictures else 0
        for alert in ordered[:MAX_OPEN]:
            fits = len(alert.evidence) <= left
            left -= len(alert.evidence) if fits else 0
            message.alerts.append(self._alert(alert, evidence=fits))
        return message

    def _status_message(self, snapshot: Snapshot, open_alerts: int) -> DetectorStatus:
        counts = snapshot.counts
        message = DetectorStatus(robot=self._robot, model=self._model, store=self._store.store)
        message.header.stamp = self._now()
        message.header.frame_id = self._frame_id
        for field in ('received', 'dropped', 'rejected', 'unplaced', 'inspected'):
            setattr(message, f'frames_{field}', counts.get(field, 0))
        message.stage_names = [name for name, _, _ in snapshot.stages]
        message.stage_ms_p50 = [p50 for _, p50, _ in snapshot.stages]
        message.stage_ms_p95 = [p95 for _, _, p95 in snapshot.stages]
        message.frame_rate = snapshot.rate_hz
        message.latency_ms = snapshot.latency_ms
        message.open_alerts = open_alerts
        message.last_problem = snapshot.problems[0].text if snapshot.problems else ''
        return message

    def _picture(
        self, outcome: Outcome, alerts: Sequence[Alert], frame: Frame, shot: Shot
    ) -> None:
        """Draw only when someone looks: it costs more than the inspection."""
        raw, jpeg = self._debug.get_subscription_count(), self._debug_jpeg.get_subscription_count()
        if not (raw or jpeg):
            return
        stamp = ns_to_stamp(frame.stamp_ns)
        picture = draw(frame, shot.pose.pose, self._store, outcome, alerts)
        if raw:
            self._send(self._debug, lambda: raw_message(picture, stamp, frame.frame_id))
        if jpeg:
            self._send(self._debug_jpeg, lambda: jpeg_message(picture, stamp, frame.frame_id))

    def _matched(self, event: Any) -> None:
        if event.current_count_change > 0:
            self.newcomer = True
