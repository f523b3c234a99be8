# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Two detectors over one store raise one alert a fault, whoever comes first."""

from __future__ import annotations

from pathlib import Path

from graph import Graph, Process, Processes, wait
from patrol_driver import Driver
from shelf_anomaly_msgs.msg import ShelfAlert
import tiny_store


def start(
    processes: Processes, tiny: tuple[Path, Path], graph: Graph, name: str, **more: object
) -> tuple[Process, Driver]:
    asked: dict[str, object] = {
        'store': tiny[0],
        'model': tiny[1],
        'pose_source': 'topic',
        'camera_mount': tiny_store.MOUNT,
        'status_period_s': 0.05,
        'peers': '/r1,/r2',
        'memory': 'none',
    }
    node = processes.node('detector_node', [f'__ns:=/{name}'], **(asked | more))
    node.wait_output('inspecting ')
    driver = Driver(graph, name, f'/{name}')
    driver.connect(node)
    return node, driver


def at_fault(alerts: list[ShelfAlert]) -> set[str]:
    x, y = tiny_store.fault_at()
    return {
        a.id
        for a in alerts
        if a.location.bay == tiny_store.FAULT_BAY
        and abs(a.location.x - x) < 0.15
        and abs(a.location.y - y) < 0.25
        and a.state == ShelfAlert.STATE_OPEN
    }


def now_open(driver: Driver) -> set[str]:
    return at_fault(list(driver.snapshots[-1].alerts)) if driver.snapshots else set()


def test_one_fault_one_alert(tiny: tuple[Path, Path], graph: Graph, processes: Processes) -> None:
    _, first = start(processes, tiny, graph, 'r1')
    _, second = start(processes, tiny, graph, 'r2')

    # One after the other: the second takes the id over.
    first.patrol(0, fault=True)
    (raised,) = wait(lambda: now_open(first), 'the alert')
    second.patrol(1, fault=True)
    wait(lambda: now_open(second) == {raised}, 'the same id')
    assert at_fault(second.alerts) == {raised}
    # The one that sees it put right resolves it for both.
    second.patrol(2, fault=False)
    wait(lambda: not now_open(second) and not now_open(first), 'resolved for both')


def test_both_at_once(
    tiny: tuple[Path, Path], graph: Graph, processes: Processes, tmp_path: Path
) -> None:
    """Each raises its own alert while it is deaf; when they hear of each other they agree."""
    raised = {}
    for number, name in enumerate(('r1', 'r2')):
        more = {'peers': 'none', 'memory': tmp_path / f'{name}.db'}
        node, driver = start(processes, tiny, graph, name, **more)
        driver.patrol(number, fault=True)
        (raised[name],) = wait(lambda: now_open(driver), 'the alert')  # noqa: B023
        node.end()
    assert raised['r1'] != raised['r2']

    # The second robot comes first now: the order does not matter.
    _, second = start(processes, tiny, graph, 'r2', memory=tmp_path / 'r2.db')
    _, first = start(processes, tiny, graph, 'r1', memory=tmp_path / 'r1.db')
    gave_way = wait(
        lambda: next((a for a in second.alerts if a.id == raised['r2'] and a.same_as), None),
        'the later alert to give way',
    )
    assert gave_way.same_as == raised['r1']
    assert gave_way.state == ShelfAlert.STATE_RESOLVED
    wait(lambda: raised['r2'] not in now_open(second), 'one alert')
    wait(lambda: now_open(first) == {raised['r1']}, 'the other robot to say its own')
    assert not any(a.same_as for a in first.alerts)
