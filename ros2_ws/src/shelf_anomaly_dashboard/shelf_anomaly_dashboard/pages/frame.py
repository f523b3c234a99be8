# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What every page shares: header, state of the road to the robots, navigation, live pulse."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
import logging
import time
from urllib.parse import quote
from xml.etree.ElementTree import Element

from nicegui import Client, context, html, ui
from nicegui.element import Element as Part

from .. import words
from ..icons import icon
from ..markup import sign, tag, text_of
from ..roles import AccessError, Role, Who
from ..site import Site
from ..views import AlertFilter, AlertPage, RobotView
from .access import current_user

LOG = logging.getLogger(__name__)
LOOK_S = 0.25
"""How often a page looks whether something changed."""
SLOWEST_S = 2.0
"""How often it looks at least, however busy the server is."""
AGE_LOOKS = 20
"""After so many looks it refreshes all the same, as "5 min ago" grows old by itself."""

NAVIGATION = (
    ('Alerts', '/', 'list'),
    ('Store', '/store', 'map'),
    ('Find', '/find', 'search'),
    ('Coverage', '/coverage', 'eye'),
    ('Trends', '/trends', 'chart'),
    ('Robots', '/robots', 'robot'),
)
ON_PHONE = 3
"""So many of them have a place under the thumb; the others are behind "More"."""
HEAD = (
    '<link rel="stylesheet" href="/static/dashboard.css">'
    '<link rel="stylesheet" href="/static/pages.css">'
    '<link rel="manifest" href="/static/manifest.webmanifest">'
    '<link rel="apple-touch-icon" href="/static/icon-192.png">'
    '<meta name="theme-color" content="#ffffff" media="(prefers-color-scheme: light)">'
    '<meta name="theme-color" content="#1b2426" media="(prefers-color-scheme: dark)">'
)

BUILD_S = 30.0
"""A page that is not built within this time is given up; a busy machine is no reason for it."""

Refresh = Callable[[], Awaitable[float | None]]
"""Shows what is true now; may return how many seconds it wants to rest until the next time."""


def route(path: str, title: str) -> ui.page:
    """Return the decorator of what builds the page at ``path``."""
    return ui.page(path, title=title, response_timeout=BUILD_S)


def picture(name: str, css: str = 'icon') -> Part:
    """Add one of our own icons."""
    return ui.html(icon(name), sanitize=False, tag='span').classes(css)


def draw(markup: str, tag_name: str = 'div', **attributes: str) -> ui.html:
    """Add what people only look at: HTML of ``markup``, as one element."""
    element = ui.html(markup, sanitize=False, tag=tag_name)
    element.props.update(attributes)
    return element


def show(element: ui.html, markup: str) -> None:
    """Show other HTML in what ``draw`` added, when it is something new."""
    if element.content != markup:
        element.set_content(markup)


@contextmanager
def page(
    site: Site, client: Client, active: str, *, back: bool = False, heading: str = ''
) -> Iterator[None]:
    """
    Lay out a page; what is built inside becomes its content.

    :param active: the part of the navigation that is shown as chosen
    :param back: whether the page is a step below the list and offers the way back
    :param heading: the page's heading; without, the page has one of its own
    """
    ui.add_head_html(HEAD)
    client.content.classes('root')
    html.a('Skip to the content', href='#content').classes('skip')
    with html.header().classes('top'):
        if back:
            with html.a(href='/', **{'aria-label': 'Back to the alerts'}).classes('back'):
                picture('back')
        with html.a(href='/').classes('title'):
            html.bdi(site.title)
        links = text_of(*(_link(*part, active) for part in NAVIGATION))
        draw(links, 'nav', **{'aria-label': 'All pages'}).classes('desk-nav')
        pill = _Connection()
        _user(site)
    with html.main(id='content', tabindex='-1').classes('page'):
        if heading:
            html.h1(heading).classes('heading')
        yield
    badge = None
    if not back:
        badge = _thumb_nav(active)
    _Pulse(site, pill, badge, active).start()


