# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
The launch files: everything that they name exists.

They are read as source, so that this holds on machines without the package launch; where it is
installed, they are launched.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
import os
from pathlib import Path
import re
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

PACKAGE = Path(__file__).parents[2]
SOURCES = PACKAGE.parent
FILES = sorted((PACKAGE / 'launch').glob('*.launch.py'))


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    """Yield the calls of ``name``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
            yield node


def words(tree: ast.AST) -> Iterator[str]:
    """Yield all strings in the source."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((k.value for k in call.keywords if k.arg == name), None)


def text(expression: ast.expr | None) -> str:
    assert isinstance(expression, ast.Constant)
    return str(expression.value)


def executables(package: str) -> set[str]:
    """Return the executables of one of our packages, from its setup.py."""
    setup = tree_of(SOURCES / package / 'setup.py')
    return {
        word.split('=')[0].strip()
        for word in words(setup)
        if re.match(r'^[\w-]+ = [\w.]+:\w+$', word)
    }


def parameters(executable: str) -> set[str]:
    """Return the parameters of a node of ours, from the table in its source."""
    where = {
        'detector_node': ('shelf_anomaly/shelf_anomaly/ros/parameter_table.py', 'SPECS'),
        'bag_player_node': ('shelf_anomaly/shelf_anomaly/ros/bag_player_node.py', 'SPECS'),
        'dashboard_node': (
            'shelf_anomaly_dashboard/shelf_anomaly_dashboard/ros/dashboard_node.py',
            'PARAMETERS',
        ),
    }
    path, name = where[executable]
    for node in tree_of(SOURCES / path).body:
        if (
            isinstance(node, ast.AnnAssign)
            and isinstance(node.target, ast.Name)
            and node.target.id == name
        ):
            assert isinstance(node.value, ast.Tuple)
            rows: list[Any] = list(node.value.elts)
            return {
                text((row.args if isinstance(row, ast.Call) else row.elts)[0]) for row in rows
            } | {'use_sim_time'}
    raise AssertionError(f'{path} has no table {name}')


