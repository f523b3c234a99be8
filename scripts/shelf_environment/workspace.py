# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Builds the interface package and the Python packages with colcon."""

from collections.abc import Mapping
import os
import shutil

from .layout import Layout
from .progress import Progress
from .settings import environment


def build_workspace(
    layout: Layout, progress: Progress, env: Mapping[str, str], *, python_name: str, anew: bool
) -> None:
    """
    Build the workspace with symlinks, so that an edited Python source is live at once.

    :param anew: throw away what was built before: it is broken or stands on another base
    """
    if anew:
        for folder in (layout.build, layout.install):
            if folder.exists():
                shutil.rmtree(folder)
    command = [
        *(str(layout.python), '-m', 'colcon', '--log-base', str(layout.colcon_log), 'build'),
        *('--base-paths', str(layout.workspace / 'src')),
        *('--build-base', str(layout.build), '--install-base', str(layout.install)),
        *('--merge-install', '--symlink-install'),
        *(
            '--event-handlers',
            'console_direct+',
            'desktop_notification-',
            'status-',
            'terminal_title-',
        ),
        *(
            '--cmake-args',
            '-DCMAKE_BUILD_TYPE=Release',
            '-DBUILD_TESTING=OFF',
            '--no-warn-unused-cli',
        ),
        f'-DPython3_EXECUTABLE={layout.python}',
    ]
    build_env = environment(layout, python_name, env)
    # What lies in the install prefix must not be taken for another workspace below this one.
    for name in ('AMENT_PREFIX_PATH', 'CMAKE_PREFIX_PATH'):
        parts = [part for part in build_env[name].split(os.pathsep) if part != str(layout.install)]
        build_env[name] = os.pathsep.join(parts)
    build_env['CMAKE_BUILD_PARALLEL_LEVEL'] = str(min(4, os.cpu_count() or 1))
    progress.run(command, env=build_env, cwd=layout.workspace, what='building the ROS 2 workspace')
