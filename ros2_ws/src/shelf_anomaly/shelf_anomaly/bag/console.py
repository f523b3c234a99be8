# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""A replay in the terminal: progress while it runs, a table when it is done."""

from __future__ import annotations

from types import TracebackType

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bars
from rich.table import Table

from ..records import State
from . import wording
from .replay import Progress
from .result import ReplayResult

_COLOUR = {State.OPEN: 'red', State.RESOLVED: 'green', State.DISMISSED: 'dim'}


class ReplayDisplay:
    """One line that tells which bag, how far, how fast and how many alerts."""

    def __init__(self, console: Console) -> None:
        """Prepare to draw on ``console``; nothing is drawn where it is no terminal."""
        self._bars = Bars(
            TextColumn('[bold]{task.description}'),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn('frames, {task.fields[rate]:.1f}/s, {task.fields[alerts]} open alerts'),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bars.add_task('opening', total=None, rate=0.0, alerts=0)

    def __enter__(self) -> ReplayDisplay:
        """Begin to draw."""
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the line away."""
        self._bars.stop()

    def update(self, progress: Progress) -> None:
        """Show where the replay is."""
        self._bars.update(
            self._task,
            description=f'bag {progress.number}/{progress.bags} {escape(progress.bag)}',
            completed=progress.frames,
            total=progress.frames_total,
            rate=progress.all_frames / max(progress.seconds, 1e-6),
            alerts=progress.open_alerts,
        )


def print_summary(console: Console, result: ReplayResult) -> None:
    """Print the closing table and what was odd."""
    if result.alerts:
        console.print(_table(result))
    else:
        console.print('No alerts: all that was seen is normal.')
    opened = sum(alert.state is State.OPEN for alert in result.alerts)
    righted = sum(alert.state is State.RESOLVED for alert in result.alerts)
    console.print(
        f'{opened} open, {righted} put right; {result.frames} frames of '
        f'{len(result.patrols)} patrols, {result.frames_inspected} inspected, '
        f'{result.seconds:.1f} s ({result.frames_per_second:.1f} frames/s)'
    )
    for name, patrol in result.patrols.items():
        unseen = [bay for bay, found in patrol.bays.items() if found.value == 'not_seen']
        if unseen and not patrol.error:
            more = f' and {len(unseen) - 8} more' if len(unseen) > 8 else ''
            console.print(f'{escape(name)}: not seen: {escape(", ".join(unseen[:8]))}{more}')
        for line in patrol.problems.lines():
            console.print(f'[yellow]{escape(name)}: {escape(line)}', soft_wrap=True)
        if patrol.error:
            console.print(f'[red]{escape(name)}: {escape(patrol.error)}', soft_wrap=True)


def _table(result: ReplayResult) -> Table:
    table = Table(
        title=f'Alerts of {escape(result.store.store)}',
        title_justify='left',
        box=SIMPLE_HEAD,
        collapse_padding=True,
    )
    for column in ('', 'bay', 'shelf', 'x', 'what'):
        table.add_column(column, no_wrap=True)
    for column in ('home', 'seen in', 'put right in'):
        table.add_column(column, overflow='fold')
    table.add_column('score', justify='right')
    for number, alert in enumerate(result.alerts, start=1):
        more = f' +{len(alert.seen_in) - 1}' if len(alert.seen_in) > 1 else ''
        state = alert.resolved_in or wording.STATE_TITLE[alert.state]
        table.add_row(
            str(number),
            escape(alert.bay),
            f'{alert.level + 1}/{len(result.store.bay(alert.bay).levels)}',
            f'{alert.box.x:.2f} m',
            alert.kind.value,
            escape(', '.join(alert.suggested_bays[:1])),
            escape(''.join(alert.seen_in[:1])) + more,
            f'[{_COLOUR[alert.state]}]{escape(state)}',
            f'{alert.score:.3g}',
        )
    return table
