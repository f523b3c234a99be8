# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The launch file names only what exists, and is run for real where launch is installed."""

from __future__ import annotations

import ast
from pathlib import Path
import runpy

import pytest

HERE = Path(__file__).parent.parent
LAUNCH = HERE / 'launch' / 'dashboard.launch.py'


def _arguments() -> dict[str, str | None]:
    tree = ast.parse(LAUNCH.read_text(encoding='utf-8'))
    table = next(
        n.value
        for n in tree.body
        if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == 'ARGUMENTS'
    )
    assert isinstance(table, ast.Tuple)
    rows = [
        [ast.unparse(cell) for cell in row.elts]
        for row in table.elts
        if isinstance(row, ast.Tuple)
    ]
    return {ast.literal_eval(row[0]): ast.literal_eval(row[1]) for row in rows}


def test_every_argument_is_a_parameter_of_the_node_with_the_same_default() -> None:
    pytest.importorskip('rclpy', reason='ROS 2 is not installed')
    from shelf_anomaly_dashboard.ros.dashboard_node import PARAMETERS

    declared = {name: default for name, default, _ in PARAMETERS}
    for name, default in _arguments().items():
        assert name in declared
        assert default is None or str(declared[name]).lower() == default


def test_the_package_and_the_executable_exist() -> None:
    words = {
        node.value
        for node in ast.walk(ast.parse(LAUNCH.read_text(encoding='utf-8')))
        if isinstance(node, ast.Constant)
    }

    assert {'shelf_anomaly_dashboard', 'dashboard_node'} <= words
    assert (
        'dashboard_node = shelf_anomaly_dashboard.ros.dashboard_node:main'
        in (HERE / 'setup.py').read_text()
    )
    assert '<name>shelf_anomaly_dashboard</name>' in (HERE / 'package.xml').read_text()


def test_it_describes_itself() -> None:
    launch = pytest.importorskip('launch', reason='launch is not installed here')
    pytest.importorskip('launch_ros', reason='launch_ros is not installed here')
    description = runpy.run_path(str(LAUNCH))['generate_launch_description']()

    told = {a.name: a.description for a in description.get_launch_arguments()}
    assert set(_arguments()) == set(told)
    assert all(told.values())
    assert launch.LaunchContext() is not None
