# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The cases that an engineer wants to see: found best, missed, called wrong, and false alarms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
import math

from shelf_anomaly.store_layout import StoreLayout

from .charts import data_uri
from .matching import Found, Matched, Sighting
from .truth import Fault, KINDS

MOST = 8


@dataclass(frozen=True, slots=True)
class Case:
    """One picture with its words."""

    title: str
    where: str
    text: str
    score: float | None
    picture: str
    """Address that holds the picture; empty when there is none."""


@dataclass(frozen=True, slots=True)
class Cases:
    """The cases of an evaluation."""

    best: tuple[Case, ...]
    missed: tuple[Case, ...]
    wrong_kind: tuple[Case, ...]
    false_alarms: tuple[Case, ...]


def choose(
    as_run: Matched,
    loose: Matched | None,
    pictures: Mapping[tuple[str, str], bytes],
    store: StoreLayout,
) -> Cases:
    """
    Choose the cases.

    :param as_run: the run at the budget asked for
    :param loose: findings below it, for the scores of what was missed
    :param pictures: JPEG of each fault, by patrol and identity
    """
    below = {(f.patrol, f.fault.identity): f for f in loose.faults} if loose else {}

    def case(found: Found, patrols: Sequence[str], text: str) -> Case:
        key = (found.patrol, found.fault.identity)
        seen = found if found.alerts else below.get(key, found)
        jpeg = pictures.get(key) or next((a.evidence for a in seen.alerts if a.evidence), b'')
        return Case(
            title=_title(found.fault),
            where=f'{_where(found.fault, store)}, {", ".join(patrols)}',
            text=text,
            score=seen.score if math.isfinite(seen.score) else None,
            picture=data_uri(jpeg, 'jpeg') if jpeg else '',
        )

    found = sorted((f for f in as_run.faults if f.alerts), key=lambda f: -f.score)
    best = [next((f for f in found if f.fault.kind == kind), None) for kind in KINDS]
    missed = _once(f for f in as_run.faults if not f.alerts)
    wrong = _once(f for f in found if f.alerts[0].kind != f.fault.wanted)
    return Cases(
        best=tuple(case(f, [f.patrol], _said(f.alerts[0])) for f in best if f is not None),
        missed=tuple(
            case(f, patrols, _why_missed(below.get((f.patrol, f.fault.identity)), loose))
            for f, patrols in missed[:MOST]
        ),
        wrong_kind=tuple(case(f, patrols, _said(f.alerts[0])) for f, patrols in wrong[:MOST]),
        false_alarms=tuple(_alarms(as_run, store)[:MOST]),
    )


def _once(found: Iterable[Found]) -> list[tuple[Found, list[str]]]:
    """Return each fault once, with the patrols of which it is told."""
    patrols: dict[str, tuple[Found, list[str]]] = {}
    for one in found:
        patrols.setdefault(one.fault.identity, (one, []))[1].append(one.patrol)
    return list(patrols.values())


def _alarms(as_run: Matched, store: StoreLayout) -> list[Case]:
    seen: dict[str, tuple[Sighting, list[str]]] = {}
    for patrol, alarm in as_run.false_alarms:
        seen.setdefault(alarm.id, (alarm, []))[1].append(patrol)
    return [
        Case(
            title=f'Called {alarm.kind}',
            where=f'{alarm.bay}, shelf {alarm.level + 1} of '
            f'{len(store.bay(alarm.bay).levels)}, {", ".join(patrols)}',
            text=alarm.reason,
            score=alarm.score,
            picture=data_uri(alarm.evidence, 'jpeg') if alarm.evidence else '',
        )
        for alarm, patrols in sorted(seen.values(), key=lambda entry: -entry[0].score)
    ]


def _title(fault: Fault) -> str:
    if fault.kind == 'gap':
        return f'Gap where {fault.expected or "something"} stands'
    if fault.kind == 'fallen':
        return f'{fault.expected or "A product"} has fallen'
    return (
        f'{fault.found or "A thing"} in the place of {fault.expected or "another"} ({fault.kind})'
    )


def _where(fault: Fault, store: StoreLayout) -> str:
    levels = len(store.bay(fault.bay).levels)
    return f'{fault.bay}, shelf {fault.level + 1} of {levels}'


def _said(alert: Sighting) -> str:
    home = f', home {alert.suggested[0]}' if alert.suggested else ''
    return f'called {alert.kind}{home}: {alert.reason}' if alert.reason else f'called {alert.kind}'


def _why_missed(below: Found | None, loose: Matched | None) -> str:
    if loose is None:
        return 'no alert'
    if below is None or not below.alerts:
        return 'no finding at all, even with a loose budget'
    return f'scored {below.score:.2f}, less than an alert needs'
