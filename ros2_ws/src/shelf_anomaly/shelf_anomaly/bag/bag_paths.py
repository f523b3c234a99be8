# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""From what a user names on the command line to bags, in order, each with its own name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from ..errors import BagError

_FILES = ('.mcap', '.db3', '.bag')


def find_bags(arguments: Iterable[str | Path]) -> dict[str, Path]:
    """
    Return the bags that are meant, in order, by name.

    :param arguments: bags (a rosbag2 folder, or one mcap, db3 or ROS 1 bag file) or folders of
        bags; what is in a folder of bags is taken in the order of its names
    :return: path of each bag by the patrol's name, which is the bag's own name
    :raises BagError: if something is no bag and holds none
    """
    paths: list[Path] = []
    for argument in arguments:
        path = Path(argument)
        if not path.exists():
            raise BagError(f'{path}: no such file or folder')
        paths.extend(_bags_at(path))
    paths = list(dict.fromkeys(path.resolve() for path in paths))
    often = Counter(_name(path) for path in paths)
    named: dict[str, Path] = {}
    for path in paths:
        name = _name(path)
        if often[name] > 1:  # two runs of the same name: the folder above tells them apart
            name = f'{path.parent.name}/{name}'
        while name in named:
            name += "'"
        named[name] = path
    return named


def _name(path: Path) -> str:
    return path.stem if path.is_file() else path.name


def _bags_at(path: Path) -> list[Path]:
    if path.is_file() or (path / 'metadata.yaml').is_file():
        return [path]
    files = sorted(f for f in path.iterdir() if f.is_file() and f.suffix in _FILES)
    folders = sorted(
        f
        for f in path.iterdir()
        if f.is_dir() and ((f / 'metadata.yaml').is_file() or any(f.glob('*.mcap')))
    )
    found = sorted([*files, *(bag for folder in folders for bag in _bags_at(folder))])
    if not found:
        inside = ', '.join(sorted(f.name for f in path.iterdir())[:6]) or 'nothing'
        raise BagError(
            f'{path}: neither a bag (metadata.yaml with mcap or db3 files) nor a folder of bags; '
            f'it holds {inside}'
        )
    return found
