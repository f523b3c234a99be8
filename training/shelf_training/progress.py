# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What a person sees while a long step runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
import time
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


@dataclass(slots=True)
class Step:
    """A bar that is being drawn."""

    bars: Progress
    task: Any

    def advance(self, by: int = 1, note: str = '') -> None:
        """Move on, and say something beside the bar."""
        self.bars.update(self.task, advance=by, note=note)

    def finish(self) -> None:
        """Fill the bar: what is left was not needed."""
        self.bars.update(self.task, completed=self.bars.tasks[self.task].total or 0)


@contextmanager
def step(console: Console, name: str, total: int) -> Iterator[Step]:
    """Draw a bar for ``total`` things while the block runs, and say how long it took."""
    started = time.monotonic()
    bars = Progress(
        TextColumn(f'[bold]{name}'),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn('{task.fields[note]}'),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with bars:
        yield Step(bars, bars.add_task(name, total=total, note=''))
    console.print(f'{name}: {time.monotonic() - started:.1f} s')
