# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
The faults that were planted, by patrol, from ``truth.json``.

The format is that of ``shelf-anomaly-sim record``; for patrols of a real store it is written by
hand: ``{patrol: [{bay, level, kind, x, y, w, h, homes?, expected?, found?, at?}]}``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
import json
import math
from pathlib import Path
from typing import Any

from shelf_anomaly.errors import DatasetError
from shelf_anomaly.records import Box
from shelf_anomaly.store_layout import StoreLayout

KINDS = ('misplaced', 'twin', 'foreign', 'gap', 'fallen')
SLOTS_AROUND, AROUND_M = 0.75, 0.05
HEAP_REACH_M = 0.22


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that stands wrong on one patrol."""

    identity: str
    """The same fault on the next patrol has the same."""
    bay: str = field(compare=False)
    level: int = field(compare=False)
    kind: str = field(compare=False)
    """One of KINDS."""
    expected: str = field(compare=False)
    found: str = field(compare=False)
    homes: tuple[str, ...] = field(compare=False)
    """Bays where what was found belongs."""
    box: Box = field(compare=False)
    """The place of the shelf: a slot, or a bin of produce."""
    at: tuple[float, float] | None = field(default=None, compare=False)
    """Where in the bin it lies, 0..1 from the left and from below."""

    @property
    def centre(self) -> tuple[float, float]:
        """Where it stands, metres right of and above the bay's origin."""
        box = self.box
        if self.at is None:
            return box.x, box.y
        return (
            box.x - box.width / 2 + self.at[0] * box.width,
            box.y - box.height / 2 + self.at[1] * box.height,
        )

    @property
    def reach(self) -> tuple[float, float]:
        """How far from the centre an alert may lie: 0.75 slots and 5 cm, or 22 cm in a bin."""
        if self.at is not None:
            return HEAP_REACH_M, HEAP_REACH_M
        return (
            SLOTS_AROUND * self.box.width + AROUND_M,
            SLOTS_AROUND * self.box.height + AROUND_M,
        )

    @property
    def shown(self) -> Box:
        """The rectangle to draw."""
        if self.at is None:
            return self.box
        return Box(*self.centre, min(0.16, self.box.width), min(0.16, self.box.height))

    @property
    def wanted(self) -> str:
        """The kind to be said: what is at home elsewhere is misplaced, else it is foreign."""
        if self.kind in ('gap', 'fallen'):
            return self.kind
        return 'misplaced' if self.homes else 'foreign'


Truth = Mapping[str, tuple[Fault, ...]]
"""Faults by patrol, in the order in which the patrols were driven."""


def load_truth(
    path: str | Path, store: StoreLayout, patrols: Iterable[str] | None = None
) -> dict[str, tuple[Fault, ...]]:
    """
    Read and check the faults.

    :param store: its bays must hold all faults
    :param patrols: those that are evaluated; the file must name each. None: all of the file
    :raises DatasetError: naming the file, the patrol, the entry and what is wrong with it
    """
    path = Path(path)
    try:
        document: Any = json.loads(path.read_text(encoding='utf-8'))
    except FileNotFoundError:
        raise DatasetError(f'{path}: no such file; name the faults with --truth') from None
    except (OSError, ValueError) as error:
        raise DatasetError(f'{path}: cannot be read: {error}') from None
    if not isinstance(document, dict):
        raise DatasetError(f'{path}: must be a mapping from patrols to lists of faults')
    wanted = list(document) if patrols is None else list(patrols)
    missing = [name for name in wanted if name not in document]
    if missing:
        raise DatasetError(
            f'{path}: says nothing of patrol {missing[0]} ({len(missing)} of {len(wanted)})'
            '; a patrol without faults has an empty list'
        )
    return {name: _faults(path, name, document[name], store) for name in wanted}


def _faults(path: Path, patrol: str, entries: Any, store: StoreLayout) -> tuple[Fault, ...]:
    if not isinstance(entries, list):
        raise DatasetError(f'{path}: {patrol}: must be a list of faults')
    return tuple(
        _fault(f'{path}: {patrol}: entry {i}', entry, store) for i, entry in enumerate(entries)
    )


def _fault(where: str, entry: Any, store: StoreLayout) -> Fault:
    try:
        x, y, w, h = (float(entry[key]) for key in ('x', 'y', 'w', 'h'))
        at = entry.get('at')
        fault = Fault(
            identity=json.dumps(entry, sort_keys=True),
            bay=str(entry['bay']),
            level=int(entry['level']),
            kind=str(entry['kind']),
            expected=str(entry.get('expected') or ''),
            found=str(entry.get('found') or ''),
            homes=tuple(str(home) for home in entry.get('homes') or ()),
            box=Box(x, y, w, h),
            at=(float(at[0]), float(at[1])) if at else None,
        )
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise DatasetError(f'{where}: {error!r}; expected bay, level, kind, x, y, w, h') from None
    if fault.bay not in store.bays:
        raise DatasetError(f'{where}: bay {fault.bay!r} is not in the store layout')
    if fault.kind not in KINDS:
        raise DatasetError(f'{where}: kind is {fault.kind!r}, expected one of {", ".join(KINDS)}')
    if not all(map(math.isfinite, (x, y, w, h))) or w <= 0 or h <= 0:
        raise DatasetError(f'{where}: x, y, w, h are {x}, {y}, {w}, {h}; expected metres')
    return fault
