# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The page *Alert*: what it is, where it is and belongs, and the buttons to judge it."""

from __future__ import annotations

import asyncio
from urllib.parse import quote

from nicegui import Client, html, ui
from nicegui.events import GenericEventArguments

from .. import words
from ..bay_svg import draw_bay
from ..map_svg import draw_map
from ..records import Verdict
from ..site import Site
from ..text import SENTENCE_LIMIT
from ..views import AlertDetail, AlertFilter, AlertView
from .alert_people import act, People
from .alert_story import draw_details, draw_evidence, draw_story
from .frame import live, may_act, page, picture

BUTTONS = {
    True: (
        ('resolved', 'Resolved', 'primary'),
        ('false_alarm', 'False alarm', ''),
        ('confirmed', 'Confirm', ''),
    ),
    False: (('reopened', 'Open again', ''),),
}


def build(site: Site) -> None:
    """Register the page."""

    @ui.page('/alerts/{alert_id}', title=f'Alert · {site.title}')
    async def alert_page(client: Client, alert_id: str) -> None:
        detail = await asyncio.to_thread(site.queries.alert, alert_id)
        with page(site, client, 'Alerts', back=True):
            if detail is None:
                _missing()
            else:
                await _AlertPage(site, detail).build()


def _missing() -> None:
    with html.div().classes('empty'):
        picture('unknown', 'big-icon')
        html.p('There is no such alert').classes('empty-title')
        html.a('To the alerts', href='/').classes('button')


