# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""One fault, one alert: raised, seen again, put right, come back, replaced."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
import sys

import pytest

from shelf_anomaly.appearance import Appearance
from shelf_anomaly.records import Alert, Box, Finding, Home, Kind, State
from shelf_anomaly.tracker import gone_below, REOPEN_WITHIN_NS, Sighting, Tracker

sys.path.insert(0, str(Path(__file__).parent))

from pass_builder import finding, result, sighting, store, THRESHOLD

HOUR = 3_600_000_000_000


class Scene:
    """A tracker that is driven past one bay, patrol after patrol, an hour apart."""

    def __init__(self, **options: int) -> None:
        self._ids: Iterator[int] = count(1)
        self._hours: Iterator[int] = count(1)
        self.tracker = Tracker(store(), new_id=lambda: f'id-{next(self._ids)}', **options)

    def drive(
        self,
        *seen: Sighting | Finding,
        at_ns: int | None = None,
        now: float | None = None,
        **more: object,
    ) -> None:
        """Pass the bay once; ``now`` is the code that its places show, where it can be told."""
        hour = next(self._hours)
        sightings = [s if isinstance(s, Sighting) else sighting(s) for s in seen]

        def alike(_bay: str, then: Appearance) -> bool | None:
            return None if now is None else abs(float(then.codes.mean()) - now) < 0.5

        self.tracker.update(
            store().bay('L01'),
            f'patrol {hour}',
            hour * HOUR if at_ns is None else at_ns,
            result(*(s.finding for s in sightings), **more),  # type: ignore[arg-type]
            sightings,
            alike,
        )

    @property
    def alerts(self) -> tuple[Alert, ...]:
        return self.tracker.alerts

    @property
    def states(self) -> list[tuple[str, str]]:
        return [(a.id, a.state.value) for a in self.alerts]


def test_a_fault_that_stands_keeps_its_alert() -> None:
    scene = Scene()
    scene.drive(finding(score=5.0, kind=Kind.UNKNOWN))
    scene.drive(finding(x=0.54, y=0.55, score=9.0, homes=(Home('L02', 1, 0.9),)))
    scene.drive(finding(score=3.0))  # weak, but at the very place

    (alert,) = scene.alerts
    assert (alert.id, alert.state) == ('id-1', State.OPEN)
    assert alert.seen_in == ('patrol 1', 'patrol 2', 'patrol 3')
    assert alert.sightings == 12
    assert (alert.first_seen_ns, alert.last_seen_ns) == (HOUR, 3 * HOUR)
    # What is told of it is what was seen best.
    assert (alert.kind, alert.score, alert.suggested_bays) == (Kind.FOREIGN, 9.0, ('L02',))


def test_what_is_below_the_threshold_or_rests_on_one_look_raises_nothing() -> None:
    scene = Scene()
    scene.drive(finding(score=3.9))
    scene.drive(sighting(finding(), enough_views=False))

    assert scene.alerts == ()


@pytest.mark.parametrize(
    ('later', 'state'),
    [
        ({'usual': 0.5}, State.RESOLVED),
        ({'usual': 2.3}, State.RESOLVED),  # below KEEP times the threshold
        ({'usual': 3.9}, State.RESOLVED),  # far below what this fault scored
        ({'usual': 4.1}, State.OPEN),  # would raise an alert by itself
        ({'judged': False}, State.OPEN),  # never because it was not looked at
        ({'usual': 0.5, 'at_ns': HOUR - 1}, State.OPEN),  # before it was seen
    ],
)
def test_put_right(later: dict[str, object], state: State) -> None:
    scene = Scene()
    scene.drive(finding(score=10.0))
    scene.drive(**later)  # type: ignore[arg-type]

    (alert,) = scene.alerts
    assert alert.state is state
    righted = state is State.RESOLVED
    assert alert.resolved_in == ('patrol 2' if righted else None)
    assert alert.resolved_ns == (2 * HOUR if righted else None)


@pytest.mark.parametrize(
    ('score', 'level'), [(4.0, 2.8), (5.6, 2.8), (7.0, 3.5), (20.0, THRESHOLD)]
)
def test_the_score_below_which_a_fault_is_gone(score: float, level: float) -> None:
    assert gone_below(score, THRESHOLD) == pytest.approx(level)


