# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Pacing, counting, and children: what the live run is made of."""

from pathlib import Path
import socket
import sys
import time

import pytest

from shelf_anomaly_sim.errors import PlanError
from shelf_anomaly_sim.pacer import Pacer
from shelf_anomaly_sim.patrol import false_alarms
from shelf_anomaly_sim.processes import Child, Family, free_domain, free_port
from shelf_anomaly_sim.tally import describe, SeenAlert, Tally

GAP = {
    'bay': 'B',
    'level': 1,
    'slot': 3,
    'kind': 'gap',
    'expected': 'Milk',
    'found': None,
    'homes': [],
    'x': 0.5,
    'y': 0.6,
    'w': 0.1,
    'h': 0.2,
}


def test_pacer_sends_when_all_is_settled() -> None:
    """Not before the shortest period, at once when the detector is done."""
    pacer = Pacer(0.1)
    assert pacer.may_send(0.0)
    pacer.sent(0.0)
    assert not pacer.may_send(0.05)
    pacer.status(1, 0, 0.06)
    assert not pacer.may_send(0.06)
    assert pacer.may_send(0.1)


def test_pacer_slows_down_when_frames_are_dropped_and_recovers() -> None:
    """By 1.4, back by 0.85 down to the shortest."""
    pacer = Pacer(0.1)
    for i in range(4):
        pacer.sent(float(i))
    pacer.status(2, 1, 4.0)
    assert pacer.period_s == pytest.approx(0.14)
    pacer.status(3, 1, 5.0)
    assert pacer.period_s == pytest.approx(0.119)
    pacer.status(4, 1, 6.0)
    pacer.status(5, 1, 7.0)
    assert pacer.period_s == pytest.approx(0.1)


def test_pacer_waits_for_a_silent_detector_but_not_for_ever() -> None:
    """With as many under way as allowed it holds; after 15 s of silence it goes on."""
    pacer = Pacer(0.01, window=3)
    for i in range(3):
        pacer.sent(i * 0.1)
    assert pacer.stalled
    assert not pacer.may_send(10.0)
    assert pacer.may_send(15.3)


def test_pacer_survives_a_detector_that_starts_again() -> None:
    """Counters that fall begin anew."""
    pacer = Pacer(0.01, window=3)
    for i in range(5):
        pacer.sent(i * 0.1)
    pacer.status(5, 0, 1.0)
    pacer.status(0, 0, 2.0)
    assert pacer.may_send(2.0)


def alert(**fields: object) -> SeenAlert:
    """Return an alert at the gap."""
    values: dict[str, object] = {
        'id': 'a',
        'bay': 'B',
        'x': 0.5,
        'y': 0.6,
        'state': 'open',
        'last_seen_ns': 150,
    }
    return SeenAlert(**{**values, **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ('seen', 'found', 'false_alarms'),
    [
        ([alert()], 1, 0),
        ([alert(x=0.62)], 1, 0),  # within 0.75 * 0.1 + 0.05 = 0.125
        ([alert(x=0.63)], 0, 1),
        ([alert(y=0.81)], 0, 1),  # beyond 0.75 * 0.2 + 0.05 = 0.2
        ([alert(bay='C')], 0, 1),
        ([alert(last_seen_ns=999)], 0, 0),  # in none of the patrols
        ([], 0, 0),
    ],
)
def test_tally_counts_by_place_and_time(
    seen: list[SeenAlert], found: int, false_alarms: int
) -> None:
    """A table by hand."""
    tally = Tally()
    tally.begin(0, 100, 200, [GAP])
    for one in seen:
        tally.alert(one)
    summary = tally.summary()
    assert (summary.planted, summary.found, summary.false_alarms) == (1, found, false_alarms)
    assert len(summary.missed) == 1 - found


def test_fault_of_two_patrols_counts_once_and_is_resolved() -> None:
    """Seen in the first, stands in the second, put right in the third."""
    tally = Tally()
    for i, faults in enumerate(([GAP], [GAP], [])):
        tally.begin(i, 100 * i, 100 * i + 90, faults)
    tally.alert(alert(last_seen_ns=50))
    assert tally.open_alerts == 1
    tally.alert(alert(last_seen_ns=150, state='resolved'))
    summary = tally.summary()
    assert (summary.planted, summary.found, summary.put_right, summary.resolved) == (1, 1, 1, 1)
    assert tally.open_alerts == 0


def test_false_alarms_are_told_beside_what_was_asked_for() -> None:
    tally = Tally()
    assert false_alarms(tally.summary(), 1) == '0'
    for i in range(4):
        tally.begin(i, 100 * i, 100 * i + 90, [])
        tally.alert(alert(id=str(i), last_seen_ns=100 * i + 50))
    assert false_alarms(tally.summary(), 2) == '4, 0.5 an aisle and patrol (1 asked for)'


def test_thing_on_a_heap_has_its_own_place() -> None:
    """A quarter across, three quarters up a bin of 0.6 x 0.4 m at (0.5, 0.6): (0.35, 0.7)."""
    lying = {**GAP, 'kind': 'foreign', 'found': 'Shoe', 'w': 0.6, 'h': 0.4, 'at': [0.25, 0.75]}
    tally = Tally()
    tally.begin(0, 100, 200, [lying])
    tally.alert(alert(x=0.36, y=0.71))
    assert tally.summary().found == 1
    tally.alert(alert(id='b', x=0.75, y=0.5))
    assert tally.summary().false_alarms == 1


def test_faults_are_told_in_words() -> None:
    """For the closing summary."""
    assert describe(GAP) == 'gap: Milk is missing (B, board 2 from below, 0.50 m from the left)'
    twin = {**GAP, 'kind': 'twin', 'found': 'Cream'}
    assert describe(twin).startswith('twin: Cream where Milk belongs (B')


def test_children_end_with_their_parent(tmp_path: Path) -> None:
    """Interrupted by id, also when the parent fails."""
    command = [sys.executable, '-c', 'import time; print("up", flush=True); time.sleep(60)']
    started: list[Child] = []

    def fail() -> None:
        with Family({'PATH': '/usr/bin'}, tmp_path) as family:
            child = family.start('sleeper', command)
            started.append(child)
            end = time.monotonic() + 10
            while 'up' not in child.last_words() and time.monotonic() < end:
                time.sleep(0.01)
            assert child.running
            raise RuntimeError('oops')

    with pytest.raises(RuntimeError, match='oops'):
        fail()
    assert not started[0].running


def test_child_that_ends_is_reported_with_its_last_words(tmp_path: Path) -> None:
    """Name, status, words."""
    with Family({'PATH': '/usr/bin'}, tmp_path) as family:
        child = family.start(
            'loser', [sys.executable, '-c', 'import sys; sys.exit("no model here")']
        )
        end = time.monotonic() + 10
        while child.running and time.monotonic() < end:
            time.sleep(0.01)
        with pytest.raises(
            PlanError, match='loser ended with status 1; its last words:\nno model here'
        ):
            family.check()


def test_taken_port_is_passed_over() -> None:
    """The next free one."""
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port(port) > port


def test_domain_is_one_that_dds_can_use() -> None:
    """Up to 101 the ports are safe."""
    assert 0 < free_domain() <= 101
