# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The import ladder: a line knows its room."""

from __future__ import annotations

import ast
from pathlib import Path

import shelf_anomaly

ROOT = Path(shelf_anomaly.__file__).parent
OWNERS = {
    'rclpy': 'ros/',
    'tf2_ros': 'ros/',
    'cv_bridge': 'ros/',
    'shelf_anomaly_msgs': 'ros/',
    'sensor_msgs': 'ros/',
    'rosbags': 'bag/',
    'onnxruntime': ('network.py', 'checker.py'),
    'tensorflow': (),
    'keras': (),
    'shelf_training': (),
}


def _imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split('.')[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split('.')[0])
    return names


def test_each_import_belongs_to_its_room() -> None:
    """ROS only in ros/, rosbags only in bag/, ONNX Runtime in one place, no training."""
    strays = {
        (str(path.relative_to(ROOT)), name)
        for path in ROOT.rglob('*.py')
        for name in _imports(path) & OWNERS.keys()
        if not str(path.relative_to(ROOT)).startswith(OWNERS[name])
    }

    assert strays == set()
