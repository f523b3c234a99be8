# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The main job, whole: robot, detector and dashboard over ROS 2, with the demo model."""

import os
from pathlib import Path
import subprocess
import sys

import pytest

pytest.importorskip('rclpy', reason='ROS 2 is not installed here')
pytest.importorskip('shelf_anomaly_msgs', reason='the messages are not built here')

from shelf_anomaly_sim.demo import demo_model
from shelf_anomaly_sim.errors import PlanError


def run(*arguments: str) -> 'subprocess.CompletedProcess[str]':
    """Run the command as a user does."""
    command = [sys.executable, '-m', 'shelf_anomaly_sim.cli', 'patrol', *arguments]
    environment = {**os.environ, 'COLUMNS': '120'}
    return subprocess.run(
        command, capture_output=True, text=True, timeout=240, env=environment, check=False
    )


@pytest.mark.timeout(260)
def test_planted_faults_are_found() -> None:
    """Three patrols: five faults, which stand for two of them and are then put right."""
    try:
        demo_model()
    except PlanError as error:
        pytest.skip(str(error))
    done = run('--once', '--patrols', '3', '--port', '18480')
    assert done.returncode == 0, done.stdout + done.stderr
    rows = {
        cells[1].strip(): cells[2].strip()
        for cells in (line.split('│') for line in done.stdout.splitlines())
        if len(cells) == 4
    }
    assert rows['faults planted'] == '5'
    assert int(rows['found']) >= 3
    assert int(rows['frames inspected'].split()[0]) > 50


def test_folder_that_is_no_model_is_refused(tmp_path: Path) -> None:
    """One line, status 2, before anything is started."""
    done = run('--once', '--model', str(tmp_path))
    assert done.returncode == 2
    assert 'is no model folder (no manifest.json)' in done.stderr
