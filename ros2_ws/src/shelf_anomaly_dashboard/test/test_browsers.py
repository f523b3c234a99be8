# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Names of browsers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
import pytest

from shelf_anomaly_dashboard.browsers import browser

WEBKIT = 'AppleWebKit/537.36 (KHTML, like Gecko)'
APPLE = 'AppleWebKit/605.1.15 (KHTML, like Gecko)'
CHROME = 'Chrome/142.0.0.0 Safari/537.36'
ANDROID = 'Linux; Android 10; K'
WINDOWS = 'Windows NT 10.0; Win64; x64'
MAC = 'Macintosh; Intel Mac OS X 10_15_7'
PHONE = 'iPhone; CPU iPhone OS 18_6 like Mac OS X'


@pytest.mark.parametrize(
    ('system', 'rest', 'expected'),
    [
        ('Android 15; Mobile; rv:144.0', 'Gecko/144.0 Firefox/144.0', 'Firefox on Android'),
        (ANDROID, f'{WEBKIT} {CHROME}', 'Chrome on Android'),
        (ANDROID, f'{WEBKIT} SamsungBrowser/28.0 {CHROME}', 'Samsung Internet on Android'),
        (WINDOWS, f'{WEBKIT} {CHROME} Edg/142.0.0.0', 'Edge on Windows'),
        (WINDOWS, f'{WEBKIT} {CHROME} OPR/124.0.0.0', 'Opera on Windows'),
        ('X11; CrOS x86_64', f'{WEBKIT} {CHROME}', 'Chrome on ChromeOS'),  # codespell:ignore cros
        ('X11; Linux x86_64; rv:144.0', 'Gecko/20100101 Firefox/144.0', 'Firefox on Linux'),
        (PHONE, f'{APPLE} Version/26.0 Mobile/15E148 Safari/604.1', 'Safari on iPhone'),
        (PHONE, f'{APPLE} FxiOS/144.0 Mobile/15E148 Safari/605.1.15', 'Firefox on iPhone'),
        (MAC, f'{APPLE} Version/26.0 Safari/605.1.15', 'Safari on Mac or iPad'),
        (MAC, f'{APPLE} CriOS/142.0.0.0 Version/11.1 Safari/605.1.15', 'Chrome on iPad'),
        (MAC, f'{WEBKIT} {CHROME}', 'Chrome on Mac'),
        # Kept by an earlier version, which cut it off before the browser's name.
        (WINDOWS, 'AppleW…', 'Unknown browser on Windows'),
    ],
)
def test_it_is_called_as_people_call_it(system: str, rest: str, expected: str) -> None:
    assert browser(f'Mozilla/5.0 ({system}) {rest}') == expected


@pytest.mark.parametrize('agent', ['', 'curl/8.5.0', '<script>alert(1)</script>'])
def test_what_is_no_browser(agent: str) -> None:
    assert browser(agent) == 'Unknown browser'


@given(st.text(), st.sampled_from(['', 'Firefox/', 'Android', 'Edg/ iPad']), st.text())
def test_only_known_words_come_out(before: str, known: str, after: str) -> None:
    words = set(browser(f'<script>{before}{known}{after}').split())

    allowed = (
        'Edge Opera Samsung Internet Vivaldi DuckDuckGo Firefox Chrome Safari Unknown browser'
    )
    systems = 'on or iPhone iPad Android Windows ChromeOS Mac Linux'
    assert words
    assert words <= {*allowed.split(), *systems.split()}
