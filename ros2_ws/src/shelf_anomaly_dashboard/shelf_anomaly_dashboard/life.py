# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
The life of an alert: whose word counts, the robot's or a person's. Pure rules, no database.

A person's verdict counts at once and until the robot has taken it over. A robot that has not
heard it yet goes on saying "open"; that neither undoes the verdict nor fills the time line, it
only means that the verdict must be sent again.
"""

from __future__ import annotations

from dataclasses import dataclass

from .records import Kind, State, Verdict

STALE_NS = 30 * 10**9
"""A message up to this much older than one already heard came late; else the clock jumped."""
_SAYS = {
    Verdict.FALSE_ALARM: State.DISMISSED,
    Verdict.RESOLVED: State.RESOLVED,
    Verdict.REOPENED: State.OPEN,
    Verdict.CONFIRMED: State.OPEN,
}
_WHAT = {State.OPEN: 'reopened', State.RESOLVED: 'resolved', State.DISMISSED: 'dismissed'}


# What lies in the way first, then what shoppers take for something else, then what is missing.
_URGENCY = {Kind.FALLEN: 70, Kind.FOREIGN: 60, Kind.MISPLACED: 50, Kind.GAP: 45, Kind.UNKNOWN: 30}
_SURE = 30


@dataclass(frozen=True, slots=True)
class Told:
    """What hearing the robot changes."""

    state: State
    taken: bool
    """Whether the robot is now known to have heard the last verdict."""
    event: str | None
    """What to write into the time line."""
    verdict_over: bool = False
    """Whether the verdict is history: the fault came back after it."""


def stale(*, heard_stamp_ns: int, heard_state: State, stamp_ns: int, state: State) -> bool:
    """Return whether a message says "open" that is older than the robot's own closing."""
    late = 0 <= heard_stamp_ns - stamp_ns <= STALE_NS
    return state is State.OPEN and heard_state is not State.OPEN and late


def after_robot(shown: State, told: State, verdict: Verdict | None, taken: bool) -> Told:
    """
    Return what becomes of an alert that is shown as ``shown`` when its robot says ``told``.

    :param shown: the state that people see now
    :param told: the state in the robot's message
    :param verdict: the last verdict of a person, if any
    :param taken: whether the robot has shown that it heard that verdict
    """
    if verdict is not None and verdict is not Verdict.CONFIRMED and not taken:
        closes = _SAYS[verdict] is not State.OPEN
        if closes == (told is not State.OPEN):
            return Told(shown, True, 'taken_over')
        return Told(shown, False, None)
    if told is shown or (told is not State.OPEN and shown is not State.OPEN):
        return Told(shown, taken, None)
    return Told(told, taken, _WHAT[told], verdict_over=told is State.OPEN)


def after_verdict(verdict: Verdict) -> tuple[State, str]:
    """Return the state that a verdict brings, and what to write into the time line."""
    state = _SAYS[verdict]
    return state, 'confirmed' if verdict is Verdict.CONFIRMED else _WHAT[state]


def priority(kind: Kind, score: float | None, threshold: float | None) -> int:
    """
    Return how urgent an alert is, 0 to 100: by its kind first, then by how sure the robot is.

    :param score: higher is worse
    :param threshold: the score from which on the robot reports
    """
    sure = 0.0
    if score is not None and threshold is not None and threshold > 0:
        sure = min(1.0, max(0.0, score / threshold - 1.0))
    return min(100, _URGENCY.get(kind, _URGENCY[Kind.UNKNOWN]) + round(_SURE * sure))
