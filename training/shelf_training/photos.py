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
import numpy.typing as npt
from rich.console import Console

from shelf_anomaly.artefact import Artefact, write_artefact
from shelf_anomaly.checker import cell_ratios, photo_score
from shelf_anomaly.density import log_density
from shelf_anomaly.errors import SettingsError
from shelf_anomaly.records import Float32Array, FloatArray, ImageArray

from . import runtime
from .augment import to_input
from .bandwidth import best_bandwidth
from .card import photo_card
from .export import check_parity, Parity, to_onnx
from .fit import report
from .network import build_extractor, FeatureSettings, fit_scaling, Scaling, traced
from .photo_folder import FOLDS, load_photos, PhotoSet
from .photo_network import fit_look, join_heads, LabelledFeatures, PhotoHead, train_photo_head
from .photo_plots import plot_photos
from .photo_report import PhotoReport
from .planted import labelled_picture, planted_photo
from .progress import step
from .thesis import History
from .versions import versions

NETWORKS = ('features', 'thesis')
IMAGE_PX = 256
COPIES = 10  # training pictures made from each photo
HEADS = 1
FALSE_ALARMS = 0.1  # part of normal photos that may be called anomalous
TAPS = ('s8', 's16')  # of the cells
LOOK_TAPS = ('s32a',)  # and these, of the look of the whole: goods, not textures


