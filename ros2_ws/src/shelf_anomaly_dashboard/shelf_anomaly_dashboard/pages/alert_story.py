# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What happened to an alert: the changes by robots and people, and every sighting. As HTML."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from .. import words
from ..markup import sign, tag, text_of
from ..views import AlertDetail, AlertView, EventView, SightingView

SHOWN = 50
_ELSEWHERE = {'target': '_blank', 'rel': 'noopener'}


def draw_evidence(alert: AlertView) -> str:
    """Return the picture of what was seen, beside what is normal there."""
    if not alert.evidence:
        empty = tag('div', 'no-picture', sign('picture'), tag('span', '', 'No picture'))
        return text_of(_section('box evidence', empty, aria_label='Picture'))
    image = tag(
        'img',
        src=alert.evidence,
        alt='Left what the robot saw, with a box around the fault; right the same place '
        'when it was normal',
    )
    sides = tag('div', 'sides', *(tag('span', '', text) for text in ('Now', 'As it should be')))
    sides.set('aria-hidden', 'true')
    parts = [sides, tag('a', '', image, href=alert.evidence, **_ELSEWHERE)]
    if alert.reason:
        parts.append(tag('bdi', 'reason', alert.reason))
    return text_of(_section('box evidence', *parts, aria_label='Picture'))


def draw_story(detail: AlertDetail, now: int) -> str:
    """Return the time line, newest first."""
    lines = (_line(told, now) for told in reversed(detail.events[-SHOWN:]))
    title = tag('h2', '', 'What happened')
    return text_of(_section('box', title, tag('ol', 'time-line', *lines)))


def _line(told: EventView, now: int) -> Element:
    line = tag(
        'li',
        f'by-{told.by}',
        tag('bdi', '', words.event(told)),
        tag('span', 'soft', words.age(told.at_ns, now)),
    )
    note = told.note if told.by == 'person' else words.patrol(told.note)
    if note:
        line.append(tag('bdi', 'said', note))
    return line


def draw_sightings(detail: AlertDetail, now: int) -> str:
    """Return every report of the robot, newest first, folded away."""
    if not detail.sightings:
        return ''
    title = tag('summary', '', f'Every sighting ({len(detail.sightings)})')
    lines = (_sighting(seen, now) for seen in reversed(detail.sightings[-SHOWN:]))
    return text_of(tag('details', 'box details sightings', title, tag('ol', '', *lines)))


def _sighting(seen: SightingView, now: int) -> Element:
    parts = [words.STATES.get(seen.state, seen.state), words.patrol(seen.patrol)]
    if seen.score is not None:
        parts.append(f'score {seen.score:.3g}')
    line = tag(
        'li',
        'sighting',
        tag('span', '', words.age(seen.received_ns, now)),
        tag('bdi', 'soft', ' · '.join(part for part in parts if part)),
    )
    if seen.evidence:
        line.append(tag('a', 'link', 'Picture', href=seen.evidence, **_ELSEWHERE))
    return line


def draw_details(alert: AlertView) -> str:
    """Return the figures that only some people want, folded away."""
    facts = {
        'Priority': f'{alert.priority} of 100',
        'Score': _figure(alert.score),
        'Alarm from': _figure(alert.threshold),
        'p-value': _figure(alert.p_value),
        'Pictures': str(alert.sightings),
        'Patrols': ', '.join(alert.seen_in),
        'Robot': alert.robot,
        'Model': alert.model,
        'Number': alert.id,
    }
    told = [
        part
        for name, value in facts.items()
        if value
        for part in (tag('dt', '', name), tag('dd', '', tag('bdi', '', value)))
    ]
    title = tag('summary', '', 'More about it')
    return text_of(tag('details', 'box details', title, tag('dl', '', *told)))


def _figure(value: float | None) -> str:
    return '' if value is None else f'{value:.4g}'


def _section(css: str, *inside: Element, **attributes: str) -> Element:
    return tag('section', css, *inside, **attributes)
