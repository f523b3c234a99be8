# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
The dashboard with years of alerts: SQLite and PostgreSQL side by side.

    scripts/run python benchmarks/dashboard.py

fills a database of each sort with 100,000 alerts and 1,000,000 sightings, starts a real dashboard
over it, and measures the server's time for pages and answers, how many alerts with pictures a
second it keeps, and how long a change takes to 50 open streams.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager, ExitStack
import json
import os
from pathlib import Path
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any
import uuid

import httpx
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from sqlalchemy import insert, text
import yaml

from shelf_anomaly_dashboard.database import Database
from shelf_anomaly_dashboard.models import AlertRow, BayRow, EventRow, SightingRow
from shelf_anomaly_dashboard.throwaway import NotInstalledError, postgres

STORE = 'Benchmark store'
AISLES, BAYS = 10, 12
CHUNK = 5000
DAY = 24 * 3600 * 10**9
KINDS = ('misplaced', 'foreign', 'gap', 'fallen', 'unknown')
PICTURE = 30_000


def main() -> int:
    """Measure and print; return 0."""
    wanted = _parser().parse_args()
    console = Console()
    columns: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory(prefix='shelf-bench-') as name:
        folder = Path(name)
        store = _write_store(folder / 'store.yaml')
        for kind in wanted.only or ('sqlite', 'postgresql'):
            with ExitStack() as stack:
                try:
                    url = _database(kind, folder, stack)
                except NotInstalledError as error:
                    console.print(f'{kind}: left out, {error}')
                    continue
                known = _fill(url, wanted.alerts, wanted.sightings, kind)
                columns[kind] = _measure(url, store, folder / kind, known, wanted)
    _report(console, columns, wanted)
    if wanted.out:
        wanted.out.write_text(json.dumps(columns, indent=1) + '\n')
    return 0


def _database(kind: str, folder: Path, stack: ExitStack) -> str:
    if kind == 'sqlite':
        return f'sqlite:///{folder}/dashboard.db'
    return stack.enter_context(postgres(safe=True)).new_database()


