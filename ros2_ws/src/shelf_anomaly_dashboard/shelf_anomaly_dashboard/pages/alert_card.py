# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""One alert in the list."""

from __future__ import annotations

from nicegui import html

from .. import words
from ..site import Site
from ..views import AlertView
from .frame import picture


def looks(alert: AlertView, site: Site, now: int) -> tuple[object, ...]:
    """Return everything that the card shows, so that it is drawn again only when that changes."""
    return (
        *(alert.kind, alert.state, alert.evidence, alert.verdict, alert.assignee),
        *(alert.acknowledged_by, words.urgent(alert), words.place(alert, site.queries.layout)),
        tuple(alert.suggested_bays[:1]),
        words.age(alert.since_ns, now),
    )


def fill(alert: AlertView, site: Site, now: int) -> None:
    """Draw the inside of a card."""
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
            _badges(alert)
            html.span(words.age(alert.since_ns, now))


def _badges(alert: AlertView) -> None:
    if alert.state != 'open':
        html.span(words.STATES[alert.state]).classes('badge')
        return
    if words.urgent(alert):
        html.span('Urgent').classes('badge urgent')
    if alert.assignee:
        with html.span().classes('badge taken'):
            picture('person')
            html.bdi(alert.assignee)
    elif alert.verdict == 'confirmed':
        html.span('Confirmed').classes('badge confirmed')
    elif alert.acknowledged_by:
        html.span('Seen').classes('badge')
