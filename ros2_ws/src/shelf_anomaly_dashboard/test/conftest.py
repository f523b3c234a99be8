# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Builders that every test of the dashboard may ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, ExitStack
import os
from pathlib import Path
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from typing import Any
import uuid

import cv2
import numpy as np
import pytest
import yaml

from shelf_anomaly_dashboard.dashboard import build_site
from shelf_anomaly_dashboard.database import Database
from shelf_anomaly_dashboard.evidence import EvidenceStore
from shelf_anomaly_dashboard.feed import Feed
from shelf_anomaly_dashboard.records import AlertRecord, Kind, State
from shelf_anomaly_dashboard.service import Service
from shelf_anomaly_dashboard.settings import Settings
from shelf_anomaly_dashboard.site import Site
from shelf_anomaly_dashboard.throwaway import (
    Mosquitto,
    mosquitto,
    NotInstalledError,
    Postgres,
    postgres,
)

STORE = 'Test shop'
NOW = 1_790_000_000 * 10**9
SECOND = 10**9


def layout() -> dict[str, Any]:
    """Return two aisles; A1 has two bays that face each other across 2 m, A2 one bay along y."""

    def bay(name: str, origin: list[float], yaw: float) -> dict[str, Any]:
        return {
            'id': name,
            'side': 'left',
            'origin': origin,
            'facing_yaw': yaw,
            'width': 1.2,
            'height': 1.6,
            'levels': [0.0, 0.4, 0.8, 1.2],
        }

    half = np.pi / 2
    return {
        'version': 1,
        'store': STORE,
        'frame': 'map',
        'aisles': [
            {
                'id': 'A1',
                'bays': [
                    bay('A1-L01', [0.0, 1.0, 0.1], -half),
                    bay('A1-R01', [1.2, -1.0, 0.1], half),
                ],
            },
            {'id': 'A2', 'bays': [bay('A2-L01', [5.0, 0.0, 0.1], 0.0)]},
        ],
    }


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now

    def advance(self, seconds: float) -> None:
        """Move on."""
        self.now += int(seconds * SECOND)


@pytest.fixture
def clock() -> Clock:
    """Return the time of the test."""
    return Clock()


@pytest.fixture
def store_file(tmp_path: Path) -> Path:
    """Write a store.yaml and return its path."""
    path = tmp_path / 'store.yaml'
    path.write_text(yaml.safe_dump(layout()), encoding='utf-8')
    return path


@pytest.fixture
def settings(store_file: Path, tmp_path: Path, database_url: str) -> Settings:
    """Return settings with everything in the test's folder."""
    return Settings(
        store_file,
        database_url,
        tmp_path / 'evidence',
        port=0,
        login=False,
    )


@pytest.fixture
def site(settings: Settings, clock: Clock) -> Iterator[Site]:
    """Yield a dashboard's parts, without a server."""
    with ExitStack() as stack:
        yield build_site(settings, stack, clock)


@pytest.fixture
def make_alert() -> Callable[..., AlertRecord]:
    """Return a builder: an open gap on A1-L01, seen now, with whatever is said otherwise."""

    def make(**changes: Any) -> AlertRecord:
        values: dict[str, Any] = {
            'store': STORE,
            'robot': 'rover',
            'id': str(uuid.uuid4()),
            'kind': Kind.GAP,
            'state': State.OPEN,
            'aisle': 'A1',
            'bay': 'A1-L01',
            'level': 2,
            'x': 0.4,
            'y': 1.0,
            'width': 0.1,
            'height': 0.2,
            'score': 7.5,
            'threshold': 5.0,
            'p_value': 0.001,
            'stamp_ns': NOW,
            'first_seen_ns': NOW,
            'last_seen_ns': NOW,
            'sightings': 3,
        }
        return AlertRecord(**{**values, **changes})

    return make


@pytest.fixture(scope='session')
def jpeg() -> bytes:
    """Return a small real JPEG of two panels."""
    image = np.full((60, 130, 3), 230, np.uint8)
    cv2.rectangle(image, (20, 10), (45, 50), (40, 90, 200), 3)
    return bytes(cv2.imencode('.jpg', image)[1])


@pytest.fixture
def start_dashboard(
    store_file: Path, tmp_path: Path
) -> Iterator[Callable[..., tuple[subprocess.Popen[str], str]]]:
    """Return a starter of real dashboard processes; it gives the process and its address."""
    with ExitStack() as stack:

        def start(
            *arguments: str, node: bool = False, login: bool = False
        ) -> tuple[subprocess.Popen[str], str]:
            command = _node_command if node else _cli_command
            return stack.enter_context(
                _process(command(store_file, tmp_path, arguments, login), tmp_path)
            )

        yield start


