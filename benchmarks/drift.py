# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
r"""
Whether a bay whose normal state moves away from the model is told before it floods the staff.

Patrols of a simulated store are driven through the robot's own pipeline. From the third on, some
bays change step by step (light, tidiness, packaging, the camera's mount) while the others stay as
they are; no fault is planted, so every alert is one too many::

    python benchmarks/drift.py        # drawn products; records normal patrols and fits first
    python benchmarks/drift.py --seed 101 --bays 5 --pictures PICTURES --model MODEL

Printed are, for each drift and bay, the alerts raised by each patrol (a dot: none), the patrol
that first called for learning anew (R in the row), and how many alerts had been raised by then.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
import subprocess
import tempfile

from drifts import ABRUPT, DRIFTS, EVERYWHERE, Scene
from rich.console import Console
from rich.table import Table

from shelf_anomaly.artefact import Artefact, load_artefact
from shelf_anomaly.bag.replay import replay, ReplaySettings
from shelf_anomaly.pipeline import Pipeline, PipelineSettings
from shelf_anomaly.records import Alert, BayReport
from shelf_anomaly_sim.bag import write_patrol
from shelf_anomaly_sim.camera import CameraSpec, parse_cameras
from shelf_anomaly_sim.catalogue import Catalogue
from shelf_anomaly_sim.demo import LIVE_PATROLS_FROM
from shelf_anomaly_sim.drawn import drawn_catalogue
from shelf_anomaly_sim.pictures import load_pictures
from shelf_anomaly_sim.planner import build_store, StorePlan
from shelf_anomaly_sim.record import Programme, record
from shelf_anomaly_sim.store import SimStore

FIRST = 2
"""Patrols before anything drifts."""
GROWING = 8
"""Patrols until a gradual drift has gone all the way."""
OTHER_DESIGN = 1000  # added to the seed of a drawn catalogue


@dataclass(frozen=True, slots=True)
class Told:
    """What the patrols told of one bay."""

    bay: str
    drifting: bool
    raised: tuple[int, ...]
    """Alerts by patrol of first sight."""
    highest: tuple[float, ...]
    """Highest score of each patrol, parts of the threshold."""
    relearn: tuple[bool, ...]

    @property
    def first(self) -> int | None:
        """Patrol that first called for learning anew, from 0."""
        return self.relearn.index(True) if any(self.relearn) else None

    @property
    def before(self) -> int:
        """Alerts raised before or with it; all if it was never told."""
        return sum(self.raised if self.first is None else self.raised[: self.first + 1])


def amounts(drift: str, patrols: int) -> list[float]:
    """Return how far the drift has gone on each patrol, 0..1."""
    grown = [min(1.0, max(0.0, (i - FIRST + 1) / GROWING)) for i in range(patrols)]
    return [float(g > 0) for g in grown] if drift in ABRUPT else grown


def drive(scene: Scene, artefact: Artefact, drift: str, patrols: int, first: int) -> list[Told]:
    """Drive the patrols of one drift, each through one and the same pipeline."""
    layout = scene.store.layout()
    pipeline = Pipeline(layout, artefact, PipelineSettings(evidence=False))
    with tempfile.TemporaryDirectory(prefix='shelf-anomaly-drift-') as work:
        bags = {}
        for i, amount in enumerate(amounts(drift, patrols)):
            bag = Path(work) / f'patrol_{i:02d}'
            write_patrol(DRIFTS[drift](scene, first + i, amount), scene.cameras, bag)
            bags[bag.name] = bag
        result = replay(bags, layout, pipeline, ReplaySettings(artefact.name))
    everywhere = drift in EVERYWHERE
    told = []
    for bay in layout.bays:
        reports: list[Sequence[BayReport]] = [
            p.reports.get(bay, []) for p in result.patrols.values()
        ]
        told.append(
            Told(
                bay,
                drift != 'none' and (everywhere or bay in scene.bays),
                tuple(_raised(result.alerts, bay, name) for name in result.patrols),
                tuple(max((r.score / r.threshold for r in rs), default=0.0) for rs in reports),
                tuple(any(r.relearn for r in rs) for rs in reports),
            )
        )
    return told


def _raised(alerts: Sequence[Alert], bay: str, patrol: str) -> int:
    return sum(alert.bay == bay and alert.seen_in[:1] == (patrol,) for alert in alerts)


def table(drift: str, told: Sequence[Told]) -> Table:
    """Return the rows of one drift."""
    shown = Table(
        'bay',
        '',
        'alerts raised by patrol',
        'highest score of the threshold',
        'relearn',
        'alerts by then',
        title=drift,
    )
    for one in told:
        marks = ''.join(
            f'{n or "."}{"R" if moved else " "}'
            for n, moved in zip(one.raised, one.relearn, strict=True)
        )
        shown.add_row(
            one.bay,
            'drifts' if one.drifting else '',
            marks,
            ' '.join(f'{h:.1f}' for h in one.highest),
            'never' if one.first is None else f'patrol {one.first + 1}',
            f'{one.before}',
        )
    return shown


def summary(results: Mapping[str, Sequence[Told]]) -> Table:
    """Return one row for each drift."""
    shown = Table(
        'drift',
        'bays told of drifting',
        'patrols after its begin',
        'alerts a bay by then',
        'in all',
        'passes of other bays',
        'false relearn',
    )
    for drift, told in results.items():
        moving = [one for one in told if one.drifting]
        still = [one for one in told if not one.drifting]
        late = [one.first - FIRST + 1 for one in moving if one.first is not None]
        passes = sum(len(one.relearn) for one in still)
        shown.add_row(
            drift,
            f'{len(late)} of {len(moving)}',
            ', '.join(str(n) for n in sorted(late)),
            ', '.join(str(one.before) for one in moving),
            f'{sum(sum(one.raised) for one in moving)}',
            f'{passes}',
            f'{sum(sum(one.relearn) for one in still)}',
        )
    return shown


def fitted(store: SimStore, cameras: Sequence[CameraSpec], normal: int, work: Path) -> Path:
    """Record normal patrols and fit a model, as a user does."""
    record(store, cameras, Programme(normal=normal, test=0), work / 'bags')
    bags = [str(bag) for bag in sorted((work / 'bags' / 'train').iterdir())]
    layout, views, model = (str(work / n) for n in ('bags/store.yaml', 'views', 'model'))
    quiet = subprocess.DEVNULL
    collect = ['shelf-train', 'collect', *bags, '--store', layout, '--out', views]
    subprocess.run(collect, check=True, stdout=quiet)
    fit = ['shelf-train', 'fit', views, '--out', model]
    subprocess.run(fit, check=True, stdout=quiet)
    return Path(model)


def _packages_only(store: SimStore) -> list[str]:
    return [bay for bay, sim in store.bays.items() if not any(s.produce for s in sim.slots)]


def main() -> None:
    """Measure and print."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument('--seed', type=int, default=7, help='of the store (default: %(default)s)')
    parser.add_argument('--bays', type=int, default=4, help='of the store (default: %(default)s)')
    parser.add_argument('--pictures', type=Path, help='folder of product pictures')
    parser.add_argument('--model', type=Path, help='fitted on that store; without it one is made')
    parser.add_argument('--normal', type=int, default=8, help='patrols to fit it on')
    parser.add_argument('--patrols', type=int, default=12, help='of each drift (default: 12)')
    parser.add_argument('--first', type=int, default=LIVE_PATROLS_FROM, help='number of the first')
    parser.add_argument('--drifts', default=','.join(DRIFTS), help='default: %(default)s')
    parser.add_argument(
        '--drifting', help='bays, parted by commas (default: every second one without produce)'
    )
    options = parser.parse_args()
    console, cameras = Console(width=140), parse_cameras('left')
    sold: Catalogue = drawn_catalogue(options.seed)
    designs = drawn_catalogue(options.seed + OTHER_DESIGN)
    if options.pictures:
        sold = designs = load_pictures(options.pictures)
    store = build_store(StorePlan(options.seed, bays=options.bays), sold)
    drifting = options.drifting.split(',') if options.drifting else _packages_only(store)[::2]
    scene = Scene(store, cameras, drifting, designs)
    with tempfile.TemporaryDirectory(prefix='shelf-anomaly-drift-') as work:
        model = options.model or fitted(store, cameras, options.normal, Path(work))
        artefact = load_artefact(model)
        results = {}
        for drift in options.drifts.split(','):
            results[drift] = drive(scene, artefact, drift, options.patrols, options.first)
            console.print(table(drift, results[drift]))
    console.print(summary(results))


if __name__ == '__main__':
    main()
