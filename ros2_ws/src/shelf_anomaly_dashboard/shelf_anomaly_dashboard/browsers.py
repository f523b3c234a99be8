# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
What a browser is called, from what it calls itself.

A few rules are enough to tell one's own phone from the desk in the office. Only the words below
come out, whatever goes in.
"""

from __future__ import annotations

AGENT_LIMIT = 300
"""Characters of what a browser calls itself that are kept."""
UNKNOWN = 'Unknown browser'

# Nearly all call themselves Chrome or Safari too, so the order counts.
_BROWSERS = (
    (('Edg/', 'EdgA/', 'EdgiOS/'), 'Edge'),
    (('OPR/', 'OPT/', 'OPX/'), 'Opera'),
    (('SamsungBrowser/',), 'Samsung Internet'),
    (('Vivaldi/',), 'Vivaldi'),
    (('DuckDuckGo/', 'Ddg/'), 'DuckDuckGo'),
    (('Firefox/', 'FxiOS/'), 'Firefox'),
    (('CriOS/', 'Chrome/', 'Chromium/'), 'Chrome'),
    (('Safari/',), 'Safari'),
)
_SYSTEMS = (
    (('iPhone',), 'iPhone'),
    (('iPad',), 'iPad'),
    (('Android',), 'Android'),
    (('Windows',), 'Windows'),
    (('CrOS',), 'ChromeOS'),  # codespell:ignore cros
    (('Macintosh', 'Mac OS X'), 'Mac'),
    (('Linux', 'X11'), 'Linux'),
)
_ON_TABLET = ('CriOS/', 'FxiOS/', 'EdgiOS/')
"""These run on no Mac: it is an iPad, which calls itself a Mac."""


def browser(agent: str) -> str:
    """
    Return the name of a browser and its system, as "Firefox on Android".

    :param agent: what it calls itself (``User-Agent``); may be anything
    """
    name, system = _first(_BROWSERS, agent), _first(_SYSTEMS, agent)
    if system == 'Mac' and any(mark in agent for mark in _ON_TABLET):
        system = 'iPad'
    elif system == 'Mac' and name == 'Safari':
        system = 'Mac or iPad'  # the two call themselves the same
    if not name:
        return f'{UNKNOWN} on {system}' if system else UNKNOWN
    return f'{name} on {system}' if system else name


def _first(rules: tuple[tuple[tuple[str, ...], str], ...], agent: str) -> str:
    return next((name for marks, name in rules if any(mark in agent for mark in marks)), '')
