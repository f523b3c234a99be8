# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The page *Alert*: what it is, where it is and belongs, and the buttons to judge it."""

from __future__ import annotations

import asyncio

from nicegui import Client, html, ui
from nicegui.events import GenericEventArguments

from ..records import Verdict
from ..site import Site
from ..text import SENTENCE_LIMIT
from ..views import AlertDetail, AlertFilter, AlertPage, AlertView, BayView
from .alert_people import act, People
from .alert_place import draw_headline, draw_homes, draw_place, draw_same
from .alert_story import draw_details, draw_evidence, draw_sightings, draw_story
from .frame import draw, live, may_act, page, picture, route, show

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

    @route('/alerts/{alert_id}', f'Alert · {site.title}')
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
        with html.div().classes('one-alert'):
            self._headline = draw('')
            self._same = _part()
            with html.div().classes('columns'):
                with html.div().classes('column'):
                    self._picture, self._homes = _part(), _part()
                    self._people.build()
                with html.div().classes('column'):
                    self._place, self._story = _part(), _part()
                    self._sightings, self._details = _part(), _part()
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
        detail: AlertDetail | None = await self._site.read(
            ('alert', self._id), lambda: queries.alert(self._id)
        )
        if detail is None:
            return
        near = AlertFilter(state='open', bay=detail.alert.bay)
        others: AlertPage = await self._site.read(
            ('near', detail.alert.bay), lambda: queries.alerts(near)
        )
        bays: list[BayView] = await self._site.read('bays', queries.bays)
        relearn = any(bay.relearn for bay in bays if bay.bay == detail.alert.bay)
        now = self._site.clock()
        minute = now // (60 * 10**9)
        near_by = tuple((o.id, o.x, o.y) for o in others.items)
        shown = (_essence(detail), near_by, relearn, minute)
        if shown != self._drawn:
            self._drawn = shown
            self._draw(detail, others.items, now, relearn=relearn)
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

    def _draw(
        self, detail: AlertDetail, others: list[AlertView], now: int, *, relearn: bool
    ) -> None:
        alert, layout = detail.alert, self._site.queries.layout
        show(self._headline, draw_headline(alert, layout, now))
        show(self._same, draw_same(alert))
        show(self._picture, draw_evidence(alert))
        show(self._homes, draw_homes(alert, layout))
        show(self._place, draw_place(alert, others, layout, now, relearn=relearn))
        show(self._story, draw_story(detail, now))
        show(self._sightings, draw_sightings(detail, now))
        show(self._details, draw_details(alert))
        self._people.draw(alert, self._staff, now)


def _part() -> ui.html:
    return draw('').classes('part')


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
        *(
            alert.assignee,
            alert.acknowledged_by,
            alert.priority,
            len(detail.sightings),
            alert.same_as,
        ),
        alert.expected_sku,
    )
