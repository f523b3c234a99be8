# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
Makes the CMake files of the ROS 2 wheels fit this machine.

The wheels' CMake exports name the folders of the machine that built them
(``/opt/python/cp311-cp311/...``). Without this, nothing that depends on a message package
compiles.
"""

import os
from pathlib import Path
import re
import subprocess

from .errors import BootstrapError

BUILT_IN = r'/opt/python/cp3\d+-cp3\d+t?'
TEXT_SUFFIXES = {'.cmake', '.in', '.pc', ''}


def replacements(venv: str, include: str, numpy_include: str) -> list[tuple[re.Pattern[str], str]]:
    """Return patterns and what they become, the most special first."""
    return [
        (
            re.compile(BUILT_IN + r'/lib/python3\.\d+/site-packages/numpy/(_core|core)/include'),
            numpy_include,
        ),
        (re.compile(BUILT_IN + r'/include/python3\.\d+'), include),
        (re.compile(BUILT_IN), venv),
    ]


def mend_text(text: str, rules: list[tuple[re.Pattern[str], str]]) -> str:
    """Return the text with the foreign folders replaced."""
    for pattern, ours in rules:
        # A function, so that a backslash in a path stays one.
        text = pattern.sub(lambda _found, ours=ours: ours, text)  # type: ignore[misc]
    return text


def mend_exports(venv: Path, python: Path) -> int:
    """
    Rewrite the foreign folders in everything under the environment's ``share``.

    :return: how many files were changed; a second call changes none
    """
    ask = 'import sysconfig, numpy; print(sysconfig.get_config_var("INCLUDEPY")); '
    ask += 'print(numpy.get_include())'
    result = subprocess.run(
        [str(python), '-c', ask],
        capture_output=True,
        text=True,
        check=False,
    )
    answer = result.stdout.splitlines()
    if result.returncode != 0 or len(answer) != 2:
        raise BootstrapError(f'numpy cannot be imported in {venv}:\n{result.stderr.strip()}')
    rules = replacements(str(venv), answer[0], answer[1])
    changed = 0
    for place, _folders, files in os.walk(venv / 'share'):
        for name in files:
            path = Path(place, name)
            if path.suffix in TEXT_SUFFIXES and not path.is_symlink():
                changed += _mend_file(path, rules)
    return changed


def _mend_file(path: Path, rules: list[tuple[re.Pattern[str], str]]) -> bool:
    """Mend one file; written anew, because uv shares files with its cache by hard links."""
    content = path.read_bytes()
    if b'/opt/python/' not in content:
        return False
    mended = mend_text(content.decode('utf-8', 'surrogateescape'), rules)
    new = mended.encode('utf-8', 'surrogateescape')
    if new == content:
        return False
    part = path.with_name(path.name + '.part')
    part.write_bytes(new)
    part.chmod(path.stat().st_mode)
    os.replace(part, path)
    return True
