# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The page *Store*: the map, and every bay with what is known about it."""

from __future__ import annotations

from urllib.parse import quote
from xml.etree.ElementTree import Element

from nicegui import Client, html

from .. import words
from ..map_svg import bay_state, draw_map, LEGEND
from ..markup import tag, text_of
from ..site import Site
from ..text import clean
from ..views import BayView
from .frame import draw, live, page, route, show


def build(site: Site) -> None:
    """Register the page."""

    @route('/store', f'Store · {site.title}')
    async def store_page(client: Client, bay: str = '') -> None:
        with page(site, client, 'Store'):
            html.h1('Store').classes('unseen-heading')
            await _StorePage(site, clean(bay)).build()


class _StorePage:
    """The map and the bays below it; one for each open page."""

    def __init__(self, site: Site, marked: str) -> None:
        self._site = site
        self._marked = (marked,) if marked in site.queries.layout.bays else ()

    async def build(self) -> None:
        if self._marked:
            with html.p().classes('hint'):
                html.bdi(self._marked[0]).classes('strong')
                html.span('is marked on the map')
                html.a('Show all', href='/store')
        with html.section(**{'aria-label': 'Map of the store'}).classes('box map-box'):
            with html.div(tabindex='0').classes('map-holder'):
                self._map = draw('')
            with html.ul().classes('legend'):
                for state, text in LEGEND:
                    with html.li():
                        html.span().classes(f'swatch {state}')
                        html.span(text)
        self._bays = draw('').classes('aisles')
        await self._refresh()
        live(self._site, self._refresh)

    async def _refresh(self) -> None:
        bays, drawing = await self._site.read(('store', self._marked), self._draw)
        show(self._map, drawing)
        show(self._bays, bays)

    def _draw(self) -> tuple[str, str]:
        now = self._site.clock()
        queries = self._site.queries
        bays = queries.bays()
        drawing = draw_map(queries.layout, bays, queries.robots(now), now, highlight=self._marked)
        return _draw_aisles(bays, now), drawing


def _draw_aisles(bays: list[BayView], now: int) -> str:
    aisles: dict[str, list[BayView]] = {}
    for bay in bays:
        aisles.setdefault(bay.aisle if bay.on_map else '', []).append(bay)
    return text_of(
        *(
            tag(
                'section',
                'box',
                tag('h2', '', f'Aisle {aisle}' if aisle else 'Not on the map'),
                tag('ul', 'bay-list', *(tag('li', '', _row(bay, now)) for bay in members)),
            )
            for aisle, members in aisles.items()
        )
    )


def _row(bay: BayView, now: int) -> Element:
    return tag(
        'a',
        'bay-row',
        tag('span', f'swatch {bay_state(bay, now)}'),
        tag('bdi', 'strong', bay.bay),
        tag('bdi', 'soft', words.bay(bay, now)),
        href=f'/?bay={quote(bay.bay, safe="")}',
    )
