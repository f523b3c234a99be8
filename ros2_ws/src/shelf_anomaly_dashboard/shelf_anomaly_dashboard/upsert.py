# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Robots' records into rows: a repetition changes nothing, a change is told in the time line."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy.orm import Session

from .known import Known
from .life import after_robot, priority, stale
from .models import AlertRow, BayRow, EventRow, InspectionRow, RobotRow, SightingRow
from .records import (
    AlertRecord,
    InspectionRecord,
    InspectionResult,
    PlaceRecord,
    State,
    StatusRecord,
    Verdict,
    VerdictRecord,
)

PAST_NS = 30 * 24 * 3600 * 10**9
FUTURE_NS = 60 * 10**9
RESEND_NS = 3 * 10**9
"""A verdict that the robot has not taken over is sent again no more often than this."""

_COPIED = (
    *(
        'kind',
        'aisle',
        'bay',
        'level',
        'x',
        'y',
        'width',
        'height',
        'score',
        'threshold',
        'p_value',
    ),
    *('reason', 'model', 'stamp_ns', 'first_seen_ns', 'last_seen_ns', 'sightings', 'resolved_in'),
    *('same_as', 'expected_sku'),
)


def on_our_clock(stamp_ns: int, now_ns: int) -> int:
    """Return ``stamp_ns``, or now when it is of another clock (simulation, recording)."""
    return stamp_ns if now_ns - PAST_NS <= stamp_ns <= now_ns + FUTURE_NS else now_ns


def keep_alert(
    session: Session, known: Known, record: AlertRecord, picture: str | None, now: int
) -> list[VerdictRecord]:
    """
    Make or renew the row of an alert.

    :param session: a session for writing
    :param known: what the database has about the alerts of this batch
    :param record: what the robot tells
    :param picture: name of the evidence picture, or None for the one that is there already
    :param now: the dashboard's time, nanoseconds
    :return: a verdict that should be sent to the robot again, or nothing
    """
    row = known.alert(record)
    if row is None:
        row = _new_alert(session, record, picture, now)
        known.add(record, row)
        known.is_new(record)
        session.add_all((row, _sighting(record, picture, now)))
        return []
    if record.stamp_ns != row.stamp_ns and known.is_new(record):
        session.add(_sighting(record, picture, now))  # a report may come twice and out of order
    row.received_ns = now
    row.evidence = picture or row.evidence
    if stale(
        heard_stamp_ns=row.stamp_ns,
        heard_state=State(row.robot_state),
        stamp_ns=record.stamp_ns,
        state=record.state,
    ):
        return []
    for patrol in record.seen_in:
        if row.seen_in and patrol not in row.seen_in:
            _event(session, row, now, 'seen_again', patrol)
    _copy(row, record)
    row.robot_state = record.state.value
    verdict = Verdict(row.verdict) if row.verdict else None
    told = after_robot(State(row.state), record.state, verdict, row.verdict_taken)
    set_state(row, told.state, now)
    row.verdict_taken = told.taken
    if told.event:
        _event(session, row, now, told.event, record.resolved_in)
    if told.verdict_over:
        row.verdict = None
        # The fault is back: whoever took note of the earlier one has not seen this one.
        row.acknowledged_by, row.acknowledged_ns = '', 0
    waits = verdict not in (None, Verdict.CONFIRMED) and not told.taken
    if waits and verdict and now - row.verdict_sent_ns >= RESEND_NS:
        row.verdict_sent_ns = now
        return [
            VerdictRecord(
                row.store,
                row.robot,
                row.id,
                verdict,
                row.verdict_by,
                row.verdict_note,
                row.verdict_ns,
            )
        ]
    return []


