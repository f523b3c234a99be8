# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""An evaluation as one page that needs no other file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
import os
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined

from shelf_anomaly.artefact import Artefact
from shelf_anomaly.bag.report_html import TEMPLATES as SHARED
from shelf_anomaly.store_layout import StoreLayout

from .cases import Cases
from .charts import aisle_figure, as_uri, budget_figure, file_uri, froc_figure, score_figure
from .froc import BudgetCheck, Curve
from .matching import confusion, home_right, kind_right, level_right, Life, Matched
from .run_folder import Run
from .truth import KINDS, Truth

PAGE = 'evaluate.html'
TEMPLATES = Path(__file__).resolve().parent.parent / 'templates'
SAID = ('misplaced', 'foreign', 'gap', 'fallen', 'unknown', 'missed')
PLOT_TITLES = {
    'training': 'Loss by epoch',
    'scores': 'How normal passes score',
    'bays': 'Normal passes by bay',
    'density': 'Density of normal places',
    'error': 'Reconstruction error of normal cells',
    'reconstructions': 'Views and their reconstruction error',
    'reconstruction': 'Reconstructions',
}


@dataclass(frozen=True, slots=True)
class Page:
    """All that the page tells."""

    store: StoreLayout
    truth: Truth
    run: Run
    as_run: Matched
    life: Life
    scored: Matched
    """What the curves are of: findings of single passes, or the alerts of the run."""
    single: bool
    """Whether they are findings of single passes."""
    checks: Sequence[BudgetCheck]
    threshold: float | None
    """Score from which an alert was raised in the run, if it is known."""
    cases: Cases
    artefact: Artefact | None


def write_page(page: Page, out: Path) -> Path:
    """Write ``evaluate.html`` whole or not at all, and return its path."""
    return write_html(out / PAGE, 'evaluate.html.j2', _context(page))


def write_html(path: Path, template: str, context: Mapping[str, Any]) -> Path:
    """Render a template of this package into a file."""
    environment = Environment(
        loader=ChoiceLoader([FileSystemLoader(TEMPLATES), FileSystemLoader(SHARED)]),
        autoescape=True,  # names come from bags and layouts; nothing in them is HTML
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    part = path.with_name(f'.{path.name}.part')
    part.write_text(environment.get_template(template).render(context), encoding='utf-8')
    os.replace(part, path)
    return path


def plots_of(artefact: Artefact | None) -> list[tuple[str, str]]:
    """Return title and picture of what was drawn when the model was made."""
    if artefact is None:
        return []
    files = sorted((artefact.folder / 'plots').glob('*.png'))
    order = {name: number for number, name in enumerate(PLOT_TITLES)}
    files.sort(key=lambda file: order.get(file.stem, len(order)))
    return [
        (PLOT_TITLES.get(file.stem, file.stem.replace('_', ' ')), file_uri(file)) for file in files
    ]


def facts_of(artefact: Artefact | None) -> list[tuple[str, str]]:
    """Return what the model was made from, in words."""
    if artefact is None:
        return []
    manifest = artefact.manifest
    size = sum(int(file['bytes']) for file in manifest['files'].values())
    facts = [('network', artefact.network), ('size', f'{size / 1e6:.1f} MB')]
    data = manifest.get('data')
    if isinstance(data, dict) and data:
        passes = [int(of['passes']) for of in data.values()]
        views = sum(int(of['views']) for of in data.values())
        several = (
            f'{min(passes)} to {max(passes)}' if min(passes) < max(passes) else f'{passes[0]}'
        )
        facts.append(
            ('learnt from', f'{several} normal passes of {len(data)} bays, {views} views')
        )
    if manifest.get('fit_seconds'):
        facts.append(('time of the fit', f'{float(manifest["fit_seconds"]):.0f} s'))
    return facts


def _context(page: Page) -> dict[str, Any]:
    matched = page.as_run
    curve = Curve.of(page.scored)
    kinds = {k: Curve.of(page.scored, k) for k in KINDS if page.scored.recall(kind=k).of}
    patrols = len(page.truth)
    parts = {
        aisle: page.scored.within({bay.id for bay in page.store.in_aisle(aisle)}, patrols)
        for aisle in page.store.aisles
    }
    aisles = {aisle: Curve.of(part) for aisle, part in parts.items() if part.faults}
    working = (matched.rate, matched.recall()) if matched.faults else None
    return {
        'page': page,
        'recall': matched.recall(),
        'rate': matched.rate,
        'distinct': len({found.fault.identity for found in matched.faults}),
        'kinds': [(kind, matched.recall(kind=kind)) for kind in kinds],
        'bays': _bays(page),
        'aisles': _aisles(page),
        'at_rates': curve.table(),
        'level': level_right(matched),
        'kind': kind_right(matched),
        'home': home_right(matched),
        'home_three': home_right(matched, 3),
        'confusion': confusion(matched),
        'said': SAID,
        'froc': as_uri(froc_figure(curve, kinds, working, whole_range=page.single)),
        'aisle_froc': as_uri(aisle_figure(aisles, whole_range=page.single))
        if len(aisles) > 1
        else '',
        'scores': as_uri(score_figure(curve, page.threshold)),
        'budgets': as_uri(budget_figure(page.checks)) if page.checks else '',
        'plots': plots_of(page.artefact),
        'facts': facts_of(page.artefact),
    }


def _bays(page: Page) -> list[dict[str, Any]]:
    rows = []
    for bay in page.store.bays.values():
        alarms = sum(alarm.bay == bay.id for _, alarm in page.as_run.false_alarms)
        share = page.as_run.recall(bay=bay.id)
        rows.append({'id': bay.id, 'aisle': bay.aisle, 'recall': share, 'false_alarms': alarms})
    return rows


def _aisles(page: Page) -> list[dict[str, Any]]:
    rows = []
    for aisle in page.store.aisles:
        bays = {bay.id for bay in page.store.in_aisle(aisle)}
        part = page.as_run.within(bays, len(page.truth))
        rows.append({'id': aisle, 'recall': part.recall(), 'rate': part.rate})
    return rows
