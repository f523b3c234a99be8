# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The commands over a memory file: export verdicts, list and take back learned appearances."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
import json
from pathlib import Path
import re
from typing import Any

from .errors import MemoryFileError, SettingsError
from .memory import alert_to_json, Memory, Verdict

LABELS = {'confirmed': 'fault', 'resolved': 'fault', 'false_alarm': 'normal', 'reopened': 'fault'}
"""What a verdict says of the place at the time of the alert."""


def labelled(memory: Memory, out: Path) -> Iterator[dict[str, Any]]:
    """
    Yield one record a verdict, with its label, and write its picture.

    :param out: the JSON lines file; pictures go into a folder beside it
    :raises SettingsError: if a picture cannot be written
    """
    folder = out.with_suffix('.evidence')
    for number, verdict in enumerate(memory.verdicts(), start=1):
        picture = ''
        if verdict.alert.evidence:
            safe = re.sub(r'[^0-9a-zA-Z-]', '', verdict.alert_id)[:64]
            picture = f'{folder.name}/{number:05d}-{safe}.jpg'
            try:
                folder.mkdir(parents=True, exist_ok=True)
                (out.parent / picture).write_bytes(verdict.alert.evidence)
            except OSError as error:
                raise SettingsError(f'{folder}: cannot be written: {error}') from None
        yield _record(verdict, picture)


def _record(verdict: Verdict, picture: str) -> dict[str, Any]:
    return {
        'label': LABELS.get(verdict.verdict, 'unknown'),
        'verdict': verdict.verdict,
        'author': verdict.author,
        'note': verdict.note,
        'stamp_ns': verdict.stamp_ns,
        'alert': alert_to_json(verdict.alert),
        'evidence': picture,
    }


def export(memory: Memory, out: Path) -> int:
    """Write labelled verdicts as JSON lines; :raises SettingsError: if that cannot be done."""
    lines = [json.dumps(record, ensure_ascii=False) + '\n' for record in labelled(memory, out)]
    try:
        out.write_text(''.join(lines), encoding='utf-8')
    except OSError as error:
        raise SettingsError(f'{out}: cannot be written: {error}') from None
    return len(lines)


def learned_rows(memory: Memory) -> list[dict[str, Any]]:
    """Return what was learned as normal, oldest first, for people and programs."""
    return [
        {
            'id': look.id,
            'bay': look.bay,
            'x': round(look.box.x, 3),
            'y': round(look.box.y, 3),
            'kind': look.kind.value,
            'author': look.author,
            'note': look.note,
            'when': _moment(look.stamp_ns),
        }
        for look in memory.learned()
    ]


def forget(memory: Memory, name: str) -> str:
    """
    Take a learned appearance back; the detector that uses the file knows at its next pass.

    :param name: its id, or the beginning of it
    :return: the whole id
    :raises MemoryFileError: if none or several begin so
    """
    found = [look.id for look in memory.learned() if look.id.startswith(name)]
    if len(found) != 1 or not name:
        known = 'several begin so' if found else 'none is called so'
        raise MemoryFileError(f'{name!r}: {known}; "shelf-anomaly learned list" shows their ids')
    memory.save(forgotten=found)
    return found[0]


def _moment(stamp_ns: int) -> str:
    if stamp_ns <= 0:
        return ''
    return f'{datetime.fromtimestamp(stamp_ns / 1e9, timezone.utc):%Y-%m-%d %H:%M} UTC'
