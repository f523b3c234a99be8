# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
Published methods and ours, side by side on the same bay views, for 3, 5 and 10 normal passes.

Without bags a store is rendered by the simulator (drawn art, or --pictures DIR). The table shows
the share of faults found at 1.0 false alarms per aisle and patrol of the test patrols, by kind,
the AUROC of places, and what the budget of 1.0, made a threshold by normal passes alone, brought.

  scripts/run python benchmarks/accuracy.py --quick
  scripts/run python benchmarks/accuracy.py --pictures GroceryStore --passes 3 5 10
  scripts/run python benchmarks/accuracy.py --train normal/ --test test/ --store store.yaml
      --truth truth.json --cache bench-cache    (one line)
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
import json
from pathlib import Path
import subprocess
import tempfile
import time
from typing import Any

from baselines.places import place_auroc
from rich.console import Console
from rich.table import Table

from shelf_anomaly.bag.bag_paths import find_bags
from shelf_anomaly.errors import ShelfAnomalyError
from shelf_training.evaluation.froc import Curve
from shelf_training.evaluation.matching import match, Sighting
from shelf_training.evaluation.truth import KINDS, load_truth

OURS = 'ours (features autoencoder, density at the place)'
METHODS = ('thesis', 'residual', 'dfkde', 'patchcore', 'ours')


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    args = _arguments(argv)
    console = Console(stderr=True)
    try:
        if args.cache:
            args.cache.mkdir(parents=True, exist_ok=True)
            rows = run(args, args.cache, console)
        else:
            with tempfile.TemporaryDirectory(prefix='shelf-anomaly-accuracy-') as folder:
                rows = run(args, Path(folder), console)
    except ShelfAnomalyError as error:
        console.print(f'[red]{error}')
        return 2
    Console(width=args.width).print(_table(rows))
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1) + '\n', encoding='utf-8')
    return 0


def run(args: argparse.Namespace, cache: Path, console: Console) -> list[dict[str, Any]]:
    """Return a row for each method and number of passes."""
    from baselines.protocol import run_method
    from baselines.views import gather, subset, Views

    from shelf_training import runtime

    runtime.prepare(0, args.threads)
    if args.train is None:
        _render(args, cache / 'store', console)
        args.train, args.test = [cache / 'store' / 'train'], [cache / 'store' / 'test']
        args.store, args.truth = cache / 'store' / 'store.yaml', cache / 'store' / 'truth.json'
    dataset = gather(args.store, args.train, args.test, cache, args.px_per_m, console)
    views = Views(dataset, args.views)
    store = dataset.store
    truth = load_truth(args.truth, store, views.tests)
    rows = []
    for count in args.passes:
        patrols = views.normal[:count]
        if len(patrols) < count:
            console.print(f'[yellow]{count} passes: only {len(patrols)} normal patrols, left out')
            continue
        for key in args.methods:
            started = time.monotonic()
            with console.status(f'{key}, {count} passes') as status:

                def told(note: str, shown: Any = status, passes: int = count) -> None:
                    shown.update(f'{note}, {passes} passes')

                if key == 'ours':
                    folder = subset(dataset, patrols, cache / f'normal-{count}')
                    found, threshold = _ours(args, folder, cache / f'model-{count}', console)
                    name = OURS
                else:
                    method = _method(key, args, cache)
                    found, threshold = run_method(method, views, patrols, told)
                    name = method.name
            matched = match(truth, found, len(store.aisles))
            curve = Curve.of(matched)
            at_one, at_budget = curve.threshold_at(1.0), threshold(1.0)
            rows.append(
                {
                    'method': name,
                    'passes': count,
                    'place_auroc': place_auroc(store, truth, found),
                    'recall_at_one': curve.recall(at_one).record(),
                    'by_kind_at_one': {
                        kind: Curve.of(matched, kind).recall(at_one).record()
                        for kind in KINDS
                        if matched.recall(kind=kind).of
                    },
                    'budget_recall': curve.recall(at_budget).record(),
                    'budget_false_alarms': curve.rate(at_budget).record(),
                    'seconds': round(time.monotonic() - started, 1),
                }
            )
            console.print(f'{name}, {count} passes: {rows[-1]["seconds"]:.0f} s')
    return rows


def _method(key: str, args: argparse.Namespace, cache: Path) -> Any:
    from baselines.autoencoders import Modern, Thesis
    from baselines.dfkde import Dfkde
    from baselines.features import Features
    from baselines.patchcore import PatchCore

    features = Features(cache / 'features')
    return {
        'thesis': lambda: Thesis(args.epochs),
        'residual': lambda: Modern(args.epochs),
        'dfkde': lambda: Dfkde(features),
        'patchcore': lambda: PatchCore(features),
    }[key]()


