# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Makes the virtual environment and puts the locked packages into it."""

from collections.abc import Mapping
from pathlib import Path
import re
import shutil
import subprocess
import sys

from .errors import BootstrapError
from .hints import NOT_REACHED_ADVICE
from .indexes import read_pip_config, uv_equivalent
from .layout import Layout
from .progress import Progress

#: With a sourced ROS 2 these come from it and from its system packages.
OF_ROS = re.compile(r'(ros-|empy==|lark-parser==)')


def choose_lock(layout: Layout, env: Mapping[str, str]) -> Path:
    """
    Return the lock file to use.

    A sourced ROS 2 brings message classes that were compiled against the system's numpy: with a
    numpy 1 there, numpy 2 cannot load them.
    """
    if not layout.ros_distro:
        return layout.requirements / 'lock.txt'
    probe = 'import rclpy, numpy; print(numpy.__version__)'
    result = subprocess.run(
        [sys.executable, '-c', probe],
        env=dict(env),
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        last = (result.stderr.strip().splitlines() or ['no message'])[-1]
        raise BootstrapError(
            f'ROS 2 {layout.ros_distro} is sourced, but {sys.executable} cannot import rclpy and '
            f'numpy ({last}). Choose the Python that it was built for with PYTHON=..., or call '
            'this from a shell in which no ROS is sourced: then Jazzy is installed from PyPI.'
        )
    old = result.stdout.strip().startswith('1.')
    return layout.requirements / ('lock-numpy1.txt' if old else 'lock.txt')


def wanted_packages(lock: str, *, sourced_ros: bool) -> str:
    """Return the lines of a lock file that are to be installed."""
    lines = lock.splitlines(keepends=True)
    return ''.join(line for line in lines if not (sourced_ros and OF_ROS.match(line)))


def locked_line(lock: str, package: str) -> str:
    """Return the requirement ``package==version`` of a lock file."""
    found = re.search(rf'^({re.escape(package)}==[^\s;]+)', lock, re.MULTILINE)
    if found is None:
        raise BootstrapError(
            f'requirements/lock.txt has no line for {package}: make the lock anew.'
        )
    return found.group(1)


def make_venv(layout: Layout, progress: Progress, env: Mapping[str, str]) -> None:
    """Make an empty virtual environment, whatever lay there before."""
    if layout.venv.exists():
        shutil.rmtree(layout.venv)
    # The system packages of a sourced ROS 2 (empy, lark, its numpy's users) must stay in reach.
    shared = ['--system-site-packages'] if layout.ros_distro else []
    progress.run(
        [sys.executable, '-m', 'venv', *shared, str(layout.venv)],
        env=env,
        what='making the virtual environment',
    )


def package_names(lock: str) -> set[str]:
    """Return the names of the packages in a lock file."""
    return {line.partition('==')[0].strip() for line in lock.splitlines() if '==' in line}


def install_packages(
    layout: Layout, lock: Path, progress: Progress, env: Mapping[str, str], *, in_place: bool
) -> None:
    """
    Install the locked packages with uv, which takes a tenth of pip's time, or else with pip.

    :param in_place: the environment is not new: what its lock had and this one has not, goes
    """
    text = wanted_packages(lock.read_text(encoding='utf-8'), sourced_ros=bool(layout.ros_distro))
    chosen = layout.state / 'packages.txt'
    before = chosen.read_text(encoding='utf-8') if in_place and chosen.is_file() else ''
    chosen.write_text(text, encoding='utf-8')
    python = str(layout.python)
    pip = [python, '-m', 'pip']
    install = ['install', '--disable-pip-version-check', '--no-deps']
    # Not "uv pip sync": the ROS wheels carry egg-info folders that it takes for stray packages.
    dropped = sorted(package_names(before) - package_names(text))
    if dropped:
        progress.run([*pip, 'uninstall', '--yes', *dropped], env=env, what='removing packages')
    options, variables, unknown = uv_equivalent(read_pip_config(python, env))
    if unknown:
        progress.note(
            f'pip is the installer: uv has no equal for its setting {", ".join(unknown)}'
        )
    else:
        try:
            progress.run([*pip, *install, locked_line(text, 'uv')], env=env, what='installing uv')
            command = [str(layout.venv / 'bin' / 'uv'), 'pip', 'install', '--python', python]
            command += ['--no-deps', '--compile-bytecode', '--no-progress', *options]
            uv_env = {**env, **variables, **cache_settings(layout, env)}
            progress.run(
                [*command, '--requirements', str(chosen)],
                env=uv_env,
                what='installing the packages with uv',
            )
            return
        except BootstrapError as err:
            if NOT_REACHED_ADVICE in str(err):
                raise  # pip would not reach the index either, and take longer to say so
            progress.note('uv did not do it, pip is tried instead. What uv said:')
            progress.note(str(err).replace('\n', '\n      '))
    progress.run(
        [*pip, *install, '--requirement', str(chosen)], env=env, what='installing the packages'
    )


def cache_settings(layout: Layout, env: Mapping[str, str]) -> Mapping[str, str]:
    """Return settings for uv's cache: its own place, or one of ours where home is not writable."""
    home = Path(env.get('XDG_CACHE_HOME') or Path(env.get('HOME') or '/nonexistent') / '.cache')
    try:
        (home / 'uv').mkdir(parents=True, exist_ok=True)
        writable = True
    except OSError:
        writable = 'UV_CACHE_DIR' in env
    # A copy instead of a hard link across file systems is fine, and no news.
    quiet = {'UV_LINK_MODE': env.get('UV_LINK_MODE', 'copy')} if not writable else {}
    return quiet if writable else {**quiet, 'UV_CACHE_DIR': str(layout.state / 'cache')}


def install_training(layout: Layout, progress: Progress, env: Mapping[str, str]) -> None:
    """Install the training package editable, so that its sources are live."""
    project = layout.root / 'training'
    if not (project / 'pyproject.toml').is_file():
        return
    progress.run(
        [
            *(str(layout.python), '-m', 'pip', 'install', '--disable-pip-version-check'),
            *('--no-deps', '--no-build-isolation', '--no-index'),
            # A plain path entry: packages that are added later are found as well.
            *('--config-settings', 'editable_mode=compat'),
            *('--editable', str(project)),
        ],
        env=env,
        what='installing the training package',
    )
