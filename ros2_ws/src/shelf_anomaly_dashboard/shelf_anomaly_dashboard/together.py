# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What several threads want written at the same time is written at once, with one commit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
import threading
from typing import Generic, TypeVar

T = TypeVar('T')
MOST = 500
"""Things that are written with one commit; one thread's own are never parted."""


@dataclass(eq=False, slots=True)
class _Wish(Generic[T]):
    things: Sequence[T]
    done: bool = False
    error: Exception | None = None


class Together(Generic[T]):
    """
    Writes for many threads, each of which waits until its own things are kept.

    The first one writes; those that come meanwhile wait, and the next of them writes for all. So
    a commit, which waits for the disk, is shared just when there are many, and nobody waits for
    a clock.
    """

    def __init__(self, write: Callable[[Sequence[T]], None]) -> None:
        """
        Build it.

        :param write: keeps all things that it gets, or raises and keeps none
        """
        self._write = write
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._waiting: list[_Wish[T]] = []

    def keep(self, things: Sequence[T]) -> None:
        """Return when all things are kept; raises what ``write`` raised about just them."""
        wish = _Wish(things)
        with self._lock:
            self._waiting.append(wish)
        while not wish.done:
            with self._turn:
                if not wish.done:
                    self._serve(self._take())
        if wish.error is not None:
            raise wish.error

    def _take(self) -> list[_Wish[T]]:
        with self._lock:
            taken: list[_Wish[T]] = []
            count = 0
            for wish in self._waiting:
                if taken and count + len(wish.things) > MOST:
                    break
                taken.append(wish)
                count += len(wish.things)
            del self._waiting[: len(taken)]
        return taken

    def _serve(self, wishes: Sequence[_Wish[T]]) -> None:
        try:
            self._write([thing for wish in wishes for thing in wish.things])
        except Exception as error:  # noqa: BLE001 - it is raised again where it belongs
            if len(wishes) == 1:
                wishes[0].error = error
            else:  # what one thread brought must not take the others' with it
                for wish in wishes:
                    self._serve([wish])
        finally:
            for wish in wishes:
                wish.done = True
