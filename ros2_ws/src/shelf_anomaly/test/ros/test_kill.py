# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
A detector that is killed at random moments says and remembers what an undisturbed one does.

``SHELF_ANOMALY_KILLS=20`` kills it twenty times; without it a few times, to keep the suite short.
"""

from __future__ import annotations

from contextlib import suppress
import os
from pathlib import Path
import signal
from threading import Timer
import time

from graph import Graph, Process, Processes, wait
import numpy as np
from patrol_driver import Driver, GoneError
import pytest
from shelf_anomaly_msgs.msg import ShelfAlert
import tiny_store

from shelf_anomaly.memory import open_for_reading
from shelf_anomaly.records import Alert

KILLS = int(os.environ.get('SHELF_ANOMALY_KILLS', '2'))
PER_RUN = 4
PATROLS = (True, False)  # whether the fault stands


class Run:
    """One detector life with a memory of its own: patrols, kills and restarts."""

    def __init__(
        self, graph: Graph, processes: Processes, tiny: tuple[Path, Path], folder: Path, name: str
    ) -> None:
        self._processes = processes
        self._tiny = tiny
        self._name = name
        self.file = folder / f'{name}.db'
        self.driver = Driver(graph, name, f'/{name}')
        self.duration_s = 0.0
        self.killed = 0

    def _start(self) -> Process:
        store, model = self._tiny
        node = self._processes.node(
            'detector_node',
            [f'__ns:=/{self._name}'],
            store=store,
            model=model,
            pose_source='topic',
            camera_mount=tiny_store.MOUNT,
            status_period_s=0.05,
            memory=self.file,
        )
        node.wait_output('inspecting ')
        self.driver.connect(node)
        return node

    def drive(self, kills_at: dict[int, list[float]] | None = None) -> None:
        """
        Drive all patrols; one that was cut off by a kill is driven again from its beginning.

        :param kills_at: by patrol, how many seconds after its beginning it is killed, one a try
        """
        node = self._start()
        for number, fault in enumerate(PATROLS):
            moments = list((kills_at or {}).get(number, []))
            while True:
                timer = Timer(moments.pop(0), node.kill) if moments else None
                if timer is not None:
                    timer.start()
                with suppress(GoneError):
                    begun = time.monotonic()
                    self.driver.patrol(number, fault=fault)
                    self.duration_s = time.monotonic() - begun
                if timer is None:
                    break
                timer.join()  # it may strike just after the end of the patrol
                self.killed += 1
                node = self._start()
        wait(lambda: not self._memory_unsent(), 'all alerts said')
        assert node.end(signal.SIGTERM)[0] == 0

    def _memory_unsent(self) -> list[Alert]:
        memory = open_for_reading(self.file)
        try:
            return memory.unsent()
        finally:
            memory.close()

    def remembered(self) -> dict[str, Alert]:
        memory = open_for_reading(self.file)
        try:
            return {alert.id: alert for alert, _ in memory.alerts()}
        finally:
            memory.close()


def essence(alerts: dict[str, Alert]) -> list[tuple[object, ...]]:
    """Return what must not depend on kills; a patrol driven again has a name of its own."""

    def name(patrol: str | None) -> str | None:
        return None if patrol is None else patrol.split('-')[0]

    return sorted(
        (
            a.bay,
            a.level,
            round(a.box.x, 3),
            round(a.box.y, 3),
            a.kind.value,
            a.state.value,
            round(a.score, 3),
            tuple(sorted({name(p) or '' for p in a.seen_in})),
            name(a.resolved_in) or '',
        )
        for a in alerts.values()
    )


def said(alerts: dict[str, ShelfAlert]) -> dict[str, int]:
    return {name: alert.state for name, alert in alerts.items()}


@pytest.mark.timeout(60 + 60 * KILLS)
def test_kills_change_nothing(
    tiny: tuple[Path, Path], graph: Graph, processes: Processes, tmp_path: Path
) -> None:
    quiet = Run(graph, processes, tiny, tmp_path, 'quiet')
    quiet.drive()
    expected = essence(quiet.remembered())
    assert any(row[5] == 'resolved' for row in expected)  # the fault that was put right

    rng = np.random.default_rng()
    left, number = KILLS, 0
    while left > 0:
        kills_at: dict[int, list[float]] = {}
        for _ in range(min(PER_RUN, left)):
            # A little more than a patrol takes, so that its end is hit too.
            moment = float(rng.uniform(0.0, 1.1 * quiet.duration_s))
            kills_at.setdefault(int(rng.integers(len(PATROLS))), []).append(moment)
        left -= PER_RUN
        number += 1
        run = Run(graph, processes, tiny, tmp_path, f'killed_{number}')
        run.drive(kills_at)

        remembered = run.remembered()
        assert run.killed == sum(map(len, kills_at.values()))
        assert essence(remembered) == expected, f'killed at {kills_at}'
        # Nothing twice: no id was said that is not remembered. Nothing lost: all were said.
        assert set(run.driver.latest()) == set(remembered), f'killed at {kills_at}'
        states = {name: _STATES[alert.state.value] for name, alert in remembered.items()}
        assert said(run.driver.latest()) == states, f'killed at {kills_at}'
        snapshot = run.driver.snapshots[-1]
        opened = {name for name, alert in remembered.items() if alert.state.value == 'open'}
        assert {alert.id for alert in snapshot.alerts} == opened


def test_open_alerts_are_there_after_a_restart(
    tiny: tuple[Path, Path], graph: Graph, processes: Processes, tmp_path: Path
) -> None:
    run = Run(graph, processes, tiny, tmp_path, 'restart')
    node = run._start()
    run.driver.patrol(0, fault=True)
    # Each topic comes when it comes; only what was said must not be said again.
    wait(lambda: not run._memory_unsent(), 'all alerts said')
    before = {name for name, a in run.remembered().items() if a.state.value == 'open'}
    assert before
    wait(lambda: before <= run.driver.latest().keys(), 'each alert')
    wait(lambda: {a.id for a in run.driver.snapshots[-1].alerts} == before, 'the snapshot')
    node.kill()
    run.driver.snapshots.clear()
    run.driver.alerts.clear()
    node = run._start()

    first = wait(lambda: run.driver.snapshots, 'a snapshot')[0]
    assert {alert.id for alert in first.alerts} == before
    shown = wait(
        lambda: next((s for s in run.driver.snapshots if len(s.alerts[0].evidence.data)), None),
        'one with pictures',
    )
    assert bytes(shown.alerts[0].evidence.data[:3]) == b'\xff\xd8\xff'
    assert run.driver.alerts == []  # nothing is said twice


_STATES = {
    'open': ShelfAlert.STATE_OPEN,
    'resolved': ShelfAlert.STATE_RESOLVED,
    'dismissed': ShelfAlert.STATE_DISMISSED,
}
