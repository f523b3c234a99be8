# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""From the first start to the pages, as an admin goes the way; and the commands beside it."""

from __future__ import annotations

from collections.abc import Callable
import io
from pathlib import Path
import re
import subprocess
from typing import Any

import httpx
import pytest

from shelf_anomaly_dashboard.cli import main

Start = Callable[..., tuple[subprocess.Popen[str], str]]


def enter(client: httpx.Client, name: str, password: str) -> int:
    (form,) = re.findall(r'name="form" value="(\w+)"', client.get('/login').text)
    said = {'name': name, 'password': password, 'form': form, 'next': '/admin'}
    return client.post('/login', data=said).status_code


def test_the_first_start_lets_the_admin_in_and_no_other(
    start_dashboard: Start, store_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process, address = start_dashboard('--no-ros', login=True)
    assert process.stdout is not None
    (password,) = re.findall(r'as "admin" with the password (\S+)', process.stdout.readline())
    with httpx.Client(base_url=address, timeout=120, headers={'accept': 'text/html'}) as client:
        assert client.get('/admin').headers['location'] == '/login?next=%2Fadmin'
        assert enter(client, 'admin', 'not the password') == 401
        assert enter(client, 'admin', password) == 303
        page = client.get('/admin')
        # What takes longer to draw follows over the websocket.
        assert (page.status_code, 'Users' in page.text) == (200, True)
        assert 'Log out' in client.get('/account').text
        assert client.get('/').status_code == 200
    where = ['--store', str(store_file), '--database', f'sqlite:///{tmp_path}/live.db']
    monkeypatch.setattr('sys.stdin', io.StringIO('four blue words\n'))
    assert main(['users', 'add', 'vera', '--role', 'viewer', *where]) == 0
    with httpx.Client(base_url=address, timeout=120, headers={'accept': 'text/html'}) as client:
        assert enter(client, 'vera', 'four blue words') == 303
        page = client.get('/admin')
        assert ('it takes admin' in page.text, 'Users' in page.text) == (True, False)


@pytest.fixture
def command(
    store_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> Callable[..., tuple[int, str, str]]:
    def run(*words: str, typed: str = '') -> tuple[int, str, str]:
        monkeypatch.setattr('sys.stdin', io.StringIO(typed))
        where = ['--store', str(store_file), '--database', f'sqlite:///{tmp_path}/c.db']
        code = main([*words, *where])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_users_on_the_command_line(command: Callable[..., tuple[int, str, str]]) -> None:
    assert command('users', 'add', 'Ada', '--role', 'admin', typed='four blue words\n')[0] == 0
    assert 'already' in command('users', 'add', 'ada', typed='four blue words\n')[2]
    assert 'characters' in command('users', 'add', 'sam', typed='short\n')[2]
    assert 'last admin' in command('users', 'remove', 'ada')[2]
    assert command('users', 'add', 'sam', '--generate')[0] == 0
    assert command('users', 'role', 'sam', '--role', 'admin')[0] == 0
    assert command('users', 'passwd', 'sam', typed='other blue words\n')[0] == 0
    assert command('users', 'passwd', 'nobody', '--generate')[0] == 2
    assert command('users', 'remove', 'ada')[0] == 0
    code, out, _ = command('users', 'list')
    assert (code, 'sam' in out, 'ada' in out) == (0, True, False)


def test_tokens_and_purge_on_the_command_line(
    command: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    code, token, told = command('tokens', 'add', 'ERP', '--scope', 'read', '--days', '30')
    assert (code, token.startswith('shelf_'), 'only now' in told) == (0, True, True)
    code, out, _ = command('tokens', 'list')
    assert ('ERP' in out, token.strip() in out) == (True, False)
    assert command('tokens', 'remove', '1')[0] == 0
    assert 'no token 1' in command('tokens', 'remove', '1')[2]
    pictures = ['--evidence', str(tmp_path / 'e')]
    code, out, _ = command('purge', '--resolved-days', '30', '--save', *pictures)
    assert (code, '30' in out) == (0, True)
    assert 'resolved_days' in command('purge', '--resolved-days', '-1', *pictures)[2]
