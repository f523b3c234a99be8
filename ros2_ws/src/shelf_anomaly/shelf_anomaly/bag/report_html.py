# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""A replay as one page for people: ``report.html``, which needs nothing but its pictures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ..planogram import expected_sku
from ..records import Alert, BayResult, State
from . import wording
from .result import Patrol, ReplayResult
from .store_map import draw_face, draw_store

TEMPLATES = Path(__file__).parent / 'templates'


def render_report(result: ReplayResult, pictures: Mapping[str, str]) -> str:
    """
    Return the page.

    :param result: what the replay brought
    :param pictures: path of each alert's picture beside the page, by alert id
    """
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,  # names come from bags and layouts; nothing in them is HTML
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    numbers = {alert.id: number for number, alert in enumerate(result.alerts, start=1)}
    cards = [_card(alert, numbers[alert.id], result, pictures) for alert in result.alerts]
    state = {name.value: [c for c in cards if c['state'] == name.value] for name in State}
    stamps = [p for p in result.patrols.values() if p.start_ns]
    return environment.get_template('report.html.j2').render(
        result=result,
        open=state['open'],
        resolved=state['resolved'],
        dismissed=state['dismissed'],
        begin=wording.moment(min((p.start_ns for p in stamps), default=0)),
        end=wording.moment(max((p.end_ns for p in stamps), default=0)),
        patrols=[_patrol(patrol, result, numbers) for patrol in result.patrols.values()],
        not_seen=sum(
            found is BayResult.NOT_SEEN
            for p in result.patrols.values()
            for found in p.bays.values()
        ),
        passes=sum(len(p.bays) for p in result.patrols.values()),
        refused=[(wording.REFUSAL_TITLE.get(r, r), count) for r, count in result.refused.items()],
        stages=_stages(result),
        relearn=result.relearn_bays,
    )


def _card(
    alert: Alert, number: int, result: ReplayResult, pictures: Mapping[str, str]
) -> dict[str, Any]:
    bay = result.store.bay(alert.bay)
    worst = max(alert.score, alert.threshold, 1e-9)
    where = wording.where(alert, bay)
    return {
        'number': number,
        'id': alert.id,
        'kind': alert.kind.value,
        'state': alert.state.value,
        'state_title': wording.STATE_TITLE[alert.state],
        'title': wording.KIND_TITLE[alert.kind],
        'meaning': wording.KIND_MEANING[alert.kind],
        'reason': alert.reason,
        'where': where[0].upper() + where[1:],
        'size': f'{100 * alert.box.width:.0f} x {100 * alert.box.height:.0f} cm',
        'expected': expected_sku(alert, result.store),
        'suggested': [(h.bay, wording.in_the_home(h, result.store)) for h in alert.homes],
        'picture': pictures.get(alert.id, ''),
        'face': draw_face(bay, alert),
        'score': alert.score,
        'threshold': alert.threshold,
        'score_part': round(100 * max(0.0, alert.score) / worst, 1),
        'threshold_part': round(100 * max(0.0, alert.threshold) / worst, 1),
        'p_value': alert.p_value,
        'chance': wording.chance(alert.p_value),
        'seen_in': alert.seen_in,
        'resolved_in': alert.resolved_in,
        'first_seen': wording.moment(alert.first_seen_ns),
        'last_seen': wording.moment(alert.last_seen_ns),
        'sightings': alert.sightings,
    }


def _patrol(patrol: Patrol, result: ReplayResult, numbers: Mapping[str, int]) -> dict[str, Any]:
    here = [
        (numbers[alert.id], alert, alert.resolved_in == patrol.name)
        for alert in result.alerts
        if patrol.name in alert.seen_in or alert.resolved_in == patrol.name
    ]
    counts = {found.value: list(patrol.bays.values()).count(found) for found in BayResult}
    return {
        'name': patrol.name,
        'error': patrol.error,
        'time': wording.moment(patrol.start_ns),
        'counts': counts,
        'map': draw_store(result.store, patrol.bays, patrol.track, here),
        'titles': {bay: wording.RESULT_TITLE[found] for bay, found in patrol.bays.items()},
        'seen': [number for number, _, resolved in here if not resolved],
        'righted': [number for number, _, resolved in here if resolved],
        'not_seen': [
            (bay, wording.why_not_seen(bay, patrol))
            for bay, found in patrol.bays.items()
            if found is BayResult.NOT_SEEN
        ],
        'frames': patrol.frames,
        'inspected': patrol.frames_inspected,
        'problems': patrol.problems.lines(),
    }


def _stages(result: ReplayResult) -> list[tuple[str, float, float]]:
    """Return name, milliseconds a frame and part of the largest (percent) of each stage."""
    frames = max(1, result.frames)
    largest = max(result.stage_ms.values(), default=0.0) or 1.0
    return [
        (stage, ms / frames, round(100 * ms / largest, 1)) for stage, ms in result.stage_ms.items()
    ]
