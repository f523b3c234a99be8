# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The files of a replay: alerts.jsonl, report.json, report.html and evidence/, each whole."""

from __future__ import annotations

from collections.abc import Mapping
import json
import math
import os
from pathlib import Path
import re
from typing import Any

from ..errors import SettingsError
from ..planogram import expected_sku, reason_with_sku
from ..records import Alert, BayReport
from ..store_layout import StoreLayout
from .report_html import render_report
from .result import Patrol, ReplayResult

ALERTS, REPORT, PAGE, EVIDENCE = 'alerts.jsonl', 'report.json', 'report.html', 'evidence'
_PICTURE = re.compile(r'[0-9a-zA-Z-]{1,64}\.jpg')


def prepare_out(out: str | Path, *, force: bool = False) -> Path:
    """
    Make the folder for a replay, or check that it may be written over.

    :param out: the folder; one that holds only an older replay is written over
    :param force: write beside foreign files too (they stay)
    :raises SettingsError: if it holds something else, or cannot be written
    """
    out = Path(out)
    if out.exists() and not out.is_dir():
        raise SettingsError(f'{out}: is a file; name a folder with --out')
    foreign = _foreign(out) if out.is_dir() and not force else []
    if foreign:
        raise SettingsError(
            f'{out}: holds {", ".join(foreign[:4])}, which no replay wrote; name another folder '
            'with --out, or add --force to write beside it'
        )
    try:
        (out / EVIDENCE).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f'{out}: cannot be written: {error.strerror or error}') from None
    return out


def _foreign(out: Path) -> list[str]:
    own = {ALERTS, REPORT, PAGE, EVIDENCE}
    names = sorted(f.name for f in out.iterdir() if f.name not in own)
    folder = out / EVIDENCE
    if folder.is_dir():
        inside = sorted(f.name for f in folder.iterdir() if not _PICTURE.fullmatch(f.name))
        names += [f'{EVIDENCE}/{name}' for name in inside]
    return names


def write_files(result: ReplayResult, out: Path) -> None:
    """
    Write the files of a replay; each appears whole, and pictures of an older one go.

    :param result: what the replay brought
    :param out: the folder, as :func:`prepare_out` returned it
    :raises SettingsError: if it cannot be written
    """
    pictures = {
        alert.id: f'{EVIDENCE}/{evidence_name(alert)}' for alert in result.alerts if alert.evidence
    }
    try:
        for alert in result.alerts:
            if alert.evidence:
                _write(out / pictures[alert.id], alert.evidence)
        lines = (
            alert_record(alert, pictures.get(alert.id, ''), result.store)
            for alert in result.alerts
        )
        _write(out / ALERTS, ''.join(f'{_json(line)}\n' for line in lines).encode())
        _write(out / PAGE, render_report(result, pictures).encode())
        _write(out / REPORT, (_json(report_record(result), indent=1) + '\n').encode())
        kept = set(pictures.values())
        for old in (out / EVIDENCE).iterdir():
            if _PICTURE.fullmatch(old.name) and f'{EVIDENCE}/{old.name}' not in kept:
                old.unlink()
    except OSError as error:
        raise SettingsError(f'{out}: cannot be written: {error.strerror or error}') from None


def evidence_name(alert: Alert) -> str:
    """Return the file name of an alert's picture: its id, stripped of what is no file name."""
    return re.sub(r'[^0-9a-zA-Z-]', '', alert.id)[:64] + '.jpg'


def alert_record(alert: Alert, evidence: str, store: StoreLayout) -> dict[str, Any]:
    """Return one line of alerts.jsonl; ``evidence`` is the picture's path beside the file."""
    return {
        'id': alert.id,
        'kind': alert.kind.value,
        'state': alert.state.value,
        'store': alert.store,
        'aisle': alert.aisle,
        'bay': alert.bay,
        'level': alert.level,
        'x': _short(alert.box.x),
        'y': _short(alert.box.y),
        'width': _short(alert.box.width),
        'height': _short(alert.box.height),
        'score': _short(alert.score),
        'threshold': _short(alert.threshold),
        'p_value': _short(alert.p_value),
        'suggested_bays': list(alert.suggested_bays),
        'suggested_levels': [home.level for home in alert.homes],
        'suggested_confidences': [_short(home.confidence) for home in alert.homes],
        'seen_in': list(alert.seen_in),
        'resolved_in': alert.resolved_in,
        'first_seen_ns': alert.first_seen_ns,
        'last_seen_ns': alert.last_seen_ns,
        'sightings': alert.sightings,
        'expected': expected_sku(alert, store) or None,
        'reason': reason_with_sku(alert, store),
        'evidence': evidence,
    }


def report_record(result: ReplayResult) -> dict[str, Any]:
    """Return the content of report.json."""
    return {
        'version': 1,
        'store': result.store.store,
        'model': result.model,
        'false_alarms_per_aisle_patrol': result.false_alarms_per_aisle_patrol,
        'frames': result.frames,
        'frames_inspected': result.frames_inspected,
        'seconds': _short(result.seconds),
        'frames_per_second': _short(result.frames_per_second),
        'stage_ms': {stage: _short(ms) for stage, ms in result.stage_ms.items()},
        'alerts': len(result.alerts),
        'patrols': {
            name: {bay: found.value for bay, found in patrol.bays.items()}
            for name, patrol in result.patrols.items()
        },
        'relearn_bays': result.relearn_bays,
        'refused_views': dict(result.refused),
        'problems': dict(result.problems.most_common()),
        'details': {name: _patrol_record(patrol) for name, patrol in result.patrols.items()},
    }


def _patrol_record(patrol: Patrol) -> dict[str, Any]:
    return {
        'error': patrol.error or None,
        'frames': patrol.frames,
        'frames_inspected': patrol.frames_inspected,
        'frames_lost': patrol.problems.frames_lost,
        'start_ns': patrol.start_ns,
        'end_ns': patrol.end_ns,
        'problems': patrol.problems.lines(),
        'bays': {bay: [_pass_record(r) for r in passes] for bay, passes in patrol.reports.items()},
    }


def _pass_record(report: BayReport) -> dict[str, Any]:
    return {
        'result': report.result.value,
        'views_used': report.views_used,
        'views_refused': {reason.value: count for reason, count in report.views_refused},
        'coverage': _short(report.coverage),
        'score': _short(report.score),
        'threshold': _short(report.threshold),
        'alerts': list(report.alert_ids),
        'relearn': report.relearn,
    }


def _short(value: float) -> float | None:
    """Return six significant digits; JSON has no number for what is not finite."""
    return float(f'{value:.6g}') if math.isfinite(value) else None


def _json(value: Mapping[str, Any], indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)


def _write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    part = path.with_name(f'.{path.name}.part')
    try:
        part.write_bytes(data)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
