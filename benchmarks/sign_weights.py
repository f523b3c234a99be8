# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
r"""
How much signs should weigh, fitted on stores with known faults and tried on the store left out.

Each folder is a store as `shelf-anomaly-sim record` writes it (store.yaml, truth.json, test/) with
a model of it in `model/` (or --model)::

    shelf-anomaly-sim record --out bags/101 --seed 101 --pictures PICTURES
    shelf-train collect bags/101/train --store bags/101/store.yaml --out views/101
    shelf-train fit views/101 --out bags/101/model
    python benchmarks/sign_weights.py bags/101 bags/102 bags/103

Printed are, for each store, the faults found at 1.0 false alarms per aisle and patrol of its own
test patrols: by scores alone, by the weights in `shelf_anomaly/weights.py`, and by weights fitted
on the other stores. Then, for each sign, the weight that all stores together give, and how many
faults are found when it is left out of the fit.
"""

from __future__ import annotations

import argparse
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
import math
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from shelf_anomaly.artefact import load_artefact
from shelf_anomaly.bag.bag_paths import find_bags
from shelf_anomaly.bag.bag_reader import BagReader
from shelf_anomaly.bag.topics import BagOptions
from shelf_anomaly.bay_pass import BayPass
from shelf_anomaly.belonging import Belonging
from shelf_anomaly.errors import PoseError, ShelfAnomalyError
from shelf_anomaly.finder import APART_M
from shelf_anomaly.inspector import Inspector
from shelf_anomaly.locator import Locator
from shelf_anomaly.middles import middle_of
from shelf_anomaly.places import bays_of
from shelf_anomaly.prints import Prints
from shelf_anomaly.records import FloatArray
from shelf_anomaly.scoring import channels, highest, peaks, standard_scores
from shelf_anomaly.signs import LOOKED_AT, Signs
from shelf_anomaly.store_layout import load_store_layout, StoreLayout
from shelf_anomaly.weights import features, PlaceSigns, weight, WEIGHTS
from shelf_training.evaluation.froc import Curve
from shelf_training.evaluation.matching import match, matches, Sighting
from shelf_training.evaluation.truth import Fault, load_truth, Truth
from shelf_training.progress import step

BESIDE_M = (0.08, 0.12)
"""How far beside a fault's place, and above or below it, a maximum may be a part of the fault: it
is neither what was planted nor a false alarm."""
LOWEST = 2.0  # scores that are of no interest, whatever their signs
REGULARISATION = 0.02
"""Inverse strength, on features of spread 1. From 0.003 to 0.1 all found alike on stores left
out."""


@dataclass(frozen=True, slots=True)
class Maximum:
    """A place that stands out on one pass."""

    sighting: Sighting
    signs: PlaceSigns | None
    """None where it is too low to be looked at."""
    fault: bool


@dataclass(frozen=True, slots=True)
class Store:
    """What stands out on the test patrols of one store."""

    name: str
    maxima: tuple[Maximum, ...]
    truth: Truth
    aisles: int

    def table(self) -> tuple[FloatArray, FloatArray]:
        """Return logarithm of score and features of packed places, and which are faults."""
        rows = [
            ((math.log(one.sighting.score), *features(one.signs)), one.fault)
            for one in self.maxima
            if one.signs is not None and not one.signs.loose
        ]
        return np.array([x for x, _ in rows]), np.array([y for _, y in rows], np.float64)


class Reader:
    """Reads the signs of what stands out on patrols of one store, as the robot would."""

    def __init__(self, layout: StoreLayout, model: Path) -> None:
        """Prepare; :raises ArtefactError: if the model cannot be used."""
        artefact = load_artefact(model)
        bays = bays_of(artefact.arrays)
        self._layout = layout
        self._inspector = Inspector(artefact, threads=2)
        self._templates = {bay: self._inspector.normal(bay).template for bay in bays}
        self._locator = Locator(
            layout, px_per_m=artefact.number('px_per_m'), margin_m=artefact.number('margin_m')
        )
        self._signs = Signs(
            layout, artefact.stride, Belonging(artefact, bays), Prints(artefact, bays)
        )

    def maxima(self, bag: Path, patrol: str, faults: Sequence[Fault]) -> list[Maximum]:
        """Return what stands out on one patrol; :raises BagError: if it cannot be read."""
        passes: dict[str, BayPass] = {}
        with BagReader(bag, BagOptions(), name=patrol, map_frame=self._layout.frame) as reader:
            for frame, pose in reader.frames(lambda _: None):
                with suppress(PoseError):
                    for view in self._locator.locate(frame, pose, self._templates)[0]:
                        seen = passes.setdefault(view.bay, BayPass(view.bay, patrol, 0))
                        seen.add(view, self._inspector.inspect(view))
        return [one for seen in passes.values() for one in self._of_pass(seen, faults)]

    def _of_pass(self, seen: BayPass, faults: Sequence[Fault]) -> list[Maximum]:
        normal, face = self._inspector.normal(seen.bay), self._layout.bay(seen.bay)
        cell_m, margin_m = seen.scores[0].cell_m, seen.views[0].margin_m
        standard = standard_scores(channels(seen.mean, cell_m), normal.statistics, cell_m)
        scores = highest(standard)
        bareness = self._signs.bareness(seen, normal)
        found: list[Maximum] = []
        for score, row, col in peaks(scores, cell_m, LOWEST, APART_M):
            x, y = (col + 0.5) * cell_m - margin_m, face.height + margin_m - (row + 0.5) * cell_m
            middle = middle_of(scores, (score, row, col))
            shown = None
            if score >= LOOKED_AT:
                bare = bareness.at((row, col))
                shown = self._signs.read(seen, standard, bare, (row, col), middle)
            name, level = f'{seen.patrol} {seen.bay} {len(found)}', face.level_at(y)
            sighting = Sighting(name, seen.bay, level, x, y, '', score, (seen.patrol,))
            is_fault = any(matches(sighting, fault) for fault in faults)
            if is_fault or not any(matches(sighting, fault, BESIDE_M) for fault in faults):
                found.append(Maximum(sighting, shown, is_fault))
        return found


