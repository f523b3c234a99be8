# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Bars for each day, stacked by kind, drawn here so that nothing is fetched."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone

from . import words
from .drawing import add, canvas, text_of
from .views_reports import DayCount

WIDTH, HEIGHT = 440.0, 190.0
LEFT, RIGHT, BOTTOM, TOP = 34.0, 14.0, 26.0, 12.0


def day_label(start_ns: int, offset_ns: int, *, year: bool = False) -> str:
    """Return a day's name as "3 Nov"."""
    day = datetime.fromtimestamp((start_ns + offset_ns) / 1e9, timezone.utc)
    return f'{day.day} {day:%b}' + (f' {day.year}' if year else '')


def draw_days(days: Sequence[DayCount], kinds: Sequence[str], offset_ns: int = 0) -> str:
    """
    Draw how many alerts began on each day.

    :param kinds: from the bottom of a bar to its top
    :param offset_ns: how far the store's clock is ahead of UTC
    :return: an SVG document
    """
    svg = canvas(0, 0, WIDTH, HEIGHT, 'Alerts that began on each day, by kind', 'chart')
    highest = max((sum(day.kinds.values()) for day in days), default=0)
    step = nice_step(highest)
    top = max(step, -(-highest // step) * step)
    room = HEIGHT - BOTTOM - TOP
    for value in range(0, top + 1, step):
        y = HEIGHT - BOTTOM - room * value / top
        add(svg, 'line', 'grid', x1=LEFT, y1=y, x2=WIDTH, y2=y)
        add(svg, 'text', 'tick left', str(value), x=LEFT - 6, y=y)
    pitch = (WIDTH - LEFT - RIGHT) / max(1, len(days))
    label_every = max(1, -(-len(days) * 62 // int(WIDTH - LEFT)))
    for i, day in enumerate(days):
        x = LEFT + pitch * i
        group = add(svg, 'g', 'day')
        told = ', '.join(
            f'{day.kinds[k]} {words.kind(k).lower()}' for k in kinds if day.kinds.get(k)
        )
        add(group, 'title', text=f'{day_label(day.start_ns, offset_ns)}: {told or "none"}')
        add(group, 'rect', 'reach', x=x, y=TOP, width=pitch, height=room)
        y = HEIGHT - BOTTOM
        for kind in kinds:
            height = room * day.kinds.get(kind, 0) / top
            y -= height
            if height:
                gap = min(4.0, pitch * 0.12)
                add(
                    *(group, 'rect', f'bar kind-{kind}'),
                    x=x + gap,
                    y=y,
                    width=pitch - 2 * gap,
                    height=height,
                )
        if (len(days) - 1 - i) % label_every == 0:
            label = day_label(day.start_ns, offset_ns)
            add(svg, 'text', 'tick below', label, x=x + pitch / 2, y=HEIGHT - 8)
    return text_of(svg)


def nice_step(highest: int) -> int:
    """Return a step that gives an axis up to ``highest`` at most five round marks."""
    step = 1
    for factor in (2, 2.5, 2) * 7:
        if highest <= 5 * step:
            break
        step = round(step * factor)
    return step
