# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
The dashboard with years of alerts: SQLite and PostgreSQL side by side.

    scripts/run python benchmarks/dashboard.py

fills a database of each sort with 100,000 alerts and 1,000,000 sightings, starts a real dashboard
over it, and measures the time that the server takes for pages and answers (as it tells it itself,
without the network), how many alerts with pictures a second it keeps, and how late an alert is on
50 open pages and 50 open streams. Whoever asks runs on the same machine.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, ExitStack
import json
import os
from pathlib import Path
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time

from dashboard_fill import fill, write_store
from dashboard_live import measure, PICTURE
import httpx
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from shelf_anomaly_dashboard.throwaway import NotInstalledError, postgres

QUICK = {'alerts': 5_000, 'sightings': 50_000, 'reported': 200, 'alone': 5}
FULL = {'alerts': 100_000, 'sightings': 1_000_000, 'reported': 2_000, 'alone': 20}
PAUSE_S = 0.05
"""Between two pages: people do not ask back to back."""
_TOOK = re.compile(r'total;dur=([0-9.]+)')


def main() -> int:
    """Measure and print; return 0."""
    wanted = _arguments()
    console, load = Console(), os.getloadavg()[0]
    columns: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory(prefix='shelf-bench-') as name:
        folder = Path(name)
        store = write_store(folder / 'store.yaml')
        for kind in wanted.only or ('sqlite', 'postgresql'):
            with ExitStack() as stack:
                try:
                    url = _database(kind, folder, stack)
                except NotInstalledError as error:
                    console.print(f'{kind}: left out, {error}')
                    continue
                began = time.perf_counter()
                with Progress(transient=True) as progress:
                    task = progress.add_task(f'filling {kind}', total=wanted.alerts)
                    known = fill(
                        *(url, wanted.alerts, wanted.sightings),
                        lambda n, p=progress, t=task: p.update(t, completed=n),
                    )
                console.print(f'{kind}: filled in {time.perf_counter() - began:.0f} s')
                columns[kind] = _measure(url, store, folder / kind, known, wanted)
    _report(console, columns, wanted, load)
    if wanted.out:
        wanted.out.write_text(json.dumps(columns, indent=1) + '\n')
    return 0


def _database(kind: str, folder: Path, stack: ExitStack) -> str:
    if kind == 'sqlite':
        return f'sqlite:///{folder}/dashboard.db'
    return stack.enter_context(postgres(safe=True)).new_database()


def _measure(
    url: str, store: Path, folder: Path, known: list[str], wanted: argparse.Namespace
) -> dict[str, float]:
    with _dashboard(url, store, folder) as address, httpx.Client(timeout=60) as client:
        first = client.get(f'{address}/api/v1/alerts?limit=100&state=closed').json()['next']
        asked = {
            'page: alert list': '/',
            'page: alert': f'/alerts/{known[-1]}',
            'page: map': '/store',
            'page: alerts that are done': '/?state=closed',
            'page: coverage': '/coverage',
            'page: trends': '/trends',
            'REST: open alerts': '/api/v1/alerts?state=open',
            'REST: most urgent': '/api/v1/alerts?state=open&order=priority',
            'REST: of one aisle and assignee': '/api/v1/alerts?aisle=A03&assignee=sam&state=open',
            'REST: closed, next page': f'/api/v1/alerts?state=closed&cursor={first}',
            'REST: one alert': f'/api/v1/alerts/{known[len(known) // 2]}',
            'REST: bays': '/api/v1/bays',
        }
        figures: dict[str, float] = {}
        for name, path in asked.items():
            took = _server_ms(client, address + path, wanted.repeat)
            figures[f'{name}, median (ms)'] = statistics.median(took)
            if name.startswith('page'):
                figures[f'{name}, 95 of 100 (ms)'] = took[len(took) * 95 // 100]
        live = measure(address, wanted.listeners, wanted.reported, wanted.alone)
        return figures | asyncio.run(live)


def _server_ms(client: httpx.Client, url: str, repeat: int) -> list[float]:
    """Return the times that the server says it took, ascending; the network is not in them."""
    taken = []
    for i in range(repeat + 2):
        answer = client.get(url, headers={'accept-encoding': 'gzip'})
        answer.raise_for_status()
        told = _TOOK.search(answer.headers.get('server-timing', ''))
        if told is None:
            raise RuntimeError(f'{url}: the answer does not tell its time')
        if i >= 2:  # the first ones find nothing warm
            taken.append(float(told[1]))
        time.sleep(PAUSE_S)
    return sorted(taken)


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
    console: Console,
    columns: dict[str, dict[str, float]],
    wanted: argparse.Namespace,
    load: float,
) -> None:
    table = Table(
        'measured' if columns else 'nothing was measured',
        *columns,
        title=f'{wanted.alerts:,} alerts, {wanted.sightings:,} sightings; reports with pictures '
        f'of {PICTURE // 1000} kB; {os.cpu_count()} cores, load {load:.1f} at the start',
    )
    for name in next(iter(columns.values()), {}):
        table.add_row(name, *(f'{column[name]:,.1f}' for column in columns.values()))
    console.print(table)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.split('\n\n')[0] if __doc__ else '')
    parser.add_argument('--quick', action='store_true', help='a twentieth of everything')
    parser.add_argument('--alerts', type=int, help=f'in the database ({FULL["alerts"]:,})')
    parser.add_argument('--sightings', type=int, help=f'in the database ({FULL["sightings"]:,})')
    parser.add_argument('--reported', type=int, help=f'alerts to keep ({FULL["reported"]:,})')
    parser.add_argument('--alone', type=int, help=f'alerts one by one ({FULL["alone"]})')
    parser.add_argument('--listeners', type=int, default=50, help='open pages (%(default)s)')
    parser.add_argument('--repeat', type=int, default=40, help='requests of each sort')
    parser.add_argument('--only', action='append', choices=('sqlite', 'postgresql'))
    parser.add_argument('--out', type=Path, metavar='FILE', help='write the figures as JSON')
    return parser


def _arguments() -> argparse.Namespace:
    wanted = _parser().parse_args()
    for name, value in (QUICK if wanted.quick else FULL).items():
        if getattr(wanted, name) is None:
            setattr(wanted, name, value)
    return wanted


if __name__ == '__main__':
    sys.exit(main())
