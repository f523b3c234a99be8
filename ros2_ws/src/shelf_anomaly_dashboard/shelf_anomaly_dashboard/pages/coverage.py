# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The page *Coverage*: which shelves the robots do not see, why, and since when."""

from __future__ import annotations

from dataclasses import replace

from nicegui import Client, html, ui

from .. import words
from ..map_svg import draw_map
from ..site import Site
from ..views import BayView
from ..views_reports import CoverageView, UnseenBay
from .frame import live, page, picture, route


def build(site: Site) -> None:
    """Register the page."""

    @route('/coverage', f'Coverage · {site.title}')
    async def coverage_page(client: Client) -> None:
        with page(site, client, 'Coverage', heading='Coverage'):
            await _CoveragePage(site).build()


class _CoveragePage:
    """How much is seen, a map of it, and the bays that are not; one for each open page."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._drawn: object = None

    async def build(self) -> None:
        self._body = html.div().classes('coverage')
        await self._refresh()
        live(self._site, self._refresh)

    async def _refresh(self) -> None:
        now = self._site.clock()
        queries = self._site.queries
        found: CoverageView = await self._site.read('coverage', lambda: queries.coverage(now))
        calm = [replace(bay, open_alerts=0) for bay in found.bays]
        drawing = draw_map(queries.layout, calm, (), now, linked=False)
        told = [(one.view.bay, words.unseen(one, now)) for one in found.unseen]
        changed = [bay.bay for bay in found.bays if bay.relearn]
        if (drawing, told, changed) == self._drawn:
            return
        self._drawn = (drawing, told, changed)
        self._body.clear()
        with self._body:
            _draw_share(found)
            with html.div().classes('columns'):
                with html.div().classes('column'):
                    _draw_changed([bay for bay in found.bays if bay.relearn])
                    _draw_unseen(found, now)
                with html.div().classes('column'):
                    _draw_aisles(found)
                    label = {'aria-label': 'Map of what is seen'}
                    with (
                        html.section().classes('box'),
                        html.div(tabindex='0', role='group', **label).classes('map-holder'),
                    ):
                        ui.html(drawing, sanitize=False)


def _draw_share(found: CoverageView) -> None:
    whole = len(found.bays)
    share = found.seen / whole if whole else 0.0
    with html.section().classes('box share'):
        html.p(f'{found.seen} of {whole}').classes('big-number')
        html.p('bays were seen well in the last 24 hours').classes('soft')
        _bar(share)


def _bar(share: float) -> None:
    with html.span().classes('track'):
        html.span().classes('fill').style(f'width: {100 * share:.1f}%')


def _draw_unseen(found: CoverageView, now: int) -> None:
    if not found.unseen:
        with html.section().classes('box'), html.div().classes('empty'):
            picture('resolved', 'big-icon')
            html.p('Every bay was seen').classes('empty-title')
            html.p('Bays that robots cannot see are listed here, with the reason.')
        return
    with html.section().classes('box'):
        html.h2('Not seen')
        with html.ul().classes('unseen-list'):
            for one in found.unseen:
                _draw_bay(one, now)


def _draw_changed(bays: list[BayView]) -> None:
    if not bays:
        return
    with html.section().classes('box'):
        html.h2('Changed shelves')
        html.p(
            'These shelves no longer look as the robot learnt them. Alerts there may be false '
            'until the model learns them anew.'
        )
        with html.ul().classes('unseen-list'):
            for bay in bays:
                with html.li().classes('unseen'), html.div():
                    html.bdi(bay.bay).classes('strong')
                    html.span(f'Aisle {bay.aisle}').classes('soft')


def _draw_bay(one: UnseenBay, now: int) -> None:
    since, why = words.unseen(one, now)
    with html.li().classes('unseen'):
        with html.div():
            html.bdi(one.view.bay).classes('strong')
            html.span(f'Aisle {one.view.aisle}').classes('soft')
        html.bdi(why).classes('why')
        html.span(since).classes('soft')


def _draw_aisles(found: CoverageView) -> None:
    aisles: dict[str, list[bool]] = {}
    missing = {one.view.bay for one in found.unseen}
    for bay in found.bays:
        aisles.setdefault(bay.aisle, []).append(bay.bay not in missing)
    with html.section().classes('box'):
        html.h2('By aisle')
        with html.ul():
            for aisle, seen in aisles.items():
                with html.li().classes('stage'):
                    html.bdi(f'Aisle {aisle}')
                    _bar(sum(seen) / len(seen))
                    html.span(f'{sum(seen)} of {len(seen)}').classes('ms')