@pytest.fixture(scope='session')
def run_dashboard() -> Callable[..., Any]:
    """Return a runner of a real dashboard for as long as a test, or several, need it."""

    @contextmanager
    def run(store: Path, folder: Path, more: tuple[str, ...], *, login: bool) -> Iterator[str]:
        with _process(_cli_command(store, folder, more, login), folder) as (_, address):
            yield address

    return run


@pytest.fixture(scope='session')
def shop_layout() -> dict[str, Any]:
    """Return the content of the tests' store.yaml."""
    return layout()


def _cli_command(store: Path, folder: Path, arguments: tuple[str, ...], login: bool) -> list[str]:
    return [
        *(sys.executable, '-m', 'shelf_anomaly_dashboard.cli', '--store', str(store)),
        *('--database', f'sqlite:///{folder}/live.db', '--evidence', str(folder / 'live')),
        *(() if '--port' in arguments else ('--port', '0')),
        *(('--no-login',) if not login else ()),
        *arguments,
    ]


def _node_command(store: Path, folder: Path, arguments: tuple[str, ...], login: bool) -> list[str]:
    parameters = {
        'store': store,
        'database': f'sqlite:///{folder}/live.db',
        'evidence_dir': folder / 'live',
        'port': 0,
        'login': str(login).lower(),
    }
    left = {
        name: value
        for name, value in parameters.items()
        if not any(a.startswith(f'{name}:=') for a in arguments)
    }
    given = [word for name, value in left.items() for word in ('-p', f'{name}:={value}')]
    return [
        sys.executable,
        '-m',
        'shelf_anomaly_dashboard.ros.dashboard_node',
        '--ros-args',
        *given,
        *arguments,
    ]


@contextmanager
def _process(command: list[str], folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    log = (folder / 'dashboard.log').open('a+')
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, cwd=folder)
    try:
        yield process, _address(process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
        log.close()


def _address(process: subprocess.Popen[str], timeout_s: float = 180.0) -> str:
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], timeout_s)
    line = process.stdout.readline() if ready else ''
    return next((word for word in line.split() if word.startswith('http')), '')


@pytest.fixture
def until() -> Callable[..., Any]:
    """Return a waiter: calls a question until its answer is true, and returns that answer."""

    def wait(question: Callable[[], Any], timeout_s: float = 15.0, what: str = 'condition') -> Any:
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            if answer := question():
                return answer
            time.sleep(0.02)
        raise AssertionError(f'{what} did not come true within {timeout_s} s')

    return wait


HOSTILE = (
    '<script>window.hacked=1</script>',
    '"><img src=x onerror="window.hacked=1">',
    "'; DROP TABLE alerts; --",
    '../../../etc/passwd',
    'null\x00byte\x07bell',
    '\u202egnihtemos\u202c \u0645\u0631\u062d\u0628\u0627',
    '{{ 7 * 7 }} ${window.hacked=1} \\`\\`',
    '\ud800 lone surrogate',
    'A' * 1_000_000,
)


@pytest.fixture(scope='session')
def hostile_texts() -> tuple[str, ...]:
    """Return texts that somebody might send."""
    return HOSTILE


@pytest.fixture(
    params=range(len(HOSTILE)),
    ids=['script', 'img', 'sql', 'path', 'nul', 'rtl', 'template', 'surrogate', 'megabyte'],
)
def hostile(request: pytest.FixtureRequest) -> str:
    """Return one text that somebody might send."""
    return HOSTILE[request.param]


class RobotProcess:
    """A robot in a process of its own; see robot.py."""

    def __init__(self, process: subprocess.Popen[bytes], open_id: str) -> None:
        self.process = process
        self.open_id = open_id
        self.heard: list[str] = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.heard.append(line.decode().strip())

    def order(self, line: str) -> None:
        """Make it do something."""
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b'\n')
        self.process.stdin.flush()


@pytest.fixture
def ros_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Skip without ROS 2; else a domain of the test's own that stays on this machine."""
    pytest.importorskip('rclpy', reason='ROS 2 is not installed')
    pytest.importorskip(
        'shelf_anomaly_msgs.msg', reason='the messages are not built; run through scripts/run'
    )
    monkeypatch.setenv('ROS_DOMAIN_ID', str(150 + os.getpid() % 50))
    monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    monkeypatch.setenv('ROS_LOG_DIR', str(tmp_path / 'ros_log'))


