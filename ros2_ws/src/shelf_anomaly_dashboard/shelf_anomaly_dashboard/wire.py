# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
Robots' reports and people's verdicts as JSON, for the roads that are not ROS: MQTT and REST.

The models are the description: ``schemas()`` gives their JSON schema, the documents show it.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import asdict
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .records import (
    AlertRecord,
    BadRecordError,
    InspectionRecord,
    InspectionResult,
    Kind,
    PlaceRecord,
    State,
    StatusRecord,
    VerdictRecord,
)
from .text import clean, LIST_LIMIT, NAME_LIMIT, SENTENCE_LIMIT

Name = Annotated[str, Field(max_length=NAME_LIMIT)]
Text = Annotated[str, Field(max_length=SENTENCE_LIMIT)]
Names = Annotated[list[Name], Field(max_length=LIST_LIMIT)]
Boards = Annotated[list[Annotated[int, Field(ge=-1, le=99)]], Field(max_length=LIST_LIMIT)]
Shares = Annotated[list[Annotated[float, Field(ge=0, le=1)]], Field(max_length=LIST_LIMIT)]
Count = Annotated[int, Field(ge=0, le=2**63 - 1)]
Stamp = Annotated[int, Field(ge=0, le=2**63 - 1, description='Nanoseconds since 1970.')]
Figure = Annotated[float | None, Field(allow_inf_nan=False)]
Number = Annotated[float, Field(allow_inf_nan=False, ge=-1e6, le=1e6)]
Counts = Annotated[dict[Name, Count], Field(max_length=LIST_LIMIT)]
Times = Annotated[dict[Name, Number], Field(max_length=LIST_LIMIT)]


class Report(BaseModel):
    """What every report says."""

    model_config = ConfigDict(extra='ignore')  # a newer robot may say more

    robot: Name = Field(
        default='', description='On MQTT the topic says it; then it may be left out.'
    )


class AlertIn(Report):
    """One alert, told anew at each change; the same id is the same alert."""

    id: str = Field(min_length=32, max_length=36, description='UUID')
    kind: Kind
    state: State
    aisle: Name = ''
    bay: Name = ''
    level: int = Field(default=-1, ge=-1, le=99, description='Board from below, 0 is the lowest.')
    x: Figure = Field(default=None, description="Centre, metres right of the bay's origin.")
    y: Figure = Field(default=None, description="Centre, metres above the bay's origin.")
    width: Figure = None
    height: Figure = None
    score: Figure = Field(default=None, description='Higher is worse.')
    threshold: Figure = None
    p_value: Figure = None
    reason: Text = ''
    model: Name = ''
    stamp_ns: Stamp = Field(default=0, description='Acquisition of the frame; orders the reports.')
    first_seen_ns: Stamp = 0
    last_seen_ns: Stamp = 0
    sightings: Count = 0
    suggested_bays: Names = Field(default=[], description='Where it belongs, best first.')
    suggested_levels: Boards = Field(
        default=[], description='Of each of these bays the board from below; -1 is not known.'
    )
    suggested_confidences: Shares = Field(
        default=[], description='Of each of these bays how likely it is the home, 0 to 1.'
    )
    seen_in: Names = Field(default=[], description='Patrols.')
    resolved_in: Name = ''
    same_as: str = Field(
        default='', max_length=36, description='The alert that goes on for this one.'
    )
    expected_sku: Name = Field(default='', description='What the planogram has at its place.')
    evidence: str = Field(
        default='', max_length=12 * 1024 * 1024, description='JPEG or PNG, base64; may be empty.'
    )

    def record(self, store: str, robot: str) -> AlertRecord:
        """Return the record; :raises BadRecordError: when the id or the picture is none."""
        values = self.model_dump(exclude={'robot', 'evidence'})
        for name in ('suggested_bays', 'suggested_levels', 'suggested_confidences', 'seen_in'):
            values[name] = tuple(values[name])
        try:
            picture = base64.b64decode(self.evidence, validate=True)
        except (binascii.Error, ValueError):
            raise BadRecordError(f'alert {clean(self.id, 40)!r}: evidence is no base64') from None
        return AlertRecord(store=store, robot=robot, evidence=picture, **values)


class InspectionIn(Report):
    """One look at one bay, also when all was normal."""

    bay: Name = Field(min_length=1)
    result: InspectionResult
    aisle: Name = ''
    patrol: Name = ''
    start_ns: Stamp = 0
    end_ns: Stamp = 0
    coverage: Figure = None
    views_used: Count = 0
    views_refused: Count = 0
    refusals: Counts = Field(default={}, description='Why views were refused, and how many.')
    score: Figure = None
    threshold: Figure = None
    relearn: bool = Field(
        default=False, description='What is normal there has moved; the model must learn it anew.'
    )

    def record(self, store: str, robot: str) -> InspectionRecord:
        """Return the record; :raises BadRecordError: when it names no bay."""
        return InspectionRecord(store=store, robot=robot, **self.model_dump(exclude={'robot'}))


class StatusIn(Report):
    """How the detector does; once a second keeps the robot connected on the pages."""

    model: Name = ''
    stamp_ns: Stamp = 0
    frames_received: Count = 0
    frames_dropped: Count = 0
    frames_rejected: Count = 0
    frames_unplaced: Count = 0
    frames_inspected: Count = 0
    frame_rate: Figure = None
    latency_ms: Figure = None
    open_alerts: Count = 0
    stages_ms: Times = {}
    last_problem: Text = ''

    def record(self, store: str, robot: str) -> StatusRecord:
        """Return the record."""
        return StatusRecord(store=store, robot=robot, **self.model_dump(exclude={'robot'}))


class PlaceIn(Report):
    """Where the robot is: its base in the map frame."""

    x: Number
    y: Number
    yaw: Number
    stamp_ns: Stamp = 0

    def record(self, store: str, robot: str) -> PlaceRecord:
        """Return the record."""
        return PlaceRecord(store, robot, self.x, self.y, self.yaw, self.stamp_ns)


REPORTS: dict[str, type[AlertIn | InspectionIn | StatusIn | PlaceIn]] = {
    'alerts': AlertIn,
    'inspections': InspectionIn,
    'status': StatusIn,
    'place': PlaceIn,
}
Sort = TypeVar('Sort', bound=BaseModel)


def parse(sort: str, payload: bytes, store: str, robot: str) -> Any:
    """
    Return the record of a report.

    :param sort: alerts, inspections, status or place
    :param payload: JSON
    :raises BadRecordError: saying what is wrong with it
    """
    try:
        said = REPORTS[sort].model_validate_json(payload)
    except ValidationError as error:
        raise BadRecordError(f'{sort}: {first_problem(error)}') from None
    if said.robot and clean(said.robot) != clean(robot):
        raise BadRecordError(f'{sort}: robot {said.robot!r} reports as {clean(robot)!r}')
    return said.record(store, robot)


def first_problem(error: ValidationError) -> str:
    """Return what is wrong first, without the value."""
    told = error.errors(include_url=False, include_input=False, include_context=False)[0]
    place = '.'.join(str(part) for part in told['loc'])
    return clean(f'{place}: {told["msg"]}' if place else told['msg'], 200)


def verdict(record: VerdictRecord) -> dict[str, Any]:
    """Return a verdict as it is sent."""
    return asdict(record) | {'verdict': record.verdict.value}


def schemas() -> dict[str, Any]:
    """Return the JSON schema of each report."""
    return {sort: model.model_json_schema() for sort, model in REPORTS.items()}
