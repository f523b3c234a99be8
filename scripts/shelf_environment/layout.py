# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Where everything of one environment lies, and for which ROS 2 it is."""

from collections.abc import Mapping
from dataclasses import dataclass
import os
from pathlib import Path

from .errors import BootstrapError

#: Raised when the way of building changes, so that environments built the old way are built anew.
FORMAT = 1

#: ROS distributions that can be sourced but are too old; later ones are taken as they come.
TOO_OLD = {
    *('kinetic', 'melodic', 'noetic'),
    *('ardent', 'bouncy', 'crystal', 'dashing', 'eloquent', 'foxy', 'galactic', 'humble', 'iron'),
}


@dataclass(frozen=True)
class Layout:
    """The folders of one environment; ``ros_distro`` is empty where ROS comes from PyPI wheels."""

    root: Path
    ros_distro: str = ''

    @property
    def suffix(self) -> str:
        """Sourced and wheel environments lie side by side: neither destroys the other."""
        return f'-{self.ros_distro}' if self.ros_distro else ''

    @property
    def venv(self) -> Path:
        """The virtual environment."""
        return self.root / f'.venv{self.suffix}'

    @property
    def python(self) -> Path:
        """The interpreter of the virtual environment."""
        return self.venv / 'bin' / 'python'

    @property
    def workspace(self) -> Path:
        """The colcon workspace."""
        return self.root / 'ros2_ws'

    @property
    def install(self) -> Path:
        """What colcon installed: one merged prefix."""
        return self.workspace / f'install{self.suffix}'

    @property
    def build(self) -> Path:
        """What colcon built in between; the symlink install points into it."""
        return self.workspace / f'build{self.suffix}'

    @property
    def colcon_log(self) -> Path:
        """The logs of colcon."""
        return self.workspace / f'log{self.suffix}'

    @property
    def state(self) -> Path:
        """Stamps, logs and the lock of the bootstrap."""
        return self.root / f'.bootstrap{self.suffix}'

    @property
    def settings(self) -> Path:
        """The shell lines that ``scripts/run`` reads."""
        return self.state / 'environment.sh'

    @property
    def requirements(self) -> Path:
        """The folder of the lock files."""
        return self.root / 'requirements'


def find_layout(root: Path, environ: Mapping[str, str]) -> Layout:
    """
    Tell which environment is meant here.

    :param root: the repository
    :param environ: the caller's environment variables; ``ROS_DISTRO`` together with
        ``AMENT_PREFIX_PATH`` means that a ROS 2 installation is sourced
    :raises BootstrapError: if a ROS distribution is sourced that is too old
    """
    distro = environ.get('ROS_DISTRO', '').strip()
    if not distro or not environ.get('AMENT_PREFIX_PATH', '').strip(os.pathsep):
        return Layout(root)
    if distro in TOO_OLD:
        raise BootstrapError(
            f'ROS_DISTRO is {distro!r}: this needs ROS 2 Jazzy or later. Source a later one, or '
            'call this from a shell in which no ROS is sourced: then Jazzy is installed from PyPI.'
        )
    return Layout(root, distro)
