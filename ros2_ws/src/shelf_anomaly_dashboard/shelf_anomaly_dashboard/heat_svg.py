# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The shelves of an aisle from the front, each place coloured by how many alerts it had."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from urllib.parse import quote
from xml.etree.ElementTree import Element

from shelf_anomaly.store_layout import Bay

from .drawing import add, canvas, text_of
from .views_reports import HeatSpot

CM = 100.0
COLUMN_M = 0.3
"""Places of a shelf are about this wide."""
GAP = 8.0
SHADES = 5


def draw_heat(bays: Sequence[Bay], spots: Sequence[HeatSpot], worst: int, label: str) -> str:
    """
    Draw bays side by side as one who walks along them sees them.

    :param spots: alerts at their places, of these bays or others
    :param worst: the count that gets the darkest shade; 0 when there is none
    :return: an SVG document in centimetres
    """
    width = sum(bay.width * CM + GAP for bay in bays) - GAP
    height = max(bay.height for bay in bays) * CM
    svg = canvas(-4, -4, width + 8, height + 40, label, 'heat')
    svg.set('role', 'group')  # an image may have no links inside
    svg.set('style', f'--cm:{width:.0f}')
    counts = count_places(bays, spots)
    left = 0.0
    for bay in bays:
        _draw_bay(svg, bay, left, height, counts, worst)
        left += bay.width * CM + GAP
    return text_of(svg)


def columns_of(bay: Bay) -> int:
    """Return how many places a shelf of a bay is divided into."""
    return max(1, round(bay.width / COLUMN_M))


def count_places(bays: Sequence[Bay], spots: Sequence[HeatSpot]) -> Counter[tuple[str, int, int]]:
    """Return the alerts of each place: bay, level, column."""
    known = {bay.id: bay for bay in bays}
    counts: Counter[tuple[str, int, int]] = Counter()
    for spot in spots:
        bay = known.get(spot.bay)
        if bay is not None:
            columns = columns_of(bay)
            column = min(columns - 1, max(0, int(spot.x / bay.width * columns)))
            level = min(len(bay.levels) - 1, max(0, spot.level))
            counts[bay.id, level, column] += spot.alerts
    return counts


def shade(count: int, worst: int) -> int:
    """Return the shade of a count: 0 for none, else 1 to SHADES."""
    return 0 if not count else max(1, -(-SHADES * min(count, worst) // max(1, worst)))


def _draw_bay(
    svg: Element,
    bay: Bay,
    left: float,
    height: float,
    counts: Counter[tuple[str, int, int]],
    worst: int,
) -> None:
    link = add(svg, 'a', href=_link(bay.id), aria_label=_label(bay, counts))
    columns = columns_of(bay)
    cell = bay.width * CM / columns
    for level in range(len(bay.levels)):
        low, top = bay.level_span(level)
        for column in range(columns):
            count = counts[bay.id, level, column]
            x, y = left + cell * column, height - top * CM
            css, tall = f'spot shade-{shade(count, worst)}', (top - low) * CM
            add(link, 'rect', css, x=x, y=y, width=cell, height=tall)
            if count:
                add(
                    *(link, 'text', f'spot-count on-{shade(count, worst)}', str(min(999, count))),
                    x=x + cell / 2,
                    y=y + (top - low) * CM / 2,
                )
    tall = bay.height * CM
    add(link, 'rect', 'outline', x=left, y=height - tall, width=bay.width * CM, height=tall)
    short = bay.id.removeprefix(f'{bay.aisle}-')
    add(link, 'text', 'name', short, x=left + bay.width * CM / 2, y=height + 18)


def _label(bay: Bay, counts: Counter[tuple[str, int, int]]) -> str:
    whole = sum(n for (name, _, _), n in counts.items() if name == bay.id)
    return f'{bay.id}: {whole} alert' + ('' if whole == 1 else 's')


def _link(bay: str) -> str:
    return f'/?state=all&bay={quote(bay, safe="")}'
