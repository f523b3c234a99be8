# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
r"""
A bay that is learnt into a model afterwards, beside the same bay in a model fitted on all bays.

For each bay that is asked for: a model is fitted without it, then the bay is learnt into that
model, timed; and one model is fitted on all bays. Both replay the same test patrols::

    shelf-train collect bags/normal/* --store bays.yaml --out views
    python benchmarks/refit.py views --store bays.yaml --bays A1-L02,A1-L04 \
        --test bags/test/* --truth truth.json

Printed are the seconds that learning the bay took, and what both models find on that bay. The
models and replays stay in --out.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
import shutil
import subprocess
import time

from rich.console import Console
from rich.table import Table

from shelf_anomaly.dataset import Dataset, load_dataset, write_index
from shelf_anomaly.store_layout import StoreLayout
from shelf_training.evaluation.matching import match, Matched
from shelf_training.evaluation.run_folder import read_run
from shelf_training.evaluation.truth import load_truth
from shelf_training.fit import fit
from shelf_training.refit import refit


def without(data: Dataset, bay: str, folder: Path) -> Path:
    """Write a dataset of all other bays; the pictures are linked, not copied."""
    kept = [view for view in data.views if view.bay != bay]
    for view in kept:
        (folder / view.file).parent.mkdir(parents=True, exist_ok=True)
        (folder / view.file).unlink(missing_ok=True)
        (folder / view.file).symlink_to((data.folder / view.file).resolve())
    templates = {name: found for name, found in data.templates.items() if name != bay}
    write_index(folder, data.store_document, data.px_per_m, data.margin_m, kept, templates)
    return folder


def judge(
    model: Path, store: Path, layout: StoreLayout, bags: Sequence[str], truth: str, out: Path
) -> Matched:
    """Replay the test patrols as a user does, and match the alerts with the faults."""
    shutil.rmtree(out, ignore_errors=True)
    command = ['shelf-anomaly', 'replay', *bags, '--model', str(model), '--store', str(store)]
    quiet = subprocess.DEVNULL
    subprocess.run([*command, '--out', str(out), '--no-evidence'], check=True, stdout=quiet)
    run = read_run(out)
    return match(load_truth(truth, layout, run.patrols), run.alerts, len(layout.aisles))


def main() -> None:
    """Measure and print."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument('views', help='what shelf-train collect wrote')
    parser.add_argument('--store', required=True, type=Path, help='store.yaml')
    parser.add_argument('--test', required=True, nargs='+', metavar='BAG', help='test patrols')
    parser.add_argument('--truth', required=True, help='truth.json of the test patrols')
    parser.add_argument('--bays', help='bays, parted by commas (default: the first of the views)')
    parser.add_argument('--out', type=Path, default=Path('refit'), help='default: %(default)s')
    options = parser.parse_args()
    console, data = Console(), load_dataset(options.views)
    asked = options.bays.split(',') if options.bays else [data.bays[0]]
    judged = (options.store, data.store, options.test, options.truth)
    fit(options.views, options.out / 'all')
    whole = judge(options.out / 'all', *judged, options.out / 'replay_all')
    table = Table('bay', 'seconds', 'found: learnt', 'fitted', 'false alarms: learnt', 'fitted')
    for bay in asked:
        rest = without(data, bay, options.out / f'views_without_{bay}')
        fit(rest, options.out / f'without_{bay}')
        begun = time.monotonic()
        learnt = options.out / f'learnt_{bay}'
        refit(options.views, options.out / f'without_{bay}', bays=(bay,), out=learnt)
        seconds = time.monotonic() - begun
        later = judge(learnt, *judged, options.out / f'replay_{bay}')
        here = [one.within({bay}, round(one.aisle_patrols)) for one in (later, whole)]
        table.add_row(
            bay,
            f'{seconds:.1f}',
            *(f'{one.recall().hits} of {one.recall().of}' for one in here),
            *(f'{len(one.false_alarms)}' for one in here),
        )
    console.print(table)


if __name__ == '__main__':
    main()
