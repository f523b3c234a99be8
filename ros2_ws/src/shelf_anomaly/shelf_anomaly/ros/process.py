# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Running a node as a process: memory, signals, the spin loop and the exit code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import ctypes
import os
import signal
import sys
from typing import Protocol

import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from ..errors import ArtefactError, ShelfAnomalyError

OK, CONFIGURATION, MODEL, INTERNAL = 0, 2, 3, 70
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
PINNED_BYTES = 1 << 30
OPERATOR_CHOSE = ('MALLOC_MMAP_THRESHOLD_', 'MALLOC_TRIM_THRESHOLD_', 'GLIBC_TUNABLES')
SPIN_S = 0.2
MAX_FAILURES = 20


class Runnable(Protocol):
    """A node that can be run to its end."""

    @property
    def node(self) -> Node:
        """What is spun."""

    @property
    def exit_code(self) -> int | None:
        """None while there is more to do."""

    def close(self) -> bool:
        """
        Finish what is under way, publish it, stop threads; called once, still connected.

        :return: whether all threads have ended
        """


def pin_malloc() -> bool:
    """
    Keep frame-sized memory in the process: a fresh mapping a frame costs four times as much.

    :return: whether it was set; what the operator chose is respected
    """
    if any(name in os.environ for name in OPERATOR_CHOSE):
        return False
    try:
        libc = ctypes.CDLL('libc.so.6')
        # Both or neither: with one alone, glibc stops to adapt the other.
        return bool(
            libc.mallopt(M_MMAP_THRESHOLD, PINNED_BYTES)
            and libc.mallopt(M_TRIM_THRESHOLD, PINNED_BYTES)
        )
    except (OSError, AttributeError):
        return False


class StopSignals:
    """
    SIGINT and SIGTERM as a flag.

    rclpy's own handlers shut the middleware down at once, and what is under way could not be
    published any more.
    """

    def __init__(self) -> None:
        """Take over both signals."""
        self.stopped = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)

    def _stop(self, _number: int, _frame: object) -> None:
        self.stopped = True


def run(
    name: str, build: Callable[[StopSignals], Runnable], args: Sequence[str] | None = None
) -> int:
    """
    Run a node until it ends or a signal comes.

    :param name: of the executable, for error lines
    :param build: makes the node; it may look at the signals while it waits for something
    :param args: the command line with its program name; None takes that of the process
    :return: 0, 2 (settings, store, bag), 3 (model) or 70 (a fault of ours)
    """
    pin_malloc()
    stop = StopSignals()
    runnable: Runnable | None = None
    ended = True
    try:
        rclpy.init(
            args=None if args is None else list(args),
            signal_handler_options=SignalHandlerOptions.NO,
        )
        runnable = build(stop)
        return _spin(runnable, stop)
    except ArtefactError as error:
        return _say(name, error, MODEL)
    except ShelfAnomalyError as error:
        return _say(name, error, CONFIGURATION)
    except (RuntimeError, ValueError) as error:
        # RCLError: a malformed command line or parameter file, before there is a node.
        if runnable is not None:
            raise
        return _say(name, error, CONFIGURATION)
    finally:
        if runnable is not None:
            ended = runnable.close()
            runnable.node.destroy_node()
        if rclpy.ok():
            rclpy.shutdown()
        if not ended:
            _leave()


def _spin(runnable: Runnable, stop: StopSignals) -> int:
    executor = SingleThreadedExecutor()
    executor.add_node(runnable.node)
    failures = 0
    try:
        while not stop.stopped:
            code = runnable.exit_code
            if code is not None:
                return code
            try:
                executor.spin_once(timeout_sec=SPIN_S)
                failures = 0
            except ExternalShutdownException:
                return OK
            except Exception as error:  # noqa: BLE001  a library must not end the patrol
                failures += 1
                runnable.node.get_logger().error(f'spin: {type(error).__name__}: {error}')
                if failures >= MAX_FAILURES:
                    return INTERNAL
        return OK
    finally:
        executor.remove_node(runnable.node)
        executor.shutdown(timeout_sec=0.5)


def _leave() -> None:
    """
    End the process beside a thread that does not end.

    The interpreter would take itself down around it, and a thread that comes back from native
    code then aborts the process (SIGABRT), which looks like a crash.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(INTERNAL)


def _say(name: str, error: BaseException, code: int) -> int:
    """Print one line and return the code."""
    text = ' '.join(str(error).split())
    print(f'{name}: error: {text}', file=sys.stderr, flush=True)
    return code
