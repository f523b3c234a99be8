# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Alerts and bays in words that staff understand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
import math

from ..records import Alert, BayResult, Home, Kind, Refusal, State
from ..store_layout import Bay, StoreLayout
from .result import Patrol

KIND_TITLE: Mapping[Kind, str] = {
    Kind.MISPLACED: 'Misplaced product',
    Kind.FOREIGN: 'Foreign item',
    Kind.GAP: 'Gap on the shelf',
    Kind.FALLEN: 'Fallen product',
    Kind.UNKNOWN: 'Not as usual',
}
KIND_MEANING: Mapping[Kind, str] = {
    Kind.MISPLACED: 'Something stands here that has its place elsewhere in the store.',
    Kind.FOREIGN: 'Something stands here that has no place anywhere in the store.',
    Kind.GAP: 'Nothing stands where something usually does.',
    Kind.FALLEN: 'The usual product lies instead of standing.',
    Kind.UNKNOWN: 'This place does not look as it usually does.',
}
STATE_TITLE: Mapping[State, str] = {
    State.OPEN: 'open',
    State.RESOLVED: 'put right',
    State.DISMISSED: 'dismissed',
}
RESULT_TITLE: Mapping[BayResult, str] = {
    BayResult.NORMAL: 'normal',
    BayResult.ALERT: 'alert',
    BayResult.NOT_SEEN: 'not seen',
}
REFUSAL_TITLE: Mapping[str, str] = {
    Refusal.COVERAGE.value: 'too little of the bay in the picture',
    Refusal.RESOLUTION.value: 'too far away',
    Refusal.INCIDENCE.value: 'seen too much from the side',
    Refusal.SHARPNESS.value: 'blurred',
    Refusal.EXPOSURE.value: 'too dark or too bright',
    Refusal.POSE_AGE.value: 'no pose at the time of the picture',
    Refusal.POSE_UNCERTAINTY.value: 'the robot was unsure where it was',
    Refusal.REGISTRATION.value: 'does not lie where the bay should be (a wrong pose)',
    Refusal.OCCLUDED.value: 'someone or something stood in front',
}


def where(alert: Alert, bay: Bay) -> str:
    """Say where something is: ``bay A1-L04, 3rd shelf from below, 0.76 m from the left``."""
    height = shelf(alert.level, len(bay.levels))
    return f'bay {alert.bay}, {height}, {alert.box.x:.2f} m from the left'


def shelf(level: int, levels: int) -> str:
    """Say which shelf: the lowest is the 1st from below."""
    if levels == 1:
        return 'only shelf'
    number = level + 1
    ending = {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')
    if 10 < number % 100 < 14:
        ending = 'th'
    return f'{number}{ending} shelf from below'


def in_the_home(home: Home, store: StoreLayout) -> str:
    """Say where in its bay a thing belongs, and how sure that is."""
    sure = f'{home.confidence:.0%} sure'
    if home.level is None or home.bay not in store.bays:
        return sure
    return f'{shelf(home.level, len(store.bay(home.bay).levels))}, {sure}'


def chance(p_value: float) -> str:
    """Say how often a normal pass of the bay scores as high."""
    if not math.isfinite(p_value) or p_value > 1:
        return 'not known'
    if p_value <= 0:
        return 'never in what was taught'
    return f'once in {1 / p_value:,.0f} normal passes' if p_value < 0.5 else 'usual'


def why_not_seen(bay: str, patrol: Patrol) -> str:
    """Say why a bay counts as not seen in a patrol."""
    if patrol.error:
        return 'the bag could not be used'
    if bay not in patrol.reports:
        return 'the model was not fitted on this bay'
    refused: dict[str, int] = {}
    used = 0
    for report in patrol.reports[bay]:
        used += report.views_used
        for reason, count in report.views_refused:
            refused[reason.value] = refused.get(reason.value, 0) + count
    if refused:
        most = max(refused, key=lambda reason: refused[reason])
        return (
            f'{sum(refused.values())} pictures not used, mostly: {REFUSAL_TITLE.get(most, most)}'
        )
    return 'too few pictures' if used else 'never in front of the camera'


def moment(stamp_ns: int) -> str:
    """Return a time for people, UTC; empty for 0."""
    if stamp_ns <= 0:
        return ''
    try:
        told = datetime.fromtimestamp(stamp_ns / 1e9, timezone.utc)
    except (OverflowError, ValueError, OSError):
        return ''
    return f'{told:%Y-%m-%d %H:%M} UTC'
