# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The page *Alerts*: what is to be done now, newest first, live."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlencode

from nicegui import Client, html, ui
from nicegui.element import Element
from nicegui.events import GenericEventArguments

from .. import words
from ..site import Site
from ..text import clean
from ..views import AlertFilter, AlertPage, AlertView
from .frame import live, page, picture

STEP = 30
"""Alerts that are shown before one asks for more."""
STATES = (('open', 'To do'), ('closed', 'Done'))


@dataclass
class _Card:
    element: Element
    shown: tuple[object, ...]


def build(site: Site) -> None:
    """Register the page."""

    @ui.page('/', title=f'Alerts · {site.title}')
    async def alerts_page(
        client: Client, state: str = 'open', kind: str = '', aisle: str = '', bay: str = ''
    ) -> None:
        wanted = AlertFilter(
            state=state if state in ('open', 'closed') else 'open',
            kind=kind if kind in words.KINDS else None,
            aisle=clean(aisle) or None,
            bay=clean(bay) or None,
        )
        with page(site, client, 'Alerts'):
            await _AlertList(site, wanted).build()


class _AlertList:
    """The list with its filters; one for each open page."""

    def __init__(self, site: Site, wanted: AlertFilter) -> None:
        self._site = site
        self._wanted = wanted
        self._limit = STEP
        self._cards: dict[str, _Card] = {}
        self._chips: list[tuple[Element, str, str | None]] = []

    async def build(self) -> None:
        self._build_filters()
        self._list = html.div(role='list').classes('cards')
        self._empty = html.div().classes('empty')
        self._more = (
            html.button('Show more', type='button')
            .classes('button quiet more')
            .on('click', self._show_more)
        )
        self._mark_chips()
        await self._refresh()
        live(self._site, self._refresh)

    def _build_filters(self) -> None:
        with html.section(**{'aria-label': 'Filter'}).classes('filters'):
            with html.div(role='group', **{'aria-label': 'State'}).classes('segments'):
                for value, text in STATES:
                    with self._chip('state', value, 'segment'):
                        html.span(text)
                        if value == 'open':
                            self._count = ui.label('').classes('pill')
            with html.div(role='group', **{'aria-label': 'Aisle and kind'}).classes('chips'):
                self._build_aisles()
                for value, text in words.KINDS.items():
                    with self._chip('kind', value, f'chip kind-{value}'):
                        picture(value)
                        html.span(text)
            if self._wanted.bay:
                with html.button(
                    type='button', **{'aria-label': f'Show all bays, not only {self._wanted.bay}'}
                ).classes('chip chosen') as only:
                    html.bdi(self._wanted.bay)
                    picture('false_alarm')
                only.on('click', self._forget_bay)
                self._only = only

    def _build_aisles(self) -> None:
        aisles = self._site.queries.layout.aisles
        if len(aisles) < 2:
            return
        with html.select(**{'aria-label': 'Aisle'}).classes('select') as select:
            html.option('All aisles', value='')
            for aisle in aisles:
                chosen = {'selected': ''} if aisle == self._wanted.aisle else {}
                html.option(f'Aisle {aisle}', value=aisle, **chosen)
        select.on('change', self._choose_aisle, js_handler='(event) => emit(event.target.value)')

    def _chip(self, field: str, value: str, css: str) -> Element:
        chip: Element = html.button(type='button').classes(css)
        chip.on('click', lambda: self._choose(field, value))
        self._chips.append((chip, field, value))
        return chip

    async def _choose(self, field: str, value: str) -> None:
        same = getattr(self._wanted, field) == value
        changed: dict[str, Any] = {field: None if same and field != 'state' else value}
        await self._apply(replace(self._wanted, **changed))

    async def _choose_aisle(self, event: GenericEventArguments) -> None:
        await self._apply(replace(self._wanted, aisle=clean(event.args) or None))

    async def _forget_bay(self) -> None:
        self._only.delete()
        await self._apply(replace(self._wanted, bay=None))

    async def _apply(self, wanted: AlertFilter) -> None:
        self._wanted, self._limit = wanted, STEP
        self._mark_chips()
        query = {
            k: v
            for k in ('state', 'kind', 'aisle', 'bay')
            if (v := getattr(wanted, k)) and v != 'open'
        }
        ui.navigate.history.replace('/?' + urlencode(query) if query else '/')
        await self._refresh()

    def _mark_chips(self) -> None:
        for chip, field, value in self._chips:
            chosen = getattr(self._wanted, field) == value
            chip.classes(add='chosen' if chosen else '', remove='' if chosen else 'chosen')
            chip.props['aria-pressed'] = 'true' if chosen else 'false'

    async def _show_more(self) -> None:
        self._limit += STEP
        await self._refresh()

    async def _refresh(self) -> None:
        wanted, limit = self._wanted, self._limit
        found = await asyncio.to_thread(self._site.queries.alerts, wanted, limit=limit)
        count = await asyncio.to_thread(self._site.queries.count_open)
        if (wanted, limit) == (
            self._wanted,
            self._limit,
        ):  # else a newer choice is already being read
            self._show(found, count)

    def _show(self, found: AlertPage, count: int) -> None:
        now = self._site.clock()
        if self._count.text != str(count):
            self._count.set_text(str(count))
        for gone in self._cards.keys() - {alert.id for alert in found.items}:
            self._cards.pop(gone).element.delete()
        for place, alert in enumerate(found.items):
            self._show_card(place, alert, now)
        self._show_empty(found)
        self._more.set_visibility(found.next is not None)

    def _show_card(self, place: int, alert: AlertView, now: int) -> None:
        looks = _looks(alert, self._site, now)
        card = self._cards.get(alert.id)
        if card is None:
            with self._list:
                element = html.a(href=f'/alerts/{quote(alert.id)}', role='listitem')
            card = self._cards[alert.id] = _Card(element, ())
        if self._list.default_slot.children.index(card.element) != place:
            card.element.move(self._list, place)
        if card.shown != looks:
            card.element.clear()
            card.element.classes(replace=f'card kind-{alert.kind} {alert.state}')
            with card.element:
                _fill(alert, self._site, now)
            card.shown = looks

    def _show_empty(self, found: AlertPage) -> None:
        self._empty.set_visibility(not found.items)
        text = 'Nothing to do here' if self._wanted.state == 'open' else 'Nothing here yet'
        if self._empty.props.get('data-text') == text:
            return
        self._empty.props['data-text'] = text
        self._empty.clear()
        with self._empty:
            picture('resolved', 'big-icon')
            html.p(text).classes('empty-title')
            html.p('New alerts show up here by themselves.')


def _looks(alert: AlertView, site: Site, now: int) -> tuple[object, ...]:
    return (
        alert.kind,
        alert.state,
        alert.evidence,
        alert.verdict,
        words.place(alert, site.queries.layout),
        tuple(alert.suggested_bays[:1]),
        words.age(alert.since_ns, now),
    )


def _fill(alert: AlertView, site: Site, now: int) -> None:
    with html.div().classes('thumb'):
        if alert.evidence:
            html.img(src=alert.evidence, alt='', loading='lazy', decoding='async')
        else:
            picture(alert.kind)
    with html.div().classes('about'):
        with html.div().classes('what'):
            picture(alert.kind)
            html.span(words.kind(alert.kind))
        html.bdi(words.place(alert, site.queries.layout)).classes('where')
        if alert.suggested_bays and alert.state == 'open':
            with html.div().classes('belongs'):
                picture('home')
                html.span('belongs in')
                html.bdi(alert.suggested_bays[0]).classes('strong')
        with html.div().classes('since'):
            if alert.state != 'open':
                html.span(words.STATES[alert.state]).classes('badge')
            elif alert.verdict == 'confirmed':
                html.span('Confirmed').classes('badge confirmed')
            html.span(words.age(alert.since_ns, now))
