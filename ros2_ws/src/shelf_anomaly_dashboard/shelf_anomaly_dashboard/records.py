# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
The words of the dashboard: immutable records, cleaned once when they are made.

Whatever arrives (a message, a form, a request) becomes one of these before anything else sees
it. Lengths in metres, angles in radians, times in integer nanoseconds since 1970.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from itertools import zip_longest
import math

from shelf_anomaly.errors import ShelfAnomalyError
from shelf_anomaly.records import Kind, State

from .text import clean, clean_id, clean_list, finite, int64, LIST_LIMIT, SENTENCE_LIMIT

__all__ = [
    'AlertRecord',
    'BadRecordError',
    'InspectionRecord',
    'InspectionResult',
    'Kind',
    'PlaceRecord',
    'Record',
    'State',
    'StatusRecord',
    'Verdict',
    'VerdictRecord',
]


class BadRecordError(ShelfAnomalyError):
    """A message or request that cannot be used; only this one is lost."""


class InspectionResult(str, Enum):
    """What looking at a bay brought."""

    NORMAL = 'normal'
    ALERT = 'alert'
    NOT_SEEN = 'not_seen'


class Verdict(str, Enum):
    """What a person says about an alert."""

    CONFIRMED = 'confirmed'
    """It is a fault; somebody will put it right."""
    FALSE_ALARM = 'false_alarm'
    """Nothing is wrong here."""
    RESOLVED = 'resolved'
    """It has been put right."""
    REOPENED = 'reopened'
    """An earlier verdict was a mistake."""


def _clean_texts(record: object, names: tuple[str, ...], limit: int = 80) -> None:
    for name in names:
        object.__setattr__(record, name, clean(getattr(record, name), limit))


def _clean_numbers(record: object, names: tuple[str, ...]) -> None:
    for name in names:
        value = getattr(record, name)
        object.__setattr__(record, name, None if value is None else finite(value))


def _clean_counts(record: object, names: tuple[str, ...]) -> None:
    for name in names:
        object.__setattr__(record, name, int64(getattr(record, name)))


def _checked_id(value: object) -> str:
    if (good := clean_id(value)) is None:
        raise BadRecordError(
            f'alert: id {clean(value, 40)!r} is no UUID; the alert cannot be told from others'
        )
    return good


@dataclass(frozen=True, slots=True)
class AlertRecord:
    """One alert as a robot tells it."""

    store: str
    robot: str
    id: str
    """UUID in its usual spelling."""
    kind: Kind
    state: State
    aisle: str = ''
    bay: str = ''
    level: int = -1
    """Board counted from below, 0 is the lowest; -1 is not known."""
    x: float | None = None
    """Centre, metres right of the bay's origin."""
    y: float | None = None
    """Centre, metres above the bay's origin."""
    width: float | None = None
    height: float | None = None
    score: float | None = None
    """Higher is worse."""
    threshold: float | None = None
    p_value: float | None = None
    reason: str = ''
    model: str = ''
    stamp_ns: int = 0
    """Acquisition of the frame that this message is about."""
    first_seen_ns: int = 0
    last_seen_ns: int = 0
    sightings: int = 0
    suggested_bays: tuple[str, ...] = ()
    """Where it belongs, best first."""
    suggested_levels: tuple[int, ...] = ()
    """Of each of these bays the board, counted from below; -1 is anywhere in the bay."""
    suggested_confidences: tuple[float, ...] = ()
    """Of each of these bays how likely it is the home, 0..1; 0 is not told."""
    seen_in: tuple[str, ...] = ()
    resolved_in: str = ''
    evidence: bytes = b''
    """A JPEG or PNG picture, or nothing."""
    same_as: str = ''
    """Id of the alert that goes on for this one; empty is none."""
    expected_sku: str = ''
    """What the planogram has at its place; empty is not known."""

    def __post_init__(self) -> None:
        """Clean every field; :raises BadRecordError: when the alert has no id of its own."""
        object.__setattr__(self, 'id', _checked_id(self.id))
        object.__setattr__(self, 'same_as', clean_id(self.same_as) or '')
        _clean_texts(self, ('store', 'robot', 'aisle', 'bay', 'model', 'resolved_in'))
        _clean_texts(self, ('expected_sku',))
        _clean_texts(self, ('reason',), SENTENCE_LIMIT)
        _clean_numbers(self, ('x', 'y', 'width', 'height', 'score', 'threshold', 'p_value'))
        _clean_counts(self, ('stamp_ns', 'first_seen_ns', 'last_seen_ns', 'sightings'))
        object.__setattr__(self, 'level', min(99, max(-1, int(self.level))))
        _clean_homes(self)
        object.__setattr__(self, 'seen_in', clean_list(self.seen_in))


