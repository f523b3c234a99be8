# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Long work beside the frames: one thread at low priority, one piece of work at a time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
import contextlib
import os
from threading import get_native_id, Lock
from typing import TypeVar

from rclpy.task import Future

Answer = TypeVar('Answer')

NICE = 5
MAX_WAITING = 4


class Errands:
    """Runs pieces of work in their order; service callbacks await them."""

    def __init__(self, name: str) -> None:
        """Name the thread."""
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=name, initializer=_step_back)
        self._lock = Lock()
        self._waiting = 0

    @property
    def full(self) -> bool:
        """Whether so much waits that more should be refused."""
        return self._waiting >= MAX_WAITING

    def send(self, work: Callable[[], Answer]) -> Future:
        """Have ``work`` done; its result or exception is in the future, which may be awaited."""
        future = Future()
        with self._lock:
            self._waiting += 1

        def run() -> None:
            try:
                answer = work()
            except Exception as error:  # noqa: BLE001  it belongs to whoever asked
                future.set_exception(error)
            else:
                future.set_result(answer)
            finally:
                with self._lock:
                    self._waiting -= 1

        self._pool.submit(run)
        return future

    def close(self) -> None:
        """Forget what was not begun; what runs is not waited for."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _step_back() -> None:
    with contextlib.suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, get_native_id(), NICE)  # Linux: of this thread alone