def _new_alert(session: Session, record: AlertRecord, picture: str | None, now: int) -> AlertRow:
    row = AlertRow(store=record.store, robot=record.robot, id=record.id)
    _copy(row, record)
    row.robot_state = record.state.value
    set_state(row, record.state, now)
    row.since_ns = on_our_clock(record.first_seen_ns, now)
    row.received_ns = now
    row.evidence = picture
    _event(session, row, row.since_ns, 'opened', record.seen_in[0] if record.seen_in else '')
    if record.state is not State.OPEN:
        _event(session, row, now, record.state.value, record.resolved_in)
    return row


def _copy(row: AlertRow, record: AlertRecord) -> None:
    for name in _COPIED:
        setattr(row, name, getattr(record, name))
    row.kind = record.kind.value
    row.priority = priority(record.kind, record.score, record.threshold)
    row.suggested_bays, row.seen_in = list(record.suggested_bays), list(record.seen_in)
    row.suggested_levels = list(record.suggested_levels)
    row.suggested_confidences = list(record.suggested_confidences)


def set_state(row: AlertRow, state: State, now: int) -> None:
    """Set what people see of an alert, and remember when it was closed."""
    if state is State.OPEN:
        row.closed_ns = 0
    elif row.state in (None, State.OPEN.value):
        row.closed_ns = now
    row.state = state.value


def _sighting(record: AlertRecord, picture: str | None, now: int) -> SightingRow:
    return SightingRow(
        store=record.store,
        robot=record.robot,
        alert_id=record.id,
        stamp_ns=record.stamp_ns,
        received_ns=now,
        state=record.state.value,
        patrol=record.seen_in[-1] if record.seen_in else '',
        score=record.score,
        p_value=record.p_value,
        sightings=record.sightings,
        evidence=picture,
    )


def _event(session: Session, row: AlertRow, at_ns: int, what: str, note: str = '') -> None:
    session.add(
        EventRow(
            store=row.store,
            robot=row.robot,
            alert_id=row.id,
            at_ns=at_ns,
            by='robot',
            who=row.robot,
            what=what,
            note=note,
        )
    )


def keep_inspection(session: Session, record: InspectionRecord, now: int) -> None:
    """Make or renew the row of an inspection, and the bay's newest look."""
    values = asdict(record)
    values.update(result=record.result.value, refusals=dict(record.refusals), received_ns=now)
    session.merge(InspectionRow(**values))
    bay = session.get(BayRow, (record.store, record.bay))
    if bay is None:
        bay = BayRow(store=record.store, bay=record.bay, seen_ns=0)
        session.add(bay)
    elif bay.robot == record.robot and bay.end_ns == record.end_ns:
        return  # heard before
    bay.robot, bay.end_ns, bay.patrol = record.robot, record.end_ns, record.patrol
    bay.looked_ns = on_our_clock(record.end_ns, now)
    bay.result, bay.coverage, bay.refusals = (
        record.result.value,
        record.coverage,
        dict(record.refusals),
    )
    if record.result is not InspectionResult.NOT_SEEN:
        bay.seen_ns = bay.looked_ns
        bay.relearn = record.relearn  # a pass that saw nothing says nothing about it
    session.flush()


def keep_status(session: Session, record: StatusRecord, now: int) -> None:
    """Renew what is known about a detector."""
    row = _robot(session, record.store, record.robot, now)
    values = asdict(record)
    row.model = record.model
    row.status = {k: v for k, v in values.items() if k not in ('store', 'robot', 'model')}


def keep_place(session: Session, record: PlaceRecord, now: int) -> None:
    """Renew where a robot is."""
    row = _robot(session, record.store, record.robot, now)
    row.x, row.y, row.yaw, row.placed_ns = record.x, record.y, record.yaw, now


def note_heard(session: Session, store: str, robot: str, now: int) -> None:
    """Note that a robot spoke."""
    _robot(session, store, robot, now)


def _robot(session: Session, store: str, robot: str, now: int) -> RobotRow:
    row = session.get(RobotRow, (store, robot))
    if row is None:
        row = RobotRow(store=store, robot=robot, heard_ns=now, status={})
        session.add(row)
        session.flush()
    row.heard_ns = now
    return row