class _AlertPage:
    """One alert; one for each open page."""

    def __init__(self, site: Site, detail: AlertDetail) -> None:
        self._site = site
        self._id = detail.alert.id
        self._note = ''
        self._drawn: tuple[object, ...] = ()
        self._buttons_for: tuple[object, ...] = ()
        self._people = People(site, self._id, self._refresh)
        self._staff: list[str] = []

    async def build(self) -> None:
        if self._site.login:
            users = await asyncio.to_thread(self._site.accounts.users)
            self._staff = [user.name for user in users if user.role != 'viewer']
        self._body = html.div().classes('one-alert')
        self._may_act = may_act(self._site)
        if self._may_act:
            self._build_actions()
        await self._refresh()
        live(self._site, self._refresh)

    def _build_actions(self) -> None:
        with html.section(**{'aria-label': 'What is true?'}).classes('actions'):
            with html.div().classes('note-row'):
                self._build_note()
                html.button('Add', type='button', **{'aria-label': 'Add the note'}).classes(
                    'button quiet'
                ).on('click', self._add_note)
            self._bar = html.div().classes('bar')

    def _build_note(self) -> None:
        self._note_box = html.textarea(
            rows='2',
            maxlength=str(SENTENCE_LIMIT),
            placeholder='Note (optional)',
            **{'aria-label': 'Note'},
        ).classes('note')
        self._note_box.on(
            'input',
            self._keep_note,
            js_handler='(event) => emit(event.target.value)',
            throttle=0.2,
        )

    def _keep_note(self, event: GenericEventArguments) -> None:
        self._note = str(event.args)

    async def _say(self, verdict: Verdict) -> None:
        service, store, note = self._site.service, self._site.queries.store, self._note
        done = await act(
            self._site,
            verdict.value,
            lambda who: service.judge(store, self._id, verdict, who, note),
            self._refresh,
        )
        if done:
            self._forget_note()

    async def _add_note(self) -> None:
        service, store, note = self._site.service, self._site.queries.store, self._note
        done = await act(
            self._site,
            'note',
            lambda who: service.note(store, [self._id], who, note),
            self._refresh,
        )
        if done:
            self._forget_note()

    def _forget_note(self) -> None:
        self._note = ''
        # The page may be closed while a verdict is written; the verdict counts all the same.
        ui.run_javascript(
            'document.querySelectorAll("textarea.note").forEach(box => { box.value = ""; })'
        )

    async def _refresh(self) -> None:
        queries = self._site.queries
        detail = await asyncio.to_thread(queries.alert, self._id)
        if detail is None:
            return
        others = await asyncio.to_thread(
            queries.alerts, AlertFilter(state='open', bay=detail.alert.bay)
        )
        now = self._site.clock()
        minute = now // (60 * 10**9)
        shown = (_essence(detail), tuple((o.id, o.x, o.y) for o in others.items), minute)
        if shown != self._drawn:
            self._drawn = shown
            self._body.clear()
            with self._body:
                self._draw(detail, others.items, now)
        if self._may_act:
            self._draw_buttons(detail.alert)

    def _draw_buttons(self, alert: AlertView) -> None:
        wanted = (alert.state, alert.verdict)
        if wanted == self._buttons_for:
            return
        self._buttons_for = wanted
        self._bar.clear()
        with self._bar:
            for name, text, css in BUTTONS[alert.state == 'open']:
                if name == 'confirmed' and alert.verdict == 'confirmed':
                    continue
                verdict = Verdict(name)
                with html.button(type='button').classes(f'button {css}') as button:
                    picture(name)
                    html.span(text)
                button.on('click', lambda verdict=verdict: self._say(verdict))

    def _draw(self, detail: AlertDetail, others: list[AlertView], now: int) -> None:
        alert = detail.alert
        with html.div().classes(f'headline kind-{alert.kind}'):
            picture(alert.kind, 'kind-icon')
            with html.div():
                html.h1(words.kind(alert.kind))
                html.bdi(words.place(alert, self._site.queries.layout)).classes('where')
                with html.p().classes('since'):
                    if words.urgent(alert):
                        html.span('Urgent').classes('badge urgent')
                    if alert.state != 'open':
                        html.span(words.STATES[alert.state]).classes('badge')
                    elif alert.verdict == 'confirmed':
                        html.span('Confirmed').classes('badge confirmed')
                    html.span(f'noticed {words.age(alert.since_ns, now)}')
        with html.div().classes('columns'):
            with html.div().classes('column'):
                draw_evidence(alert)
                _draw_homes(self._site, alert)
                self._people.draw(alert, self._staff, now)
            with html.div().classes('column'):
                self._draw_place(alert, others, now)
                draw_story(detail, now)
                draw_details(alert)

    def _draw_place(self, alert: AlertView, others: list[AlertView], now: int) -> None:
        layout = self._site.queries.layout
        bay = layout.bays.get(alert.bay)
        with html.section().classes('box'):
            html.h2('Where')
            if bay is None:
                html.bdi(words.place(alert, layout)).classes('strong')
                html.p('This bay is not on the map of the store.').classes('soft')
                return
            html.p(words.across(alert, layout)).classes('soft')
            home = next((name for name in alert.suggested_bays if name in layout.bays), '')
            with html.div().classes('drawings'):
                ui.html(draw_bay(bay, alert, others)).classes('bay-holder')
                with html.a(
                    href='/store', **{'aria-label': f'{alert.bay} on the map of the store'}
                ).classes('mini'):
                    ui.html(
                        draw_map(
                            layout, (), (), now, highlight=(alert.bay,), home=home, linked=False
                        )
                    )
                    with html.span().classes('legend'):
                        _key('alert', 'Here now')
                        if home and home != alert.bay:
                            _key('home', 'Belongs here')


def _key(css: str, text: str) -> None:
    with html.span().classes('key'):
        html.span().classes(f'swatch {css}')
        html.span(text)


def _essence(detail: AlertDetail) -> tuple[object, ...]:
    alert = detail.alert
    return (
        *(
            alert.kind,
            alert.state,
            alert.verdict,
            alert.evidence,
            alert.bay,
            alert.level,
            alert.x,
            alert.y,
        ),
        *(
            alert.width,
            alert.height,
            alert.score,
            alert.threshold,
            alert.p_value,
            alert.reason,
            alert.model,
        ),
        *(tuple(alert.suggested_bays), tuple(alert.seen_in), alert.sightings, len(detail.events)),
        *(alert.assignee, alert.acknowledged_by, alert.priority, len(detail.sightings)),
    )


def _draw_homes(site: Site, alert: AlertView) -> None:
    if not alert.suggested_bays:
        return
    layout = site.queries.layout
    with html.section().classes('box homes'):
        with html.h2():
            picture('home')
            html.span('Belongs in')
        with html.div().classes('home-list'):
            for i, name in enumerate(alert.suggested_bays[:4]):
                bay = layout.bays.get(name)
                with html.a(href=f'/store?bay={quote(name, safe="")}').classes(
                    'home first' if i == 0 else 'home'
                ):
                    html.bdi(name)
                    if bay is not None:
                        html.span(f'Aisle {bay.aisle}').classes('soft')
