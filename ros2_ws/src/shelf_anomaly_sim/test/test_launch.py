# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The launch file names only what exists; where launch is installed it is loaded for real."""

import ast
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

import pytest

LAUNCH = Path(__file__).parents[1] / 'launch' / 'simulation.launch.py'


def test_arguments_are_parameters_of_the_node() -> None:
    """Names and defaults, checked without launch."""
    parameters = pytest.importorskip(
        'shelf_anomaly_sim.ros.parameters', reason='ROS 2 is not installed here'
    )
    declared = {name: default for name, default, _, _ in parameters.TABLE}
    tree = ast.parse(LAUNCH.read_text())
    node = next(n for n in tree.body if isinstance(n, ast.Assign))
    arguments = [[ast.unparse(v) for v in entry.elts] for entry in node.value.elts]  # type: ignore[attr-defined]
    assert len(arguments) == 10
    for name, default, kind, _ in arguments:
        value = {'int': int, 'float': float, 'str': str}[kind](ast.literal_eval(default))
        assert declared[ast.literal_eval(name)] == value


def test_launch_description_is_made() -> None:
    """Against the real launch API."""
    pytest.importorskip('launch_ros', reason='launch is not installed here')
    loader = SourceFileLoader('simulation_launch', str(LAUNCH))
    spec = spec_from_loader(loader.name, loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    assert len(module.generate_launch_description().entities) == 11
