# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What an alert is, where it is and where it belongs. As HTML."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote
from xml.etree.ElementTree import Element

from shelf_anomaly.store_layout import StoreLayout

from .. import words
from ..bay_svg import build_bay
from ..map_svg import build_map
from ..markup import sign, tag, text_of
from ..views import AlertView


def draw_headline(alert: AlertView, layout: StoreLayout, now: int) -> str:
    """Return what it is and where, in a few words."""
    since = []
    if words.urgent(alert):
        since.append(tag('span', 'badge urgent', 'Urgent'))
    if alert.state != 'open':
        since.append(tag('span', 'badge', words.state(alert)))
    elif alert.verdict == 'confirmed':
        since.append(tag('span', 'badge confirmed', 'Confirmed'))
    since.append(tag('span', '', f'noticed {words.age(alert.since_ns, now)}'))
    about = tag(
        'div',
        '',
        tag('h1', '', words.kind(alert.kind)),
        tag('bdi', 'where', words.place(alert, layout)),
        tag('p', 'since', *since),
    )
    return text_of(tag('div', f'headline kind-{alert.kind}', sign(alert.kind, 'kind-icon'), about))


def draw_same(alert: AlertView) -> str:
    """Return the way to the alert that goes on for this one, or nothing."""
    if not alert.same_as:
        return ''
    link = tag('a', 'button', 'To the other alert', href=f'/alerts/{quote(alert.same_as)}')
    return text_of(tag('section', 'box', tag('p', '', words.SAME), link))


def draw_homes(alert: AlertView, layout: StoreLayout) -> str:
    """Return where it belongs, or nothing when that is not known."""
    if not alert.suggested_bays:
        return ''
    homes = tag('div', 'home-list')
    for i, name in enumerate(alert.suggested_bays[:4]):
        css = 'home first' if i == 0 else 'home'
        home = tag('a', css, tag('bdi', '', name), href=f'/store?bay={quote(name, safe="")}')
        more = words.in_the_home(alert, i, layout)
        if more:
            home.append(tag('span', 'soft', more))
        homes.append(home)
    title = tag('h2', '', sign('home'), tag('span', '', 'Belongs in'))
    return text_of(tag('section', 'box homes', title, homes))


def draw_place(
    alert: AlertView,
    others: Sequence[AlertView],
    layout: StoreLayout,
    now: int,
    *,
    relearn: bool = False,
) -> str:
    """
    Return the bay from the front and a little map.

    :param others: further open alerts of the bay
    :param relearn: whether the bay has moved away from what the model learnt
    """
    bay = layout.bays.get(alert.bay)
    box = tag('section', 'box', tag('h2', '', 'Where'))
    expected = words.expected(alert)
    if bay is None:
        box.append(tag('bdi', 'strong', words.place(alert, layout)))
        box.append(tag('p', 'soft', 'This bay is not on the map of the store.'))
        if expected:
            box.append(tag('bdi', 'strong', expected))
        return text_of(box)
    home = next((name for name in alert.suggested_bays if name in layout.bays), '')
    legend = tag('span', 'legend', _key('alert', 'Here now'))
    if home and home != alert.bay:
        legend.append(_key('home', 'Belongs here'))
    marked = build_map(layout, (), (), now, highlight=(alert.bay,), home=home, linked=False)
    mini = tag(
        'a',
        'mini',
        marked,
        legend,
        href='/store',
        aria_label=f'{alert.bay} on the map of the store',
    )
    front = tag('div', 'bay-holder', build_bay(bay, alert, others))
    box.append(tag('p', 'soft', words.across(alert, layout)))
    if expected:
        box.append(tag('bdi', 'strong', expected))
    if relearn:
        box.append(tag('p', 'trouble', sign('unknown'), tag('span', '', words.RELEARN_LONG)))
    box.append(tag('div', 'drawings', front, mini))
    return text_of(box)


def _key(css: str, text: str) -> Element:
    return tag('span', 'key', tag('span', f'swatch {css}'), tag('span', '', text))
