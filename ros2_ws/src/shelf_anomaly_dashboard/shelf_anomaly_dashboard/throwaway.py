# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Servers for tests and benchmarks: started in a folder of their own, ended and forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
import itertools
import os
from pathlib import Path
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

START_S = 60.0


class NotInstalledError(Exception):
    """A server that is not on this machine."""


@dataclass
class Postgres:
    """A PostgreSQL server that listens on a socket file only."""

    folder: Path
    binaries: Path
    user: str | None
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def new_database(self) -> str:
        """Make an empty database and return its URL."""
        name = f'shelf_{next(self._numbers)}'
        subprocess.run(
            [self.binaries / 'createdb', '-h', self.folder, '-U', 'shelf', name],
            check=True,
            user=self.user,
            timeout=START_S,
            capture_output=True,
            cwd='/',
        )
        return f'postgresql://shelf@/{name}?host={self.folder}'


@contextmanager
def postgres(*, safe: bool = False) -> Iterator[Postgres]:
    """
    Run a PostgreSQL server.

    :param safe: whether it waits for the disk as a real one does
    :raises NotInstalledError: when there is none, or nobody to run it as
    """
    binaries = _postgres_binaries()
    user = _unprivileged()
    folder = Path(tempfile.mkdtemp(prefix='shelf-pg-'))
    try:
        if user:
            shutil.chown(folder, user)
        data = folder / 'data'
        subprocess.run(
            [
                *(binaries / 'initdb', '-D', data, '-U', 'shelf', '-A', 'trust'),
                *('-E', 'UTF8', '--no-locale', *(() if safe else ('--no-sync',))),
            ],
            check=True,
            user=user,
            timeout=START_S,
            capture_output=True,
            cwd='/',
        )
        quick = () if safe else ('-c', 'fsync=off', '-c', 'synchronous_commit=off')
        server = subprocess.Popen(
            [
                *(binaries / 'postgres', '-D', data, '-k', folder),
                *('-c', 'listen_addresses=', '-c', 'max_connections=60', *quick),
            ],
            user=user,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd='/',
        )
        try:
            _wait(
                lambda: (
                    subprocess.run(
                        [binaries / 'pg_isready', '-q', '-h', folder], check=False
                    ).returncode
                    == 0
                ),
                server,
            )
            yield Postgres(folder, binaries, user)
        finally:
            server.send_signal(signal.SIGQUIT)  # at once; nothing of it is kept
            server.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass
class Mosquitto:
    """A broker on a port of this machine; may be ended and started again."""

    port: int
    command: list[str]
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """Where it is."""
        return f'mqtt://127.0.0.1:{self.port}'

    def stop(self) -> None:
        """End it; what it holds for its clients is kept for the next start."""
        self.process.terminate()
        self.process.wait(20)

    def start(self) -> None:
        """Start it again."""
        self.process = _start_broker(self.command, self.port)


@contextmanager
def mosquitto() -> Iterator[Mosquitto]:
    """
    Run an MQTT broker.

    :raises NotInstalledError: when there is none
    """
    program = shutil.which('mosquitto') or shutil.which('mosquitto', path='/usr/sbin')
    if program is None:
        raise NotInstalledError('no mosquitto; install the package mosquitto')
    folder = Path(tempfile.mkdtemp(prefix='shelf-mqtt-'))
    with socket.create_server(('127.0.0.1', 0)) as probe:
        port = probe.getsockname()[1]
    (folder / 'mosquitto.conf').write_text(
        f'listener {port} 127.0.0.1\nallow_anonymous true\npersistence true\n'
        f'persistence_location {folder}/\nlog_dest none\nmax_queued_messages 100000\n'
        # As root it would become another user, who may not write into the folder.
        f'user {pwd.getpwuid(os.geteuid()).pw_name}\n'
    )
    command = [program, '-c', str(folder / 'mosquitto.conf')]
    broker = Mosquitto(port, command, _start_broker(command, port))
    try:
        yield broker
    finally:
        if broker.process.poll() is None:
            broker.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _start_broker(command: list[str], port: int) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def listens() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(('127.0.0.1', port)) == 0

    _wait(listens, process)
    return process


def _wait(ready: object, process: subprocess.Popen[bytes]) -> None:
    assert callable(ready)
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        if process.poll() is not None:
            raise NotInstalledError(f'{process.args!r} ended with {process.returncode}')
        if ready():
            return
        time.sleep(0.05)
    process.kill()
    raise NotInstalledError(f'{process.args!r} was not ready within {START_S} s')


def _postgres_binaries() -> Path:
    found = sorted(Path('/usr/lib/postgresql').glob('*/bin/initdb'))
    if not found and (program := shutil.which('initdb')):
        found.append(Path(program).resolve())  # the other programs lie beside it
    if not found:
        raise NotInstalledError('no PostgreSQL server; install the package postgresql')
    return found[-1].parent


def _unprivileged() -> str | None:
    if os.geteuid() != 0:
        return None
    for name in ('postgres', 'nobody'):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise NotInstalledError('PostgreSQL does not run as root, and there is no other user')