def test_the_look_of_the_place_decides_where_it_is_known() -> None:
    scene = Scene()
    scene.drive(sighting(finding(score=4.5), 7.0))
    scene.drive(usual=0.5, now=7.0)  # scores low, looks as it did
    assert scene.states == [('id-1', 'open')]
    scene.drive(usual=3.5, now=0.0)  # scores high, looks normal
    assert scene.states == [('id-1', 'resolved')]


def test_a_noise_beside_a_fault_that_was_put_right_does_not_keep_it() -> None:
    scene = Scene()
    scene.drive(sighting(finding(x=0.5, score=9.0), 7.0))
    scene.drive(finding(x=0.62, score=3.0), now=0.0)
    assert scene.states == [('id-1', 'resolved')]


@pytest.mark.parametrize(
    ('after_ns', 'kind', 'ids'),
    [
        (HOUR, Kind.FOREIGN, ['id-1']),
        (REOPEN_WITHIN_NS, Kind.FOREIGN, ['id-1']),
        (REOPEN_WITHIN_NS + 1, Kind.FOREIGN, ['id-1', 'id-2']),
        (HOUR, Kind.GAP, ['id-1', 'id-2']),  # another kind, and no look to compare
    ],
)
def test_what_comes_back(after_ns: int, kind: Kind, ids: list[str]) -> None:
    scene = Scene()
    scene.drive(finding())
    scene.drive()
    scene.drive(finding(kind=kind), at_ns=2 * HOUR + after_ns)

    assert [a.id for a in scene.alerts] == ids
    assert scene.alerts[-1].state is State.OPEN
    if len(ids) == 1:
        assert scene.alerts[0].resolved_in is None
        assert scene.alerts[0].resolved_ns is None
        assert scene.alerts[0].seen_in == ('patrol 1', 'patrol 3')


@pytest.mark.parametrize(('now', 'ids'), [(7.0, ['id-1']), (3.0, ['id-1', 'id-2'])])
def test_the_same_thing_comes_back_another_one_is_new(now: float, ids: list[str]) -> None:
    scene = Scene()
    scene.drive(sighting(finding(), 7.0))
    scene.drive(now=0.0)
    scene.drive(sighting(finding(), now), now=now)

    assert [a.id for a in scene.alerts] == ids


def test_what_comes_back_is_named_by_what_is_seen_now() -> None:
    scene = Scene()
    scene.drive(sighting(finding(score=9.0), 7.0))
    scene.drive(now=0.0)
    scene.drive(sighting(finding(kind=Kind.FALLEN, score=6.0), 7.0), now=7.0)

    (alert,) = scene.alerts
    assert (alert.id, alert.kind, alert.score) == ('id-1', Kind.FALLEN, 6.0)


def test_another_thing_of_another_kind_replaces_a_fault() -> None:
    scene = Scene()
    scene.drive(sighting(finding(), 7.0))
    scene.drive(sighting(finding(x=0.52, kind=Kind.GAP), 3.0), now=3.0, usual=0.5)

    assert scene.states == [('id-1', 'resolved'), ('id-2', 'open')]


def test_two_faults_side_by_side_stay_two() -> None:
    scene = Scene()
    for shift in (0.0, 0.03, -0.03):
        scene.drive(finding(x=0.4 + shift), finding(x=0.58 + shift))

    assert [(a.id, len(a.seen_in)) for a in scene.alerts] == [('id-1', 3), ('id-2', 3)]


@pytest.mark.parametrize(('kind', 'ids'), [(Kind.FALLEN, ['id-1']), (Kind.GAP, ['id-1', 'id-2'])])
def test_either_end_of_a_lying_thing_is_the_same_thing(kind: Kind, ids: list[str]) -> None:
    scene = Scene()
    for x in (0.40, 0.58):
        scene.drive(finding(x=x, kind=kind))

    assert [alert.id for alert in scene.alerts] == ids


def test_the_peaks_of_one_large_thing_are_one_alert() -> None:
    scene = Scene()
    large = finding(score=9.0, box=Box(0.5, 0.6, 0.3, 0.3))
    scene.drive(large, finding(x=0.63, score=5.0), finding(x=0.9, score=5.0))

    assert len(scene.alerts) == 2