def _thumb_nav(active: str) -> ui.label:
    shown = NAVIGATION[:ON_PHONE]
    chosen = active if active in {name for name, _, _ in shown} else 'More'
    links = [_link(*part, chosen) for part in (*shown, ('More', '/more', 'more'))]
    with html.nav(**{'aria-label': 'Pages'}).classes('thumb-nav'):
        draw(text_of(*links)).classes('thumb-links')
        # The number stands on the first link, that of the alerts.
        return ui.label('').classes('nav-count')


def _link(name: str, target: str, shape: str, active: str) -> Element:
    chosen = {'aria_current': 'page'} if name == active else {}
    return tag('a', 'nav-link', sign(shape), tag('span', '', name), href=target, **chosen)


def _user(site: Site) -> None:
    if not site.login:
        return
    who = user_of(site)
    if who is not None:
        with html.a(href='/account', **{'aria-label': f'Account of {who.name}'}).classes(
            'account'
        ):
            picture('person')


def user_of(site: Site) -> Who | None:
    """Return who is in front of the page, or None when the login has ended."""
    try:
        return current_user(site)
    except AccessError:
        return None


def may_act(site: Site) -> bool:
    """Return whether who is in front of the page may judge alerts."""
    who = user_of(site)
    return who is not None and who.may(Role.STAFF)


class _Connection:
    """The pill that tells how the road to the robots is."""

    def __init__(self) -> None:
        with html.div(role='status').classes('connection') as self._pill:
            html.span().classes('dot')
            self._said = ui.label('').classes('said')
            html.span('Connection lost, trying again').classes('lost')

    def show(self, colour: str, text: str) -> None:
        """Show it, when it is something new."""
        if self._said.text != text:
            self._said.set_text(text)
        self._pill.classes(replace=f'connection {colour}')


class _Pulse:
    """What changes on every page: the road to the robots, the count, word of a new alert."""

    def __init__(self, site: Site, pill: _Connection, badge: ui.label | None, active: str) -> None:
        self._site = site
        self._pill = pill
        self._badge = badge
        self._tells = active != 'Alerts'
        self._known: set[str] | None = None
        with html.div(role='status', **{'aria-live': 'polite'}).classes('arrival') as self._bar:
            pass
        self._bar.set_visibility(False)

    def start(self) -> None:
        """Begin."""
        live(self._site, self._refresh)

    async def _refresh(self) -> None:
        site = self._site
        now = site.clock()
        robots: list[RobotView] = await site.read('robots', lambda: site.queries.robots(now))
        self._pill.show(*words.connection(robots, now))
        newest: AlertPage = await site.read(
            'newest', lambda: site.queries.alerts(AlertFilter(state='open'), limit=20)
        )
        if self._badge is not None:
            text = '99+' if newest.total > 99 else str(newest.total or '')
            if self._badge.text != text:
                self._badge.set_text(text)
        ids = {alert.id for alert in newest.items}
        if self._tells and self._known is not None:
            fresh = [alert for alert in newest.items if alert.id not in self._known]
            if fresh:
                self._bar.clear()
                with self._bar, html.a(href=f'/alerts/{quote(fresh[0].id)}').classes('arrived'):
                    picture(fresh[0].kind)
                    html.span(f'New: {words.kind(fresh[0].kind)}').classes('strong')
                    html.bdi(words.place(fresh[0], site.queries.layout))
                self._bar.set_visibility(True)
        self._known = (self._known or set()) | ids


def live(site: Site, refresh: Refresh) -> None:
    """Call ``refresh`` whenever something changed, for as long as the page is open."""
    client = context.client
    shown = -1
    looks = 0

    async def look() -> None:
        nonlocal shown, looks
        if not client.has_socket_connection:  # nobody sees it; a browser that comes back does
            return
        looks += 1
        version = site.feed.version
        if version == shown and looks < AGE_LOOKS:
            return
        shown, looks = version, 0
        began = time.monotonic()
        rest_s: float | None = None
        try:
            rest_s = await refresh()
        except asyncio.CancelledError:
            raise
        except Exception:  # a page that fails once must go on looking
            LOG.exception('a page could not be refreshed')
        # A busy server does other things at least half of the time: robots are heard first.
        timer.interval = min(SLOWEST_S, max(LOOK_S, rest_s or 0, 2 * (time.monotonic() - began)))

    timer = ui.timer(LOOK_S, look)
