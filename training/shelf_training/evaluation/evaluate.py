# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
A model on patrols whose faults are known.

The order of calls, and nothing else: replay at the budget asked for, as a robot would run; record
findings far below it; match both with the truth; draw; write.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from shelf_anomaly.artefact import Artefact, load_artefact
from shelf_anomaly.bag.bag_paths import find_bags
from shelf_anomaly.bag.replay import Progress, replay, ReplaySettings
from shelf_anomaly.bag.topics import BagOptions
from shelf_anomaly.bag.writer import prepare_out, write_files
from shelf_anomaly.defaults import FALSE_ALARMS_PER_AISLE_PATROL
from shelf_anomaly.errors import SettingsError
from shelf_anomaly.pipeline import Pipeline, PipelineSettings
from shelf_anomaly.store_layout import load_store_layout, StoreLayout

from ..progress import step
from .cases import choose
from .findings import find_loosely, Findings, LOOSE, thresholds
from .froc import BudgetCheck, check_budgets, Curve
from .matching import figures, life_of, match, Matched
from .page import Page, write_page
from .run_folder import read_run, Run
from .truth import KINDS, load_truth, Truth

BUDGETS = (0.3, 1.0, 3.0)
NUMBERS, REPLAY = 'evaluate.json', 'replay'


@dataclass(frozen=True, slots=True)
class EvaluateSettings:
    """What of an evaluation may be chosen."""

    budget: float = FALSE_ALARMS_PER_AISLE_PATROL
    """False alarms per aisle and patrol of the run that is judged."""
    loose: float = LOOSE
    threads: int = 2
    options: BagOptions = field(default_factory=BagOptions)


def evaluate_bags(
    model: str | Path,
    store_file: str | Path,
    bags: Sequence[str | Path],
    truth_file: str | Path,
    out: str | Path,
    settings: EvaluateSettings | None = None,
    console: Console | None = None,
) -> dict[str, Any]:
    """
    Evaluate a model on test patrols; writes ``evaluate.html``, ``evaluate.json`` and ``replay/``.

    :param bags: bags, or folders of bags, in the order in which they were driven
    :param truth_file: the faults of each patrol, see :mod:`.truth`
    :return: what is in evaluate.json
    :raises ShelfAnomalyError: if something of it cannot be used
    """
    console, settings = console or Console(stderr=True), settings or EvaluateSettings()
    store = load_store_layout(store_file)
    paths = find_bags(bags)
    truth = load_truth(truth_file, store, paths)
    artefact = load_artefact(model)
    out = _folder(out)
    run = _replay(store, artefact, paths, out / REPLAY, settings, console)
    with step(console, 'findings below the threshold', len(paths)) as bar:
        findings = find_loosely(
            paths,
            store,
            artefact,
            truth,
            options=settings.options,
            budget=max(settings.loose, settings.budget),
            threads=settings.threads,
            progress=lambda name: bar.advance(note=name),
        )
    budgets = thresholds(store, artefact, sorted({*BUDGETS, settings.budget}))
    return _finish(store, truth, run, findings, budgets, artefact, out, console)


def evaluate_replay(
    folder: str | Path,
    store_file: str | Path,
    truth_file: str | Path,
    out: str | Path,
    model: str | Path | None = None,
    console: Console | None = None,
) -> dict[str, Any]:
    """
    Evaluate a replay that was run already; the curve ends at its budget.

    :param folder: what ``shelf-anomaly replay`` wrote
    :param model: for its plots; may be left out
    :return: what is in evaluate.json
    :raises ShelfAnomalyError: if something of it cannot be used
    """
    console = console or Console(stderr=True)
    store = load_store_layout(store_file)
    run = read_run(folder)
    truth = load_truth(truth_file, store, run.patrols)
    artefact = load_artefact(model) if model is not None else None
    return _finish(store, truth, run, None, {}, artefact, _folder(out), console)


def _folder(out: str | Path) -> Path:
    out = Path(out)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f'{out}: cannot be written: {error.strerror or error}') from None
    return out


