# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The command line: help, mistakes and exit codes."""

from pathlib import Path
import subprocess
import sys

import pytest

from shelf_anomaly import cli


def run(*words: object) -> int:
    return cli.main([str(word) for word in words])


@pytest.mark.parametrize('command', [(), ('replay',), ('check',), ('info',)])
def test_help_teaches(command: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match='0'):
        run(*command, '--help')
    said = capsys.readouterr().out
    assert 'usage: shelf-anomaly' in said
    if command != ('info',):
        assert 'example' in said


def test_help_is_quick_and_loads_nothing_heavy() -> None:
    code = (
        'import sys, shelf_anomaly.cli as c\n'
        'try: c.main(["--help"])\n'
        'except SystemExit: pass\n'
        'heavy = {"onnxruntime", "cv2", "rosbags", "rich"} & set(sys.modules)\n'
        'sys.exit(f"loaded {heavy}" if heavy else 0)'
    )
    done = subprocess.run(
        [sys.executable, '-c', code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ('words', 'text'),
    [
        ((), 'required: COMMAND'),
        (('replay', 'bag'), 'required: --model, --store, --out'),
        (
            ('replay', 'b', '--model', 'm', '--store', 's', '--out', 'o', '--budget', '0'),
            "'0' is no number above 0",
        ),
        (
            ('replay', 'b', '--model', 'm', '--store', 's', '--out', 'o', '--budget', 'nan'),
            'is no number above 0',
        ),
        (
            ('replay', 'b', '--model', 'm', '--store', 's', '--out', 'o', '--threads', '-1'),
            'from 1 to 256',
        ),
        (
            ('replay', 'b', '--model', 'm', '--store', 's', '--out', 'o', '--mount', '1,2,3'),
            'is no x,y,z,qx',
        ),
        (
            (
                'replay',
                'b',
                '--model',
                'm',
                '--store',
                's',
                '--out',
                'o',
                '--mount',
                '0,0,0,0,0,0,9',
            ),
            'has length 9',
        ),
        (('check', 'a.jpg', '--model', 'm'), 'required: --product'),
    ],
)
def test_mistakes_are_named(
    words: tuple[str, ...], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match='2'):
        run(*words)
    assert text in capsys.readouterr().err


def test_a_mount() -> None:
    words = ['replay', 'b', '--model', 'm', '--store', 's', '--out', 'o', '--mount=-1,2,3,0,0,0,1']
    args = cli.build_parser().parse_args(words)
    assert args.mount.position.tolist() == [-1, 2, 3]


def test_one_base_error_becomes_one_line_and_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run('info', tmp_path / 'x') == 2
    assert capsys.readouterr().err == f'shelf-anomaly: {tmp_path / "x"}: no such file or folder\n'


def test_interrupted(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, '_info', interrupt)
    assert run('info', 'x') == 130
    assert 'interrupted' in capsys.readouterr().err


def test_an_error_of_another_make_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(cli, '_info', fail)
    with pytest.raises(ZeroDivisionError):
        run('info', 'x')


def test_info_of_a_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / 'store.yaml'
    file.write_text(
        'version: 1\nstore: s[b]\nframe: map\naisles:\n- id: A\n  bays:\n  - {id: L01, '
        'side: left, origin: [0, 1, 0], facing_yaw: 0, width: 1.0, height: 1.2, levels: [0]}\n'
    )
    assert run('info', file) == 0
    assert 's[b]' in capsys.readouterr().out
