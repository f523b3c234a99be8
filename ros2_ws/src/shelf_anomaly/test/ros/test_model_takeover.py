# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""A running node takes a new model over: without a restart or a lost frame, or not at all."""

from __future__ import annotations

from pathlib import Path
import shutil

from diagnostic_msgs.msg import DiagnosticArray
from graph import Graph, Processes, wait
import pytest
from rich.console import Console
from shelf_anomaly_msgs.msg import BayInspection, DetectorStatus, ShelfAlert
from std_srvs.srv import Trigger
from test_detector_node import detector, fault_of, READY, ROBOT
import tiny_store

from shelf_anomaly.ros import qos
from shelf_training.refit import refit

TAKEN = 'taking over model'


@pytest.fixture
def half(tiny: tuple[Path, Path], tmp_path: Path) -> tuple[Path, Path]:
    """Return the store layout and a model that does not know the bay with the fault."""
    model = tiny_store.fit_tiny(tiny[0].parent / 'data', tmp_path / 'half', bays=['A1-L01'])
    return tiny[0], model


def learn_the_other(tiny: tuple[Path, Path], model: Path) -> None:
    refit(
        tiny[0].parent / 'data',
        model,
        bays=[tiny_store.FAULT_BAY],
        threads=1,
        console=Console(quiet=True),
    )


def test_a_bay_that_is_learnt_is_inspected_by_the_node_that_runs(
    tiny: tuple[Path, Path], half: tuple[Path, Path], graph: Graph, processes: Processes
) -> None:
    alerts = graph.hear(ShelfAlert, 'shelf_alerts', qos.ALERTS)
    states = graph.hear(DetectorStatus, 'detector_status', qos.STATUS)
    node = detector(processes, half)
    node.wait_output(READY)

    learn_the_other(tiny, half[1])  # in place; the node notices by itself

    node.wait_output(TAKEN)
    processes.python(ROBOT).wait_output('patrol done')
    assert wait(lambda: fault_of(alerts), 'the alert').model == 'tiny'
    assert states[-1].frames_rejected == 0
    assert node.running


def test_no_frame_is_lost_when_the_model_changes_under_way(
    tiny: tuple[Path, Path], half: tuple[Path, Path], graph: Graph, processes: Processes
) -> None:
    states = graph.hear(DetectorStatus, 'detector_status', qos.STATUS)
    bays = graph.hear(BayInspection, 'bay_inspections', qos.INSPECTIONS)
    node = detector(processes, half)
    node.wait_output(READY)
    robot = processes.python(ROBOT, '--period', '0.4')
    wait(lambda: states and states[-1].frames_inspected >= 2, 'the first frames')

    learn_the_other(tiny, half[1])

    node.wait_output(TAKEN)
    robot.wait_output('patrol done')
    wait(
        lambda: states[-1].frames_inspected + states[-1].frames_dropped == tiny_store.FRAMES,
        'all frames',
    )
    assert states[-1].frames_rejected == states[-1].frames_unplaced == 0
    node.end()
    # The bay that was known before has one pass, which the change did not cut in two.
    wait(lambda: any(b.bay == 'A1-L01' for b in bays), 'the inspection')
    assert [b.bay for b in bays].count('A1-L01') == 1


def test_a_broken_model_is_refused_and_the_old_one_goes_on(
    half: tuple[Path, Path], tiny: tuple[Path, Path], graph: Graph, processes: Processes
) -> None:
    alerts = graph.hear(ShelfAlert, 'shelf_alerts', qos.ALERTS)
    said = graph.hear(DiagnosticArray, '/diagnostics', qos.DIAGNOSTICS)
    model = shutil.copytree(tiny[1], half[1].parent / 'whole')
    node = detector(processes, (tiny[0], model))
    node.wait_output(READY)

    (model / 'density.npz').write_bytes(b'half of it')
    manifest = (model / 'manifest.json').read_text()
    (model / 'manifest.json').write_text(manifest + ' ')

    def refused() -> bool:
        """Tell whether the latest diagnostics say so."""
        return any('was refused' in s.message for m in said[-1:] for s in m.status)

    wait(refused, 'the diagnostic')
    client = graph.node.create_client(Trigger, 'reload_model')
    wait(client.service_is_ready, 'the service')
    pending = client.call_async(Trigger.Request())
    wait(pending.done, 'the answer')
    assert not pending.result().success
    assert 'density.npz' in pending.result().message
    processes.python(ROBOT).wait_output('patrol done')
    wait(lambda: fault_of(alerts), 'the alert by the old model')

    shutil.copy(tiny[1] / 'density.npz', model / 'density.npz')
    said.clear()
    pending = client.call_async(Trigger.Request())
    wait(pending.done, 'the answer')
    assert pending.result().success
    assert 'runs already' in pending.result().message
    wait(lambda: said and not refused(), 'the diagnostic to go')
