# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Child processes that are ended by their own id, kindly first, and whose last words are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import os
from pathlib import Path
import signal
import socket
import subprocess
import time
from types import TracebackType

from .errors import PlanError

KIND_S = 5.0
DOMAINS = range(20, 101)  # above 101 the ports of DDS run into those that Linux hands out
LAST_LINES = 12


class Child:
    """One program that runs beside this one."""

    def __init__(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], log: Path
    ) -> None:
        """Start it, apart from the terminal's Ctrl-C; what it says goes to ``log``."""
        self.name, self.log = name, log
        with log.open('wb') as out:
            self._process = subprocess.Popen(
                list(command),
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=dict(environment),
                start_new_session=True,
            )

    @property
    def running(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    @property
    def status(self) -> int | None:
        """Exit status; None while it runs."""
        return self._process.poll()

    def last_words(self) -> str:
        """Return the end of what it said."""
        text = self.log.read_text(encoding='utf-8', errors='replace')
        return '\n'.join(text.splitlines()[-LAST_LINES:])

    def stop(self) -> None:
        """End it: interrupt, then terminate, then kill."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            if not self.running:
                return
            self._process.send_signal(number)
            try:
                self._process.wait(KIND_S)
            except subprocess.TimeoutExpired:
                continue


class Family:
    """Children that end with this program, whatever happens."""

    def __init__(self, environment: Mapping[str, str], logs: Path) -> None:
        """Give all children this environment, and keep their logs in a folder."""
        self._environment, self._logs = environment, logs
        self.children: list[Child] = []

    def start(self, name: str, command: Sequence[str]) -> Child:
        """Start a child."""
        child = Child(name, command, self._environment, self._logs / f'{name}.log')
        self.children.append(child)
        return child

    def check(self, *, may_end: Sequence[Child] = ()) -> None:
        """Look after all; :raises PlanError: if one ended that should not have, with its words."""
        for child in self.children:
            status = child.status
            if status is None or (status == 0 and child in may_end):
                continue
            raise PlanError(
                f'{child.name} ended with status {status}; its last words:\n{child.last_words()}'
            )

    def __enter__(self) -> Family:
        """Return this."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End all, the latest first."""
        for child in reversed(self.children):
            child.stop()


def free_port(wanted: int, host: str = '127.0.0.1') -> int:
    """Return the wanted port, or the next that is free; :raises PlanError: if none of 50 is."""
    for port in range(wanted, min(wanted + 50, 65536)):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return port
    raise PlanError(f'ports {wanted} to {wanted + 49} are all taken; name another with --port')


def free_domain() -> int:
    """Return a ROS domain that nobody on this machine uses."""
    start = os.getpid() + time.time_ns() // 1_000_000
    for i in range(len(DOMAINS)):
        domain = DOMAINS[(start + i) % len(DOMAINS)]
        if all(_udp_free(7400 + 250 * domain + offset) for offset in (10, 11, 12, 13)):
            return domain
    raise PlanError('all ROS domains of this machine are in use; name one with --domain')


def _udp_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(('0.0.0.0', port))
        except OSError:
            return False
    return True
