# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
A dataset of normal bay views -> a model folder.

The order of calls, and nothing else: load, train the network, export it, run the exported network
over all views as the robot will, learn what is normal at each place, write.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
import time
from typing import Any, TYPE_CHECKING

import numpy as np
from rich.console import Console

from shelf_anomaly.artefact import Artefact, write_artefact
from shelf_anomaly.budget import budget_of
from shelf_anomaly.dataset import Dataset, load_dataset, ViewEntry
from shelf_anomaly.defaults import FALSE_ALARMS_PER_AISLE_PATROL
from shelf_anomaly.emptiness import edge_shares_of
from shelf_anomaly.errors import DatasetError, SettingsError
from shelf_anomaly.inspector import encode_view, InspectorSettings
from shelf_anomaly.network import Network
from shelf_anomaly.places import pack
from shelf_anomaly.preprocess import network_input
from shelf_anomaly.records import Float32Array
from shelf_anomaly.store_layout import StoreLayout

from . import runtime
from .calibrate import (
    balance,
    calibrate_bay,
    CalibratedBay,
    code_step,
    EncodedView,
    fit_bandwidths,
)
from .card import bay_card
from .normal_maxima import merge_maxima, pack_maxima
from .pictures import normal_pictures_of
from .progress import step
from .usual import usual_looks, VIEWS
from .versions import versions
from .weigh_maxima import weigh_maxima

if TYPE_CHECKING:  # TensorFlow stands behind these; a robot that learns a bay has none
    from .export import Parity
    from .thesis import History

VIEW_LIMIT_M = 0.33  # beside the camera; farther along the shelf parallax hides what stands where
NETWORKS = ('features', 'thesis')
MAX_VIEWS = 240  # that the network is trained on; what is normal where is learnt from all of them
BAY_VIEWS = 24  # of a bay, if there are more bays than can be trained on
PARITY_VIEWS = 6


@dataclass(frozen=True, slots=True)
class FitSettings:
    """What of a fit may be chosen."""

    network: str = 'features'
    epochs: int = 30
    code_dims: int = 48
    seed: int = 0
    threads: int = runtime.DEFAULT_THREADS

    def __post_init__(self) -> None:
        """Refuse what cannot be fitted."""
        if self.network not in NETWORKS:
            raise SettingsError(
                f'--network is {self.network!r}, expected one of {", ".join(NETWORKS)}'
            )
        if self.epochs < 1:
            raise SettingsError(f'--epochs is {self.epochs}, expected 1 or more')


@dataclass(frozen=True, slots=True)
class Trained:
    """A network that can be shipped, and how it came about."""

    onnx: bytes
    stride: int
    parity: Parity
    history: History
    details: Mapping[str, Any]
    """For the manifest."""


