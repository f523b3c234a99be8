# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Robots that report, and pages and streams that are open: the dashboard while it is used."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
import json
import os
import re
import time
from typing import Any
import uuid

import aiohttp

PICTURE = 30_000
AT_ONCE = 20
"""Alerts in one report."""
SENDERS = 4
ALONE_EVERY_S = 0.5
GIVE_UP_S = 60.0
SEEN = re.compile(r'[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}')
_CLIENT = re.compile(r'client_id[^0-9a-f]+([0-9a-f-]{36})')

Heard = dict[str, float]
"""When something was heard first, by the alert's id."""


async def measure(address: str, listeners: int, alerts: int, alone: int) -> dict[str, float]:
    """
    Report alerts while nobody, pages and streams listen; return rates and delays.

    :param listeners: open pages, and open streams
    :param alerts: alerts that are reported as fast as they are taken
    :param alone: alerts that are reported one by one, so that each one's delay counts
    """
    limits = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=limits) as session:
        rate, _ = await _report(session, address, alerts)
        figures = {'alerts kept a second': rate}
        for name, listen in (('page', _page), ('stream', _stream)):
            async with _listening(session, address, listeners, listen) as heard:
                sent = await _report_alone(session, address, alone)
                await _settle(heard, set(sent))
                figures |= _delays(f'one alert to {listeners} {name}s', sent, heard)
                rate, kept = await _report(session, address, alerts)
                figures[f'alerts kept a second, {listeners} {name}s open'] = rate
                last = {max(kept, key=kept.__getitem__)}
                # A page shows the newest alerts; only a stream tells all that came.
                await _settle(heard, last if name == 'page' else set(kept))
                if name == 'stream':
                    figures |= _delays(f'burst to {listeners} {name}s', kept, heard)
        return figures


def _delays(name: str, sent: Heard, heard: list[Heard]) -> dict[str, float]:
    late = sorted(h[i] - at for h in heard for i, at in sent.items() if i in h)
    missed = len(sent) * len(heard) - len(late)
    if not late:
        return {f'{name}: missed': float(missed)}
    return {
        f'{name}, median (ms)': late[len(late) // 2] * 1e3,
        f'{name}, 99 of 100 (ms)': late[len(late) * 99 // 100] * 1e3,
        f'{name}: missed': float(missed),
    }


async def _report(session: aiohttp.ClientSession, address: str, count: int) -> tuple[float, Heard]:
    """Report as fast as it goes; return alerts a second, and when each one was acknowledged."""
    bodies = [_body(AT_ONCE) for _ in range(count // AT_ONCE)]
    waiting, kept = list(bodies), Heard()

    async def send() -> None:
        while waiting:
            body, names = waiting.pop()
            await _post(session, address, body, len(names))
            kept.update(dict.fromkeys(names, time.perf_counter()))

    began = time.perf_counter()
    await asyncio.gather(*(send() for _ in range(SENDERS)))
    return len(kept) / (time.perf_counter() - began), kept


async def _report_alone(session: aiohttp.ClientSession, address: str, count: int) -> Heard:
    """Report alerts one by one; return when each one was sent."""
    sent = Heard()
    for _ in range(count):
        body, names = _body(1)
        sent[names[0]] = time.perf_counter()
        await _post(session, address, body, 1)
        await asyncio.sleep(ALONE_EVERY_S)
    return sent


async def _post(session: aiohttp.ClientSession, address: str, body: bytes, count: int) -> None:
    head = {'content-type': 'application/json'}
    async with session.post(f'{address}/api/v1/reports', data=body, headers=head) as answer:
        told = await answer.json()
        if told.get('kept') != count:
            raise RuntimeError(f'{count} alerts were reported, the answer is {told}')


def _body(count: int) -> tuple[bytes, list[str]]:
    now = time.time_ns()
    names = [str(uuid.uuid4()) for _ in range(count)]
    alerts = [
        {
            'id': name,
            'robot': 'rover0',
            'kind': 'gap',
            'state': 'open',
            'aisle': 'A01',
            'bay': 'A01-B01',
            'score': 7.5,
            'threshold': 5.0,
            'stamp_ns': now,
            'first_seen_ns': now,
            'evidence': base64.b64encode(b'\xff\xd8\xff' + os.urandom(PICTURE)).decode(),
        }
        for name in names
    ]
    return json.dumps({'alerts': alerts}).encode(), names


Listen = Callable[
    [aiohttp.ClientSession, str, Heard, asyncio.Semaphore], Coroutine[Any, Any, None]
]


@asynccontextmanager
async def _listening(
    session: aiohttp.ClientSession, address: str, count: int, listen: Listen
) -> AsyncIterator[list[Heard]]:
    heard = [Heard() for _ in range(count)]
    ready = asyncio.Semaphore(0)
    tasks = [asyncio.create_task(listen(session, address, one, ready)) for one in heard]
    for _ in range(count):
        await asyncio.wait_for(ready.acquire(), GIVE_UP_S)
    await asyncio.sleep(1.0)
    try:
        yield heard
    finally:
        broken = [task for task in tasks if task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    if broken:
        raise RuntimeError(f'{len(broken)} of {count} listeners were cut off: {broken[0]}')


async def _settle(heard: list[Heard], wanted: set[str]) -> None:
    end = time.perf_counter() + GIVE_UP_S
    while any(wanted - one.keys() for one in heard) and time.perf_counter() < end:
        await asyncio.sleep(0.05)


async def _stream(
    session: aiohttp.ClientSession, address: str, heard: Heard, ready: asyncio.Semaphore
) -> None:
    endless = aiohttp.ClientTimeout(total=None)
    async with session.get(f'{address}/api/v1/events', timeout=endless) as answer:
        async for line in answer.content:
            if line.startswith(b'retry:'):
                ready.release()
            elif line.startswith(b'data:'):
                _note(line.decode(), heard)


async def _page(
    session: aiohttp.ClientSession, address: str, heard: Heard, ready: asyncio.Semaphore
) -> None:
    """Open the list of alerts and keep its connection open, as a browser does."""
    async with session.get(f'{address}/') as answer:
        answer.raise_for_status()
        found = _CLIENT.search(await answer.text())
    if found is None:
        raise RuntimeError('the page does not say under which id it connects')
    query = {
        'EIO': '4',
        'transport': 'websocket',
        'client_id': found[1],
        'next_message_id': '0',
        'implicit_handshake': 'true',
        'tab_id': str(uuid.uuid4()),
        'document_id': str(uuid.uuid4()),
        'old_tab_id': '',
    }
    url = f'{address}/_nicegui_ws/socket.io/'
    async with session.ws_connect(url, params=query, compress=15, max_msg_size=0) as socket:
        async for message in socket:
            text = str(message.data)
            if text.startswith('0'):  # the channel is open: join it
                await socket.send_str('40')
            elif text.startswith('40'):
                ready.release()
            elif text == '2':  # are you there?
                await socket.send_str('3')
            else:
                _note(text, heard)


def _note(text: str, heard: Heard) -> None:
    now = time.perf_counter()
    for name in SEEN.findall(text):
        heard.setdefault(name, now)
