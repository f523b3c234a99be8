# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Figures of an evaluation, drawn off screen and put into the page as data."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
import io
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
import numpy as np

from .froc import BudgetCheck, Curve
from .intervals import Rate, Share

INK, ACCENT, WARN, GOOD, PALE = '#22313f', '#1f77b4', '#d1495b', '#2f7d5b', '#9fb8c8'
COLOURS = {
    'misplaced': '#1f77b4',
    'twin': '#8f5bb5',
    'foreign': '#e8a33d',
    'gap': '#5b8c5a',
    'fallen': '#d1495b',
}
DPI = 120
MOST_RATE = 5.0


def data_uri(data: bytes, kind: str = 'png') -> str:
    """Return a picture as an address that holds it."""
    return f'data:image/{kind};base64,{base64.b64encode(data).decode()}'


def file_uri(path: Path) -> str:
    """Return a PNG or JPEG file as an address that holds it."""
    return data_uri(path.read_bytes(), 'jpeg' if path.suffix in ('.jpg', '.jpeg') else 'png')


def froc_figure(
    curve: Curve,
    kinds: Mapping[str, Curve],
    working: tuple[Rate, Share] | None,
    *,
    whole_range: bool,
) -> Figure:
    """
    Draw recall against false alarms, of all faults and by kind.

    :param working: rate and recall of the run at the budget asked for, with its intervals
    :param whole_range: whether findings were recorded so far down that the curve has no end
    """
    figure, (whole, parts) = _figure(9.6, 3.9, 2)
    _line(whole, curve, INK, f'all faults ({curve.hits.size})', whole_range, width=2.2)
    rates, recalls = curve.points()
    band = np.array([Share(round(r * curve.hits.size), curve.hits.size).interval for r in recalls])
    if curve.hits.size:
        whole.fill_between(
            rates, band[:, 0], band[:, 1], step='post', color=PALE, alpha=0.4, linewidth=0
        )
    if working is not None and working[1].value is not None:
        rate, share = working
        (low_x, high_x), (low_y, high_y) = rate.interval, share.interval
        x, y = rate.value, share.value or 0.0
        whole.errorbar(
            [x],
            [y],
            xerr=[[max(0.0, x - low_x)], [max(0.0, high_x - x)]],
            yerr=[[max(0.0, y - low_y)], [max(0.0, high_y - y)]],
            fmt='o',
            color=WARN,
            capsize=3,
            label='working point, as run',
        )
    for kind, part in kinds.items():
        _line(parts, part, COLOURS.get(kind, PALE), f'{kind} ({part.hits.size})', whole_range)
    for axis in (whole, parts):
        axis.axvline(1.0, color=PALE, linestyle=':', linewidth=1)
        axis.set(
            xlim=(0, MOST_RATE),
            ylim=(0, 1.02),
            xlabel='false alarms per aisle and patrol',
            ylabel='share of faults found',
        )
        axis.grid(alpha=0.25)
        axis.legend(frameon=False, fontsize=8, loc='lower right')
    of = 'findings of single passes' if whole_range else 'alerts of the replay'
    whole.set_title(f'Recall against false alarms ({of})', fontsize=10)
    parts.set_title('By kind of fault', fontsize=10)
    return figure


def aisle_figure(curves: Mapping[str, Curve], *, whole_range: bool) -> Figure:
    """Draw recall against false alarms of each aisle."""
    figure, (axis,) = _figure(6.4, 3.6, 1)
    for number, (aisle, curve) in enumerate(curves.items()):
        _line(axis, curve, f'C{number % 10}', f'{aisle} ({curve.hits.size} faults)', whole_range)
    axis.axvline(1.0, color=PALE, linestyle=':', linewidth=1)
    axis.set(xlim=(0, MOST_RATE), ylim=(0, 1.02), ylabel='share of faults found')
    axis.set(xlabel='false alarms a patrol of this aisle', title='By aisle')
    axis.grid(alpha=0.25)
    axis.legend(frameon=False, fontsize=8, loc='lower right')
    return figure


def budget_figure(checks: Sequence[BudgetCheck]) -> Figure:
    """Draw what was asked for against what came, with the band that counts as kept."""
    figure, (axis,) = _figure(5.6, 3.8, 1)
    asked = np.array([check.asked for check in checks])
    line = np.geomspace(asked.min() / 1.5, asked.max() * 1.5, 30)
    axis.fill_between(
        line, line / 3, 1.5 * line, color=GOOD, alpha=0.15, label='kept: b/3 to 1.5 b'
    )
    axis.plot(line, line, color=GOOD, linewidth=1)
    floor = line[0] / 5
    for check in checks:
        low, high = check.measured.interval
        value = max(check.measured.value, floor)
        axis.errorbar(
            [check.asked],
            [value],
            yerr=[[max(0.0, value - max(low, floor))], [max(0.0, high - value)]],
            fmt='o',
            capsize=3,
            color=ACCENT if check.kept else WARN,
        )
    axis.set(xscale='log', yscale='log', xlabel='asked for', ylabel='measured')
    axis.set_title('False alarms per aisle and patrol', fontsize=10)
    axis.grid(alpha=0.25)
    axis.legend(frameon=False, fontsize=8, loc='upper left')
    return figure


def score_figure(curve: Curve, threshold: float | None) -> Figure:
    """Draw the scores of faults and of what was no fault."""
    figure, (axis,) = _figure(6.4, 3.4, 1)
    found = curve.hits[np.isfinite(curve.hits)]
    together = np.concatenate([found, curve.alarms])
    if together.size:
        bins = np.linspace(together.min(), together.max() + 1e-6, 40)
        axis.hist(
            curve.alarms, bins, alpha=0.6, color=PALE, label=f'no fault ({curve.alarms.size})'
        )
        axis.hist(found, bins, alpha=0.6, color=WARN, label=f'fault ({found.size})')
    if threshold is not None:
        axis.axvline(threshold, color=INK, linestyle='--', linewidth=1, label='alert from here')
    axis.set(xlabel='score', ylabel='findings', title='Scores of findings')
    axis.legend(frameon=False, fontsize=8)
    return figure


def as_uri(figure: Figure) -> str:
    """Return a figure as an address that holds it."""
    stream = io.BytesIO()
    FigureCanvasAgg(figure).print_png(stream)  # type: ignore[no-untyped-call]  # of matplotlib
    return data_uri(stream.getvalue())


def _figure(width: float, height: float, cols: int) -> tuple[Figure, list[Any]]:
    figure = Figure(figsize=(width, height), dpi=DPI, layout='constrained')
    axes = list(figure.subplots(1, cols, squeeze=False)[0])
    for axis in axes:
        axis.spines[['top', 'right']].set_visible(False)
        axis.tick_params(colors=INK, labelsize=8)
    return figure, axes


def _line(
    axis: Any, curve: Curve, colour: str, label: str, whole_range: bool, width: float = 1.6
) -> None:
    rates, recalls = curve.points()
    if whole_range:
        rates, recalls = np.append(rates, MOST_RATE), np.append(recalls, recalls[-1])
    axis.step(rates, recalls, where='post', color=colour, linewidth=width, label=label)
