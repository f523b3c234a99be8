# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Tells whether an environment is whole and fits the sources: stamps and lists of files."""

from collections.abc import Iterable, Sequence
import hashlib
import json
import os
from pathlib import Path

from .layout import FORMAT, Layout

#: Files whose change means another colcon build; the others are symlinked, so live.
BUILD_FILES = ('package.xml', 'setup.py', 'setup.cfg', 'CMakeLists.txt')

#: Said of something whole that no longer fits, unlike something broken.
OTHER_SOURCES = 'was built from other sources, other packages or another Python'

#: Packages that decide what colcon builds: another release of one means building from nothing.
BUILD_PACKAGES = ('ros-', 'numpy==', 'setuptools==', 'cmake==', 'empy==', 'lark', 'colcon-core==')


def digest(parts: Iterable[tuple[str, bytes]]) -> str:
    """Return one hash over named pieces; where one ends and the next begins counts."""
    total = hashlib.sha256()
    for name, content in parts:
        total.update(f'{name}\0{len(content)}\0'.encode())
        total.update(content)
    return total.hexdigest()


def venv_base(layout: Layout, python: Sequence[str]) -> str:
    """
    Return what a virtual environment cannot outlive: its place, its Python, its ROS 2.

    :param python: what identifies the interpreter: its path and version
    """
    return json.dumps([FORMAT, str(layout.root), layout.ros_distro, *python])


def venv_key(layout: Layout, base: str) -> str:
    """Return the key of the virtual environment: its base and all that is installed into it."""
    files = lock_files(layout)
    files += [path for path in [layout.root / 'training' / 'pyproject.toml'] if path.is_file()]
    parts = [(path.name, path.read_bytes()) for path in files]
    return digest([('base', base.encode()), *parts])


def lock_files(layout: Layout) -> list[Path]:
    """Return the lock files that bear on an environment."""
    pattern = 'lock*.txt' if layout.ros_distro else 'lock.txt'
    return sorted(layout.requirements.glob(pattern))


def workspace_base(layout: Layout, base: str) -> str:
    """Return what the built workspace cannot outlive: its Python and the tools that built it."""
    lines = [
        line
        for path in lock_files(layout)
        for line in path.read_text(encoding='utf-8').splitlines()
        if line.startswith(BUILD_PACKAGES)
    ]
    return digest([('base', base.encode()), ('tools', '\n'.join(lines).encode())])


def workspace_key(layout: Layout, base: str) -> str:
    """Return the key of the workspace that was built on a given base."""
    source = layout.workspace / 'src'
    parts = [('base', base.encode())]
    for package in sorted(path.parent for path in source.glob('*/package.xml')):
        name = package.name
        parts += [
            (f'{name}/{file}', (package / file).read_bytes())
            for file in BUILD_FILES
            if (package / file).is_file()
        ]
        parts += [
            (f'{name}/{path.parent.name}/{path.name}', path.read_bytes())
            for folder in ('msg', 'srv', 'action')
            for path in sorted((package / folder).glob(f'*.{folder}'))
        ]
        # Installed by name: a new file needs a build, a changed one does not. The folder of the
        # Python package counts too: an empty package that gets its code needs a build.
        names = [
            str(path.relative_to(package))
            for folder in ('launch', 'config', 'resource')
            for path in sorted((package / folder).glob('*'))
            if path.name != '__pycache__'
        ]
        names += ['__init__.py'] if (package / name / '__init__.py').is_file() else []
        parts.append((f'{name}/names', '\n'.join(names).encode()))
    return digest(parts)


def top_level(site_packages: Path) -> list[str]:
    """Return the names in site-packages: what a deleted package is noticed by."""
    try:
        return sorted(name for name in os.listdir(site_packages) if name != '__pycache__')
    except OSError:
        return []


def all_files(folder: Path) -> list[str]:
    """Return every file under a folder, relative, without byte code and links to nowhere."""
    found = []
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name != '__pycache__']
        paths = [os.path.join(place, name) for name in files]
        found += [os.path.relpath(path, folder) for path in paths if os.path.exists(path)]
    return sorted(found)


def missing(folder: Path, names: Iterable[str]) -> str | None:
    """Return the first name that is not in the folder (a link to nowhere is not), or None."""
    base = str(folder)
    for name in names:
        if not os.path.exists(f'{base}/{name}'):
            return name
    return None


def read_stamp(path: Path) -> dict[str, object]:
    """Return what a stamp says; nothing when there is none or it was cut short."""
    try:
        content = json.loads(path.read_text(encoding='utf-8'))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def write_stamp(
    path: Path, key: str, folder: Path, names: Sequence[str], *, base: str = ''
) -> None:
    """
    Write a stamp.

    :param names: files in the folder without which it is broken
    :param base: what the thing stands on, for those who may change it in place
    """
    content = {'key': key, 'folder': str(folder), 'names': list(names), 'base': base}
    write_whole(path, json.dumps(content))


def write_whole(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    part = path.with_name(f'{path.name}.{os.getpid()}.part')
    part.write_text(text, encoding='utf-8')
    os.replace(part, path)


def why_not_ready(stamp: Path, key: str, subject: str) -> str | None:
    """
    Return why something built must be built again, or None if it is ready.

    :param stamp: its stamp file
    :param key: the key that it must have now
    :param subject: what it is, for the sentence: "the environment"
    """
    content = read_stamp(stamp)
    names, folder = content.get('names'), content.get('folder')
    if not isinstance(names, list) or not isinstance(folder, str):
        return f'{subject} is not built, or its building was interrupted'
    if content.get('key') != key:
        return f'{subject} {OTHER_SOURCES}'
    lost = missing(Path(folder), (str(name) for name in names))
    if lost is not None:
        return f'{subject} is broken: {Path(folder) / lost} is missing'
    return None
