# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Who has seen an alert and who puts it right, with the buttons to change that."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from nicegui import html, ui
from nicegui.events import GenericEventArguments

from shelf_anomaly.errors import ShelfAnomalyError

from .. import words
from ..markup import options_of
from ..roles import Role
from ..site import Site
from ..text import clean
from ..views import AlertView
from .access import require
from .frame import draw, may_act, picture, user_of


class People:
    """The box; one for each open alert."""

    def __init__(self, site: Site, alert_id: str, refresh: Callable[[], Awaitable[None]]) -> None:
        self._site = site
        self._id = alert_id
        self._refresh = refresh
        self._drawn: object = None

    def build(self) -> None:
        """Make room for it where the page is being built."""
        self._box = html.section(**{'aria-label': 'Who does it'}).classes('box people')

    def draw(self, alert: AlertView, staff: list[str], now: int) -> None:
        """Draw it, when it is something new: a list that is open stays so."""
        seen = words.age(alert.acknowledged_ns, now) if alert.acknowledged_by else ''
        drawn = (alert.state, alert.assignee, alert.acknowledged_by, seen)
        if drawn == self._drawn:
            return
        self._drawn = drawn
        self._box.clear()
        with self._box:
            with html.p().classes('who'):
                picture('person')
                if alert.assignee:
                    html.bdi(alert.assignee).classes('strong')
                    html.span('puts it right' if alert.state == 'open' else 'had taken it')
                else:
                    html.span('Nobody has taken it yet')
            if alert.acknowledged_by:
                with html.p().classes('soft'):
                    html.span('Seen by ')
                    html.bdi(alert.acknowledged_by)
                    html.span(f' {seen}')
            if alert.state == 'open' and may_act(self._site):
                self._draw_buttons(alert, staff)

    def _draw_buttons(self, alert: AlertView, staff: list[str]) -> None:
        who = user_of(self._site)
        me = who.name if who else ''
        with html.div().classes('bar'):
            if alert.assignee != me:
                self._button("I'll do it", 'hand', lambda: self._assign(me, 'take'))
            else:
                self._button('Give back', 'reopened', lambda: self._assign('', 'free'))
            if not alert.acknowledged_by:
                self._button('Seen', 'eye', self._see)
            others = [name for name in staff if name not in (me, alert.assignee)]
            if others:
                names = {'': 'Hand over …', **{name: name for name in others}}
                label = {'aria-label': 'Hand over to'}
                select = draw(options_of(names, ''), 'select', **label).classes('select')

                async def hand(event: GenericEventArguments) -> None:
                    if name := clean(event.args):
                        await self._assign(name, 'give')

                select.on('change', hand, js_handler='(event) => emit(event.target.value)')

    def _button(self, text: str, sign: str, act: Callable[[], Awaitable[None]]) -> None:
        with html.button(type='button').classes('button') as button:
            picture(sign)
            html.span(text)
        button.on('click', act)

    async def _assign(self, assignee: str, done: str) -> None:
        service, store = self._site.service, self._site.queries.store
        await act(
            self._site,
            done,
            lambda who: service.assign(store, [self._id], who, assignee),
            self._refresh,
        )

    async def _see(self) -> None:
        service, store = self._site.service, self._site.queries.store
        await act(
            self._site,
            'seen',
            lambda who: service.acknowledge(store, [self._id], who),
            self._refresh,
        )


async def act(
    site: Site,
    done: str,
    action: Callable[[str], object],
    refresh: Callable[[], Awaitable[None]],
) -> bool:
    """
    Do something in the name of who is in front of the page, and say how it went.

    :param done: what to say then, a key of ``words.DONE``
    :param action: gets the name of the person
    """
    try:
        who = require(site, Role.STAFF).name
        await asyncio.to_thread(action, who)
    except ShelfAnomalyError as error:  # AccessError is one
        ui.notify(str(error), type='negative', position='top')
        return False
    ui.notify(words.DONE[done], position='top', type='positive', timeout=2500)
    await refresh()
    return True
