# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Message to record and record to message; nothing is decided here."""

from __future__ import annotations

import math

from builtin_interfaces.msg import Time
from geometry_msgs.msg import PoseWithCovarianceStamped
from shelf_anomaly_msgs.msg import AlertVerdict, BayInspection, DetectorStatus, ShelfAlert

from ..records import (
    AlertRecord,
    BadRecordError,
    InspectionRecord,
    InspectionResult,
    Kind,
    PlaceRecord,
    State,
    StatusRecord,
    Verdict,
    VerdictRecord,
)
from ..text import clean

KINDS = {
    ShelfAlert.KIND_UNKNOWN: Kind.UNKNOWN,
    ShelfAlert.KIND_MISPLACED: Kind.MISPLACED,
    ShelfAlert.KIND_FOREIGN: Kind.FOREIGN,
    ShelfAlert.KIND_GAP: Kind.GAP,
    ShelfAlert.KIND_FALLEN: Kind.FALLEN,
}
STATES = {
    ShelfAlert.STATE_OPEN: State.OPEN,
    ShelfAlert.STATE_RESOLVED: State.RESOLVED,
    ShelfAlert.STATE_DISMISSED: State.DISMISSED,
}
RESULTS = {
    BayInspection.RESULT_NORMAL: InspectionResult.NORMAL,
    BayInspection.RESULT_ALERT: InspectionResult.ALERT,
    BayInspection.RESULT_NOT_SEEN: InspectionResult.NOT_SEEN,
}
VERDICTS = {
    Verdict.CONFIRMED: AlertVerdict.VERDICT_CONFIRMED,
    Verdict.FALSE_ALARM: AlertVerdict.VERDICT_FALSE_ALARM,
    Verdict.RESOLVED: AlertVerdict.VERDICT_RESOLVED,
    Verdict.REOPENED: AlertVerdict.VERDICT_REOPENED,
}


def stamp_ns(stamp: Time) -> int:
    """Return a stamp as nanoseconds."""
    return int(stamp.sec) * 10**9 + int(stamp.nanosec)


def alert_record(message: ShelfAlert) -> AlertRecord:
    """
    Return the record of an alert.

    :raises BadRecordError: when the message has no id or no state
    """
    if message.state not in STATES:
        raise BadRecordError(
            f'alert {clean(message.id, 40)!r}: state {message.state} is none; '
            f'expected one of {sorted(STATES)}'
        )
    place = message.location
    return AlertRecord(
        store=place.store,
        robot=message.robot,
        id=message.id,
        kind=KINDS.get(message.kind, Kind.UNKNOWN),
        state=STATES[message.state],
        aisle=place.aisle,
        bay=place.bay,
        level=place.level,
        x=place.x,
        y=place.y,
        width=place.width,
        height=place.height,
        score=message.score,
        threshold=message.threshold,
        p_value=message.p_value,
        reason=message.reason,
        model=message.model,
        stamp_ns=stamp_ns(message.header.stamp),
        first_seen_ns=stamp_ns(message.first_seen),
        last_seen_ns=stamp_ns(message.last_seen),
        sightings=message.sightings,
        suggested_bays=tuple(message.suggested_bays),
        suggested_levels=tuple(message.suggested_levels),
        suggested_confidences=tuple(message.suggested_confidences),
        seen_in=tuple(message.seen_in),
        resolved_in=message.resolved_in,
        evidence=bytes(message.evidence.data),
        same_as=message.same_as,
        expected_sku=message.expected_sku,
    )


def inspection_record(message: BayInspection) -> InspectionRecord:
    """
    Return the record of an inspection.

    :raises BadRecordError: when the message names no bay or no result
    """
    if message.result not in RESULTS:
        raise BadRecordError(
            f'inspection of {clean(message.bay)!r}: result {message.result} is none; '
            f'expected one of {sorted(RESULTS)}'
        )
    return InspectionRecord(
        store=message.store,
        robot=message.robot,
        bay=message.bay,
        result=RESULTS[message.result],
        aisle=message.aisle,
        patrol=message.patrol,
        start_ns=stamp_ns(message.start),
        end_ns=stamp_ns(message.end),
        coverage=message.coverage,
        views_used=message.views_used,
        views_refused=message.views_refused,
        refusals=dict(zip(message.refusal_reasons, message.refusal_counts)),  # noqa: B905 - a shorter list is no fault
        score=message.score,
        threshold=message.threshold,
        relearn=message.relearn,
    )


def status_record(message: DetectorStatus) -> StatusRecord:
    """Return the record of a detector's status."""
    return StatusRecord(
        store=message.store,
        robot=message.robot,
        model=message.model,
        stamp_ns=stamp_ns(message.header.stamp),
        frames_received=message.frames_received,
        frames_dropped=message.frames_dropped,
        frames_rejected=message.frames_rejected,
        frames_unplaced=message.frames_unplaced,
        frames_inspected=message.frames_inspected,
        frame_rate=message.frame_rate,
        latency_ms=message.latency_ms,
        open_alerts=message.open_alerts,
        stages_ms=dict(zip(message.stage_names, message.stage_ms_p50)),  # noqa: B905 - a shorter list is no fault
        last_problem=message.last_problem,
    )


def place_record(message: PoseWithCovarianceStamped, store: str, robot: str) -> PlaceRecord:
    """
    Return where a robot is.

    :raises BadRecordError: when the pose is none
    """
    position, turn = message.pose.pose.position, message.pose.pose.orientation
    yaw = math.atan2(2 * (turn.w * turn.z + turn.x * turn.y), 1 - 2 * (turn.y**2 + turn.z**2))
    return PlaceRecord(store, robot, position.x, position.y, yaw, stamp_ns(message.header.stamp))


def verdict_message(record: VerdictRecord) -> AlertVerdict:
    """Return the message of a verdict."""
    message = AlertVerdict(
        store=record.store,
        alert_id=record.alert_id,
        verdict=VERDICTS[record.verdict],
        author=record.author,
        note=record.note,
    )
    message.header.stamp = Time(sec=record.at_ns // 10**9, nanosec=record.at_ns % 10**9)
    return message
