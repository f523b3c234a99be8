# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Shows which step runs, for how long, and what it said when it failed."""

from collections.abc import Mapping, Sequence
import contextlib
import os
from pathlib import Path
import signal
import subprocess
import sys
import threading
import time
from types import FrameType
from typing import NoReturn

from .errors import BootstrapError
from .hints import hint_for

HEARTBEAT_S = 15.0  # without a terminal, one line that often says that the step still runs
TAIL_LINES = 25  # of a failed step's log
TAIL_WIDTH = 200  # characters of such a line


class Progress:
    """Numbers the steps of a bootstrap and runs their commands; everything goes to stderr."""

    def __init__(self, steps: int, log_dir: Path, *, keep_open: Sequence[int] = ()) -> None:
        """
        Begin.

        :param steps: how many steps there will be
        :param log_dir: folder for one log file a step
        :param keep_open: file descriptors that the commands inherit (the lock: it is held for as
            long as a command lives, also when this process is killed)
        """
        self._steps = steps
        self._step = 0
        self._log_dir = log_dir
        self._keep_open = tuple(keep_open)
        self._start = time.monotonic()
        self._tty = sys.stderr.isatty()
        self._log = log_dir / 'bootstrap.log'
        self._step_start = self._start
        log_dir.mkdir(parents=True, exist_ok=True)

    def begin(self, title: str) -> None:
        """Start the next step."""
        self._step += 1
        self._step_start = time.monotonic()
        self._log = self._log_dir / f'{self._step}.log'
        self._log.write_text('', encoding='utf-8')
        print(f'[{self._step}/{self._steps}] {title} ...', file=sys.stderr, flush=True)

    def skip(self, title: str) -> None:
        """Count a step that is ready."""
        self._step += 1
        print(f'[{self._step}/{self._steps}] {title}: ready', file=sys.stderr, flush=True)

    def end(self) -> None:
        """Close the step."""
        now = time.monotonic()
        took, total = now - self._step_start, now - self._start
        line = f'      done in {took:.1f} s ({total:.0f} s in all)'
        print(('\r\033[K' if self._tty else '') + line, file=sys.stderr, flush=True)

    def run(
        self,
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: Path | None = None,
        what: str,
    ) -> None:
        """
        Run one command of the step; its output goes to the step's log.

        :param what: what the command does, for the error text: "installing the packages"
        :raises BootstrapError: if it fails, with the end of its log and, where known, a way out
        """
        with open(self._log, 'ab') as log:
            log.write(f'$ {" ".join(map(str, command))}\n'.encode())
            log.flush()
            try:
                process = subprocess.Popen(
                    [str(part) for part in command],
                    env=dict(env),
                    cwd=cwd,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    pass_fds=self._keep_open,
                    start_new_session=True,  # so that it can be ended with all its children
                )
            except OSError as err:
                raise BootstrapError(f'{what}: {command[0]} does not start: {err}') from None
            code = self._wait(process)
        if code != 0:
            text = self._log.read_text(encoding='utf-8', errors='replace')
            lines = text.splitlines()[-TAIL_LINES:]
            tail = '\n'.join('    ' + line[:TAIL_WIDTH] for line in lines)
            if self._tty:
                print('\r\033[K', end='', file=sys.stderr, flush=True)
            raise BootstrapError(
                f'{what} failed (exit code {code}). The end of {self._log}:\n{tail}'
                f'{hint_for(text)}'
            )

    def note(self, text: str) -> None:
        """Say something in between."""
        print(f'      {text}', file=sys.stderr, flush=True)

    def _wait(self, process: 'subprocess.Popen[bytes]') -> int:
        """Wait for the command with a sign of life; end it when this process is ended."""
        done = threading.Event()
        ticker = threading.Thread(target=self._tick, args=(done,), daemon=True)
        ticker.start()
        try:
            return process.wait()
        except BaseException:
            _end_group(process)
            raise
        finally:
            done.set()
            ticker.join()

    def _tick(self, done: threading.Event) -> None:
        """Print the elapsed time until the command is done."""
        while not done.wait(1.0 if self._tty else HEARTBEAT_S):
            elapsed = time.monotonic() - self._step_start
            if self._tty:
                print(f'\r      {elapsed:.0f} s \033[K', end='', file=sys.stderr, flush=True)
            else:
                print(f'      still at it, {elapsed:.0f} s', file=sys.stderr, flush=True)


def _end_group(process: 'subprocess.Popen[bytes]') -> None:
    """End a command and all that it has started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=10.0)
            return


def end_on_sigterm() -> None:
    """Turn SIGTERM and SIGHUP into an exit that still ends the running command."""

    def stop(number: int, _frame: FrameType | None) -> NoReturn:
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGHUP, stop)
