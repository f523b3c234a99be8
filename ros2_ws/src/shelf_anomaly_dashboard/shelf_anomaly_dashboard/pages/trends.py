# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The page *Trends*: how many alerts, where, how fast they are put right, how often in vain."""

from __future__ import annotations

from datetime import datetime

from nicegui import Client, html, ui

from .. import words
from ..chart_svg import day_label, draw_days
from ..heat_svg import count_places, draw_heat, SHADES
from ..site import Site
from ..views_reports import TrendView
from .frame import live, page, picture, route

RANGES = {7: '7 days', 30: '30 days', 90: '90 days'}
RENEW_S = 30.0
"""These figures are read again no more often than this."""


def build(site: Site) -> None:
    """Register the page."""

    @route('/trends', f'Trends · {site.title}')
    async def trends_page(client: Client, days: str = '7') -> None:
        wanted = int(days) if days in {str(d) for d in RANGES} else 7
        with page(site, client, 'Trends', heading='Trends'):
            await _TrendsPage(site, wanted).build()


class _TrendsPage:
    """Figures of some days; one for each open page."""

    def __init__(self, site: Site, days: int) -> None:
        self._site = site
        self._days = days
        self._drawn: object = None

    async def build(self) -> None:
        with html.nav(**{'aria-label': 'Time'}).classes('segments'):
            for days, text in RANGES.items():
                chosen = {'aria-current': 'true'} if days == self._days else {}
                html.a(text, href=f'/trends?days={days}', **chosen).classes(
                    'segment chosen' if chosen else 'segment'
                )
        self._body = html.div().classes('trends')
        await self._refresh()
        live(self._site, self._refresh)

    async def _refresh(self) -> None:
        now = self._site.clock()
        ahead = datetime.fromtimestamp(now / 1e9).astimezone().utcoffset()
        offset = int(ahead.total_seconds()) * 10**9 if ahead else 0
        found: TrendView = await self._site.readings.get(
            0,
            ('trends', self._days),
            lambda: self._site.queries.trends(now, self._days, offset),
            RENEW_S,
        )
        if found == self._drawn:
            return
        self._drawn = found
        self._body.clear()
        with self._body:
            if not found.alerts:
                _nothing()
                return
            self._draw_figures(found)
            _draw_days(found, offset)
            self._draw_heat(found)
            _draw_kinds(found)

    def _draw_figures(self, found: TrendView) -> None:
        with html.dl().classes('box figures'):
            change = words.change(found.alerts, found.before, self._days)
            _figure('Alerts', f'{found.alerts:,}', change)
            _figure(
                'Usually put right within',
                words.span(found.median_ns) if found.median_ns is not None else '–',
                'half of them took less' if found.median_ns is not None else 'none yet',
            )
            _figure(
                'False alarms',
                f'{100 * found.dismissed / found.closed:.0f} %' if found.closed else '–',
                f'{found.dismissed:,} of {found.closed:,} closed',
            )
            _figure('Still open', f'{found.open:,}', '')

    def _draw_heat(self, found: TrendView) -> None:
        layout = self._site.queries.layout
        worst = max(count_places(list(layout.bays.values()), found.spots).values(), default=0)
        with html.section().classes('box'):
            html.h2('Where on the shelves')
            with html.p().classes('heat-key soft'):
                html.span('fewer')
                for step in range(1, SHADES + 1):
                    html.span().classes(f'swatch shade-{step}')
                html.span('more alerts')
            for aisle in layout.aisles:
                sides: dict[str, list[str]] = {}
                for bay in layout.in_aisle(aisle):
                    sides.setdefault(bay.side, []).append(bay.id)
                for side, names in sides.items():
                    html.h3(f'Aisle {aisle}, {side} side').classes('heat-title')
                    with html.div(tabindex='0', role='group').classes('heat-holder'):
                        ui.html(
                            draw_heat(
                                [layout.bays[name] for name in names],
                                found.spots,
                                worst,
                                f'Alerts on the {side} side of aisle {aisle}',
                            ),
                            sanitize=False,
                        )


def _nothing() -> None:
    with html.div().classes('empty'):
        picture('chart', 'big-icon')
        html.p('No alerts in this time').classes('empty-title')
        html.p('Figures show up here once the robots have found something.')


def _figure(name: str, value: str, about: str) -> None:
    with html.div().classes('figure large'):
        html.dt(name)
        html.dd(value)
        if about:
            html.dd(about).classes('soft')


def _draw_days(found: TrendView, offset: int) -> None:
    kinds = [one.kind for one in found.kinds]
    with html.section().classes('box'):
        html.h2('Alerts a day')
        ui.html(draw_days(found.days, kinds, offset), sanitize=False)
        with html.ul().classes('legend'):
            for kind in kinds:
                with html.li().classes(f'kind-{kind}'):
                    html.span().classes('swatch of-kind')
                    html.span(words.kind(kind))
        with html.details():
            html.summary('As a table')
            _day_table(found, kinds, offset)


def _day_table(found: TrendView, kinds: list[str], offset: int) -> None:
    with (
        html.div(tabindex='0', role='group', **{'aria-label': 'Alerts a day'}).classes('scroll'),
        html.table().classes('table'),
    ):
        with html.thead(), html.tr():
            html.th('Day', scope='col')
            for kind in kinds:
                html.th(words.kind(kind), scope='col')
            html.th('False alarms', scope='col')
        with html.tbody():
            for day in reversed(found.days):
                with html.tr():
                    html.th(day_label(day.start_ns, offset), scope='row')
                    for kind in kinds:
                        html.td(str(day.kinds.get(kind, 0)))
                    html.td(str(day.dismissed))


def _draw_kinds(found: TrendView) -> None:
    with html.section().classes('box'):
        html.h2('By kind')
        with html.ul().classes('kind-list'):
            for one in found.kinds:
                with html.li().classes(f'kind-row kind-{one.kind}'):
                    picture(one.kind, 'kind-icon small')
                    with html.div():
                        html.span(words.kind(one.kind)).classes('strong')
                        html.span(words.kind_trend(one)).classes('soft')
                    html.span(f'{one.alerts:,}').classes('count')
