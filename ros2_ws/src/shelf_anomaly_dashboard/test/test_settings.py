# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Settings are safe or refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from shelf_anomaly.errors import SettingsError
from shelf_anomaly_dashboard.cli import main
from shelf_anomaly_dashboard.settings import is_loopback, Settings


@pytest.mark.parametrize(
    ('host', 'expected'),
    [
        ('127.0.0.1', True),
        ('127.8.8.8', True),
        ('::1', True),
        ('localhost', True),
        ('LOCALHOST', True),
        ('0.0.0.0', False),
        ('::', False),
        ('192.168.1.4', False),
        ('localhost.evil.example', False),
        ('', False),
    ],
)
def test_loopback(host: str, expected: bool) -> None:
    assert expected is is_loopback(host)


@pytest.mark.parametrize('host', ['0.0.0.0', '::', '192.168.1.4', ''])
def test_the_network_must_be_asked_for(host: str) -> None:
    with pytest.raises(SettingsError, match='--allow-network'):
        Settings(Path('store.yaml'), host=host)
    assert host == Settings(Path('store.yaml'), host=host, allow_network=True).host


def test_a_port_outside_its_range() -> None:
    with pytest.raises(SettingsError, match='expected 0 to 65535'):
        Settings(Path('store.yaml'), port=65536)


def test_defaults_lie_in_the_data_folder_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('XDG_DATA_HOME', '/data')
    settings = Settings(Path('store.yaml'))

    assert (
        'sqlite:////data/shelf_anomaly/dashboard.db',
        Path('/data/shelf_anomaly/evidence'),
    ) == (
        settings.database,
        settings.evidence_dir,
    )


@pytest.mark.parametrize(
    ('arguments', 'complaint'),
    [
        (['--store', '/no/store.yaml', '--no-ros'], 'no such file'),
        (['--store', 'x', '--host', '0.0.0.0'], '--allow-network'),
        (['--store', 'x', '--port', '99999'], 'expected 0 to 65535'),
    ],
)
def test_the_command_says_in_one_line_what_to_change(
    arguments: list[str],
    complaint: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv('XDG_DATA_HOME', str(tmp_path))
    if '--port' not in arguments:
        arguments = [*arguments, '--port', '0']
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert complaint in said
    assert said.count('\n') == 1
