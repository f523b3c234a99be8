# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Wraps callbacks: an exception is counted, logged and shown in diagnostics; it ends nothing."""

from __future__ import annotations

from collections.abc import Callable
import traceback
from typing import Any, Protocol

from ..errors import FrameError, PoseError, ShelfAnomalyError
from .health import Health


class Log(Protocol):
    """What is used of a node's logger."""

    def warning(self, message: str) -> object:
        """Log a warning."""

    def error(self, message: str) -> object:
        """Log an error."""


class Guard:
    """Keeps spin alive: rclpy ends with the first exception that leaves a callback."""

    def __init__(self, health: Health, log: Log) -> None:
        """Count in ``health``, write to ``log``."""
        self._health = health
        self._log = log

    def wrap(self, name: str, callback: Callable[[Any], Any]) -> Callable[[Any], None]:
        """Return a message callback made safe; ``name`` is said in the log."""
        return lambda message: self.run(name, callback, message)

    def timer(self, name: str, callback: Callable[[], Any]) -> Callable[[], None]:
        """Return a timer callback made safe; ``name`` is said in the log."""
        return lambda: self.run(name, callback)

    def run(self, name: str, callback: Callable[..., Any], *arguments: Any) -> None:
        """Call it now."""
        try:
            callback(*arguments)
        except Exception as error:  # noqa: BLE001  that is what a guard is for
            self.failed(name, error)

    def failed(self, name: str, error: BaseException) -> None:
        """Note an exception that was caught in ``name``."""
        if isinstance(error, (FrameError, PoseError)):
            self.trouble(error.reason, str(error))
        elif isinstance(error, ShelfAnomalyError):
            self.trouble(name, str(error))
        else:
            self._health.count('exceptions')
            if self._health.problem(
                f'exception_{name}', f'{name}: {type(error).__name__}: {error}'
            ):
                self._log.error(
                    f'{name} failed; going on\n' + ''.join(traceback.format_exception(error))
                )

    def trouble(self, reason: str, text: str) -> None:
        """Note something that is wrong with what came from outside."""
        if self._health.problem(reason, text):
            self._log.warning(text)
