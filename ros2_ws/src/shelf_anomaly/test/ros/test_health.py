# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Counters, rates, stage times, problems; and the diagnostics that are made of them."""

from __future__ import annotations

from dataclasses import replace
import logging

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticStatus
import pytest

from shelf_anomaly.errors import ArtefactError, FrameError, PoseError
from shelf_anomaly.ros.diagnostics import build, Facts
from shelf_anomaly.ros.guard import Guard
from shelf_anomaly.ros.health import Health

OK, WARN, ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR
FACTS = Facts(
    image_topics=('/camera/image_raw',),
    publishers=1,
    reliability='reliable',
    has_camera_info=True,
    pose_source='topic /robot_pose',
    pose_age_s=0.1,
    model='m',
    model_folder='/m',
    store='s',
    patrol='p',
    open_alerts=2,
    waiting_since_s=0.0,
    camera_timeout_s=5.0,
    busy_s=0.0,
)


class Clock:
    """A steady clock that the test moves."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def health(clock: Clock) -> Health:
    return Health(clock)


def levels(health: Health, facts: Facts = FACTS) -> dict[str, tuple[bytes, str]]:
    message = build('n', 'cam', Time(), facts, health.snapshot())
    return {s.name.removeprefix('n: '): (s.level, s.message) for s in message.status}


def test_rates_and_stage_times(clock: Clock, health: Health) -> None:
    for i in range(11):
        clock.now = 100.0 + i * 0.1
        health.frame_received()
        health.frame_inspected(10.0 + i, [('decode', float(i)), ('find', 1.0)])

    shot = health.snapshot()

    assert shot.counts['received'] == shot.counts['inspected'] == 11
    assert shot.rate_hz == pytest.approx(10.0)
    assert shot.latency_ms == 15.0
    assert shot.stages == (('decode', 5.0, 9.5), ('find', 1.0, 1.0))
    clock.now += 60.0
    assert health.snapshot().rate_hz == 0.0


def test_a_problem_is_counted_always_and_logged_now_and_then(clock: Clock, health: Health) -> None:
    assert health.problem('size', 'first\nline')
    assert not health.problem('size', 'second')
    assert health.problem('other', 'third')  # another reason is another matter
    clock.now += 10.0
    assert health.problem('size', 'fourth')

    shot = health.snapshot()

    assert {p.reason: p.count for p in shot.problems} == {'size': 3, 'other': 1}
    assert shot.problems[0].text == 'fourth'
    clock.now += 10.1
    assert health.snapshot().recent == ()


def test_texts_from_outside_are_bounded(health: Health) -> None:
    health.problem('size', 'x' * 1_000_000)

    assert len(health.snapshot().problems[0].text) == 500


@pytest.mark.parametrize(
    ('error', 'reason', 'exceptions'),
    [
        (FrameError('truncated', 'cut off'), 'truncated', 0),
        (PoseError('no_pose', 'none'), 'no_pose', 0),
        (ArtefactError('damaged'), 'image', 0),
        (ZeroDivisionError('oops'), 'exception_image', 1),
    ],
)
def test_no_exception_leaves_a_callback(
    health: Health, error: Exception, reason: str, exceptions: int
) -> None:
    def callback(_: object) -> None:
        raise error

    Guard(health, logging.getLogger()).wrap('image', callback)('message')

    shot = health.snapshot()
    assert [p.reason for p in shot.problems] == [reason]
    assert shot.counts.get('exceptions', 0) == exceptions


def test_all_well(health: Health) -> None:
    health.frame_received()

    assert {level for level, _ in levels(health).values()} == {OK}


def test_a_silent_camera(clock: Clock, health: Health) -> None:
    nobody = replace(FACTS, publishers=0, waiting_since_s=99.0)
    assert levels(health, nobody)['camera'] == (WARN, 'waiting for the first frame')
    clock.now += 5.0
    level, text = levels(health, nobody)['camera']
    assert level == ERROR
    assert 'no frame has come yet: nobody publishes /camera/image_raw' in text
    level, text = levels(health, FACTS)['camera']
    assert 'fastdds_large_images.xml' in text  # somebody publishes, and nothing arrives
    health.frame_received()
    clock.now += 6.0
    assert 'no frame for 6 s' in levels(health)['camera'][1]


def test_troubles_are_told_where_they_belong(clock: Clock, health: Health) -> None:
    health.frame_received()
    health.problem('truncated', 'cut off')
    health.problem('no_pose', 'nobody tells')

    told = levels(health)

    assert told['camera'] == (WARN, 'cut off')
    assert told['pose'] == (WARN, 'nobody tells')
    assert told['process'][0] == OK
    health.problem('exception_image', 'image: KeyError')
    assert levels(health)['process'] == (ERROR, 'image: KeyError')
    clock.now += 10.1
    health.frame_received()
    assert {level for level, _ in levels(health).values()} == {OK}


def test_no_pose_ever(health: Health) -> None:
    health.frame_received()

    assert levels(health, replace(FACTS, pose_age_s=None))['pose'][0] == WARN


def test_too_fast_a_camera(health: Health) -> None:
    for _ in range(10):
        health.frame_received()
    health.set_count('dropped', 6)

    level, text = levels(health)['inspection']

    assert level == WARN
    assert '6 of 10 frames were overtaken' in text
