# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
Bags of normal patrols -> a dataset of registered bay views.

The bags are read twice: first coarsely, to learn what does not move in each bay (its template);
then finely, each view registered to that template and warped once, exactly as the robot does it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table
import yaml

from shelf_anomaly.bag.bag_paths import find_bags
from shelf_anomaly.bag.bag_reader import BagReader
from shelf_anomaly.bag.problems import Problem
from shelf_anomaly.bag.topics import BagOptions
from shelf_anomaly.dataset import Dataset, INDEX, load_dataset, ViewEntry, write_index
from shelf_anomaly.errors import DatasetError, PoseError
from shelf_anomaly.gather import FEW_PASSES, GOOD_PASSES, TemplateLearner, write_view
from shelf_anomaly.locator import Locator
from shelf_anomaly.records import CameraPose, Frame, Refusal
from shelf_anomaly.registration import Template
from shelf_anomaly.store_layout import load_store_layout, StoreLayout

from .progress import step

PX_PER_M = 384.0
MARGIN_M = 0.06


def collect(
    bags: Iterable[str | Path],
    store_file: str | Path,
    out: str | Path,
    *,
    px_per_m: float = PX_PER_M,
    options: BagOptions | None = None,
    console: Console | None = None,
) -> Dataset:
    """
    Gather the bay views of normal patrols.

    A dataset that exists is added to: patrols of the same name are replaced, templates are kept.

    :param bags: bags, or folders of bags
    :param store_file: the store layout
    :param out: the dataset's folder
    :param px_per_m: resolution of the views
    :raises BagError: if a bag cannot be used
    :raises DatasetError: if no bay was seen, or the dataset there was made otherwise
    """
    console = console or Console(stderr=True)
    out = Path(out)
    store = load_store_layout(store_file)
    document = yaml.safe_load(Path(store_file).read_text(encoding='utf-8'))
    found = find_bags(bags)
    earlier = _earlier(out, store, px_per_m)
    locator = Locator(store, px_per_m=px_per_m, margin_m=MARGIN_M)
    problems: Counter[str] = Counter()
    templates = dict(earlier.templates) if earlier else {}
    templates.update(
        _learn_templates(found, store, locator, set(templates), options, problems, console)
    )
    if not templates:
        raise DatasetError(_nothing_seen(problems))
    kept = [v for v in earlier.views if v.patrol not in found] if earlier else []
    out.mkdir(parents=True, exist_ok=True)
    views = kept + list(
        _write_views(found, store, locator, templates, out, options, problems, console)
    )
    if not views:
        raise DatasetError(_nothing_seen(problems))
    write_index(out, document, px_per_m, MARGIN_M, views, templates)
    dataset = load_dataset(out)
    console.print(overview(dataset))
    if problems:
        console.print(
            'not used: ' + ', '.join(f'{n} x {reason}' for reason, n in problems.most_common())
        )
    return dataset


def overview(dataset: Dataset) -> Table:
    """Return a table of passes and views by bay, with a word on bays that need more."""
    table = Table(
        'bay',
        'passes',
        'views',
        'remark',
        title=f'{dataset.folder}: {len(dataset.patrols)} patrols',
    )
    for bay in dataset.store.bays:
        views = dataset.of(bay)
        passes = len({view.patrol for view in views})
        remark = (
            'not seen'
            if not passes
            else f'too few: drive by at least {FEW_PASSES - passes} more times'
            if passes < FEW_PASSES
            else f'{GOOD_PASSES - passes} more passes make it better'
            if passes < GOOD_PASSES
            else ''
        )
        table.add_row(bay, str(passes), str(len(views)), remark)
    return table


def _earlier(out: Path, store: StoreLayout, px_per_m: float) -> Dataset | None:
    if not (out / INDEX).exists():
        return None
    earlier = load_dataset(out)
    if earlier.px_per_m != px_per_m or earlier.store.store != store.store:
        raise DatasetError(
            f'{out}: holds views of store {earlier.store.store!r} at {earlier.px_per_m:g} px/m, '
            f'wanted are {store.store!r} at {px_per_m:g} px/m; choose another folder'
        )
    return earlier


def _frames(
    path: Path, name: str, store: StoreLayout, options: BagOptions | None, problems: Counter[str]
) -> Iterator[tuple[Frame, CameraPose]]:
    def told(problem: Problem) -> None:
        problems[problem.reason] += 1

    with BagReader(path, options, name=name, map_frame=store.frame) as bag:
        yield from bag.frames(told)


def _learn_templates(
    bags: Mapping[str, Path],
    store: StoreLayout,
    locator: Locator,
    known: set[str],
    options: BagOptions | None,
    problems: Counter[str],
    console: Console,
) -> dict[str, Template]:
    learner = TemplateLearner(locator, known)
    with step(console, 'learn what does not move', len(bags)) as bar:
        for name, path in bags.items():
            for frame, pose in _frames(path, name, store, options, Counter()):
                learner.add(frame, pose)
            bar.advance(note=name)
    with step(console, 'register the bays', learner.bays) as bar:
        return learner.build(lambda bay: bar.advance(note=bay))


def _write_views(
    bags: Mapping[str, Path],
    store: StoreLayout,
    locator: Locator,
    templates: Mapping[str, Template],
    out: Path,
    options: BagOptions | None,
    problems: Counter[str],
    console: Console,
) -> Iterator[ViewEntry]:
    with step(console, 'gather the views', len(bags)) as bar:
        for name, path in bags.items():
            counts: Counter[str] = Counter()
            for frame, pose in _frames(path, name, store, options, problems):
                try:
                    views, refused = locator.locate(frame, pose, templates)
                except PoseError as error:
                    problems[error.reason] += 1
                    continue
                problems.update(
                    r.reason.value for r in refused if r.reason is not Refusal.COVERAGE
                )
                for view in views:
                    counts[view.bay] += 1
                    yield write_view(view, frame, name, counts[view.bay] - 1, out)
            bar.advance(note=name)


def _nothing_seen(problems: Counter[str]) -> str:
    said = (
        ', '.join(f'{n} x {reason}' for reason, n in problems.most_common())
        or 'no bay was in sight of the camera'
    )
    return (
        f'no view of any bay could be used ({said}); check the store layout against the map, '
        'and the camera mount'
    )