def _ours(
    args: argparse.Namespace, dataset: Path, model: Path, console: Console
) -> tuple[list[Sighting], Callable[[float], float]]:
    """Fit as shelf-train does and run the robot's own pipeline over the test patrols."""
    from shelf_anomaly.artefact import load_artefact
    from shelf_anomaly.store_layout import load_store_layout
    from shelf_training.evaluation.findings import find_loosely, thresholds
    from shelf_training.fit import fit, FitSettings

    quiet = Console(quiet=True)
    if not (model / 'manifest.json').exists():
        settings = FitSettings(epochs=args.fit_epochs, threads=args.threads)
        fit(dataset, model, settings, quiet)
    store, artefact = load_store_layout(args.store), load_artefact(model)
    bags = find_bags(args.test)
    found = find_loosely(bags, store, artefact, {}, threads=args.threads)
    console.print(f'{OURS}: {len(found.sightings)} findings')
    return found.sightings, lambda budget: thresholds(store, artefact, [budget])[budget]


def _render(args: argparse.Namespace, out: Path, console: Console) -> None:
    if (out / 'truth.json').exists() and (out / 'rendered').exists():
        return
    small = args.quick
    command = ['shelf-anomaly-sim', 'record', '--out', str(out), '--seed', str(args.seed)]
    command += ['--normal', str(max(args.passes)), '--test', '3' if small else '9']
    command += ['--bays', '2' if small else '5', '--faults', '3' if small else '5']
    if small:
        command += ['--resolution', '480x360', '--focal', '270', '--produce-bays', '0']
    if args.pictures:
        command += ['--pictures', str(args.pictures)]
    console.print('rendering a store ...')
    subprocess.run(command, check=True)
    (out / 'rendered').touch()


def _table(rows: Sequence[dict[str, Any]]) -> Table:
    table = Table(title='Faults found at 1.0 false alarms per aisle and patrol (95% intervals)')
    kinds = [k for k in KINDS if any(k in row['by_kind_at_one'] for row in rows)]
    for head in ('method', 'passes', 'AUROC', 'all', *kinds, 'at budget 1.0', 'false alarms'):
        table.add_column(head, overflow='fold')
    for row in rows:
        by_kind = [_short(row['by_kind_at_one'].get(kind)) for kind in kinds]
        auroc, low, high = row['place_auroc'], *row['recall_at_one']['interval']
        table.add_row(
            row['method'],
            str(row['passes']),
            '-' if auroc is None else f'{auroc:.3f}',
            f'{_short(row["recall_at_one"])} ({low:.0%} to {high:.0%})',
            *by_kind,
            _short(row['budget_recall']),
            f'{row["budget_false_alarms"]["rate"]:.2f}',
        )
    return table


def _short(share: dict[str, Any] | None) -> str:
    if not share or not share['of']:
        return '-'
    return f'{share["hits"]}/{share["of"]}'


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    own = parser.add_argument_group("patrols of one's own, in place of a rendered store")
    own.add_argument('--train', type=Path, nargs='+', metavar='BAG', help='normal patrols')
    own.add_argument('--test', type=Path, nargs='+', metavar='BAG', help='test patrols')
    own.add_argument('--store', type=Path, help='store.yaml')
    own.add_argument('--truth', type=Path, help='truth.json, see shelf-train evaluate --help')
    drawn = parser.add_argument_group('the rendered store')
    drawn.add_argument('--pictures', type=Path, help='folder of product pictures')
    drawn.add_argument('--seed', type=int, default=7, help='default: %(default)s')
    parser.add_argument('--quick', action='store_true', help='two bays, small pictures, 3 passes')
    parser.add_argument('--passes', type=int, nargs='+', help='normal passes (default: 3 5 10)')
    parser.add_argument('--methods', nargs='+', choices=METHODS, default=list(METHODS))
    parser.add_argument(
        '--views', type=int, help='most views of a pass that the others see (default: 20)'
    )
    parser.add_argument('--epochs', type=int, help='of the pixel autoencoders (default: 40)')
    parser.add_argument('--fit-epochs', type=int, help='of ours (default: as shelf-train fit)')
    parser.add_argument('--px-per-m', type=float, help='of the views (default: 384)')
    parser.add_argument('--threads', type=int, default=2, help='default: %(default)s')
    parser.add_argument('--cache', type=Path, help='keeps views, features and models between runs')
    parser.add_argument('--json', type=Path, metavar='FILE', help='write the numbers there too')
    parser.add_argument('--width', type=int, default=170, help='of the table, characters')
    args = parser.parse_args(argv)
    given = [getattr(args, name) for name in ('train', 'test', 'store', 'truth')]
    if any(given) and not all(given):
        parser.error('--train, --test, --store and --truth belong together')
    usual = {
        'passes': ([3], [3, 5, 10]),
        'views': (6, 20),
        'epochs': (3, 40),
        'fit_epochs': (2, 30),
        'px_per_m': (192.0, 384.0),
    }
    for name, (quick, full) in usual.items():
        if getattr(args, name) is None:
            setattr(args, name, quick if args.quick else full)
    if min(args.passes) < 2 or min(args.views, args.epochs, args.fit_epochs) < 1:
        parser.error('--passes must be 2 or more; --views, --epochs, --fit-epochs 1 or more')
    return args


if __name__ == '__main__':
    raise SystemExit(main())