def given_of(tree: ast.Module) -> set[str]:
    """Return the names in the table GIVEN: arguments that set the parameter of their name."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and text_of(node.targets[0]) == 'GIVEN':
            assert isinstance(node.value, ast.Dict)
            return {text(key) for key in node.value.keys}
    return set()


def text_of(expression: ast.expr) -> str:
    return expression.id if isinstance(expression, ast.Name) else ''


def arguments(path: Path) -> list[str]:
    return [text(call.args[0]) for call in calls(tree_of(path), 'DeclareLaunchArgument')]


@pytest.mark.parametrize('path', FILES, ids=lambda p: p.name)
def test_each_argument_is_declared_once_and_described(path: Path) -> None:
    names = arguments(path)

    assert names
    assert len(names) == len(set(names))
    for call in calls(tree_of(path), 'DeclareLaunchArgument'):
        description = keyword(call, 'description')
        assert len(''.join(words(description) if description else [])) > 10, text(call.args[0])
    used = {
        text(call.args[0])
        for call in calls(tree_of(path), 'LaunchConfiguration')
        if isinstance(call.args[0], ast.Constant)
    }
    used |= given_of(tree_of(path))
    assert used == set(names)


@pytest.mark.parametrize('path', FILES, ids=lambda p: p.name)
def test_each_node_exists_and_has_these_parameters(path: Path) -> None:
    tree = tree_of(path)
    for call in calls(tree, 'Node'):
        package, executable = text(keyword(call, 'package')), text(keyword(call, 'executable'))
        assert executable in executables(package)
        given = keyword(call, 'parameters')
        named = (
            {
                text(key)
                for node in ast.walk(given)
                if isinstance(node, ast.Dict)
                for key in node.keys
            }
            if given
            else set()
        )
        assert named <= parameters(executable)
    assert given_of(tree) <= parameters('detector_node')


@pytest.mark.parametrize('path', FILES, ids=lambda p: p.name)
def test_each_package_and_file_exists(path: Path) -> None:
    tree = tree_of(path)
    packages = {text(call.args[0]) for call in calls(tree, 'FindPackageShare')}
    assert packages <= {
        folder.name for folder in SOURCES.iterdir() if (folder / 'package.xml').is_file()
    }
    files = {word for word in words(tree) if re.fullmatch(r'[\w.]+\.(yaml|xml|py)', word)}
    assert files
    for name in files:
        assert (PACKAGE / 'launch' / name).is_file() or (PACKAGE / 'config' / name).is_file(), name


def test_remappings_are_of_topics_that_the_node_has() -> None:
    source = ''.join(p.read_text() for p in (PACKAGE / 'shelf_anomaly' / 'ros').glob('*.py'))
    tree = tree_of(PACKAGE / 'launch' / 'patrol.launch.py')
    remappings: Any = [keyword(call, 'remappings') for call in calls(tree, 'Node')]
    first = [text(pair.elts[0]) for r in remappings if r is not None for pair in r.elts]

    assert first
    for topic in first:
        if not topic.startswith('/tf'):  # tf2_ros subscribes to these itself
            assert f"'{topic.removesuffix('/compressed')}'" in source, topic


def test_replay_includes_patrol_with_its_arguments() -> None:
    patrol = set(arguments(PACKAGE / 'launch' / 'patrol.launch.py'))
    include = next(
        calls(tree_of(PACKAGE / 'launch' / 'replay.launch.py'), 'IncludeLaunchDescription')
    )
    passed: Any = next(node for node in ast.walk(include) if isinstance(node, ast.Dict))

    assert {text(key) for key in passed.keys} <= patrol
    assert not patrol & set(arguments(PACKAGE / 'launch' / 'replay.launch.py'))


def test_package_xml_names_what_is_launched() -> None:
    wanted = set(
        re.findall(r'<exec_depend>([\w-]+)</exec_depend>', (PACKAGE / 'package.xml').read_text())
    )
    wanted |= set(re.findall(r'<depend>([\w-]+)</depend>', (PACKAGE / 'package.xml').read_text()))

    assert {
        'launch',
        'launch_ros',
        'rclpy',
        'sensor_msgs',
        'shelf_anomaly_msgs',
        'tf2_ros',
    } <= wanted


LAUNCH = """
import sys
from launch import LaunchDescription, LaunchService
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import AnyLaunchDescriptionSource
file, *arguments = sys.argv[1:]
pairs = [tuple(argument.split(':=', 1)) for argument in arguments]
include = IncludeLaunchDescription(AnyLaunchDescriptionSource(file), launch_arguments=pairs)
service = LaunchService()
service.include_launch_description(LaunchDescription([include]))
sys.exit(service.run())
"""


def launch(name: str, *given: str, timeout_s: float = 60.0) -> tuple[int, str]:
    """Launch a file until it ends by itself."""
    path = str(PACKAGE / 'launch' / name)
    done = subprocess.run(
        [sys.executable, '-c', LAUNCH, path, *given],
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def launchable(tiny: tuple[Path, Path]) -> list[str]:
    pytest.importorskip('launch_ros', reason='needs launch_ros (a ROS installation)')
    import tiny_store

    store, model = tiny
    mount = '[' + ', '.join(map(str, tiny_store.MOUNT)) + ']'
    return [f'store:={store}', f'model:={model}', 'pose_source:=topic', f'camera_mount:={mount}']


def test_replay_for_real(launchable: list[str], tmp_path: Path) -> None:
    import tiny_store

    bag = tiny_store.write_bag(tmp_path / 'bag', seed=50, fault=True)

    code, output = launch('replay.launch.py', *launchable, f'bag:={bag}', 'rate:=4.0', 'robot:=7')

    assert code == 0, output
    assert 'as robot 7' in output  # a name that looks like a number stays a name
    assert f'playing {bag} (1 of 1)' in output
    assert output.count('process has finished cleanly') == 2
    assert 'Traceback' not in output


def test_patrol_for_real(launchable: list[str]) -> None:
    path = str(PACKAGE / 'launch' / 'patrol.launch.py')
    more = ['namespace:=/r1', 'camera:=/r1/front', 'pose_topic:=/r1/amcl_pose', 'respawn:=false']
    process = subprocess.Popen(
        [sys.executable, '-c', LAUNCH, path, *launchable, *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, 'PYTHONUNBUFFERED': '1'},
    )
    try:
        assert process.stdout is not None
        begun, output = time.monotonic(), ''
        while 'inspecting ' not in output and time.monotonic() - begun < 60:
            line = process.stdout.readline()
            assert line, output
            output += line
        assert 'inspecting /r1/front/image_raw' in output
        assert 'pose from topic /r1/amcl_pose, as robot r1' in output
        process.send_signal(signal.SIGINT)
        output += process.communicate(timeout=30)[0]
    finally:
        process.kill()
    assert 'process has finished cleanly' in output
    assert 'Traceback' not in output


def test_a_bag_that_is_missing_ends_the_launch(launchable: list[str], tmp_path: Path) -> None:
    _, output = launch('replay.launch.py', *launchable, f'bag:={tmp_path / "none"}')

    assert 'bag_player_node: error: ' in output
    assert 'process has finished cleanly' in output  # the detector was ended


def test_a_detector_that_cannot_work_ends_the_launch(
    launchable: list[str], tmp_path: Path
) -> None:
    given = [argument for argument in launchable if not argument.startswith('model:=')]

    _, output = launch('patrol.launch.py', *given, f'model:={tmp_path / "none"}', 'respawn:=false')

    assert 'detector_node: error: ' in output
    assert 'no such model folder' in output
