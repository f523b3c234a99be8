# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
A new or changed bay learnt into a model that exists: its network stays, nothing is trained.

The network was trained on other shelves and generalises; what is normal at each place is learnt
from the bay's own views, in seconds. TensorFlow is not needed, so a robot can do it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
import re
import time
from typing import Any

import numpy as np
from rich.console import Console

from shelf_anomaly.artefact import Artefact, CARD, load_artefact
from shelf_anomaly.artefact_update import restore, update_artefact
from shelf_anomaly.budget import budget_of
from shelf_anomaly.dataset import Dataset, load_dataset
from shelf_anomaly.defaults import FALSE_ALARMS_PER_AISLE_PATROL
from shelf_anomaly.errors import ArtefactError, DatasetError
from shelf_anomaly.inspector import read_settings
from shelf_anomaly.network import Network
from shelf_anomaly.places import bays_of

from .calibrate import balanced, CalibratedBay, code_step
from .card import bay_card
from .fit import bay_arrays, calibrate_all, data_of, encode_all, maxima_arrays
from .normal_maxima import has_maxima, merge_maxima, MERGED, MERGED_BAYS
from .usual import usual_looks
from .weigh_maxima import weigh_maxima

PASSES_WANTED = 2
PLOT = re.compile(r'^!\[(?P<caption>.*)\]\((?P<file>plots/.+)\)$', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class DrawnEarlier:
    """A picture that the model's first fit has drawn."""

    file: str
    caption: str


def refit(
    dataset_folder: str | Path,
    into: str | Path,
    *,
    bays: Sequence[str] = (),
    out: str | Path | None = None,
    threads: int = 2,
    console: Console | None = None,
) -> Artefact:
    """
    Learn bays into a model; every other bay's data stay as they are, byte for byte.

    :param dataset_folder: views of the bays in their normal state, two passes each or more
    :param into: the model folder; changed in place, in one step, when all has gone well
    :param bays: which bays; all that the dataset has views of when empty
    :param out: write the new model there, and leave ``into`` as it is
    :return: the new model
    :raises DatasetError: if the dataset cannot be used, or is of another store or resolution
    :raises ArtefactError: if the model cannot be read or written; it then stands as it was
    """
    started = time.monotonic()
    console = console or Console(stderr=True)
    if restore(into):
        console.print(f'[yellow]{into}: put back what an interrupted change had set aside')
    artefact = load_artefact(into)
    artefact.require('bays')
    dataset = load_dataset(dataset_folder)
    _check_fits(artefact, dataset)
    wanted = _chosen_bays(dataset, bays)
    settings = read_settings(artefact)
    network = Network(artefact.network_onnx, artefact.stride, threads=threads)
    encoded = encode_all(dataset, wanted, network, settings.view_limit_m, console)
    factors = np.asarray(artefact.manifest.get('channel_factors', []), np.float64)
    calibrated: dict[str, CalibratedBay] = {}
    for bay, found in calibrate_all(dataset, encoded, settings, console).items():
        if factors.shape != (found.left_out.shape[1],):
            raise ArtefactError(
                f'{artefact.folder}: has {factors.size} channel_factors, this version scores '
                f'{found.left_out.shape[1]} channels; fit the whole model again'
            )
        calibrated[bay] = balanced(found, factors, settings.cell_m)
    arrays = dict(artefact.arrays)
    new = bay_arrays(calibrated, code_step(settings))
    learnt = replace(artefact, arrays=new)
    new |= usual_looks(dataset, wanted, learnt, settings.view_limit_m, threads=threads, seed=0)
    for key in [k for k in arrays if k.rpartition('/')[0] in calibrated]:
        del arrays[key]
    arrays |= new
    manifest = _manifest(artefact, dataset, calibrated)
    model = Artefact(artefact.folder, manifest, artefact.network_onnx, arrays)
    calibrated = weigh_maxima(dataset, calibrated, encoded, model, console)
    arrays |= maxima_arrays(calibrated)
    exact = _rebuild_budget(artefact, dataset, arrays, manifest, calibrated)
    if not exact:
        console.print(
            f'[yellow]{artefact.folder}: was fitted by an earlier version, which did not keep '
            "each bay's share of the budget; the new maxima were added to the old"
        )
    seconds = time.monotonic() - started
    manifest['refits'] = [
        *artefact.manifest.get('refits', []),
        {
            'bays': {bay: data_of(dataset, bay)['passes'] for bay in wanted},
            'at': datetime.now(timezone.utc).isoformat(timespec='seconds'),
            'seconds': round(seconds, 1),
            'budget_exact': exact,
        },
    ]
    made = update_artefact(
        artefact, arrays=arrays, manifest=manifest, card=_card(artefact, manifest), out=out
    )
    _report(made, artefact, dataset, wanted, time.monotonic() - started, console)
    return made


def _check_fits(artefact: Artefact, dataset: Dataset) -> None:
    if artefact.store != dataset.store.store:
        raise DatasetError(
            f'{dataset.folder}: holds views of store {dataset.store.store!r}, but '
            f'{artefact.folder} is a model of store {artefact.store!r}; '
            'name the model of the same store'
        )
    for key, value in (('px_per_m', dataset.px_per_m), ('margin_m', dataset.margin_m)):
        if abs(artefact.number(key) - value) > 1e-6:
            raise DatasetError(
                f'{dataset.folder}: {key} is {value:g}, {artefact.folder} was fitted at '
                f'{artefact.number(key):g}; collect again with '
                f'--px-per-m {artefact.number("px_per_m"):g}'
            )


def _chosen_bays(dataset: Dataset, bays: Sequence[str]) -> tuple[str, ...]:
    """Return the bays to learn, in the order of the store; refuse any that cannot be learnt."""
    have = {bay: len({v.patrol for v in dataset.of(bay)}) for bay in dataset.bays}
    for bay in bays:
        if bay not in dataset.store.bays:
            known = ', '.join(dataset.bays)
            raise DatasetError(
                f'--bays {bay}: store {dataset.store.store!r} has no such bay; {dataset.folder} '
                f'holds views of {known}'
            )
        if have.get(bay, 0) < PASSES_WANTED:
            raise DatasetError(
                f'--bays {bay}: {dataset.folder} holds {have.get(bay, 0)} pass(es) of it; '
                f'at least {PASSES_WANTED} are needed, 5 are good: drive past it again'
            )
    wanted = tuple(b for b in have if (b in bays if bays else have[b] >= PASSES_WANTED))
    if not wanted:
        raise DatasetError(
            f'{dataset.folder}: no bay has {PASSES_WANTED} passes or more; drive past it again'
        )
    return wanted


def _manifest(
    artefact: Artefact, dataset: Dataset, calibrated: Mapping[str, CalibratedBay]
) -> dict[str, Any]:
    manifest = {k: v for k, v in artefact.manifest.items() if k not in ('files', 'schema')}
    manifest['data'] = {
        **artefact.manifest.get('data', {}),
        **{bay: data_of(dataset, bay) for bay in calibrated},
    }
    return manifest


def _rebuild_budget(
    artefact: Artefact,
    dataset: Dataset,
    arrays: dict[str, Any],
    manifest: dict[str, Any],
    calibrated: Mapping[str, CalibratedBay],
) -> bool:
    """Put the budget of all bays into ``arrays`` and ``manifest``; return whether it is exact."""
    store = dataset.store
    before = bays_of(artefact.arrays)
    # A bay that the store does not have any more counts as an aisle of its own kind.
    aisle = {bay: store.bays[bay].aisle if bay in store.bays else '' for bay in bays_of(arrays)}
    known = {aisle[bay] for bay in before}
    patrols = artefact.number('aisle_patrols')
    usual = patrols / max(1, len(known))
    for new in {aisle[bay] for bay in calibrated} - known:
        patrols += max(
            found.bay_maxima.size for bay, found in calibrated.items() if aisle[bay] == new
        )
    manifest['aisle_patrols'] = patrols
    if all(has_maxima(arrays, bay) for bay in aisle):
        arrays |= merge_maxima(arrays, tuple(aisle), usual)
        return True
    added = merge_maxima(arrays, tuple(calibrated), usual)
    arrays[MERGED] = np.sort(np.concatenate([artefact.array(MERGED), added[MERGED]]))[::-1]
    arrays[MERGED_BAYS] = np.concatenate([artefact.array(MERGED_BAYS), added[MERGED_BAYS]])
    return False


def _card(artefact: Artefact, manifest: Mapping[str, Any]) -> str:
    """Write the card anew; the pictures of the first fit stay in it."""
    try:
        text = (artefact.folder / CARD).read_text(encoding='utf-8')
    except OSError:
        text = ''
    plots = [DrawnEarlier(m['file'], m['caption']) for m in PLOT.finditer(text)]
    if 'parity' not in manifest or 'versions' not in manifest:
        return text  # no model of shelf-train fit: its card is left as it is
    rows = '\n'.join(
        f'- {", ".join(f"{bay} ({n} passes)" for bay, n in one["bays"].items())}: {one["at"]}, '
        f'{one["seconds"]} s'
        for one in manifest.get('refits', ())
    )
    more = f'\n## Learnt into it later\n\nThe network is that of the first fit.\n\n{rows}\n'
    return bay_card(manifest, plots) + (more if rows else '')


def _report(
    made: Artefact,
    before: Artefact,
    dataset: Dataset,
    wanted: Sequence[str],
    seconds: float,
    console: Console,
) -> None:
    known = set(bays_of(before.arrays))
    was, now = (
        budget_of(model).threshold(FALSE_ALARMS_PER_AISLE_PATROL) for model in (before, made)
    )
    told = ', '.join(
        f'{bay} ({"anew" if bay in known else "new"}, {data_of(dataset, bay)["passes"]} passes)'
        for bay in wanted
    )
    console.print(
        f'[bold]{made.folder}[/]: learnt {told} in {seconds:.1f} s; the other '
        f'{len(known - set(wanted))} bays are as they were; threshold {was:.2f} -> {now:.2f}'
    )