@dataclass(frozen=True, slots=True)
class PhotoSettings:
    """What of a photo model may be chosen."""

    network: str = 'features'
    epochs: int = 6
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
        return FeatureSettings(TAPS, cell_px=8, code_dims=self.code_dims, kernel=3)


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
    classes = len(photos.products) + 1
    everything = np.arange(len(data.folds))
    heads: list[PhotoHead] = []
    nothing = np.zeros(0, np.int64)
    with step(
        console,
        'train, a third left out each time, then on all',
        settings.epochs * (FOLDS + HEADS),
    ) as bar:
        for number in range(FOLDS + HEADS):
            chosen, held = everything, nothing
            if number < FOLDS:
                chosen, held = everything[data.folds != number], everything[data.folds == number]
            heads.append(
                train_photo_head(
                    data,
                    chosen,
                    held,
                    scaling,
                    shape,
                    classes,
                    epochs=settings.epochs,
                    seed=settings.seed + number,
                    on_epoch=lambda note: bar.advance(note=note),
                )
            )
    means = _mean_features(photos, extractor)
    of_product = np.array([photo.product for photo in photos.photos])
    look = fit_look(means, of_product)
    left_out, judged = _left_out(
        photos, extractor, scaling, heads[:FOLDS], means, settings, console
    )
    network, weights, bias = join_heads(extractor, scaling, heads[FOLDS:], look)
    onnx = to_onnx(network)
    pictures = [
        to_input(photo.image) for photo in photos.photos[:: max(1, len(photos.photos) // 5)]
    ]
    parity = check_parity(
        network, onnx, [*pictures, pictures[0][:, :-64, :-32]], threads=settings.threads
    )
    looks = look.of(means)
    codes = [looks[of_product == i] for i in range(len(photos.products))]
    arrays: dict[str, Any] = {'classifier/weights': weights, 'classifier/bias': bias}
    arrays |= {
        f'{name}/codes': codes[i].astype(np.float32) for i, name in enumerate(photos.products)
    }
    products = {
        name: _product(judged.normal[name], codes[i], left_out.errors[name])
        for i, name in enumerate(photos.products)
    }
    judged.fill(left_out, products)
    left_out.history = _mean_history([head.history for head in heads[:FOLDS]])
    training = {
        'photos': len(photos.photos),
        'pictures': len(data.folds),
        'epochs': settings.epochs,
        'heads': HEADS,
        **asdict(shape),
        **left_out.figures(),
    }
    return PhotoModel(
        onnx, shape.cell_px, settings.image_px, parity, arrays, products, left_out, training
    )


def _training_features(
    photos: PhotoSet, extractor: Any, settings: PhotoSettings, console: Console
) -> LabelledFeatures:
    """Make the training pictures and run them through the backbone, once."""
    rng, run = np.random.default_rng(settings.seed), traced(extractor)
    features, labels, pure, folds = [], [], [], []
    with step(console, 'training pictures', len(photos.photos)) as bar:
        for photo in photos.photos:
            made = [
                labelled_picture(
                    photo, photos, settings.image_px, settings.shape.cell_px, rng, pieces=copy > 0
                )
                for copy in range(settings.copies)
            ]
            inputs = np.concatenate([to_input(m.image) for m in made])
            cells = np.asarray(run(inputs))[..., : settings.shape.dims]
            features.append(cells.astype(np.float16))
            labels += [m.labels for m in made]
            pure += [m.pure for m in made]
            folds += [photo.fold] * len(made)
            bar.advance(note=photos.products[photo.product])
    return LabelledFeatures(
        np.concatenate(features), np.stack(labels), np.stack(pure), np.array(folds)
    )


def _sample(data: LabelledFeatures) -> Float32Array:
    cells = data.features[::3, ::3, ::3].astype(np.float32)
    return cells.reshape(-1, cells.shape[-1])


@dataclass(frozen=True, slots=True)
class _Judged:
    """Worst cell and density of the whole look of photos that were left out, by product."""

    normal: dict[str, list[tuple[float, float]]]
    planted: dict[str, list[tuple[float, float]]]
    swapped: dict[str, list[tuple[float, float]]]

    def fill(self, report: PhotoReport, products: Mapping[str, Mapping[str, float]]) -> None:
        """Write the scores by the products' limits into a report."""
        for name, said in products.items():
            for to, found in (
                (report.normal, self.normal),
                (report.planted, self.planted),
                (report.swapped, self.swapped),
            ):
                to[name] = [photo_score(cell, whole, said) for cell, whole in found[name]]
            report.thresholds[name] = 0.0
            report.densities[name] = np.array([whole for _, whole in self.normal[name]])


def _left_out(
    photos: PhotoSet,
    extractor: Any,
    scaling: Scaling,
    heads: list[PhotoHead],
    means: FloatArray,
    settings: PhotoSettings,
    console: Console,
) -> tuple[PhotoReport, _Judged]:
    """
    Judge every photo, and copies of it with something of another product in it.

    Each by a model that saw neither.

    :param means: mean features of the photos, shape ``(n, features)``
    :return: a report with errors and examples, and what the scores come from
    """
    rng = np.random.default_rng(settings.seed + 1)
    result = PhotoReport.empty(photos.products)
    names = photos.products
    judged = _Judged(*({name: [] for name in names} for _ in range(3)))  # type: ignore[arg-type]  # lists of pairs
    folds = np.array([photo.fold for photo in photos.photos])
    of_product = np.array([photo.product for photo in photos.photos])
    with step(console, 'photos left out', len(photos.photos)) as bar:
        for fold, head in enumerate(heads):
            known = folds != fold
            look = fit_look(means[known], of_product[known])
            network, weights, bias = join_heads(extractor, scaling, [head], look)
            run, dims = traced(network), look.weights.shape[1]
            references = [
                look.of(means[known & (of_product == i)]) for i in range(len(photos.products))
            ]
            widths = [best_bandwidth(codes) for codes in references]

            def judge(
                image: ImageArray, *products: int
            ) -> tuple[list[Float32Array], list[float], float]:
                """Return cells and density by each product, and the error."""
                out = run(to_input(image))  # noqa: B023  # used at once
                code = np.asarray(out['code'])[0]
                whole = code[..., -dims:].mean(axis=(0, 1), dtype=np.float64)  # noqa: B023
                return (
                    [cell_ratios(code, weights, bias, p) for p in products],  # noqa: B023
                    [
                        float(log_density(whole[None], references[p], widths[p])[0])  # noqa: B023
                        for p in products
                    ],
                    float(np.mean(out['error'])),
                )

            for photo in photos.photos:
                if photo.fold != fold:
                    continue
                name = photos.products[photo.product]
                others = [i for i in range(len(photos.products)) if i != photo.product]
                cells, whole, error = judge(photo.image, photo.product, *others)
                result.add_normal(name, photo.image, cells[0], error)
                judged.normal[name].append((float(cells[0].max()), whole[0]))
                for number, other in enumerate(others, start=1):
                    judged.swapped[photos.products[other]].append(
                        (float(cells[number].max()), whole[number])
                    )
                    with_piece = planted_photo(photo, photos.of(other, fold=fold), rng)
                    (piece,), (density,), _ = judge(with_piece, photo.product)
                    result.add_planted(name, with_piece, piece)
                    judged.planted[name].append((float(piece.max()), density))
                bar.advance(note=name)
    return result, judged


def _mean_features(photos: PhotoSet, extractor: Any) -> FloatArray:
    """Return the mean features of each photo, shape ``(n, features)``."""
    run = traced(extractor)
    means = [
        np.asarray(run(to_input(photo.image)))[0].mean(axis=(0, 1), dtype=np.float64)
        for photo in photos.photos
    ]
    return np.stack(means)


def _product(
    judged: list[tuple[float, float]], codes: FloatArray, errors: list[float]
) -> dict[str, float]:
    """Return what the manifest says of a product; either limit may call a photo anomalous."""
    cells, whole = (np.array(values) for values in zip(*judged, strict=True))
    half = FALSE_ALARMS / 2
    said = {
        'photos': len(judged),
        'threshold': conformal_threshold(cells, half),
        'spread': float(max(cells.std(), 1e-6)),
        'density': -conformal_threshold(-whole, half),
        'density_spread': float(max(whole.std(), 1e-6)),
        'bandwidth': best_bandwidth(codes),
        'error_mean': float(np.mean(errors)),
    }
    above = [photo_score(cell, density, said) > 0 for cell, density in judged]
    return {**said, 'normal_above': float(np.mean(above))}


def conformal_threshold(scores: npt.NDArray[np.float64], false_alarms: float) -> float:
    """
    Return the score that a new normal photo exceeds with at most the chance ``false_alarms``.

    The split conformal quantile: the ``ceil((n + 1)(1 - a))``-th smallest score, or the highest.
    """
    rank = int(np.ceil((len(scores) + 1) * (1 - false_alarms)))
    return float(np.sort(scores)[min(rank, len(scores)) - 1])


def _mean_history(histories: list[History]) -> History:
    loss = np.mean([h.loss for h in histories], axis=0).tolist()
    held = np.mean([h.val_loss for h in histories], axis=0).tolist()
    return History(loss, held, histories[0].best_epoch)
