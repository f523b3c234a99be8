# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""One reading of the database for all open pages that ask for the same at the same time."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable
import time
from typing import Any, TypeVar

T = TypeVar('T')
KEPT = 128
AGE_S = 2.0
"""Also an unchanged answer is read again after this long, as some depend on the time."""


class Readings:
    """
    Answers that are still true. For the one event loop of the pages, not for threads.

    Fifty open pages that see the same change ask once; the database is read in a thread, so that
    no page waits for another one's question.
    """

    def __init__(self) -> None:
        """Begin empty."""
        self._kept: OrderedDict[Hashable, tuple[int, float, asyncio.Future[Any]]] = OrderedDict()

    async def get(
        self, version: int, key: Hashable, read: Callable[[], T], age_s: float = AGE_S
    ) -> T:
        """
        Return what ``read`` returns, or what it returned to somebody else just now.

        :param version: number of the last change; an answer of an older one counts no more
        :param key: what is asked for
        :param age_s: how long an answer counts when nothing changes
        """
        now = time.monotonic()
        kept = self._kept.get(key)
        if kept is None or kept[0] != version or now - kept[1] > age_s or _failed(kept[2]):
            task = asyncio.ensure_future(asyncio.to_thread(read))
            kept = self._kept[key] = (version, now, task)
            self._kept.move_to_end(key)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        # A page that closes meanwhile must not take the answer from the others.
        answer: T = await asyncio.shield(kept[2])
        return answer


def _failed(task: asyncio.Future[Any]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)
