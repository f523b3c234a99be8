# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""A short list of frames whose pose has not arrived yet; it never blocks and never grows."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

Item = TypeVar('Item')
Answer = TypeVar('Answer')


class WaitingList(Generic[Item]):
    """Holds items for a bounded time, in order of arrival."""

    def __init__(self, limit: int, wait_s: float) -> None:
        """
        Start empty.

        :param limit: items held at most; the oldest gives way
        :param wait_s: seconds after which an item is given up
        """
        self._limit = limit
        self._wait_s = wait_s
        self._items: deque[tuple[float, Item]] = deque()

    def __len__(self) -> int:
        """Return how many items wait."""
        return len(self._items)

    def add(self, item: Item, now_s: float) -> Item | None:
        """Append ``item``; return the oldest one if it had to give way."""
        self._items.append((now_s, item))
        return self._items.popleft()[1] if len(self._items) > self._limit else None

    def release(
        self, ask: Callable[[Item], Answer | None], now_s: float
    ) -> tuple[list[tuple[Item, Answer]], list[Item]]:
        """
        Ask for each item whether it can go on.

        :param ask: returns what the item waited for, or None when it is still not there
        :param now_s: seconds of the clock that ``add`` was given
        :return: the items that go on with their answers, and those that have waited too long
        """
        ready: list[tuple[Item, Answer]] = []
        expired: list[Item] = []
        kept: deque[tuple[float, Item]] = deque()
        for since, item in self._items:
            answer = ask(item)
            if answer is not None:
                ready.append((item, answer))
            elif now_s - since >= self._wait_s:
                expired.append(item)
            else:
                kept.append((since, item))
        self._items = kept
        return ready, expired

    def clear(self) -> int:
        """Drop everything; return how many items were dropped."""
        dropped = len(self._items)
        self._items.clear()
        return dropped
