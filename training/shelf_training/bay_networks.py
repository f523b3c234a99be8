# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Trains one of the two networks on bay views and exports it."""

from __future__ import annotations

import numpy as np
from rich.console import Console

from shelf_anomaly.dataset import Dataset, ViewEntry
from shelf_anomaly.preprocess import cells_seen, network_input
from shelf_anomaly.records import BayView, BoolArray, Float32Array, ImageArray

from . import thesis
from .epoch_bar import EpochBar
from .export import check_parity, to_onnx
from .fit import FitSettings, pictures_for_parity, Trained, training_views
from .network import (
    apply_scaling,
    build_extractor,
    build_head,
    build_network,
    FeatureSettings,
    fit_scaling,
    sample_cells,
    traced,
)
from .pairs import sample_differences
from .progress import step
from .train import train_head, TrainSettings

CELL_PX = 16
TAPS = ('s8', 's16a')
SQUARES = 8  # of a view that the thesis's network is trained on
PCA_CELLS = 60_000


def train_features(dataset: Dataset, settings: FitSettings, console: Console) -> Trained:
    """Train the autoencoder of pretrained features."""
    shape = FeatureSettings(TAPS, CELL_PX, settings.code_dims)
    extractor = build_extractor(shape)
    run = traced(extractor)
    train, valid = training_views(dataset, settings.seed)
    with step(console, 'pretrained features', len(train) + len(valid)) as bar:

        def features(entries: list[ViewEntry]) -> tuple[list[Float32Array], list[BoolArray]]:
            maps, masks = [], []
            for entry in entries:
                view = dataset.load(entry)
                maps.append(np.asarray(run(network_input(view.image, shape.cell_px)))[0])
                masks.append(cells_seen(view.seen, shape.cell_px))
                bar.advance()
            return maps, masks

        maps, masks = features(train)
        held_maps, held_masks = features(valid)
    scaling = fit_scaling(sample_cells(maps, masks, PCA_CELLS, settings.seed), shape)
    maps = [apply_scaling(m, scaling) for m in maps]
    held_maps = [apply_scaling(m, scaling) for m in held_maps]
    differences = sample_differences(train, maps, masks, PCA_CELLS, settings.seed)
    head = build_head(shape, sample_cells(maps, masks, PCA_CELLS, settings.seed), differences)
    with step(console, 'train the autoencoder', settings.epochs) as bar:
        history = train_head(
            head,
            (maps, masks),
            (held_maps, held_masks),
            TrainSettings(epochs=settings.epochs, seed=settings.seed),
            [EpochBar(bar)],
        )
        bar.finish()
    network = build_network(extractor, scaling, head)
    with step(console, 'export to ONNX', 1) as bar:
        onnx = to_onnx(network)
        parity = check_parity(
            network, onnx, pictures_for_parity(dataset, shape.cell_px), threads=settings.threads
        )
        bar.advance()
    details = {
        'loss': history.loss,
        'validation_loss': history.val_loss,
        'code_dims': settings.code_dims,
    }
    return Trained(onnx, shape.cell_px, parity, history, details)


def train_thesis_views(dataset: Dataset, settings: FitSettings, console: Console) -> Trained:
    """Train the thesis's network on 96x96 squares of the views."""
    train, valid = training_views(dataset, settings.seed)
    rng = np.random.default_rng(settings.seed)
    pictures = np.concatenate([_squares(dataset.load(entry), rng) for entry in train])
    held = np.concatenate([_squares(dataset.load(entry), rng) for entry in valid])
    autoencoder = thesis.build_thesis()
    more = thesis.MORE_EPOCHS if settings.epochs == FitSettings().epochs else settings.epochs
    first = min(thesis.FIRST_EPOCHS, more)
    with step(console, 'train the thesis network', first + more) as bar:
        history = thesis.train_thesis(
            autoencoder,
            pictures,
            held,
            callbacks=[EpochBar(bar)],
            first_epochs=first,
            more_epochs=more,
        )
        bar.finish()
    network = thesis.thesis_network(autoencoder)
    with step(console, 'export to ONNX', 1) as bar:
        onnx = to_onnx(network)
        parity = check_parity(
            network, onnx, pictures_for_parity(dataset, thesis.STRIDE), threads=settings.threads
        )
        bar.advance()
    details = {
        'loss': history.loss,
        'validation_loss': history.val_loss,
        'code_dims': thesis.CODE_DIMS,
    }
    return Trained(onnx, thesis.STRIDE, parity, history, details)


def _squares(view: BayView, rng: np.random.Generator) -> Float32Array:
    """
    Return random squares of a view; none reaches where nothing was seen.

    :return: RGB 0..1, shape ``(n, 96, 96, 3)``
    """
    side, image, seen = thesis.SIZE_PX, view.image, view.seen
    found: list[ImageArray] = []
    for _ in range(20 * SQUARES):
        top = int(rng.integers(max(1, image.shape[0] - side + 1)))
        left = int(rng.integers(max(1, image.shape[1] - side + 1)))
        if seen[top : top + side, left : left + side].all() and len(found) < SQUARES:
            found.append(image[top : top + side, left : left + side, ::-1])
    squares = np.asarray(found, np.float32).reshape(-1, side, side, 3)
    return np.asarray(squares / 255, np.float32)
