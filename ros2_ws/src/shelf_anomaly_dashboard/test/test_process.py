# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The whole dashboard as a process: starts, streams, ends."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
import signal
import socket
import subprocess
import threading
import time

import httpx
import pytest

from shelf_anomaly_dashboard.database import Database
from shelf_anomaly_dashboard.evidence import EvidenceStore
from shelf_anomaly_dashboard.feed import Feed
from shelf_anomaly_dashboard.records import AlertRecord
from shelf_anomaly_dashboard.service import Service

Start = Callable[..., tuple[subprocess.Popen[str], str]]


@pytest.mark.parametrize('which', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_quickly_and_quietly_with_pages_open(
    start_dashboard: Start, tmp_path: Path, which: signal.Signals
) -> None:
    process, address = start_dashboard('--no-ros')
    listening = threading.Event()

    def listen() -> None:
        with httpx.stream('GET', f'{address}/api/v1/events', timeout=120) as stream:
            for _ in stream.iter_lines():
                listening.set()

    threading.Thread(target=_ignoring_the_cut, args=(listen,), daemon=True).start()
    assert listening.wait(120)
    began = time.monotonic()
    process.send_signal(which)

    assert process.wait(10) == 0
    assert time.monotonic() - began < 2.0
    assert (tmp_path / 'dashboard.log').read_text() == ''


def _ignoring_the_cut(listen: Callable[[], None]) -> None:
    with suppress(httpx.HTTPError):
        listen()


def test_a_port_that_is_taken_gives_one_clear_line(start_dashboard: Start, tmp_path: Path) -> None:
    with socket.create_server(('127.0.0.1', 0)) as other:
        port = other.getsockname()[1]
        process, _ = start_dashboard('--no-ros', '--port', str(port))

        assert process.wait(120) == 2
    assert (
        f'shelf-anomaly-dashboard: 127.0.0.1:{port} is taken by another program; '
        'pass another one with --port\n' == (tmp_path / 'dashboard.log').read_text()
    )


def test_the_stream_tells_changes_and_continues_where_it_broke(
    start_dashboard: Start, tmp_path: Path, make_alert: Callable[..., AlertRecord]
) -> None:
    alert = make_alert(reason='line one\nid: 999\n\nevent: fake')
    Service(
        Database(f'sqlite:///{tmp_path}/live.db'),
        EvidenceStore(tmp_path / 'live'),
        Feed(),
        time.time_ns,
    ).write([alert])
    _, address = start_dashboard('--no-ros')
    said = {'verdict': 'confirmed', 'note': 'x\n\nevent: fake\ndata: {}'}
    lines: list[str] = []
    with httpx.stream(
        'GET', f'{address}/api/v1/events', headers={'last-event-id': '0'}, timeout=120
    ) as stream:
        assert stream.headers['content-type'] == 'text/event-stream; charset=utf-8'
        for line in stream.iter_lines():
            lines.append(line)
            if line == 'event: opened':
                assert (
                    httpx.post(
                        f'{address}/api/v1/alerts/{alert.id}/verdict', json=said
                    ).status_code
                    == 200
                )
            if line == 'event: confirmed':
                break

    assert [line for line in lines if line.startswith('id:')] == ['id: 1', 'id: 2']
    assert [line for line in lines if line.startswith('event:')] == [
        'event: opened',
        'event: confirmed',
    ]
