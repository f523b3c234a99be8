# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Alerts, inspections and verdicts: message and record, both directions side by side."""

from __future__ import annotations

from itertools import zip_longest
import math

import numpy as np
from sensor_msgs.msg import CompressedImage, RegionOfInterest
from shelf_anomaly_msgs.msg import AlertVerdict, BayInspection, ShelfAlert, ShelfLocation

from ..errors import FrameError
from ..planogram import expected_sku, reason_with_sku
from ..records import Alert, BayReport, BayResult, Box, Home, Kind, Pose, Refusal, Roi, State
from ..store_layout import StoreLayout
from .conversions import finite, ns_to_stamp, pose_to_message, time_ns

KINDS = {
    Kind.UNKNOWN: ShelfAlert.KIND_UNKNOWN,
    Kind.MISPLACED: ShelfAlert.KIND_MISPLACED,
    Kind.FOREIGN: ShelfAlert.KIND_FOREIGN,
    Kind.GAP: ShelfAlert.KIND_GAP,
    Kind.FALLEN: ShelfAlert.KIND_FALLEN,
}
STATES = {
    State.OPEN: ShelfAlert.STATE_OPEN,
    State.RESOLVED: ShelfAlert.STATE_RESOLVED,
    State.DISMISSED: ShelfAlert.STATE_DISMISSED,
}
RESULTS = {
    BayResult.NORMAL: BayInspection.RESULT_NORMAL,
    BayResult.ALERT: BayInspection.RESULT_ALERT,
    BayResult.NOT_SEEN: BayInspection.RESULT_NOT_SEEN,
}
VERDICTS = {
    'confirmed': AlertVerdict.VERDICT_CONFIRMED,
    'false_alarm': AlertVerdict.VERDICT_FALSE_ALARM,
    'resolved': AlertVerdict.VERDICT_RESOLVED,
    'reopened': AlertVerdict.VERDICT_REOPENED,
}
KIND_OF = {number: kind for kind, number in KINDS.items()}
STATE_OF = {number: state for state, number in STATES.items()}
RESULT_OF = {number: result for result, number in RESULTS.items()}
VERDICT_OF = {number: verdict for verdict, number in VERDICTS.items()}


def alert_pose(alert: Alert, store: StoreLayout) -> Pose:
    """Return the fault's place in the map: x out of the shelf, y to a shopper's right, z up."""
    bay = store.bay(alert.bay)
    half = bay.facing_yaw / 2
    return Pose(
        bay.to_map(alert.box.x, alert.box.y), np.array([0.0, 0.0, math.sin(half), math.cos(half)])
    )


def alert_to_message(
    alert: Alert, store: StoreLayout, *, robot: str = '', model: str = '', evidence: bool = True
) -> ShelfAlert:
    """
    Return the message of an alert.

    :param alert: the alert
    :param store: the layout that its bay is in
    :param robot: who saw it
    :param model: which model scored it
    :param evidence: whether the picture goes along
    """
    message = ShelfAlert(id=alert.id, kind=KINDS[alert.kind], state=STATES[alert.state])
    message.header.stamp = ns_to_stamp(alert.stamp_ns)
    message.header.frame_id = alert.frame_id
    message.score = finite(alert.score)
    message.threshold = finite(alert.threshold)
    message.p_value = finite(alert.p_value)
    message.location = ShelfLocation(
        store=alert.store,
        aisle=alert.aisle,
        bay=alert.bay,
        level=alert.level,
        x=float(alert.box.x),
        y=float(alert.box.y),
        width=float(alert.box.width),
        height=float(alert.box.height),
    )
    message.pose.pose = pose_to_message(alert_pose(alert, store))
    message.map_frame = store.frame
    if alert.roi is not None:
        x, y = max(0, alert.roi.x), max(0, alert.roi.y)
        message.roi = RegionOfInterest(
            x_offset=x, y_offset=y, width=alert.roi.width, height=alert.roi.height
        )
    message.first_seen = ns_to_stamp(alert.first_seen_ns)
    message.last_seen = ns_to_stamp(alert.last_seen_ns)
    message.sightings = alert.sightings
    message.suggested_bays = list(alert.suggested_bays)
    message.suggested_levels = [
        ShelfAlert.LEVEL_UNKNOWN if home.level is None else home.level for home in alert.homes
    ]
    message.suggested_confidences = [finite(home.confidence) for home in alert.homes]
    message.seen_in = list(alert.seen_in)
    message.resolved_in = alert.resolved_in or ''
    if alert.resolved_ns is not None:
        message.resolved = ns_to_stamp(alert.resolved_ns)
    message.same_as = alert.same_as
    message.reason = reason_with_sku(alert, store)
    message.expected_sku = expected_sku(alert, store)
    if evidence and alert.evidence:
        message.evidence = CompressedImage(format='jpeg', data=alert.evidence)
        message.evidence.header = message.header
    message.robot = robot
    message.model = model
    return message


