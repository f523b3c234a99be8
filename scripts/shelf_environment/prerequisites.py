# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What the machine must bring: checked before anything is downloaded, all findings at once."""

from collections.abc import Callable
import importlib.util
from pathlib import Path
import platform
import shutil
import sys
import sysconfig

from .errors import BootstrapError

OLDEST, NEWEST = (3, 10), (3, 13)
NEEDED_BYTES = 6_000_000_000  # environment and package cache, when both are new


def check_python(version: tuple[int, int], executable: str) -> str | None:
    """Return what is wrong with a Python version, or None."""
    if OLDEST <= version <= NEWEST:
        return None
    return (
        f'{executable} is Python {version[0]}.{version[1]}: Python 3.10 to 3.13 is needed. '
        'Install one (Debian and Ubuntu: apt install python3 python3-venv python3-dev) or name '
        'it: PYTHON=python3.12 make ...'
    )


def missing_tools(which: Callable[[str], str | None] = shutil.which) -> list[str]:
    """Return a sentence for each build tool that is not there."""
    packages = {'gcc': 'gcc', 'g++': 'g++', 'make': 'make'}
    return [
        f'{tool} is missing. Debian and Ubuntu: apt install {package}'
        for tool, package in packages.items()
        if which(tool) is None
    ]


def missing_python_parts(
    include: str | None = None,
    find_spec: Callable[[str], object] = importlib.util.find_spec,
) -> list[str]:
    """
    Return a sentence for each part that the Python installation lacks.

    :param include: the folder of Python.h; that of the running Python when left out
    """
    name = f'python{sys.version_info[0]}.{sys.version_info[1]}'
    found = []
    if find_spec('venv') is None or find_spec('ensurepip') is None:
        found.append(
            f'{sys.executable} cannot make virtual environments. '
            f'Debian and Ubuntu: apt install {name}-venv'
        )
    header = Path(include or str(sysconfig.get_config_var('INCLUDEPY'))) / 'Python.h'
    if not header.is_file():
        found.append(
            f"Python's headers are missing ({header}). Debian and Ubuntu: apt install {name}-dev"
        )
    return found


def wrong_platform(system: str, machine: str) -> str | None:
    """Return what is wrong with the platform for ROS 2 wheels, or None."""
    if (system, machine) == ('Linux', 'x86_64'):
        return None
    return (
        f'This is {system} on {machine}: PyPI has ROS 2 Jazzy for Linux on x86_64 only. Install '
        'ROS 2 (Jazzy or later) and source it; then it is used.'
    )


def disk_shortage(folder: Path, needed: int = NEEDED_BYTES) -> str | None:
    """Return a sentence if the disk of a folder has too little room, or None."""
    free = shutil.disk_usage(folder).free
    if free >= needed:
        return None
    return (
        f'{folder} has {free / 1e9:.1f} GB free; a first build takes up to {needed / 1e9:.0f} GB.'
    )


def check_all(root: Path, *, sourced_ros: bool, new: bool) -> None:
    """
    Check everything.

    :param sourced_ros: ROS 2 is sourced, so that its wheels are not needed
    :param new: the environment is built from nothing, so that disk space is needed
    :raises BootstrapError: with one line for each finding
    """
    found: list[str | None] = [check_python(sys.version_info[:2], sys.executable)]
    found += missing_tools()
    found += missing_python_parts()
    if not sourced_ros:
        found.append(wrong_platform(platform.system(), platform.machine()))
    if new:
        found.append(disk_shortage(root))
    lines = [line for line in found if line]
    if lines:
        raise BootstrapError('\n'.join(lines))
