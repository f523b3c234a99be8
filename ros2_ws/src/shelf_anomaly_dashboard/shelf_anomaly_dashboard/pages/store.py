# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The page *Store*: the map, and every bay with what is known about it."""

from __future__ import annotations

import asyncio
from urllib.parse import quote

from nicegui import Client, html, ui

from .. import words
from ..map_svg import bay_state, draw_map, LEGEND
from ..site import Site
from ..text import clean
from ..views import BayView, RobotView
from .frame import live, page


def build(site: Site) -> None:
    """Register the page."""

    @ui.page('/store', title=f'Store · {site.title}')
    async def store_page(client: Client, bay: str = '') -> None:
        with page(site, client, 'Store'):
            await _StorePage(site, clean(bay)).build()


class _StorePage:
    """The map and the bays below it; one for each open page."""

    def __init__(self, site: Site, marked: str) -> None:
        self._site = site
        self._marked = (marked,) if marked in site.queries.layout.bays else ()
        self._listed: tuple[object, ...] = ()

    async def build(self) -> None:
        if self._marked:
            with html.p().classes('hint'):
                html.bdi(self._marked[0]).classes('strong')
                html.span('is marked on the map')
                html.a('Show all', href='/store')
        with html.section(**{'aria-label': 'Map of the store'}).classes('box map-box'):
            with html.div(tabindex='0').classes('map-holder'):
                self._map = ui.html('')
            with html.ul().classes('legend'):
                for state, text in LEGEND:
                    with html.li():
                        html.span().classes(f'swatch {state}')
                        html.span(text)
        self._bays = html.div().classes('aisles')
        await self._refresh()
        live(self._site, self._refresh)

    async def _refresh(self) -> None:
        now = self._site.clock()
        queries = self._site.queries
        bays: list[BayView] = await asyncio.to_thread(queries.bays)
        robots: list[RobotView] = await asyncio.to_thread(queries.robots, now)
        drawing = draw_map(queries.layout, bays, robots, now, highlight=self._marked)
        if self._map.content != drawing:
            self._map.set_content(drawing)
        listed = tuple((b.bay, bay_state(b, now), words.bay(b, now)) for b in bays)
        if listed != self._listed:
            self._listed = listed
            self._bays.clear()
            with self._bays:
                _draw_aisles(bays, now)


def _draw_aisles(bays: list[BayView], now: int) -> None:
    aisles: dict[str, list[BayView]] = {}
    for bay in bays:
        aisles.setdefault(bay.aisle if bay.on_map else '', []).append(bay)
    for aisle, members in aisles.items():
        with html.section().classes('box'):
            html.h2(f'Aisle {aisle}' if aisle else 'Not on the map')
            with html.ul().classes('bay-list'):
                for bay in members:
                    with (
                        html.li(),
                        html.a(href=f'/?bay={quote(bay.bay, safe="")}').classes('bay-row'),
                    ):
                        html.span().classes(f'swatch {bay_state(bay, now)}')
                        html.bdi(bay.bay).classes('strong')
                        html.bdi(words.bay(bay, now)).classes('soft')
