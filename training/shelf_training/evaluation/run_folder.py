# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""A replay that was written to a folder, read again: alerts.jsonl, report.json and evidence/."""

from __future__ import annotations

from dataclasses import dataclass
import json
from pathlib import Path
from typing import Any

from shelf_anomaly.bag.writer import ALERTS, REPORT
from shelf_anomaly.errors import DatasetError

from .matching import Sighting


@dataclass(frozen=True, slots=True)
class Run:
    """What a replay at one budget brought."""

    alerts: tuple[Sighting, ...]
    patrols: tuple[str, ...]
    """In the order in which they were driven."""
    budget: float
    """False alarms per aisle and patrol that were asked for."""
    model: str
    frames: int
    frames_per_second: float
    not_seen: int
    """Visits of bays that were not seen."""


def read_run(folder: str | Path) -> Run:
    """
    Read what ``shelf-anomaly replay`` wrote.

    :raises DatasetError: naming the file and the line that cannot be used
    """
    folder = Path(folder)
    report = _report(folder / REPORT)
    path = folder / ALERTS
    alerts = []
    try:
        lines = path.read_text(encoding='utf-8').splitlines()
    except OSError as error:
        raise DatasetError(
            f'{path}: cannot be read: {error.strerror or error}'
            '; name the OUT of shelf-anomaly replay'
        ) from None
    for number, line in enumerate(lines, start=1):
        if line.strip():
            alerts.append(_alert(path, number, line))
    passes = [result for bays in report['patrols'].values() for result in bays.values()]
    return Run(
        alerts=tuple(alerts),
        patrols=tuple(report['patrols']),
        budget=float(report.get('false_alarms_per_aisle_patrol') or 1.0),
        model=str(report.get('model', '')),
        frames=int(report.get('frames') or 0),
        frames_per_second=float(report.get('frames_per_second') or 0.0),
        not_seen=sum(result == 'not_seen' for result in passes),
    )


def _report(path: Path) -> dict[str, Any]:
    try:
        report = json.loads(path.read_text(encoding='utf-8'))
    except (OSError, ValueError) as error:
        raise DatasetError(
            f'{path}: cannot be read: {error}; name the OUT of shelf-anomaly replay'
        ) from None
    if not isinstance(report, dict) or not isinstance(report.get('patrols'), dict):
        raise DatasetError(f'{path}: has no patrols; run shelf-anomaly replay again')
    return report


def _alert(path: Path, number: int, line: str) -> Sighting:
    try:
        entry = json.loads(line)
        picture = path.parent / str(entry.get('evidence') or '')
        inside = picture.resolve().is_relative_to(path.parent.resolve())
        score = entry.get('score')
        return Sighting(
            id=str(entry['id']),
            bay=str(entry['bay']),
            level=int(entry['level']),
            x=float(entry['x']),
            y=float(entry['y']),
            kind=str(entry['kind']),
            score=float('inf') if score is None else float(score),
            seen_in=tuple(entry['seen_in']),
            resolved_in=entry.get('resolved_in'),
            suggested=tuple(entry.get('suggested_bays') or ()),
            reason=str(entry.get('reason') or ''),
            evidence=picture.read_bytes() if inside and picture.is_file() else b'',
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DatasetError(f'{path}: line {number}: {error!r}; run the replay again') from None
