# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Keeps two calls from building the same environment at once."""

from collections.abc import Iterator
import contextlib
import fcntl
import os
from pathlib import Path
import sys


@contextlib.contextmanager
def one_at_a_time(path: Path) -> Iterator[int]:
    """
    Hold the lock file; wait, and say so, while another call holds it.

    The lock goes with the open file, so it ends with its holder, however that ended. Commands that
    inherit the descriptor hold it too: what a killed call left running is waited for.

    :param path: the lock file
    :return: its file descriptor
    """
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(fd, 32, 0).decode(errors='replace').strip() or 'unknown'
            print(
                f'shelf-anomaly: another call (process {holder}) is building the environment; '
                'waiting for it.',
                file=sys.stderr,
                flush=True,
            )
            fcntl.flock(fd, fcntl.LOCK_EX)
        os.ftruncate(fd, 0)
        os.pwrite(fd, f'{os.getpid()}\n'.encode(), 0)
        yield fd
    finally:
        os.close(fd)
