# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The parameter table: declared with range and description, checked, and the same in the docs."""

from __future__ import annotations

from dataclasses import fields
import math
from pathlib import Path
import re
from typing import Any

import pytest
import rclpy
from rclpy.context import Context
from rclpy.node import Node
from rclpy.parameter import Parameter
import yaml

from shelf_anomaly.errors import SettingsError
from shelf_anomaly.locator import GateSettings
from shelf_anomaly.ros.bag_player_node import SPECS as PLAYER_SPECS
from shelf_anomaly.ros.parameter_table import DetectorParameters, Spec, SPECS
from shelf_anomaly.ros.parameters import check_values, declare, unknown_overrides, validate

PACKAGE = Path(__file__).parents[2]
DOCS = Path(__file__).parents[5] / 'docs' / 'deployment.md'
GOOD: dict[str, Any] = {s.name: s.default for s in SPECS} | {'model': '/m', 'store': '/s.yaml'}
MOUNT = (0.1, 0.0, 0.9, -0.5, 0.5, -0.5, 0.5)


@pytest.fixture
def node(domain: int, request: pytest.FixtureRequest) -> Any:
    """Make a node with overrides."""
    context = Context()
    rclpy.init(context=context, domain_id=domain)
    overrides = [
        Parameter(name, value=value) for name, value in getattr(request, 'param', {}).items()
    ]
    made = Node('n', context=context, parameter_overrides=overrides)
    yield made
    made.destroy_node()
    context.try_shutdown()


def test_the_table_and_the_struct_are_the_same() -> None:
    assert [s.name for s in SPECS] == [f.name for f in fields(DetectorParameters)]
    assert {s.name for s in SPECS if s.live} == {
        'patrol',
        'false_alarms_per_aisle_patrol',
        'teach',
    }


@pytest.mark.parametrize('spec', [*SPECS, *PLAYER_SPECS], ids=lambda s: s.name)
def test_each_is_described_and_bounded(spec: Spec) -> None:
    assert len(spec.description) > 10
    if isinstance(spec.default, (int, float)) and not isinstance(spec.default, bool):
        assert spec.low is not None
        assert spec.high is not None
        assert spec.low <= spec.default <= spec.high
    assert not spec.choices or spec.default in spec.choices


def test_what_is_declared(node: Node) -> None:
    values = declare(node)

    assert values == {s.name: s.default for s in SPECS}
    budget = node.describe_parameter('false_alarms_per_aisle_patrol')
    assert budget.floating_point_range[0].from_value == 0.01
    assert budget.description
    assert not budget.read_only
    assert node.describe_parameter('model').read_only
    assert node.describe_parameter('threads').integer_range[0].to_value == 64
    assert 'best_effort' in node.describe_parameter('image_reliability').additional_constraints


@pytest.mark.parametrize(
    'node', [{'treshold': 3, 'threads': 1, 'use_sim_time': True}], indirect=True
)
def test_unknown_names_are_found(node: Node) -> None:
    declare(node)

    assert unknown_overrides(node) == ['treshold']


@pytest.mark.parametrize(
    ('node', 'text'),
    [
        ({'patrol_gap_s': 10}, 'patrol_gap_s: got the integer 10, .* write 10.0'),
        ({'threads': 2.5}, r'threads: got 2.5 \(float\), expected int'),
        ({'model': 7}, r'model: got 7 \(int\), expected str'),
        ({'camera_mount': [1, 2, 3]}, 'camera_mount: got .* list of numbers with decimal points'),
        ({'patrol_gap_s': 1.0}, 'patrol_gap_s'),  # below its range
        ({'min_coverage': math.nan}, 'min_coverage'),
    ],
    indirect=['node'],
)
def test_wrong_values_are_explained(node: Node, text: str) -> None:
    with pytest.raises(SettingsError, match=f'parameter {text}'):
        declare(node)


@pytest.mark.parametrize(
    ('change', 'text'),
    [
        ({'model': ''}, 'parameter model: is empty'),
        ({'store': ''}, 'parameter store: is empty'),
        ({'pose_source': 'gps'}, "'gps' is none of auto, tf, topic"),
        (
            {'min_exposure': 200.0, 'max_exposure': 100.0},
            'min_exposure: 200.0 is not below max_exposure 100.0',
        ),
        ({'threads': 65}, r'threads: 65 is outside 1\.\.64'),
        ({'camera_mount': (1.0, 2.0)}, 'must be 7 finite numbers'),
        ({'camera_mount': (0.0, 0.0, math.inf, *MOUNT[3:])}, 'must be 7 finite numbers'),
        ({'camera_mount': (0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0)}, 'has length 0, expected 1'),
    ],
)
def test_what_ranges_cannot_say(change: dict[str, Any], text: str) -> None:
    with pytest.raises(SettingsError, match=text):
        validate(GOOD | change)


def test_defaults_are_those_of_the_core() -> None:
    settings = validate(GOOD).pipeline_settings()

    assert settings.gate == GateSettings()
    assert settings.pass_gap_ns == 2_000_000_000
    assert settings.threads == 2


def test_the_mount() -> None:
    assert validate(GOOD).mount is None
    mount = validate(GOOD | {'camera_mount': MOUNT}).mount
    assert mount is not None
    assert mount.position.tolist() == [0.1, 0.0, 0.9]
    assert mount.rotation[:, 2] == pytest.approx([1.0, 0.0, 0.0])  # z of the camera looks ahead


def test_live_changes_are_checked() -> None:
    check_values({'false_alarms_per_aisle_patrol': 2.0, 'unknown': 1}, SPECS)
    with pytest.raises(SettingsError, match='outside'):
        check_values({'false_alarms_per_aisle_patrol': 0.0}, SPECS)


def test_the_example_file_names_the_defaults() -> None:
    text = (PACKAGE / 'config' / 'detector.yaml').read_text()
    given = yaml.safe_load(text)['/**']['ros__parameters']
    commented = set(re.findall(r'^    # ([a-z_]+):', text, re.MULTILINE))
    defaults = {s.name: s.default for s in SPECS}

    assert set(given) | commented == set(defaults)
    assert given == {name: defaults[name] for name in given}
    assert all(type(given[name]) is type(defaults[name]) for name in given)


def test_the_documents_mounts_look_where_they_say() -> None:
    rows = re.findall(
        r'^\| (ahead|to the left|to the right) \| `(\[.*\])` \|', DOCS.read_text(), re.MULTILINE
    )
    wanted = {'ahead': [1, 0, 0], 'to the left': [0, 1, 0], 'to the right': [0, -1, 0]}

    assert {name for name, _ in rows} == set(wanted)
    for name, numbers in rows:
        mount = validate(GOOD | {'camera_mount': tuple(yaml.safe_load(numbers))}).mount
        assert mount is not None
        assert mount.rotation[:, 2] == pytest.approx(wanted[name], abs=1e-6)
        assert mount.rotation[:, 1] == pytest.approx([0, 0, -1], abs=1e-6)  # down is down


@pytest.mark.parametrize('spec', [*SPECS, *PLAYER_SPECS], ids=lambda s: s.name)
def test_the_documents_have_each(spec: Spec) -> None:
    words = {'True': 'true', 'False': 'false', '': "''"}
    default: object = words.get(str(spec.default), spec.default)
    if isinstance(default, tuple):
        default = 'not given'
    shown = f'{default:.4g}' if isinstance(default, float) else str(default)
    row = rf'^\| `{spec.name}` \| {re.escape(shown)} \|'
    assert re.search(row, DOCS.read_text(), re.MULTILINE), row
