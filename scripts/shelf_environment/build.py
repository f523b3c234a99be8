# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The order of things: look, lock, look again, build what is not ready."""

from collections.abc import Mapping
from pathlib import Path
import shutil
import sys

from .errors import BootstrapError
from .fingerprint import (
    all_files,
    OTHER_SOURCES,
    read_stamp,
    top_level,
    venv_base,
    venv_key,
    why_not_ready,
    workspace_base,
    workspace_key,
    write_stamp,
    write_whole,
)
from .install import choose_lock, install_packages, install_training, make_venv
from .layout import find_layout, Layout
from .lock import one_at_a_time
from .mend import mend_exports
from .prerequisites import check_all
from .probe import probe
from .progress import end_on_sigterm, Progress
from .records import first_lost_file
from .settings import shell_lines, without_environment
from .workspace import build_workspace

STEPS = 6


class Bootstrap:
    """One environment and what is known of its condition."""

    def __init__(self, layout: Layout, env: Mapping[str, str]) -> None:
        """
        Begin.

        :param layout: which environment
        :param env: the caller's variables, without those of an environment of ours
        """
        self._layout = layout
        self._env = env
        self._python_name = f'python{sys.version_info[0]}.{sys.version_info[1]}'
        self._site = layout.venv / 'lib' / self._python_name / 'site-packages'
        self._venv_stamp = layout.state / 'venv.json'
        self._workspace_stamp = layout.state / 'workspace.json'
        self._venv_base = venv_base(
            layout, [str(Path(sys.executable).resolve()), self._python_name]
        )
        self._venv_key = venv_key(layout, self._venv_base)
        self._workspace_base = workspace_base(layout, self._venv_base)

    def venv_fault(self, *, quick: bool) -> str | None:
        """Return why the virtual environment must be built, or None."""
        fault = why_not_ready(self._venv_stamp, self._venv_key, 'the virtual environment')
        if fault is None and not quick:
            lost = first_lost_file(self._site)
            if lost is not None:
                fault = f'the virtual environment is broken: {lost} is missing'
        return fault

    def workspace_fault(self) -> str | None:
        """Return why the workspace must be built, or None."""
        key = workspace_key(self._layout, self._workspace_base)
        return why_not_ready(self._workspace_stamp, key, 'the workspace')

    def build(self, lock_fd: int, venv_fault: str | None, workspace_fault: str | None) -> None:
        """Build what is not ready; what is begun and not ended leaves no stamp."""
        layout = self._layout
        in_place = self._is_whole(self._venv_stamp, self._venv_base, venv_fault)
        check_all(
            layout.root,
            sourced_ros=bool(layout.ros_distro),
            new=venv_fault is not None and not in_place,
        )
        progress = Progress(STEPS, layout.state / 'log', keep_open=(lock_fd,))
        if venv_fault is not None:
            self._venv_stamp.unlink(missing_ok=True)
            self._build_venv(progress, in_place=in_place)
        else:
            for title in ('virtual environment', 'packages', 'CMake files', 'training package'):
                progress.skip(title)
        anew = not self._is_whole(self._workspace_stamp, self._workspace_base, workspace_fault)
        # The key of the sources as they are now: if they change meanwhile, the next call sees it.
        key = workspace_key(layout, self._workspace_base)
        self._workspace_stamp.unlink(missing_ok=True)
        if workspace_fault is not None:
            progress.begin('ROS 2 workspace: messages and Python packages')
            name = self._python_name
            build_workspace(layout, progress, self._env, python_name=name, anew=anew)
            progress.end()
        else:
            progress.skip('ROS 2 workspace: messages and Python packages')
        progress.begin('trying what was built')
        probe(layout, progress, self._env)
        progress.end()
        write_whole(layout.state / 'python', f'{sys.executable}\n')
        base, names = self._workspace_base, all_files(layout.install)
        write_stamp(self._workspace_stamp, key, layout.install, names, base=base)

    def write_settings(self) -> None:
        """Write the file of settings, if it does not say what it should."""
        text = shell_lines(self._layout, self._python_name)
        path = self._layout.settings
        if not path.is_file() or path.read_text(encoding='utf-8') != text:
            write_whole(path, text)

    def _is_whole(self, stamp: Path, base: str, fault: str | None) -> bool:
        """Tell whether what a stamp stands for may be changed in place, instead of built anew."""
        return read_stamp(stamp).get('base') == base and OTHER_SOURCES in (fault or '')

    def _build_venv(self, progress: Progress, *, in_place: bool) -> None:
        layout, env = self._layout, self._env
        lock = choose_lock(layout, env)
        progress.begin(f'virtual environment {layout.venv.name} with {sys.executable}')
        if not in_place:
            make_venv(layout, progress, env)
        progress.end()
        progress.begin(
            f'packages of requirements/{lock.name} (the first time takes a minute or more)'
        )
        install_packages(layout, lock, progress, env, in_place=in_place)
        progress.end()
        progress.begin('CMake files of the ROS 2 packages')
        if not layout.ros_distro:
            mend_exports(layout.venv, layout.python)
        progress.end()
        progress.begin('training package')
        install_training(layout, progress, env)
        progress.end()
        site = f'lib/{self._python_name}/site-packages'
        names = ['bin/python', *(f'{site}/{name}' for name in top_level(self._site))]
        write_stamp(self._venv_stamp, self._venv_key, layout.venv, names, base=self._venv_base)


def make_ready(root: Path, environ: Mapping[str, str], *, quick: bool, rebuild: bool) -> Path:
    """
    Make the environment ready, if it is not.

    :param root: the repository
    :param environ: the caller's environment variables
    :param quick: do not look at every single file of the packages
    :param rebuild: build from nothing
    :return: the file of shell lines that sets the environment up
    :raises BootstrapError: with what to do about it
    """
    env = without_environment(environ)
    layout = find_layout(root, env)
    bootstrap = Bootstrap(layout, env)
    ready = bootstrap.venv_fault(quick=quick) is None and bootstrap.workspace_fault() is None
    if ready and not rebuild:
        bootstrap.write_settings()
        return layout.settings
    end_on_sigterm()
    try:
        layout.state.mkdir(exist_ok=True)
        with one_at_a_time(layout.state / 'lock') as lock_fd:
            if rebuild:
                shutil.rmtree(layout.venv, ignore_errors=True)
                (layout.state / 'venv.json').unlink(missing_ok=True)
            # Another call may have built it while this one waited.
            venv_fault = bootstrap.venv_fault(quick=quick)
            workspace_fault = bootstrap.workspace_fault()
            if venv_fault or workspace_fault:
                fault = venv_fault or workspace_fault or ''
                print(f'shelf-anomaly: {fault}; building it.', file=sys.stderr, flush=True)
                bootstrap.build(lock_fd, venv_fault, workspace_fault)
            bootstrap.write_settings()
    except OSError as err:
        raise BootstrapError(f'{err}. Check the rights and the free space of {root}.') from err
    return layout.settings
