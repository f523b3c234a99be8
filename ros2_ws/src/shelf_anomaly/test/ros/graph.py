# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""A test's own node and processes; everything waits on conditions, never on fixed times."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
import signal
import subprocess
import sys
from threading import Thread
import time
from types import TracebackType
from typing import Any

import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile

from shelf_anomaly.ros import qos

PATIENCE_S = 30.0


def wait(condition: Callable[[], Any], what: str, timeout_s: float = PATIENCE_S) -> Any:
    """Return what ``condition`` returns as soon as it is true; fail, naming ``what``."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError(f'{what}: not within {timeout_s:g} s')


class Graph:
    """A node that spins in a thread and keeps what it hears."""

    def __init__(self, domain: int) -> None:
        self._context = Context()
        rclpy.init(context=self._context, domain_id=domain)
        self.node = Node('test', context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self.node)
        self._ending = False
        self._thread = Thread(target=self._spin, daemon=True)
        self._thread.start()

    def _spin(self) -> None:
        while not self._ending:
            self._executor.spin_once(timeout_sec=0.05)

    def __enter__(self) -> Graph:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ending = True
        self._thread.join(5.0)
        self._executor.shutdown()
        self.node.destroy_node()
        self._context.try_shutdown()

    def hear(self, message_type: Any, topic: str, profile: QoSProfile) -> list[Any]:
        """Subscribe; return the list that fills."""
        heard: list[Any] = []
        self.node.create_subscription(message_type, topic, heard.append, profile)
        return heard

    def publisher(self, message_type: Any, topic: str, profile: QoSProfile | None = None) -> Any:
        """Advertise; return once somebody listens."""
        made = self.node.create_publisher(message_type, topic, profile or qos.profile(50))
        wait(made.get_subscription_count, f'a reader of {topic}')
        return made


class Process:
    """A process under test."""

    def __init__(
        self, arguments: Sequence[str], log: Path, environment: Mapping[str, str]
    ) -> None:
        self._log = log
        with log.open('w') as stream:
            self._process = subprocess.Popen(
                arguments, stdout=stream, stderr=subprocess.STDOUT, env=environment
            )

    @property
    def output(self) -> str:
        """What it wrote so far."""
        return self._log.read_text(errors='replace')

    @property
    def running(self) -> bool:
        """Whether it lives."""
        return self._process.poll() is None

    def wait_output(self, text: str) -> None:
        """Wait until it wrote ``text``."""

        def written() -> bool:
            assert text in self.output or self.running, f'ended without {text!r}: {self.output}'
            return text in self.output

        wait(written, f'{text!r} in the output')

    def end(self, number: int = signal.SIGTERM) -> tuple[int, float]:
        """Send a signal; return exit code and how long it took, seconds."""
        begun = time.monotonic()
        self._process.send_signal(number)
        return self._process.wait(PATIENCE_S), time.monotonic() - begun

    def code(self) -> int:
        """Return the exit code of a process that ends by itself."""
        return self._process.wait(PATIENCE_S)

    def kill(self) -> None:
        """End it whatever it does."""
        if self.running:
            self._process.kill()
            self._process.wait(PATIENCE_S)


class Processes:
    """Starts processes; ends those that are left."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._environment = environment
        self._started: list[Process] = []

    def __enter__(self) -> Processes:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process in self._started:
            process.kill()

    def python(self, *arguments: str, **environment: str) -> Process:
        """Start this Python with arguments and a changed environment."""
        log = self._folder / f'process_{len(self._started)}.log'
        process = Process([sys.executable, *arguments], log, {**self._environment, **environment})
        self._started.append(process)
        return process

    def node(self, module: str, remaps: Sequence[str] = (), **parameters: object) -> Process:
        """Start one of our nodes with parameters."""
        pairs = [f'{name}:={_yaml(value)}' for name, value in parameters.items()]
        arguments = [part for pair in pairs for part in ('-p', pair)]
        arguments += [part for remap in remaps for part in ('-r', remap)]
        return self.python('-m', f'shelf_anomaly.ros.{module}', '--ros-args', *arguments)


def _yaml(value: object) -> str:
    if isinstance(value, bool):
        return 'true' if value else 'false'
    if isinstance(value, (list, tuple)):
        return '[' + ', '.join(str(float(number)) for number in value) + ']'
    return str(value)
