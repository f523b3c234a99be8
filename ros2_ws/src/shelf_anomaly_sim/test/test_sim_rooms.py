# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Who may import what."""

import ast
from pathlib import Path

import shelf_anomaly_sim

ROOT = Path(shelf_anomaly_sim.__file__).parent
OWNERS = {
    'rclpy': 'ros/',
    'shelf_anomaly_msgs': 'ros/',
    'sensor_msgs': 'ros/',
    'rosbags': 'bag.py',
}


def test_foreign_packages_stay_in_their_rooms() -> None:
    """ROS in ros/, rosbags in bag.py."""
    strays = set()
    files = sorted(ROOT.rglob('*.py'))
    assert len(files) > 20
    for file in files:
        where = str(file.relative_to(ROOT))
        for node in ast.walk(ast.parse(file.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            for name in names:
                owner = OWNERS.get(name.split('.')[0])
                if owner and not where.startswith(owner):
                    strays.add((where, name))
    assert not strays


def test_time_is_never_read_while_drawing() -> None:
    """A patrol is the same whenever it is drawn; clocks are for the live parts."""
    live = {'patrol.py', 'processes.py', 'ros/sim_node.py'}
    for file in sorted(ROOT.rglob('*.py')):
        where = str(file.relative_to(ROOT))
        text = file.read_text()
        assert where in live or 'import time' not in text, where
        assert 'datetime' not in text, where