def test_bays_have_their_own_alerts() -> None:
    scene = Scene()
    scene.drive(finding())
    scene.tracker.update(store().bay('L02'), 'patrol 2', 2 * HOUR, result(), [])

    assert scene.states == [('id-1', 'open')]


def test_time_that_goes_back_changes_no_order() -> None:
    scene = Scene()
    scene.drive(finding())
    scene.drive(finding(), at_ns=HOUR // 2)  # a bag that loops

    (alert,) = scene.alerts
    assert (alert.first_seen_ns, alert.last_seen_ns) == (HOUR // 2, HOUR)
    scene.drive()
    assert scene.alerts[0].state is State.RESOLVED


@pytest.mark.parametrize(
    ('verdict', 'state'),
    [
        ('confirmed', State.OPEN),
        ('false_alarm', State.DISMISSED),
        ('resolved', State.RESOLVED),
        ('reopened', State.OPEN),
    ],
)
def test_verdicts(verdict: str, state: State) -> None:
    scene = Scene()
    scene.drive(finding())

    (alert,) = scene.tracker.verdict('id-1', verdict, 2 * HOUR)
    assert alert.state is state
    assert scene.tracker.verdict('unknown', verdict) == ()
    assert scene.tracker.verdict('id-1', 'whatever') == ()


def test_resolved_by_a_person_and_still_there_is_open_again() -> None:
    scene = Scene()
    scene.drive(finding())
    scene.tracker.verdict('id-1', 'resolved', HOUR + 1)
    scene.drive(finding())

    assert scene.states == [('id-1', 'open')]


def test_what_an_earlier_run_knew_goes_on() -> None:
    before, after = Scene(), Scene()
    before.drive(sighting(finding(), 7.0))
    after.tracker.restore([(before.alerts[0], before.tracker.appearance('id-1'))])
    after.drive(sighting(finding(), 7.0), now=7.0)

    (alert,) = after.alerts
    assert alert.sightings == 8
    assert replace(alert, sightings=4) == before.alerts[0]


def told(number: int, **changes: object) -> Alert:
    """Return an alert of another robot, at the place of :func:`finding`."""
    scene = Scene()
    scene.drive(finding())
    return replace(scene.alerts[0], id=f'other-{number}', **changes)  # type: ignore[arg-type]


def test_a_fault_that_another_robot_told_of_keeps_its_id() -> None:
    scene = Scene()
    assert scene.tracker.hear(told(1)) == ((told(1),), ())
    assert scene.tracker.own_open_alerts == ()
    scene.drive(finding(), at_ns=3 * HOUR)

    assert scene.states == [('other-1', 'open')]
    assert [a.id for a in scene.tracker.own_open_alerts] == ['other-1']
    assert scene.tracker.hear(told(1)) == ((), ())  # older than what is known


def test_what_another_robot_saw_put_right_is_put_right_here() -> None:
    scene = Scene()
    scene.drive(finding())
    righted = replace(
        scene.alerts[0], state=State.RESOLVED, resolved_ns=2 * HOUR, resolved_in='theirs'
    )
    scene.tracker.hear(righted)

    assert scene.states == [('id-1', 'resolved')]
    assert scene.alerts[0].resolved_in == 'theirs'


@pytest.mark.parametrize(
    ('first_seen_ns', 'name', 'gives_way'),
    [(HOUR - 1, 'zz', True), (HOUR, 'aa', True), (HOUR, 'zz', False), (HOUR + 1, 'aa', False)],
)
def test_two_that_raised_one_fault_agree(first_seen_ns: int, name: str, gives_way: bool) -> None:
    scene = Scene()
    scene.drive(sighting(finding(), 7.0))
    theirs = replace(told(1), id=name, first_seen_ns=first_seen_ns)
    _, said = scene.tracker.hear(theirs)
    scene.tracker.hear(theirs)

    if gives_way:
        assert [(a.id, a.same_as, a.state) for a in said] == [('id-1', name, State.RESOLVED)]
        assert [a.id for a in scene.tracker.open_alerts] == [name]
        assert scene.tracker.appearance(name) is not None
    else:
        assert said == ()
        assert scene.states == [('id-1', 'open')]
    # The other one's closing word changes nothing here.
    scene.tracker.hear(replace(theirs, id='gone', state=State.RESOLVED, same_as='id-1'))
    assert 'gone' not in [a.id for a in scene.alerts]