def _write_store(path: Path) -> Path:
    aisles = [
        {
            'id': f'A{a:02d}',
            'bays': [
                {
                    'id': f'A{a:02d}-B{b:02d}',
                    'side': 'left' if b % 2 else 'right',
                    'origin': [2.0 * (b // 2), 3.0 * a + (0.0 if b % 2 else 1.8), 0.0],
                    'facing_yaw': 1.5708 if b % 2 else -1.5708,
                    'width': 1.2,
                    'height': 2.0,
                    'levels': [0.1, 0.6, 1.1, 1.6],
                }
                for b in range(BAYS)
            ],
        }
        for a in range(AISLES)
    ]
    content = {'version': 1, 'store': STORE, 'frame': 'map', 'aisles': aisles}
    path.write_text(yaml.safe_dump(content))
    return path


def _fill(url: str, alerts: int, sightings: int, kind: str) -> list[str]:
    """Fill a database and return the ids of its alerts, the newest last."""
    database = Database(url)
    now = time.time_ns()
    ids = [str(uuid.UUID(int=i * 2**64 + 1)) for i in range(alerts)]
    each = max(1, sightings // alerts)
    with Progress(transient=True) as progress:
        task = progress.add_task(f'filling {kind}', total=alerts)
        for start in range(0, alerts, CHUNK):
            part = range(start, min(alerts, start + CHUNK))
            with database.writing() as session:
                session.execute(insert(AlertRow), [_alert(i, ids[i], now, alerts) for i in part])
                session.execute(
                    insert(EventRow), [e for i in part for e in _events(i, ids[i], now)]
                )
                session.execute(
                    insert(SightingRow),
                    [_sighting(i, ids[i], n, now) for i in part for n in range(each)],
                )
            progress.update(task, completed=part.stop)
        with database.writing() as session:
            session.execute(insert(BayRow), [_bay(i, now) for i in range(AISLES * BAYS)])
            session.execute(text('ANALYZE'))
    database.close()
    return ids


def _place(i: int) -> tuple[str, str]:
    aisle = f'A{i % AISLES:02d}'
    return aisle, f'{aisle}-B{i // AISLES % BAYS:02d}'


def _alert(i: int, name: str, now: int, count: int) -> dict[str, Any]:
    since = now - (count - i) * DAY // 100  # a hundred a day
    is_open = i >= count - count // 100 or i % 50 == 0
    aisle, bay = _place(i)
    state = 'open' if is_open else ('resolved', 'dismissed')[i % 5 == 0]
    return {
        'store': STORE,
        'robot': f'rover{i % 3}',
        'id': name,
        'kind': KINDS[i % 5],
        'state': state,
        'robot_state': state,
        'aisle': aisle,
        'bay': bay,
        'level': i % 4,
        'x': 0.1 + i % 10 / 10,
        'y': 1.0,
        'width': 0.1,
        'height': 0.2,
        'score': 5 + i % 7,
        'threshold': 5.0,
        'p_value': 0.001,
        'reason': 'unlike what is normal here',
        'model': 'm',
        'stamp_ns': since,
        'first_seen_ns': since,
        'last_seen_ns': since,
        'since_ns': since,
        'received_ns': since,
        'sightings': 10,
        'suggested_bays': [bay],
        'seen_in': ['p1'],
        'resolved_in': '',
        'evidence': None,
        'verdict': None,
        'verdict_by': '',
        'verdict_note': '',
        'verdict_ns': 0,
        'verdict_sent_ns': 0,
        'verdict_taken': False,
        'priority': i % 100,
        'assignee': ('', 'sam', 'ada')[i % 3],
        'acknowledged_by': '',
        'acknowledged_ns': 0,
        'closed_ns': 0 if is_open else since,
    }


def _events(i: int, name: str, now: int) -> Iterator[dict[str, Any]]:
    for what in ('opened', 'acknowledged', 'resolved'):
        yield {
            'store': STORE,
            'robot': f'rover{i % 3}',
            'alert_id': name,
            'at_ns': now,
            'by': 'robot',
            'who': f'rover{i % 3}',
            'what': what,
            'note': '',
        }


def _sighting(i: int, name: str, n: int, now: int) -> dict[str, Any]:
    return {
        'store': STORE,
        'robot': f'rover{i % 3}',
        'alert_id': name,
        'stamp_ns': n,
        'received_ns': now,
        'state': 'open',
        'patrol': f'p{n}',
        'score': 7.5,
        'p_value': 0.001,
        'sightings': n,
        'evidence': None,
    }


def _bay(i: int, now: int) -> dict[str, Any]:
    _, bay = _place(i)
    return {
        'store': STORE,
        'bay': bay,
        'robot': 'rover0',
        'end_ns': now,
        'looked_ns': now,
        'seen_ns': now,
        'result': 'normal',
        'patrol': 'p',
        'coverage': 0.9,
        'refusals': {},
    }


def _measure(
    url: str, store: Path, folder: Path, known: list[str], wanted: argparse.Namespace
) -> dict[str, float]:
    with _dashboard(url, store, folder) as address, httpx.Client(timeout=60) as client:
        first = client.get(f'{address}/api/v1/alerts?limit=100&state=closed').json()['next']
        asked = {
            'page: alert list': '/',
            'page: alert': f'/alerts/{known[-1]}',
            'page: map': '/store',
            'REST: open alerts': '/api/v1/alerts?state=open',
            'REST: most urgent': '/api/v1/alerts?state=open&order=priority',
            'REST: of one aisle and assignee': '/api/v1/alerts?aisle=A03&assignee=sam&state=open',
            'REST: closed, next page': f'/api/v1/alerts?state=closed&cursor={first}',
            'REST: one alert': f'/api/v1/alerts/{known[len(known) // 2]}',
            'REST: bays': '/api/v1/bays',
        }
        figures = {
            f'{name} (ms)': _median_ms(client, address + path, wanted.repeat)
            for name, path in asked.items()
        }
        live = asyncio.run(_live(address, wanted.streams, wanted.ingest))
        return figures | live


def _median_ms(client: httpx.Client, url: str, repeat: int) -> float:
    taken = []
    for i in range(repeat + 2):
        began = time.perf_counter()
        answer = client.get(url, headers={'accept-encoding': 'identity'})
        answer.raise_for_status()
        if i >= 2:  # the first ones find nothing warm
            taken.append((time.perf_counter() - began) * 1e3)
    return statistics.median(taken)


async def _live(address: str, streams: int, count: int) -> dict[str, float]:
    """Keep alerts while streams are open; return the rate and how late the streams are."""
    limits = httpx.Limits(max_connections=streams + 10)
    # By id: when it was kept, and when each stream told it.
    kept: dict[str, float] = {}
    told: list[dict[str, float]] = [{} for _ in range(streams)]
    ready = asyncio.Semaphore(0)
    async with httpx.AsyncClient(timeout=120, limits=limits) as client:

        async def listen(heard: dict[str, float]) -> None:
            async with client.stream('GET', f'{address}/api/v1/events') as stream:
                async for line in stream.aiter_lines():
                    if line.startswith('retry:'):
                        ready.release()
                    elif line.startswith('data:'):
                        heard[json.loads(line[5:])['alert_id']] = time.perf_counter()

        tasks = [asyncio.create_task(listen(heard)) for heard in told]
        for _ in range(streams):
            await ready.acquire()
        await asyncio.sleep(1.0)
        bodies = [_report_of(20) for _ in range(count // 20)]
        began = time.perf_counter()
        waiting = list(bodies)

        async def send() -> None:
            while waiting:
                body, names = waiting.pop()
                head = {'content-type': 'application/json'}
                answer = await client.post(f'{address}/api/v1/reports', content=body, headers=head)
                assert answer.json()['kept'] == len(names), answer.text
                kept.update(dict.fromkeys(names, time.perf_counter()))

        await asyncio.gather(*(send() for _ in range(4)))
        seconds = time.perf_counter() - began
        end = time.perf_counter() + 60
        while any(len(heard) < len(kept) for heard in told) and time.perf_counter() < end:
            await asyncio.sleep(0.05)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    late = sorted(max(0.0, h[name] - kept[name]) for h in told for name in kept if name in h)
    missing = sum(len(kept) - len(heard) for heard in told)
    return {
        f'alerts kept a second, {PICTURE // 1000} kB pictures': len(kept) / seconds,
        'changes that a stream missed': float(missing),
        'change to stream, median (ms)': late[len(late) // 2] * 1e3,
        'change to stream, 99 of 100 (ms)': late[len(late) * 99 // 100] * 1e3,
    }


def _report_of(count: int) -> tuple[bytes, list[str]]:
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
            'evidence': base64.b64encode(b'\xff\xd8\xff' + os.urandom(PICTURE)).decode(),
        }
        for name in names
    ]
    return json.dumps({'alerts': alerts}).encode(), names


@contextmanager
def _dashboard(url: str, store: Path, folder: Path) -> Iterator[str]:
    process = subprocess.Popen(
        [
            *(sys.executable, '-m', 'shelf_anomaly_dashboard.cli', '--store', str(store)),
            *('--database', url, '--evidence', str(folder), '--port', '0'),
            *('--no-login', '--no-ros'),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        yield next(word for word in line.split() if word.startswith('http'))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _report(
    console: Console, columns: dict[str, dict[str, float]], wanted: argparse.Namespace
) -> None:
    table = Table(
        'median of the server' if columns else 'nothing was measured',
        *columns,
        title=f'{wanted.alerts:,} alerts, {wanted.sightings:,} sightings, '
        f'{wanted.streams} streams open; {os.cpu_count()} cores',
    )
    shown: Callable[[float], str] = '{:,.1f}'.format
    for name in next(iter(columns.values()), {}):
        table.add_row(name, *(shown(column[name]) for column in columns.values()))
    console.print(table)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.split('\n\n')[0] if __doc__ else '')
    parser.add_argument('--alerts', type=int, default=100_000)
    parser.add_argument('--sightings', type=int, default=1_000_000)
    parser.add_argument('--streams', type=int, default=50, help='open streams (%(default)s)')
    parser.add_argument('--ingest', type=int, default=1000, help='alerts to keep (%(default)s)')
    parser.add_argument('--repeat', type=int, default=20, help='requests of each sort')
    parser.add_argument('--only', action='append', choices=('sqlite', 'postgresql'))
    parser.add_argument('--out', type=Path, metavar='FILE', help='write the figures as JSON')
    return parser


if __name__ == '__main__':
    sys.exit(main())