def fit(
    dataset_folder: str | Path,
    out: str | Path,
    settings: FitSettings | None = None,
    console: Console | None = None,
) -> Artefact:
    """
    Fit a model for the shelves of a store.

    :param dataset_folder: what ``shelf-train collect`` wrote
    :param out: the model folder
    :raises DatasetError: if the dataset cannot be used
    :raises ArtefactError: if the exported network does not compute what Keras computes
    """
    from .bay_networks import train_features, train_thesis_views  # they stand on the words above
    from .plots import plot_bays

    started = time.monotonic()
    console, settings, out = console or Console(stderr=True), settings or FitSettings(), Path(out)
    dataset = load_dataset(dataset_folder)
    bays = usable_bays(dataset, console)
    runtime.prepare(settings.seed, settings.threads)
    train = train_features if settings.network == 'features' else train_thesis_views
    trained = train(dataset, settings, console)
    network = Network(trained.onnx, trained.stride, threads=settings.threads)
    encoded = encode_all(dataset, bays, network, VIEW_LIMIT_M, console)
    inspection = fit_bandwidths(encoded, trained.stride / dataset.px_per_m, VIEW_LIMIT_M)
    patrols = aisle_patrols(dataset, bays)
    calibrated, factors = balance(
        calibrate_all(dataset, encoded, inspection, console), inspection.cell_m, patrols
    )
    manifest: dict[str, Any] = {
        'name': out.resolve().name,
        'mode': 'bays',
        'network': settings.network,
        'store': dataset.store.store,
        'px_per_m': dataset.px_per_m,
        'margin_m': dataset.margin_m,
        'view_limit_m': VIEW_LIMIT_M,
        'stride': trained.stride,
        'scales': [
            {'bandwidth': scale.bandwidth, **asdict(scale.neighbourhood)}
            for scale in inspection.scales
        ],
        'aisle_patrols': patrols,
        'channel_factors': [round(float(factor), 4) for factor in factors],
        'data': {bay: data_of(dataset, bay) for bay in bays},
        'training': {**trained.details, 'seed': settings.seed},
        'parity': trained.parity.record(),
        'versions': versions(),
        'fit_seconds': round(time.monotonic() - started, 1),
    }
    arrays = bay_arrays(calibrated, code_step(inspection))
    with step(console, 'what is at home where', VIEWS * len(bays)) as bar:
        arrays |= usual_looks(
            dataset,
            bays,
            Artefact(out, manifest, trained.onnx, arrays),
            VIEW_LIMIT_M,
            threads=settings.threads,
            seed=settings.seed,
            on_view=bar.advance,
        )
        bar.finish()
    usual = patrols / aisles(dataset.store, bays)
    calibrated = weigh_maxima(
        dataset, calibrated, encoded, Artefact(out, manifest, trained.onnx, arrays), console
    )
    arrays |= maxima_arrays(calibrated)
    arrays |= merge_maxima(arrays, bays, usual)
    budget = budget_of(Artefact(out, manifest, trained.onnx, arrays))
    plots = plot_bays(
        out,
        dataset,
        trained.history,
        encoded,
        calibrated,
        budget.threshold(FALSE_ALARMS_PER_AISLE_PATROL),
    )
    artefact = write_artefact(
        out,
        network_onnx=trained.onnx,
        arrays=arrays,
        manifest=manifest,
        card=bay_card(manifest, plots),
    )
    report(artefact, time.monotonic() - started, console)
    return artefact