@pytest.fixture
def robot(ros_environment: None, jpeg: bytes, until: Callable[..., Any]) -> Iterator[RobotProcess]:
    """Run a robot that has one alert open already."""
    open_id = str(uuid.uuid4())
    script = Path(__file__).parent / 'robot.py'
    process = subprocess.Popen(
        [sys.executable, str(script), STORE, open_id, str(len(jpeg))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    told = RobotProcess(process, open_id)
    try:
        assert process.stdin is not None
        process.stdin.write(jpeg)
        process.stdin.flush()
        until(lambda: 'ready' in told.heard, 30, 'the robot')
        yield told
    finally:
        process.kill()
        process.wait(10)


ON_BOTH = ('test_database', 'test_service', 'test_actions', 'test_queries', 'test_storage')
"""These run on SQLite and on PostgreSQL."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests of the store's memory on both databases."""
    if 'database_url' in metafunc.fixturenames:
        both = metafunc.module.__name__.rsplit('.', 1)[-1] in ON_BOTH
        kinds = ['sqlite', 'postgresql'] if both else ['sqlite']
        metafunc.parametrize('database_url', kinds, indirect=True, scope='function')


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of an empty database."""
    if request.param == 'sqlite':
        return f'sqlite:///{tmp_path}/data/dashboard.db'
    server: Postgres = request.getfixturevalue('postgres_server')
    return server.new_database()


@pytest.fixture(scope='session')
def postgres_server() -> Iterator[Postgres]:
    """Run a real PostgreSQL server."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(postgres())
        except NotInstalledError as error:
            pytest.skip(str(error))
        yield server


@pytest.fixture
def broker() -> Iterator[Mosquitto]:
    """Run a real MQTT broker."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(mosquitto())
        except NotInstalledError as error:
            pytest.skip(str(error))
        yield server


CHROMIUM = (
    shutil.which('chromium') or shutil.which('chromium-browser') or shutil.which('google-chrome')
)
FLAGS = (
    *('--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'),
    *('--disable-background-networking', '--disable-component-update', '--disable-sync'),
)
PHONE = {'width': 360, 'height': 740}
DESK = {'width': 1280, 'height': 860}


@pytest.fixture(scope='module')
def browser() -> Iterator[Any]:
    """Run the system's Chromium."""
    playwright = pytest.importorskip('playwright.sync_api', reason='playwright is not installed')
    if CHROMIUM is None:
        pytest.skip('no Chromium; install the package chromium')
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class Tab:
    """A page that remembers what the browser complained about."""

    def __init__(self, browser: Any, size: dict[str, int], **options: Any) -> None:
        self.page = browser.new_page(viewport=size, has_touch=size is PHONE, **options)
        self.complaints: list[str] = []
        self.foreign: list[str] = []
        self.page.on('pageerror', lambda error: self.complaints.append(str(error)))
        self.page.on(
            'console',
            lambda line: self.complaints.append(line.text) if line.type == 'error' else None,
        )
        self.page.on('request', self._note_request)

    def _note_request(self, request: Any) -> None:
        if not request.url.startswith(('http://127.0.0.1', 'ws://127.0.0.1', 'data:')):
            self.foreign.append(request.url)

    def open(self, url: str) -> Any:
        """Open a page and wait until it is live."""
        self.page.goto(url)
        self.page.wait_for_function('window.did_handshake === true')
        return self.page

    def assert_fits(self) -> None:
        """Nothing is cut off sideways, nothing was fetched from elsewhere, nothing went wrong."""
        assert (
            self.page.evaluate('document.documentElement.scrollWidth')
            <= self.page.viewport_size['width']
        )
        assert self.foreign == []
        assert self.complaints == []


@pytest.fixture(params=[PHONE, DESK], ids=['phone', 'desk'])
def tab(browser: Any, request: pytest.FixtureRequest) -> Iterator[Tab]:
    tab = Tab(browser, request.param)
    yield tab
    tab.page.close()


@pytest.fixture
def phone(browser: Any) -> Iterator[Tab]:
    tab = Tab(browser, PHONE)
    yield tab
    tab.page.close()


@pytest.fixture(scope='session')
def make_phone() -> Callable[..., Tab]:
    """Return a maker of phones for fixtures that outlive a test."""
    return lambda browser, **options: Tab(browser, PHONE, **options)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """Yield what writes into the database of the dashboard that is about to start."""
    database = Database(f'sqlite:///{tmp_path}/live.db')
    yield Service(database, EvidenceStore(tmp_path / 'live'), Feed(), time.time_ns)
    database.close()


@pytest.fixture
def new_phone(browser: Any) -> Iterator[Callable[[], Tab]]:
    """Return a maker of phones of different people."""
    with ExitStack() as stack:

        def make() -> Tab:
            tab = Tab(browser, PHONE)
            stack.callback(tab.page.close)
            return tab

        yield make


@pytest.fixture
def dashboard_with_locator(store_file: Path, tmp_path: Path) -> Iterator[str]:
    """Run a dashboard that can tell where one item belongs; yield its address."""
    script = str(Path(__file__).parent / 'locator.py')
    with _process([sys.executable, script, str(store_file), str(tmp_path)], tmp_path) as (_, at):
        yield at
