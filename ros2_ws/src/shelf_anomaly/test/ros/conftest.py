# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the ROS tests: a domain of its own for each, a graph to listen to, processes."""

from __future__ import annotations

from collections.abc import Iterator
import fcntl
import os
from pathlib import Path
import sys
import tempfile

import pytest

pytest.importorskip('rclpy', reason='needs ROS 2 (rclpy)')
pytest.importorskip('shelf_anomaly_msgs.msg', reason='needs the built shelf_anomaly_msgs')
sys.path.insert(0, str(Path(__file__).parent))

from graph import Graph, Processes
import tiny_store


@pytest.fixture(autouse=True)
def domain(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[int]:
    """Give each test a DDS domain that no other test of this machine has, on loopback only."""
    monkeypatch.setenv('XDG_STATE_HOME', str(tmp_path / 'state'))  # no memory of another run
    for number in range(20, 100):
        lock = open(Path(tempfile.gettempdir()) / f'shelf_anomaly_domain_{number}', 'w')  # noqa: SIM115
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            continue
        monkeypatch.setenv('ROS_DOMAIN_ID', str(number))
        monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
        yield number
        lock.close()
        return
    pytest.fail('no free DDS domain')


@pytest.fixture
def graph(domain: int) -> Iterator[Graph]:
    """Return a node of the test's own, spinning in a thread."""
    with Graph(domain) as made:
        yield made


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    """Start processes and end them, whatever happens."""
    with Processes(tmp_path, dict(os.environ)) as made:
        yield made


@pytest.fixture(scope='session')
def tiny(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Store layout and model of the tiny store."""
    return tiny_store.build(tmp_path_factory.mktemp('tiny'))
