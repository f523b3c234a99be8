# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Changes as they happen, for one listener; a slow one falls behind and misses nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from .site import Site
from .views import EventView

LOOK_S = 0.2
SIGN_OF_LIFE_S = 10.0


async def changes(site: Site, start: int | None) -> AsyncIterator[list[EventView]]:
    """
    Yield every change after ``start``, several at a time; none now and then when nothing happens.

    :param start: number of the last change that the listener knows; None begins with the next one
    """
    last = start if start is not None else await asyncio.to_thread(site.queries.last_event_id)
    seen = -1
    quiet_s = 0.0
    while not site.feed.closed:
        version = site.feed.version
        told = await _after(site, last) if version != seen else []
        seen = version if not told else -1
        if told:
            last = told[-1].id
            yield told
        quiet_s = 0.0 if told else quiet_s + LOOK_S
        if quiet_s >= SIGN_OF_LIFE_S:
            quiet_s = 0.0
            yield []
        if not told:
            await asyncio.sleep(LOOK_S)


async def _after(site: Site, last: int) -> list[EventView]:
    told = site.tail.at_hand(last)
    if told is None:
        # One reading for all that listen; the others have it at hand then.
        await site.read('tail', site.tail.last)
        told = site.tail.at_hand(last)
    return await asyncio.to_thread(site.tail.after, last) if told is None else told
