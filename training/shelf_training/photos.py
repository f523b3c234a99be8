# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
Photos without poses -> a model folder for ``shelf-anomaly check``.

Normal photos only. Each photo is scored by a model that has seen nothing of its third of the
photos; thresholds and the figures of the card come from these scores, the shipped model from all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
import time
from typing import Any

import numpy as np
from rich.console import Console

from shelf_anomaly.artefact import Artefact, write_artefact
from shelf_anomaly.errors import SettingsError
from shelf_anomaly.records import Float32Array, FloatArray

from . import runtime
from .augment import to_input
from .card import photo_card
from .export import check_parity, Parity, to_onnx
from .fit import report
from .network import apply_scaling, build_extractor, FeatureSettings, fit_scaling, Scaling, traced
from .photo_folder import FOLDS, load_photos, PhotoSet
from .photo_limits import photo_limits
from .photo_look import fit_look, WITHIN
from .photo_network import (
    Detector,
    join_photo_network,
    LabelledFeatures,
    SURE_NOT,
    train_detector,
)
from .photo_plots import plot_photos
from .photo_report import PhotoReport
from .photos_left_out import judge_left_out
from .planted import labelled_picture
from .progress import step
from .thesis import History
from .versions import versions

NETWORKS = ('features', 'thesis')
IMAGE_PX = 384
CELL_PX = 16
COPIES = 10  # training pictures made from each photo
PLAIN_SHARE = 0.25  # of them, into which nothing is laid
TAPS = ('s8', 's16')  # of the cells
LOOK_TAPS = ('s32',)  # of the look of the whole: goods, not textures


@dataclass(frozen=True, slots=True)
class PhotoSettings:
    """What of a photo model may be chosen."""

    network: str = 'features'
    epochs: int = 4
    code_dims: int = 64
    seed: int = 0
    threads: int = runtime.DEFAULT_THREADS
    image_px: int = IMAGE_PX
    copies: int = COPIES

    def __post_init__(self) -> None:
        """Refuse what cannot be fitted."""
        if self.network not in NETWORKS:
            raise SettingsError(
                f'--network is {self.network!r}, expected one of {", ".join(NETWORKS)}'
            )
        if self.image_px % 32 or not 64 <= self.image_px <= 1024:
            raise SettingsError(
                f'image_px is {self.image_px}, expected a multiple of 32 from 64 to 1024'
            )

    @property
    def shape(self) -> FeatureSettings:
        """Shape of the default network."""
        return FeatureSettings(TAPS, cell_px=CELL_PX, code_dims=self.code_dims, hidden=0)


@dataclass(frozen=True, slots=True)
class PhotoModel:
    """What a way of learning from photos must deliver."""

    onnx: bytes
    stride: int
    image_px: int
    parity: Parity
    arrays: Mapping[str, Any]
    products: Mapping[str, Mapping[str, float]]
    """For the manifest: thresholds of each product."""
    report: PhotoReport
    training: Mapping[str, Any]


def fit_photos(
    folder: str | Path,
    out: str | Path,
    settings: PhotoSettings | None = None,
    console: Console | None = None,
) -> Artefact:
    """
    Fit a model for free-hand photos.

    :param folder: holds ``<product>/train/*.jpg``, normal photos only
    :param out: the model folder
    :raises DatasetError: if the photos cannot be used
    """
    from .photo_thesis import learn_thesis  # it stands on the words above

    started = time.monotonic()
    console, settings, out = (
        console or Console(stderr=True),
        settings or PhotoSettings(),
        Path(out),
    )
    runtime.prepare(settings.seed, settings.threads)
    model = (learn_features if settings.network == 'features' else learn_thesis)(
        Path(folder), settings, console
    )
    manifest = {
        'name': out.resolve().name,
        'mode': 'photos',
        'network': settings.network,
        'stride': model.stride,
        'image_px': model.image_px,
        'products': {name: dict(said) for name, said in model.products.items()},
        'training': {**model.training, 'seed': settings.seed},
        'parity': model.parity.record(),
        'versions': versions(),
        'fit_seconds': round(time.monotonic() - started, 1),
    }
    plots = plot_photos(out, model.report)
    artefact = write_artefact(
        out,
        network_onnx=model.onnx,
        arrays=dict(model.arrays),
        manifest=manifest,
        card=photo_card(manifest, plots),
    )
    model.report.show(console)
    report(artefact, time.monotonic() - started, console)
    return artefact