def alert_from_message(message: ShelfAlert) -> Alert:
    """Return the alert of a message; :raises FrameError: if it was not filled in."""
    if message.state not in STATE_OF or message.kind not in KIND_OF:
        raise FrameError(
            'alert',
            f'alert {message.id!r}: state {message.state} or kind {message.kind} is not known',
        )
    at, roi = message.location, message.roi
    return Alert(
        id=message.id,
        kind=KIND_OF[message.kind],
        state=STATE_OF[message.state],
        store=at.store,
        aisle=at.aisle,
        bay=at.bay,
        level=at.level,
        box=Box(at.x, at.y, at.width, at.height),
        score=message.score,
        threshold=message.threshold,
        p_value=message.p_value,
        first_seen_ns=time_ns(message.first_seen),
        last_seen_ns=time_ns(message.last_seen),
        sightings=message.sightings,
        homes=_homes_from(message),
        seen_in=tuple(message.seen_in),
        resolved_in=message.resolved_in or None,
        reason=message.reason,
        frame_id=message.header.frame_id,
        stamp_ns=time_ns(message.header.stamp),
        roi=Roi(roi.x_offset, roi.y_offset, roi.width, roi.height) if roi.width else None,
        evidence=bytes(message.evidence.data),
        resolved_ns=time_ns(message.resolved) or None,
        same_as=message.same_as,
    )


def _homes_from(message: ShelfAlert) -> tuple[Home, ...]:
    """Return the homes; levels and confidences may be missing (another program's message)."""
    return tuple(
        Home(bay, None if level is None or level < 0 else int(level), float(confidence or 0.0))
        for bay, level, confidence in zip_longest(
            message.suggested_bays,
            message.suggested_levels[: len(message.suggested_bays)],
            message.suggested_confidences[: len(message.suggested_bays)],
        )
    )


def report_to_message(
    report: BayReport, store: StoreLayout, *, robot: str = '', frame_id: str = ''
) -> BayInspection:
    """Return the message of a pass that ended."""
    counts = sorted(report.views_refused, key=lambda pair: -pair[1])
    message = BayInspection(
        store=store.store,
        aisle=store.bay(report.bay).aisle,
        bay=report.bay,
        robot=robot,
        patrol=report.patrol,
        result=RESULTS[report.result],
        views_used=report.views_used,
        views_refused=sum(count for _, count in counts),
        coverage=float(report.coverage),
        refusal_reasons=[reason.value for reason, _ in counts],
        refusal_counts=[count for _, count in counts],
        score=float(report.score),
        threshold=float(report.threshold),
        alert_ids=list(report.alert_ids),
        relearn=report.relearn,
        start=ns_to_stamp(report.start_ns),
        end=ns_to_stamp(report.end_ns),
    )
    message.header.stamp = ns_to_stamp(report.end_ns)
    message.header.frame_id = frame_id
    return message


def report_from_message(message: BayInspection) -> BayReport:
    """Return the record of a pass; :raises FrameError: if the message was not filled in."""
    if message.result not in RESULT_OF:
        raise FrameError(
            'inspection',
            f'inspection of bay {message.bay!r}: result {message.result} is not known',
        )
    return BayReport(
        bay=message.bay,
        patrol=message.patrol,
        result=RESULT_OF[message.result],
        start_ns=time_ns(message.start),
        end_ns=time_ns(message.end),
        views_used=message.views_used,
        views_refused=tuple(
            (Refusal(reason), int(count))
            for reason, count in zip(message.refusal_reasons, message.refusal_counts, strict=True)
        ),
        coverage=message.coverage,
        score=message.score,
        threshold=message.threshold,
        alert_ids=tuple(message.alert_ids),
        relearn=message.relearn,
    )


def verdict_from_message(message: AlertVerdict) -> tuple[str, str]:
    """Return alert id and verdict; :raises FrameError: if the verdict is none."""
    if message.verdict not in VERDICT_OF:
        raise FrameError(
            'verdict',
            f'verdict {message.verdict} on alert {message.alert_id!r} is not known; it is ignored',
        )
    return message.alert_id, VERDICT_OF[message.verdict]


def verdict_to_message(
    alert_id: str, verdict: str, *, store: str, author: str = '', note: str = ''
) -> AlertVerdict:
    """Return the message of a verdict."""
    return AlertVerdict(
        alert_id=alert_id, verdict=VERDICTS[verdict], store=store, author=author, note=note
    )
