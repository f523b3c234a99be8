# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What every page shares: header, state of the road to the robots, navigation, live pulse."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
import logging

from nicegui import Client, html, ui
from nicegui.element import Element

from .. import words
from ..icons import icon
from ..site import Site
from ..views import RobotView

LOG = logging.getLogger(__name__)
LOOK_S = 0.25
"""How often a page looks whether something changed."""
AGE_LOOKS = 20
"""After so many looks it refreshes all the same, as "5 min ago" grows old by itself."""

Refresh = Callable[[], Awaitable[None]]


def picture(name: str, css: str = 'icon') -> Element:
    """Add one of our own icons."""
    return ui.html(icon(name), sanitize=False, tag='span').classes(css)


@contextmanager
def page(site: Site, client: Client, active: str, *, back: bool = False) -> Iterator[None]:
    """
    Lay out a page; what is built inside becomes its content.

    :param active: the part of the navigation that is shown as chosen
    :param back: whether the page is a step below the list and offers the way back
    """
    ui.add_head_html('<link rel="stylesheet" href="/static/dashboard.css">')
    client.content.classes('root')
    with html.header().classes('top'):
        if back:
            with html.a(href='/', **{'aria-label': 'Back to the alerts'}).classes('back'):
                picture('back')
        with html.a(href='/').classes('title'):
            html.bdi(site.title)
        with html.nav().classes('desk-nav'):
            _links(active)
        _connection(site)
        if site.login:
            with html.a(href='/account', **{'aria-label': 'Account'}).classes('account'):
                picture('person')
    with html.main().classes('page'):
        yield
    if not back:
        with html.nav(**{'aria-label': 'Pages'}).classes('thumb-nav'):
            _links(active)


def _links(active: str) -> None:
    for name, target, sign in (('Alerts', '/', 'list'), ('Store', '/store', 'map')):
        chosen = {'aria-current': 'page'} if name == active else {}
        with html.a(href=target, **chosen).classes('nav-link'):
            picture(sign)
            html.span(name)


def _connection(site: Site) -> None:
    with html.div(role='status').classes('connection') as pill:
        html.span().classes('dot')
        said = ui.label('').classes('said')
        html.span('Connection lost, trying again').classes('lost')

    async def refresh() -> None:
        now = site.clock()
        robots: list[RobotView] = await asyncio.to_thread(site.queries.robots, now)
        colour, text = words.connection(robots, now)
        if said.text != text:
            said.set_text(text)
        pill.classes(replace=f'connection {colour}')

    live(site, refresh)


def live(site: Site, refresh: Refresh) -> None:
    """Call ``refresh`` whenever something changed, for as long as the page is open."""
    shown = -1
    looks = 0

    async def look() -> None:
        nonlocal shown, looks
        looks += 1
        version = site.feed.version
        if version == shown and looks < AGE_LOOKS:
            return
        shown, looks = version, 0
        try:
            await refresh()
        except Exception:  # a page that fails once must go on looking
            LOG.exception('a page could not be refreshed')

    ui.timer(LOOK_S, look)