def _clean_homes(record: AlertRecord) -> None:
    """Keep each suggested bay once, with its own board and confidence; short lists are filled."""
    kept: dict[str, tuple[int, float]] = {}
    told = zip_longest(
        record.suggested_bays[:LIST_LIMIT],
        record.suggested_levels[: len(record.suggested_bays)],
        record.suggested_confidences[: len(record.suggested_bays)],
    )
    for value, level, confidence in told:
        if (name := clean(value)) and name not in kept:
            sure = confidence if confidence is not None and math.isfinite(confidence) else 0.0
            board = -1 if level is None else int(level)
            kept[name] = (min(99, max(-1, board)), min(1.0, max(0.0, float(sure))))
    object.__setattr__(record, 'suggested_bays', tuple(kept))
    object.__setattr__(record, 'suggested_levels', tuple(level for level, _ in kept.values()))
    object.__setattr__(record, 'suggested_confidences', tuple(sure for _, sure in kept.values()))


@dataclass(frozen=True, slots=True)
class InspectionRecord:
    """One look at one bay."""

    store: str
    robot: str
    bay: str
    result: InspectionResult
    aisle: str = ''
    patrol: str = ''
    start_ns: int = 0
    end_ns: int = 0
    coverage: float | None = None
    """Part of the bay that was seen well, 0..1."""
    views_used: int = 0
    views_refused: int = 0
    refusals: Mapping[str, int] = field(default_factory=dict)
    """Why views were not used, and how many for each reason."""
    score: float | None = None
    threshold: float | None = None
    relearn: bool = False
    """Whether what is normal there has moved away from what the model learnt."""

    def __post_init__(self) -> None:
        """Clean every field; :raises BadRecordError: when no bay is named."""
        _clean_texts(self, ('store', 'robot', 'bay', 'aisle', 'patrol'))
        _clean_numbers(self, ('coverage', 'score', 'threshold'))
        _clean_counts(self, ('start_ns', 'end_ns', 'views_used', 'views_refused'))
        cleaned = {clean(k): int64(v) for k, v in list(self.refusals.items())[:32]}
        object.__setattr__(self, 'refusals', cleaned)
        if not self.bay:
            raise BadRecordError('inspection: names no bay')


@dataclass(frozen=True, slots=True)
class StatusRecord:
    """How a detector is doing."""

    store: str
    robot: str
    model: str = ''
    stamp_ns: int = 0
    frames_received: int = 0
    frames_dropped: int = 0
    frames_rejected: int = 0
    frames_unplaced: int = 0
    frames_inspected: int = 0
    frame_rate: float | None = None
    latency_ms: float | None = None
    open_alerts: int = 0
    stages_ms: Mapping[str, float] = field(default_factory=dict)
    """Median time of each stage, milliseconds."""
    last_problem: str = ''

    def __post_init__(self) -> None:
        """Clean every field."""
        _clean_texts(self, ('store', 'robot', 'model'))
        _clean_texts(self, ('last_problem',), SENTENCE_LIMIT)
        _clean_numbers(self, ('frame_rate', 'latency_ms'))
        _clean_counts(self, ('stamp_ns', 'open_alerts'))
        _clean_counts(
            self,
            (
                'frames_received',
                'frames_dropped',
                'frames_rejected',
                'frames_unplaced',
                'frames_inspected',
            ),
        )
        stages = {
            clean(k): v
            for k, raw in list(self.stages_ms.items())[:32]
            if (v := finite(raw)) is not None
        }
        object.__setattr__(self, 'stages_ms', stages)


@dataclass(frozen=True, slots=True)
class PlaceRecord:
    """Where a robot is: its base in the map frame."""

    store: str
    robot: str
    x: float
    y: float
    yaw: float
    stamp_ns: int = 0

    def __post_init__(self) -> None:
        """Clean every field; :raises BadRecordError: when the position is no position."""
        _clean_texts(self, ('store', 'robot'))
        _clean_counts(self, ('stamp_ns',))
        if None in (finite(self.x), finite(self.y), finite(self.yaw)):
            raise BadRecordError(f'robot place: {self.x}, {self.y}, {self.yaw} is not finite')


@dataclass(frozen=True, slots=True)
class VerdictRecord:
    """What a person said about an alert, on its way to the robot."""

    store: str
    robot: str
    alert_id: str
    verdict: Verdict
    author: str
    note: str
    at_ns: int

    def __post_init__(self) -> None:
        """Clean every field; :raises BadRecordError: when no alert is named."""
        object.__setattr__(self, 'alert_id', _checked_id(self.alert_id))
        _clean_texts(self, ('store', 'robot', 'author'))
        _clean_texts(self, ('note',), SENTENCE_LIMIT)
        _clean_counts(self, ('at_ns',))


Record = AlertRecord | InspectionRecord | StatusRecord | PlaceRecord
"""What goes into the inbox."""
