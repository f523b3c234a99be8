# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""One alert in the list."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote
from xml.etree.ElementTree import Element

from shelf_anomaly.store_layout import StoreLayout

from .. import words
from ..markup import sign, tag, text_of
from ..views import AlertView


@dataclass(frozen=True, slots=True)
class Card:
    """An alert as the list shows it; the same for everybody who looks at it now."""

    id: str
    href: str
    label: str
    """What it is, for those who hear the page."""
    css: str
    inside: str
    """HTML."""


def draw_card(alert: AlertView, layout: StoreLayout, now: int) -> Card:
    """Draw an alert."""
    return Card(
        alert.id,
        f'/alerts/{quote(alert.id)}',
        f'{words.kind(alert.kind)}, {alert.bay}',
        f'card kind-{alert.kind} {alert.state}',
        text_of(_thumb(alert), _about(alert, layout, now)),
    )


def _thumb(alert: AlertView) -> Element:
    if not alert.evidence:
        return tag('div', 'thumb', sign(alert.kind))
    return tag(
        'div',
        'thumb',
        tag('img', src=alert.evidence, alt='', loading='lazy', decoding='async'),
    )


def _about(alert: AlertView, layout: StoreLayout, now: int) -> Element:
    about = tag(
        'div',
        'about',
        tag('div', 'what', sign(alert.kind), tag('span', '', words.kind(alert.kind))),
        tag('bdi', 'where', words.place(alert, layout)),
    )
    if alert.suggested_bays and alert.state == 'open':
        home = tag('bdi', 'strong', alert.suggested_bays[0])
        about.append(tag('div', 'belongs', sign('home'), tag('span', '', 'belongs in'), home))
    age = tag('span', '', words.age(alert.since_ns, now))
    about.append(tag('div', 'since', *_badges(alert), age))
    return about


def _badges(alert: AlertView) -> list[Element]:
    if alert.state != 'open':
        return [tag('span', 'badge', words.state(alert))]
    badges = []
    if words.urgent(alert):
        badges.append(tag('span', 'badge urgent', 'Urgent'))
    if alert.assignee:
        badges.append(tag('span', 'badge taken', sign('person'), tag('bdi', '', alert.assignee)))
    elif alert.verdict == 'confirmed':
        badges.append(tag('span', 'badge confirmed', 'Confirmed'))
    elif alert.acknowledged_by:
        badges.append(tag('span', 'badge', 'Seen'))
    return badges
