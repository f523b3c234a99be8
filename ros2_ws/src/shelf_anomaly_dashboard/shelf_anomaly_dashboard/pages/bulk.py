# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Several alerts at once: what is chosen in the list, and the bar to act on it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Set

from nicegui import html, ui

from shelf_anomaly.errors import ShelfAnomalyError

from .. import words
from ..records import Verdict
from ..roles import AccessError, Role
from ..site import Site
from .access import require
from .frame import picture

ACTIONS = {
    True: (
        ('resolved', 'Resolved', 'primary'),
        ('false_alarm', 'False alarm', ''),
        ('take', "I'll do it", ''),
        ('seen', 'Seen', ''),
    ),
    False: (('reopened', 'Open again', 'primary'),),
}
SIGNS = {'take': 'hand', 'seen': 'eye'}


class Bulk:
    """The bar; one for each open list."""

    def __init__(self, site: Site, changed: Callable[[], None]) -> None:
        """
        Build it.

        :param changed: called when choosing begins or ends
        """
        self._site = site
        self._changed = changed
        self.choosing = False
        self._chosen: set[str] = set()

    def build(self) -> None:
        """Draw it, out of sight until choosing begins."""
        with html.section(**{'aria-label': 'What to do with the chosen alerts'}).classes(
            'actions bulk'
        ) as self._bar:
            with html.div().classes('bulk-head'):
                self._count = ui.label('').classes('strong').props('role=status')
                html.button('Cancel', type='button').classes('button quiet').on(
                    'click', lambda: self.choose(False)
                )
            self._buttons = html.div().classes('bar')
        self._bar.set_visibility(False)

    def choose(self, on: bool, *, open_alerts: bool = True) -> None:
        """Begin or end choosing; ``open_alerts`` tells which actions fit."""
        self.choosing = on
        self._chosen.clear()
        self._bar.set_visibility(on)
        if on:
            self._buttons.clear()
            with self._buttons:
                for name, text, css in ACTIONS[open_alerts]:
                    with html.button(type='button').classes(f'button {css}') as button:
                        picture(SIGNS.get(name, name))
                        html.span(text)
                    button.on('click', lambda name=name: self._act(name))
        self._tell()
        self._changed()

    def pick(self, alert_id: str, on: bool) -> None:
        """Note that an alert is chosen, or no longer."""
        (self._chosen.add if on else self._chosen.discard)(alert_id)
        self._tell()

    def keep(self, ids: Set[str]) -> None:
        """Forget what is no longer in the list."""
        if self._chosen - ids:
            self._chosen &= ids
            self._tell()

    def _tell(self) -> None:
        self._count.set_text(f'{len(self._chosen)} chosen' if self._chosen else 'Tap the alerts')

    async def _act(self, name: str) -> None:
        ids = sorted(self._chosen)
        if not ids:
            ui.notify('Choose one or more alerts first', position='top')
            return
        site = self._site
        service, store = site.service, site.queries.store
        try:
            who = require(site, Role.STAFF).name
            if name == 'take':
                await asyncio.to_thread(service.assign, store, ids, who, who)
            elif name == 'seen':
                await asyncio.to_thread(service.acknowledge, store, ids, who)
            else:
                await asyncio.to_thread(service.judge_all, store, ids, Verdict(name), who)
        except (AccessError, ShelfAnomalyError) as error:
            ui.notify(str(error), type='negative', position='top')
            return
        ui.notify(f'{words.DONE[name]}: {len(ids)}', type='positive', position='top')
        self.choose(False)