def read(folder: Path, model: Path, console: Console) -> Store:
    """Read the test patrols of a store."""
    layout = load_store_layout(folder / 'store.yaml')
    bags = find_bags([folder / 'test'])
    truth = load_truth(folder / 'truth.json', layout, tuple(bags))
    reader = Reader(layout, model)
    found: list[Maximum] = []
    with step(console, f'{folder}: patrols', len(bags)) as bar:
        for patrol, bag in bags.items():
            found += reader.maxima(bag, patrol, truth[patrol])
            bar.advance(note=patrol)
    return Store(folder.name, tuple(found), truth, len(layout.aisles))


def fitted(stores: Sequence[Store], without: str | None = None) -> FloatArray:
    """
    Return the weights of the features, in parts of that of the logarithm of the score.

    :param without: name of a sign that is left out; its weight is 0
    """
    tables = [store.table() for store in stores]
    rows, faults = (np.concatenate(part) for part in zip(*tables, strict=True))
    if without is not None:
        rows[:, 1 + list(WEIGHTS).index(without)] = 0.0
    scaler = StandardScaler().fit(rows)
    model = LogisticRegression(C=REGULARISATION, max_iter=1000)
    model.fit(scaler.transform(rows), faults)
    slopes = model.coef_[0] / scaler.scale_
    return np.asarray(slopes[1:] / slopes[0], np.float64)


def found_at_one(store: Store, weights: Collection[float] | None) -> tuple[int, int]:
    """
    Return how many faults lie above the score that 1.0 false alarms an aisle and patrol reach.

    :param weights: of the features; None takes scores alone
    :return: found, and of how many
    """
    weighed = []
    for one in store.maxima:
        shown = one.signs
        factor = 1.0 if weights is None or shown is None else weight(shown, weights)
        weighed.append(replace(one.sighting, score=factor * one.sighting.score))
    curve = Curve.of(match(store.truth, weighed, store.aisles))
    share = curve.recall(curve.threshold_at(1.0))
    return share.hits, share.of


def found_by_others(stores: Sequence[Store], without: str | None = None) -> list[tuple[int, int]]:
    """Return of each store how many faults are found by the weights of the others."""
    return [
        found_at_one(
            one, fitted([other for other in stores if other is not one], without).tolist()
        )
        for one in stores
    ]


def main(argv: Sequence[str] | None = None) -> int:
    """Read the stores, fit and print."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument('stores', nargs='+', type=Path, metavar='FOLDER', help='two or more')
    parser.add_argument('--model', default='model', help='folder in each (default: %(default)s)')
    options = parser.parse_args(argv)
    if len(options.stores) < 2:
        parser.error('two stores or more: each is tried with the weights of the others')
    console = Console(stderr=True)
    try:
        stores = [read(folder, folder / options.model, console) for folder in options.stores]
    except ShelfAnomalyError as error:
        console.print(f'[red]{error}')
        return 2
    print_tables(stores)
    return 0


def print_tables(stores: Sequence[Store]) -> None:
    """Print what is found with and without weights, and the weights of all stores together."""
    found = Table('store', 'scores alone', 'weights in use', "the other stores' weights")
    sums = np.zeros((3, 2), int)
    for store, by_others in zip(stores, found_by_others(stores), strict=True):
        row = [found_at_one(store, None), found_at_one(store, WEIGHTS.values()), by_others]
        sums += np.array(row)
        found.add_row(store.name, *(f'{hits} of {of}' for hits, of in row))
    found.add_row('all', *(f'{hits} of {of}' for hits, of in sums))
    weights: Mapping[str, float] = dict(zip(WEIGHTS, fitted(stores), strict=True))
    table = Table('sign', 'in use', 'fitted', 'found without it')
    for name, value in weights.items():
        hits = sum(hits for hits, _ in found_by_others(stores, without=name))
        table.add_row(name, f'{WEIGHTS[name]:.2f}', f'{value:.2f}', str(hits))
    console = Console()
    console.print(found)
    console.print(table)


if __name__ == '__main__':
    raise SystemExit(main())