def _replay(
    store: StoreLayout,
    artefact: Artefact,
    bags: Mapping[str, Path],
    out: Path,
    settings: EvaluateSettings,
    console: Console,
) -> Run:
    """Run the patrols as ``shelf-anomaly replay`` does, and read what it wrote."""
    prepare_out(out)
    chosen = PipelineSettings(
        false_alarms_per_aisle_patrol=settings.budget, threads=settings.threads
    )
    pipeline = Pipeline(store, artefact, chosen)
    with step(console, 'replay at the budget', len(bags)) as bar:
        done = ''

        def told(progress: Progress) -> None:
            nonlocal done
            if progress.bag != done:
                bar.advance(note=progress.bag)
                done = progress.bag

        result = replay(
            bags,
            store,
            pipeline,
            ReplaySettings(artefact.name, settings.budget, settings.options),
            on_progress=told,
        )
    write_files(result, out)
    for name, error in result.failed.items():
        console.print(f'[red]{name}: {error}')
    return read_run(out)


def _finish(
    store: StoreLayout,
    truth: Truth,
    run: Run,
    findings: Findings | None,
    budgets: Mapping[float, float],
    artefact: Artefact | None,
    out: Path,
    console: Console,
) -> dict[str, Any]:
    aisles = len(store.aisles)
    as_run = match(truth, run.alerts, aisles)
    single = match(truth, findings.sightings, aisles) if findings else None
    scored = single or as_run
    curve = Curve.of(scored)
    checks = check_budgets(curve, budgets)
    numbers: dict[str, Any] = {
        'version': 1,
        'store': store.store,
        'model': run.model,
        'patrols': list(truth),
        'budget': run.budget,
        'as_run': figures(truth, run.alerts, aisles),
        'as_run_by_bay': _by_bay(as_run, store),
        'as_run_by_aisle': _by_aisle(as_run, store, len(truth)),
        'froc': {
            'of': 'findings of single passes' if single else 'alerts of the replay',
            'lowest_score': round(findings.floor, 4) if findings else None,
            'all': curve.table(),
            **{k: Curve.of(scored, k).table() for k in KINDS if scored.recall(kind=k).of},
        },
        'budgets': [check.record() for check in checks],
        'frames': run.frames,
        'frames_per_second': run.frames_per_second,
        'bay_visits_not_seen': run.not_seen,
    }
    (out / NUMBERS).write_text(json.dumps(numbers, indent=1) + '\n', encoding='utf-8')
    page = Page(
        store=store,
        truth=truth,
        run=run,
        as_run=as_run,
        life=life_of(truth, run.alerts, as_run),
        scored=scored,
        single=single is not None,
        checks=checks,
        threshold=budgets.get(run.budget),
        cases=choose(as_run, single, findings.pictures if findings else {}, store),
        artefact=artefact,
    )
    written = write_page(page, out)
    console.print(summary(as_run, checks))
    console.print(f'report: {written}')
    return numbers


def _by_bay(matched: Matched, store: StoreLayout) -> dict[str, Any]:
    found = {}
    for bay in store.bays:
        alarms = sum(alarm.bay == bay for _, alarm in matched.false_alarms)
        found[bay] = {'recall': matched.recall(bay=bay).record(), 'false_alarms': alarms}
    return found


def _by_aisle(matched: Matched, store: StoreLayout, patrols: int) -> dict[str, Any]:
    found = {}
    for aisle in store.aisles:
        part = matched.within({bay.id for bay in store.in_aisle(aisle)}, patrols)
        found[aisle] = {
            'recall': part.recall().record(),
            'false_alarms_per_patrol': part.rate.record(),
        }
    return found


def summary(matched: Matched, checks: Sequence[BudgetCheck]) -> Table:
    """Return a table of the figures that matter most, for the terminal."""
    table = Table('', 'value (95% interval)', title='As run', title_justify='left')
    table.add_row('faults found', str(matched.recall()))
    for kind in KINDS:
        share = matched.recall(kind=kind)
        if share.of:
            table.add_row(f'  {kind}', str(share))
    table.add_row('false alarms per aisle and patrol', str(matched.rate))
    for check in checks:
        table.add_row(
            f'  budget {check.asked:g}, single passes',
            f'{check.measured}, found {check.recall.value or 0.0:.0%}'
            + ('' if check.kept else ', not kept'),
        )
    return table
