# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The one thread that thinks: newest frame wins, commands keep their order and are never lost."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from threading import Thread
import time
from typing import Generic, TypeVar

from ..mailbox import Mailbox

Item = TypeVar('Item')

POLL_S = 0.05  # a command waits this long at most when no frame comes


class Worker(Generic[Item]):
    """Runs the pipeline beside the executor, so that timers and parameters stay alive."""

    def __init__(
        self, work: Callable[[Item], None], failed: Callable[[BaseException], None]
    ) -> None:
        """
        Prepare; ``start`` begins.

        :param work: what to do with a frame
        :param failed: told of an exception that escaped; the thread goes on
        """
        self._work = work
        self._failed = failed
        self._box: Mailbox[Item] = Mailbox()
        self._commands: deque[Callable[[], None]] = deque()
        self._busy_since: float | None = None
        # A daemon, because a network that never returns must not keep the process from ending.
        self._thread = Thread(target=self._run, name='inspector', daemon=True)

    @property
    def dropped(self) -> int:
        """Frames that were overtaken by a newer one."""
        return self._box.dropped

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def busy_s(self, now_s: float) -> float:
        """Return how long the present piece of work has taken (steady clock)."""
        since = self._busy_since
        return 0.0 if since is None else now_s - since

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def submit(self, item: Item) -> None:
        """Hand over a frame; an older one that was not begun is dropped and counted."""
        self._box.put(item)

    def call(self, command: Callable[[], None]) -> None:
        """Have ``command`` run in the thread, after those that were given before."""
        self._commands.append(command)

    def stop(self, timeout_s: float) -> bool:
        """Finish what was handed over and end; return False if that took too long."""
        self._box.close()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            item = self._box.take(POLL_S)
            ended = self._box.closed
            while self._commands:
                self._guarded(self._commands.popleft())
            if item is not None:
                self._guarded(partial(self._work, item))
            elif ended and not self._commands:
                return

    def _guarded(self, work: Callable[[], None]) -> None:
        self._busy_since = time.monotonic()
        try:
            work()
        except Exception as error:  # noqa: BLE001  one bad frame must not end the inspection
            self._failed(error)
        finally:
            self._busy_since = None
