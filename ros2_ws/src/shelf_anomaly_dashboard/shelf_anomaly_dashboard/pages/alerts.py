# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The page *Alerts*: what is to be done now, live; filters, order, several at once."""

from __future__ import annotations

from dataclasses import dataclass

from nicegui import Client, html, ui

from .. import words
from ..choice import Choice
from ..queries import Order
from ..site import Site
from ..views import AlertFilter
from .alert_card import draw_card
from .bulk import Bulk
from .card_list import CardList, text_of_cards
from .filters import Filters
from .frame import live, may_act, page, picture, route, user_of

STEP = 30
"""Alerts that are shown before one asks for more."""
MANY = 5
"""So many new alerts at once are more than people read one by one."""
REST_S = 1.5
"""How long a list rests then: robots that have much to tell are heard first."""


@dataclass(frozen=True)
class _Found:
    """What all pages with the same choice show."""

    ids: frozenset[str]
    cards: str
    total: int
    more: bool


def build(site: Site) -> None:
    """Register the page."""

    @route('/', f'Alerts · {site.title}')
    async def alerts_page(client: Client) -> None:
        choice = Choice.read(client.request.query_params)
        with page(site, client, 'Alerts'):
            html.h1('Alerts').classes('unseen-heading')
            await _AlertList(site, choice).build()


class _AlertList:
    """The list with its filters; one for each open page."""

    def __init__(self, site: Site, choice: Choice) -> None:
        self._site = site
        self._limit = STEP
        self._ids: frozenset[str] = frozenset()
        self._filters = Filters(choice, self._apply)
        self._bulk = Bulk(site, self._mark_choosing)

    async def build(self) -> None:
        queries = self._site.queries
        now = self._site.clock()
        robots = await self._site.read('robots', lambda: queries.robots(now))
        people = set(await self._site.read('people', queries.people))
        who = user_of(self._site)
        if who is not None and self._site.login:
            people.add(who.name)
        self._filters.build(
            {aisle: f'Aisle {aisle}' for aisle in queries.layout.aisles},
            sorted(robot.robot for robot in robots),
            sorted(people),
        )
        self._lead = html.p(words.LEAD).classes('lead')
        self._build_tools()
        self._list = CardList(self._bulk.pick)
        self._empty = html.div().classes('empty')
        self._more = (
            html.button('Show more', type='button')
            .classes('button quiet more')
            .on('click', self._show_more)
        )
        self._bulk.build()
        await self._refresh()
        live(self._site, self._refresh)

    def _build_tools(self) -> None:
        with html.div().classes('tools'):
            self._total = ui.label('').classes('soft').props('role=status')
            if may_act(self._site):
                with html.button(type='button').classes('button quiet') as choose:
                    picture('check')
                    html.span('Select')
                choose.on('click', self._choose)
            with html.a(href='/alerts.csv', download='').classes('button quiet') as self._csv:
                picture('download')
                html.span('CSV')
        self._point_csv()

    def _point_csv(self) -> None:
        query = self._filters.choice.query()
        self._csv.props['href'] = f'/alerts.csv?{query}' if query else '/alerts.csv'

    def _choose(self) -> None:
        self._bulk.choose(
            not self._bulk.choosing, open_alerts=self._filters.choice.state != 'closed'
        )

    def _mark_choosing(self) -> None:
        self._list.choose(self._bulk.choosing)

    async def _apply(self, choice: Choice) -> None:
        self._limit = STEP
        query = choice.query()
        ui.navigate.history.replace(f'/?{query}' if query else '/')
        self._point_csv()
        if self._bulk.choosing:
            self._bulk.choose(False)
        await self._refresh()

    async def _show_more(self) -> None:
        self._limit += STEP
        await self._refresh()

    async def _refresh(self) -> float:
        choice, limit = self._filters.choice, self._limit
        queries = self._site.queries
        wanted = choice.wanted(self._site.clock())
        found = await self._site.read(
            ('alerts', wanted, limit, choice.order),
            lambda: self._read(wanted, limit, choice.sorted_by),
        )
        count = await self._site.read('count', queries.count_open)
        # Else a newer choice is already being read.
        if (choice, limit) == (self._filters.choice, self._limit):
            fresh = len(found.ids - self._ids)
            self._ids = found.ids
            self._show(found, count)
            return REST_S if fresh > MANY else 0.0
        return 0.0

    def _read(self, wanted: AlertFilter, limit: int, order: Order) -> _Found:
        queries, now = self._site.queries, self._site.clock()
        page = queries.alerts(wanted, limit=limit, order=order)
        cards = [draw_card(alert, queries.layout, now) for alert in page.items]
        ids = frozenset(card.id for card in cards)
        return _Found(ids, text_of_cards(cards), page.total, page.next is not None)

    def _show(self, found: _Found, count: int) -> None:
        if self._filters.count.text != str(count):
            self._filters.count.set_text(str(count))
        total = words.alerts(found.total)
        if self._total.text != total:
            self._total.set_text(total)
        self._bulk.keep(found.ids)
        self._list.show(found.cards)
        self._lead.set_visibility(bool(found.ids) and self._filters.choice.state == 'open')
        self._show_empty(found)
        self._more.set_visibility(found.more)

    def _show_empty(self, found: _Found) -> None:
        self._empty.set_visibility(not found.ids)
        choice = self._filters.choice
        usual = Choice(state=choice.state, order=choice.order) == choice
        text = (
            ('Nothing to do' if choice.state == 'open' else 'Nothing here yet')
            if usual
            else 'Nothing fits this filter'
        )
        if self._empty.props.get('data-text') == text:
            return
        self._empty.props['data-text'] = text
        self._empty.clear()
        with self._empty:
            picture('resolved' if usual else 'filter', 'big-icon')
            html.p(text).classes('empty-title')
            html.p('New alerts show up here by themselves.')
            if not usual:
                html.a('Show everything', href='/').classes('button')
