# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The command line: help that teaches, errors as one line, and a quick start."""

from pathlib import Path
import subprocess
import sys

import pytest

from shelf_training.cli import build_parser, main


@pytest.mark.parametrize('command', ['collect', 'fit', 'photos'])
def test_help_shows_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main([command, '--help'])
    assert stop.value.code == 0
    assert f'  shelf-train {command} ' in capsys.readouterr().out


@pytest.mark.parametrize(
    ('arguments', 'said'),
    [
        (['fit', 'nowhere', '--out', 'm'], 'nowhere/dataset.json: no such file'),
        (['photos', 'nowhere', '--out', 'm'], 'nowhere: no such folder'),
        (
            ['collect', 'nobag', '--store', 'nostore.yaml', '--out', 'd'],
            'nostore.yaml: no such file',
        ),
    ],
)
def test_an_error_is_one_line(
    arguments: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    error = capsys.readouterr().err.strip()
    assert error.startswith('shelf-train: ')
    assert said in error
    assert len(error.splitlines()) == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    'arguments',
    [
        ['fit', 'd', '--out', 'm', '--network', 'resnet'],
        ['fit', 'd', '--out', 'm', '--epochs', '0'],
        ['collect', 'b', '--store', 's', '--out', 'd', '--px-per-m', '-3'],
        ['collect', 'b', '--store', 's', '--out', 'd', '--mount', '1,2,3'],
        ['collect', 'b', '--store', 's', '--out', 'd', '--mount', '0,0,0,0,0,0,0'],
        [],
    ],
)
def test_wrong_arguments_end_with_usage(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2


def test_mount_is_read() -> None:
    args = build_parser().parse_args(
        ['collect', 'b', '--store', 's', '--out', 'd', '--mount', '0.1,0.2,0.9,-0.5,0.5,-0.5,0.5']
    )
    assert args.mount.position.tolist() == [0.1, 0.2, 0.9]


def test_help_does_not_load_tensorflow() -> None:
    code = (
        'import sys; from shelf_training.cli import build_parser; build_parser().format_help();'
        'sys.exit(bool({"tensorflow", "keras", "matplotlib"} & set(sys.modules)))'
    )
    assert subprocess.run([sys.executable, '-c', code], check=False, timeout=60).returncode == 0
