# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What happened to an alert: the changes by robots and people, and every sighting."""

from __future__ import annotations

from nicegui import html

from .. import words
from ..views import AlertDetail, AlertView
from .frame import picture

SHOWN = 50


def draw_evidence(alert: AlertView) -> None:
    """Draw the picture of what was seen, beside what is normal there."""
    with html.section(**{'aria-label': 'Picture'}).classes('box evidence'):
        if not alert.evidence:
            with html.div().classes('no-picture'):
                picture('picture')
                html.span('No picture')
            return
        with html.div(**{'aria-hidden': 'true'}).classes('sides'):
            html.span('Now')
            html.span('As it should be')
        with html.a(href=alert.evidence, target='_blank', rel='noopener'):
            html.img(
                src=alert.evidence,
                alt='Left what the robot saw, with a box around the fault; right the same place '
                'when it was normal',
            )
        if alert.reason:
            html.bdi(alert.reason).classes('reason')


def draw_story(detail: AlertDetail, now: int) -> None:
    """Draw the time line, newest first, and the sightings below it."""
    with html.section().classes('box'):
        html.h2('What happened')
        with html.ol().classes('time-line'):
            for told in reversed(detail.events[-SHOWN:]):
                with html.li().classes(f'by-{told.by}'):
                    html.bdi(words.event(told))
                    html.span(words.age(told.at_ns, now)).classes('soft')
                    note = told.note if told.by == 'person' else words.patrol(told.note)
                    if note:
                        html.bdi(note).classes('said')
        if detail.sightings:
            with html.details().classes('sightings'):
                html.summary(f'Every sighting ({len(detail.sightings)})')
                _draw_sightings(detail, now)


def _draw_sightings(detail: AlertDetail, now: int) -> None:
    with html.ol():
        for seen in reversed(detail.sightings[-SHOWN:]):
            with html.li().classes('sighting'):
                html.span(words.age(seen.received_ns, now))
                parts = [words.STATES.get(seen.state, seen.state), words.patrol(seen.patrol)]
                if seen.score is not None:
                    parts.append(f'score {seen.score:.3g}')
                html.bdi(' · '.join(part for part in parts if part)).classes('soft')
                if seen.evidence:
                    html.a('Picture', href=seen.evidence, target='_blank', rel='noopener').classes(
                        'link'
                    )


def draw_details(alert: AlertView) -> None:
    """Draw the figures that only some people want."""
    with html.details().classes('box details'):
        html.summary('More about it')
        with html.dl():
            _fact('Priority', f'{alert.priority} of 100')
            _fact('Score', _figure(alert.score))
            _fact('Alarm from', _figure(alert.threshold))
            _fact('p-value', _figure(alert.p_value))
            _fact('Pictures', str(alert.sightings))
            _fact('Patrols', ', '.join(alert.seen_in))
            _fact('Robot', alert.robot)
            _fact('Model', alert.model)
            _fact('Number', alert.id)


def _fact(name: str, value: str) -> None:
    if value:
        html.dt(name)
        with html.dd():
            html.bdi(value)


def _figure(value: float | None) -> str:
    return '' if value is None else f'{value:.4g}'