def learn_features(folder: Path, settings: PhotoSettings, console: Console) -> PhotoModel:
    """Learn with the default network."""
    shape = settings.shape
    photos = load_photos(folder, settings.image_px, shape.cell_px, square=False, console=console)
    extractor = build_extractor(replace(shape, taps=TAPS + LOOK_TAPS))
    data = _training_features(photos, extractor, settings, console)
    scaling = fit_scaling(_sample(data), shape)
    detectors = _train(data, scaling, settings, console)
    means = _mean_features(photos, extractor)[:, shape.dims :]
    of_product = np.array([photo.product for photo in photos.photos])
    of_fold = np.array([photo.fold for photo in photos.photos])
    normal = apply_scaling(_sample(data), scaling)
    networks = []
    for fold, detector in enumerate(detectors):  # the last stands on all: no photo has its fold
        known = of_fold != fold
        look = fit_look(means[known], of_product[known])
        networks.append(
            (join_photo_network(extractor, scaling, shape, normal, detector, look), look)
        )
    with step(console, 'photos left out', len(photos.photos)) as bar:
        left_out = judge_left_out(
            photos,
            networks[:FOLDS],
            means,
            settings.seed + 1,
            on_photo=lambda note: bar.advance(note=note),
        )
    network, look = networks[FOLDS]
    onnx = to_onnx(network)
    pictures = [
        to_input(photo.image) for photo in photos.photos[:: max(1, len(photos.photos) // 5)]
    ]
    parity = check_parity(
        network, onnx, [*pictures, pictures[0][:, :-64, :-32]], threads=settings.threads
    )
    codes = {name: look.middle(means[of_product == i]) for i, name in enumerate(photos.products)}
    products = {
        name: {
            **said,
            'bandwidth': WITHIN,
            'error_mean': float(np.mean(left_out.errors[name])),
        }
        for name, said in photo_limits(left_out.normal).items()
    }
    report = left_out.report(products, _mean_history([d.history for d in detectors[:FOLDS]]))
    training = {
        'photos': len(photos.photos),
        'pictures': len(data.folds),
        'epochs': settings.epochs,
        **asdict(shape),
        **report.figures(),
    }
    arrays = {f'{name}/codes': values.astype(np.float32) for name, values in codes.items()}
    return PhotoModel(
        onnx, shape.cell_px, settings.image_px, parity, arrays, products, report, training
    )


def _training_features(
    photos: PhotoSet, extractor: Any, settings: PhotoSettings, console: Console
) -> LabelledFeatures:
    """Make the training pictures and run them through the backbone, once."""
    rng, run = np.random.default_rng(settings.seed), traced(extractor)
    features, foreign, folds = [], [], []
    with step(console, 'training pictures', len(photos.photos)) as bar:
        for photo in photos.photos:
            made = [
                labelled_picture(
                    photo,
                    photos,
                    settings.image_px,
                    settings.shape.cell_px,
                    rng,
                    things=copy >= PLAIN_SHARE * settings.copies,
                )
                for copy in range(settings.copies)
            ]
            inputs = np.concatenate([to_input(m.image) for m in made])
            cells = np.asarray(run(inputs))[..., : settings.shape.dims]
            features.append(cells.astype(np.float16))
            foreign += [m.foreign.astype(np.float16) for m in made]
            folds += [photo.fold] * len(made)
            bar.advance(note=photos.products[photo.product])
    return LabelledFeatures(np.concatenate(features), np.stack(foreign), np.array(folds))


def _train(
    data: LabelledFeatures, scaling: Scaling, settings: PhotoSettings, console: Console
) -> list[Detector]:
    """Train a detector without each of the folds, and one on all."""
    everything = np.arange(len(data.folds))
    detectors = []
    with step(
        console,
        'train, a third left out each time, then on all',
        settings.epochs * (FOLDS + 1),
    ) as bar:
        for number in range(FOLDS + 1):  # no picture has the fold of the last
            detectors.append(
                train_detector(
                    data,
                    everything[data.folds != number],
                    everything[data.folds == number],
                    scaling,
                    epochs=settings.epochs,
                    seed=settings.seed + number,
                    on_epoch=lambda note: bar.advance(note=note),
                )
            )
    return detectors


def _sample(data: LabelledFeatures) -> Float32Array:
    """Return features of cells that show nothing foreign, shape ``(n, dims)``."""
    normal = data.foreign[:, ::3, ::3] < SURE_NOT
    return data.features[:, ::3, ::3][normal][::3].astype(np.float32)


def _mean_features(photos: PhotoSet, extractor: Any) -> FloatArray:
    """Return the mean features of each photo, shape ``(n, features)``."""
    run = traced(extractor)
    means = [
        np.asarray(run(to_input(photo.image)))[0].mean(axis=(0, 1), dtype=np.float64)
        for photo in photos.photos
    ]
    return np.stack(means)


def _mean_history(histories: list[History]) -> History:
    loss = np.mean([h.loss for h in histories], axis=0).tolist()
    held = np.mean([h.val_loss for h in histories], axis=0).tolist()
    return History(loss, held, histories[0].best_epoch)
