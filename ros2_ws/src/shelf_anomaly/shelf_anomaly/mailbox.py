# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""A hand-over between a callback and one worker: the newest wins, the rest is counted."""

from __future__ import annotations

from threading import Condition
from typing import Generic, TypeVar

Item = TypeVar('Item')


class Mailbox(Generic[Item]):
    """
    A slot for one item.

    The callback puts and returns at once; the worker takes. Work that takes longer than the items
    come drops the older ones rather than growing a queue of yesterday's frames.
    """

    def __init__(self) -> None:
        """Start empty and open."""
        self._condition = Condition()
        self._item: Item | None = None
        self._dropped = 0
        self._closed = False

    @property
    def dropped(self) -> int:
        """Items that were replaced before anyone took them."""
        with self._condition:
            return self._dropped

    @property
    def closed(self) -> bool:
        """True once :meth:`close` was called."""
        with self._condition:
            return self._closed

    def put(self, item: Item) -> bool:
        """
        Leave an item, replacing one that was not taken.

        :param item: anything but None
        :return: False when an older item was dropped for it, or the box is closed
        """
        if item is None:
            raise ValueError('a mailbox holds anything but None')
        with self._condition:
            if self._closed:
                return False
            replaced = self._item is not None
            self._dropped += replaced
            self._item = item
            self._condition.notify()
            return not replaced

    def take(self, timeout_s: float | None = None) -> Item | None:
        """
        Wait for an item and take it.

        :param timeout_s: seconds to wait at most; None waits until an item comes or the box closes
        :return: the newest item; None when the time ran out, or when the box is closed and empty
        """
        with self._condition:
            self._condition.wait_for(lambda: self._item is not None or self._closed, timeout_s)
            item, self._item = self._item, None
            return item

    def close(self) -> None:
        """Take no more items and wake the worker; an item that lies there can still be taken."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()