def training_views(dataset: Dataset, seed: int) -> tuple[list[ViewEntry], list[ViewEntry]]:
    """
    Return views to train on and to validate with, about MAX_VIEWS.

    A large store gives some of its bays, each with many views, rather than one view of each: what
    differs between two patrols is learnt from views of the same bay. About a fifth of the patrols
    is kept for validation: whole patrols, never single frames.
    """
    rng = np.random.default_rng(seed)
    bays = list(dataset.bays)
    if len(bays) > MAX_VIEWS // BAY_VIEWS:
        chosen = rng.permutation(len(bays))[: MAX_VIEWS // BAY_VIEWS]
        bays = [bays[i] for i in sorted(chosen)]
    views = [entry for bay in bays for entry in dataset.of(bay)]
    if len(views) > MAX_VIEWS:
        picked = rng.permutation(len(views))[:MAX_VIEWS]
        views = [views[i] for i in sorted(picked)]
    patrols = dataset.patrols
    held = set(patrols[:: max(2, min(5, len(patrols)))]) if len(patrols) > 1 else set()
    train = [view for view in views if view.patrol not in held]
    validation = [view for view in views if view.patrol in held]
    return (train, validation) if train and validation else (views, views)


def pictures_for_parity(dataset: Dataset, stride: int) -> list[Float32Array]:
    """Return network inputs of a few real views, and of a part of one, so that two sizes run."""
    entries = [entry for bay in dataset.bays for entry in dataset.of(bay)]
    picked = entries[:: max(1, len(entries) // PARITY_VIEWS)][:PARITY_VIEWS]
    inputs = [network_input(dataset.load(entry).image, stride) for entry in picked]
    part = inputs[0][
        :, : inputs[0].shape[1] - stride, : inputs[0].shape[2] // 2 // stride * stride
    ]
    return [*inputs, np.ascontiguousarray(part)]


def usable_bays(dataset: Dataset, console: Console) -> tuple[str, ...]:
    """Return the bays with at least two passes; :raises DatasetError: if there is none."""
    usable = []
    for bay in dataset.bays:
        if len({view.patrol for view in dataset.of(bay)}) >= 2:
            usable.append(bay)
        else:
            console.print(
                f'[yellow]{bay}: one pass only, left out of the model; drive by it again'
            )
    if not usable:
        raise DatasetError(
            f'{dataset.folder}: no bay has two passes or more; '
            'collect more normal patrols (5 to 10)'
        )
    return tuple(usable)


def encode_all(
    dataset: Dataset,
    bays: tuple[str, ...],
    network: Network,
    view_limit_m: float,
    console: Console,
) -> dict[str, list[EncodedView]]:
    """Run the exported network over every view, exactly as the robot will."""
    passes = {patrol: index for index, patrol in enumerate(dataset.patrols)}
    encoded: dict[str, list[EncodedView]] = {}
    with step(console, 'codes of all views', sum(len(dataset.of(bay)) for bay in bays)) as bar:
        for bay in bays:
            encoded[bay] = []
            for entry in dataset.of(bay):
                view = dataset.load(entry)
                found = encode_view(view, network, view_limit_m)
                if found.seen.any():
                    edges = edge_shares_of(view, dataset.store.bay(bay))
                    encoded[bay].append(
                        EncodedView(found, edges, view.offset_m, passes[entry.patrol])
                    )
                bar.advance(note=bay)
    return encoded


def calibrate_all(
    dataset: Dataset,
    encoded: Mapping[str, list[EncodedView]],
    inspection: InspectorSettings,
    console: Console,
) -> dict[str, CalibratedBay]:
    """Learn what is normal at each place of each bay."""
    calibrated = {}
    with step(
        console, 'normal at each place', sum(len(views) for views in encoded.values())
    ) as bar:
        for bay, views in encoded.items():
            picture, *others = normal_pictures_of(dataset, bay)
            calibrated[bay] = calibrate_bay(
                dataset.store.bay(bay),
                dataset.margin_m,
                views,
                inspection,
                dataset.templates[bay],
                picture,
                lambda: bar.advance(note=bay),  # noqa: B023  # called at once
                others=others,
            )
    return calibrated


def data_of(dataset: Dataset, bay: str) -> dict[str, Any]:
    """Return what a bay's normal state was learnt from."""
    views = dataset.of(bay)
    return {'passes': len({view.patrol for view in views}), 'views': len(views)}


def aisle_patrols(dataset: Dataset, bays: tuple[str, ...]) -> float:
    """Return how many times an aisle was patrolled, over all aisles and patrols."""
    aisle_of = {bay: dataset.store.bay(bay).aisle for bay in bays}
    return float(
        len({(aisle_of[view.bay], view.patrol) for view in dataset.views if view.bay in aisle_of})
    )


def aisles(store: StoreLayout, bays: Iterable[str]) -> int:
    """Return how many aisles the bays stand in."""
    return len({store.bay(bay).aisle for bay in bays})


def bay_arrays(calibrated: Mapping[str, CalibratedBay], code_step: float) -> dict[str, Any]:
    """Return all that the artefact keeps of each bay; ``code_step`` is the rounding of a code."""
    arrays: dict[str, Any] = {}
    for bay, found in calibrated.items():
        arrays |= pack(bay, found.normal, code_step)
    return arrays | maxima_arrays(calibrated)


def maxima_arrays(calibrated: Mapping[str, CalibratedBay]) -> dict[str, Any]:
    """Return what the budget needs of each bay."""
    arrays: dict[str, Any] = {}
    for bay, found in calibrated.items():
        arrays |= pack_maxima(bay, found.maxima, found.bay_maxima)
    return arrays


def report(artefact: Artefact, seconds: float, console: Console) -> None:
    """Say where the model is, how large, and how well the export agrees."""
    size = sum(file['bytes'] for file in artefact.manifest['files'].values())
    parity = artefact.manifest['parity']
    console.print(
        f'[bold]{artefact.folder}[/]: {size / 1e6:.1f} MB in {seconds:.0f} s; '
        'ONNX against Keras differs by at most '
        f'{parity["max_rel"]:.1g} of the spread, {parity["ms_per_picture"]:.1f} ms a view'
    )
