# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The environment variables under which everything runs, as shell lines for ``scripts/run``."""

from collections.abc import Mapping
import os
from pathlib import Path
import re
import shlex

from .layout import Layout

#: Set where the caller has not: less noise, one tested middleware, plots without a screen.
DEFAULTS = {
    'KERAS_BACKEND': 'tensorflow',
    'MPLBACKEND': 'Agg',
    'TF_CPP_MIN_LOG_LEVEL': '2',
}


def workspace_packages(layout: Layout) -> list[str]:
    """Return the names of the workspace's packages."""
    return sorted(path.parent.name for path in (layout.workspace / 'src').glob('*/package.xml'))


def search_paths(layout: Layout, python_name: str) -> dict[str, list[str]]:
    """
    Return what is put in front of each search path.

    :param python_name: folder name of the interpreter's version, e.g. ``python3.11``
    """
    install, venv = layout.install, layout.venv
    packages = workspace_packages(layout)
    pure = [name for name in packages if (layout.workspace / 'src' / name / 'setup.py').is_file()]
    paths = {
        # lib/<package>: where ros2 run looks for executables; so the commands are on the path too.
        'PATH': [venv / 'bin', *(install / 'lib' / name for name in packages)],
        'PYTHONPATH': [
            # The sources first, so that traces name them; the build folders hold the metadata.
            *(place / name for place in (layout.workspace / 'src', layout.build) for name in pure),
            install / 'lib' / python_name / 'site-packages',
        ],
        'AMENT_PREFIX_PATH': [install],
        'CMAKE_PREFIX_PATH': [install],
        'LD_LIBRARY_PATH': [install / 'lib'],
    }
    if not layout.ros_distro:
        site = venv / 'lib' / python_name / 'site-packages'
        paths['AMENT_PREFIX_PATH'].append(venv)
        paths['CMAKE_PREFIX_PATH'].append(venv)
        paths['LD_LIBRARY_PATH'] += [venv / 'lib', *sorted(site.glob('ros_*.libs'))]
    return {name: [str(place) for place in places] for name, places in paths.items()}


def plain_variables(layout: Layout) -> dict[str, str]:
    """Return variables that are set to one value."""
    values = {'VIRTUAL_ENV': str(layout.venv), 'SHELF_ANOMALY_ROOT': str(layout.root)}
    if not layout.ros_distro:
        # What the wheels' own start-up hook sets, after it has run Python a second time.
        values.update(_ROS_WHEELS_BOOTSTRAP_COMPLETE='1', ROS_VERSION='2', ROS_PYTHON_VERSION='3')
    return values


def shell_lines(layout: Layout, python_name: str) -> str:
    """Return the variables as lines for a POSIX shell."""
    lines = ['# Written by scripts/bootstrap; read by scripts/run.']
    for name, places in search_paths(layout, python_name).items():
        front = shlex.quote(os.pathsep.join(places))
        lines.append(f'export {name}={front}"${{{name}:+:${name}}}"')
    lines += [
        f'export {name}={shlex.quote(value)}' for name, value in plain_variables(layout).items()
    ]
    defaults = dict(DEFAULTS)
    if not layout.ros_distro:
        defaults['RMW_IMPLEMENTATION'] = 'rmw_fastrtps_cpp'
    lines += [f': "${{{name}:={value}}}"; export {name}' for name, value in defaults.items()]
    lines.append('unset PYTHONHOME')
    return '\n'.join(lines) + '\n'


def environment(layout: Layout, python_name: str, base: Mapping[str, str]) -> dict[str, str]:
    """Return the same as variables, for a process that is started from here."""
    env = dict(base)
    for name, places in search_paths(layout, python_name).items():
        env[name] = os.pathsep.join([*places, *filter(None, [env.get(name)])])
    env.update(plain_variables(layout))
    env.pop('PYTHONHOME', None)
    return env


def without_environment(base: Mapping[str, str]) -> dict[str, str]:
    """
    Return variables as they were before ``scripts/run``.

    A bootstrap that is called from inside the environment must not lean on it, because it may be
    about to replace it.
    """
    env = dict(base)
    root, venv = env.pop('SHELF_ANOMALY_ROOT', ''), env.pop('VIRTUAL_ENV', '')
    env.pop('_ROS_WHEELS_BOOTSTRAP_COMPLETE', None)
    env.pop('PYTHONHOME', None)
    for name in (
        'PATH',
        'PYTHONPATH',
        'AMENT_PREFIX_PATH',
        'CMAKE_PREFIX_PATH',
        'LD_LIBRARY_PATH',
    ):
        if name in env:
            kept = [part for part in env[name].split(os.pathsep) if not _is_ours(part, root, venv)]
            env[name] = os.pathsep.join(kept)
            if not env[name]:
                del env[name]
    return env


def _is_ours(part: str, root: str, venv: str) -> bool:
    """Tell whether an entry of a search path belongs to an environment or the workspace."""
    if venv and Path(part).is_relative_to(venv):
        return True
    ours = re.compile(re.escape(root) + r'/(\.venv|ros2_ws/(install|build|src))')
    return bool(root) and ours.match(part) is not None
