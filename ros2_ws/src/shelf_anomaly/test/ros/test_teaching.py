# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The real node being taught: it gathers, says how far it is, raises nothing, and goes on."""

from __future__ import annotations

from pathlib import Path

from graph import Graph, Processes, wait
from shelf_anomaly_msgs.msg import BayInspection, ShelfAlert, TeachStatus
from std_srvs.srv import SetBool
from test_detector_node import detector, fault_of, READY, ROBOT

from shelf_anomaly.dataset import load_dataset
from shelf_anomaly.ros import qos


def switch(graph: Graph, on: bool) -> SetBool.Response:
    client = graph.node.create_client(SetBool, 'teach')
    wait(client.service_is_ready, 'the service')
    pending = client.call_async(SetBool.Request(data=on))
    wait(pending.done, 'the answer')
    return pending.result()


def test_a_robot_is_taught_and_then_inspects(
    tiny: tuple[Path, Path], graph: Graph, processes: Processes, tmp_path: Path
) -> None:
    alerts = graph.hear(ShelfAlert, 'shelf_alerts', qos.ALERTS)
    bays = graph.hear(BayInspection, 'bay_inspections', qos.INSPECTIONS)
    states = graph.hear(TeachStatus, 'teach_status', qos.profile(1))
    node = detector(processes, tiny, teach_folder=tmp_path / 'views', teach=True)
    node.wait_output(READY)
    processes.python(ROBOT).wait_output('patrol done')
    wait(lambda: states and min(states[-1].passes, default=0) == 1, 'a pass of each bay')
    last = states[-1]
    assert last.teaching
    assert list(last.bays) == ['A1-L01', 'A1-L02']
    assert list(last.passes_wanted) == [4, 4]
    assert 'no alerts' in last.message

    assert switch(graph, False).success

    wait(lambda: 'learn them with' in states[-1].message, 'the dataset')
    assert not states[-1].teaching
    data = load_dataset(tmp_path / 'views')
    assert data.bays == ('A1-L01', 'A1-L02')
    assert len(data.views) > 10
    assert (alerts, bays) == ([], [])

    processes.python(ROBOT).wait_output('patrol done')  # now it inspects again
    wait(lambda: fault_of(alerts), 'the alert')


def test_without_a_folder_the_service_says_what_is_missing(
    tiny: tuple[Path, Path], graph: Graph, processes: Processes
) -> None:
    node = detector(processes, tiny)
    node.wait_output(READY)
    answer = switch(graph, True)
    assert not answer.success
    assert 'teach_folder' in answer.message
    assert switch(graph, False).success
    assert node.running
