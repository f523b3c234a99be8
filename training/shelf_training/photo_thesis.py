# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
The thesis's own way with photos, as the baseline: a network and a density for each product.

Photos are squeezed to 96x96; the 27 numbers of a photo's code get a Gaussian kernel density (as
scikit-learn's ``KernelDensity``); a photo is anomalous when its density is too low or its
reconstruction error too high. The thesis set both limits by eye on the normal photos; here they
are quantiles of the same distributions.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
from keras import layers
import numpy as np
from rich.console import Console

from shelf_anomaly.checker import ERROR_BANDS
from shelf_anomaly.records import Float32Array, FloatArray

from . import thesis
from .augment import to_input
from .bandwidth import best_bandwidth, left_out_densities
from .epoch_bar import EpochBar
from .export import check_parity, to_onnx
from .photo_folder import load_photos, PhotoSet
from .photo_limits import conformal_threshold, FALSE_ALARMS
from .photo_report import PhotoReport
from .photos import PhotoModel, PhotoSettings
from .progress import step

VALIDATION_EVERY = 5  # one photo in five is kept apart for early stopping


def learn_thesis(folder: Path, settings: PhotoSettings, console: Console) -> PhotoModel:
    """Learn with the thesis's network."""
    photos = load_photos(folder, thesis.SIZE_PX, thesis.STRIDE, square=True, console=console)
    short = settings.epochs != PhotoSettings().epochs
    first, more = (settings.epochs, 0) if short else (thesis.FIRST_EPOCHS, thesis.MORE_EPOCHS)
    networks, histories = [], []
    with step(
        console, 'train a network for each product', len(photos.products) * (first + more)
    ) as bar:
        for index in range(len(photos.products)):
            pictures = _pictures(photos, index)
            held = np.arange(len(pictures)) % VALIDATION_EVERY == VALIDATION_EVERY - 1
            autoencoder = thesis.build_thesis()
            histories.append(
                thesis.train_thesis(
                    autoencoder,
                    pictures[~held],
                    pictures[held],
                    callbacks=[EpochBar(bar)],
                    first_epochs=first,
                    more_epochs=more,
                )
            )
            networks.append(autoencoder)
        bar.finish()
    joined = join_networks(networks)
    onnx = to_onnx(joined)
    inputs = [to_input(photo.image) for photo in photos.photos[:: max(1, len(photos.photos) // 5)]]
    parity = check_parity(
        joined, onnx, [*inputs, np.tile(inputs[0], (1, 2, 1, 1))], threads=settings.threads
    )
    report = PhotoReport.empty(photos.products)
    arrays, products = {}, {}
    for index, name in enumerate(photos.products):
        codes, errors = _measure(joined, photos, index)
        arrays[f'{name}/codes'] = codes.astype(np.float32)
        products[name] = limits(codes, errors)
        _report(report, name, products[name], codes, errors)
        report.examples += _examples(name, networks[index], _pictures(photos, index))
    report.history = histories[0]
    training = {
        'photos': len(photos.photos),
        'epochs': max(len(h.loss) for h in histories),
        'val_loss': round(float(np.mean([h.val_loss[h.best_epoch] for h in histories])), 5),
        'code_dims': thesis.CODE_DIMS,
        'networks': len(networks),
    }
    return PhotoModel(
        onnx, thesis.STRIDE, thesis.SIZE_PX, parity, arrays, products, report, training
    )


def join_networks(networks: Sequence[keras.Sequential]) -> keras.Model:
    """
    Put the products' networks beside each other in one graph.

    :return: from RGB 0..255 to ``code``, whose channels are, product by product, three of code and
        one of reconstruction error, and ``error``, the least of the networks
    """
    image = keras.Input((None, None, 3), name='image')
    bands, errors = [], []
    for index, network in enumerate(networks):
        out = thesis.thesis_network(network, f'product_{index}')(image)
        error = out['error'][..., None]
        bands += [out['code'], error]
        errors.append(error)
    least = errors[0] if len(errors) == 1 else layers.Minimum(name='least')(errors)
    return keras.Model(
        image, {'code': layers.Concatenate(name='codes')(bands), 'error': least[..., 0]}
    )


def limits(codes: FloatArray, errors: FloatArray) -> dict[str, float]:
    """
    Return what the manifest says of a product.

    :param codes: of the normal photos, shape ``(n, 27)``
    :param errors: their reconstruction errors, shape ``(n,)``
    """
    bandwidth = best_bandwidth(codes)
    densities = left_out_densities(codes, bandwidth)
    half = FALSE_ALARMS / 2  # either of the two limits may call a photo anomalous
    density, error = -conformal_threshold(-densities, half), conformal_threshold(errors, half)
    wrong = (densities < density) | (errors > error)
    return {
        'photos': len(codes),
        'bandwidth': bandwidth,
        'density': density,
        'density_spread': float(max(densities.std(), 1e-6)),
        'error': error,
        'error_spread': float(max(errors.std(), 1e-9)),
        'threshold': 0.0,
        'normal_above': float(wrong.mean()),
    }


def _pictures(photos: PhotoSet, product: int) -> Float32Array:
    """Return a product's photos, RGB 0..1, shape ``(n, 96, 96, 3)``."""
    pictures = np.concatenate([to_input(photo.image) for photo in photos.of(product)])
    return np.asarray(pictures / 255, np.float32)


def _measure(joined: keras.Model, photos: PhotoSet, product: int) -> tuple[FloatArray, FloatArray]:
    """Return the codes, shape ``(n, 27)``, and errors of a product's photos."""
    code = np.asarray(joined(_pictures(photos, product) * 255, training=False)['code'], np.float64)
    mine = code[..., ERROR_BANDS * product : ERROR_BANDS * (product + 1)]
    return mine[..., :-1].reshape(len(mine), -1), mine[..., -1].mean(axis=(1, 2))


def _report(
    report: PhotoReport, name: str, said: dict[str, float], codes: FloatArray, errors: FloatArray
) -> None:
    densities = left_out_densities(codes, said['bandwidth'])
    low = (said['density'] - densities) / said['density_spread']
    high = (errors - said['error']) / said['error_spread']
    report.normal[name] = np.maximum(low, high).tolist()
    report.errors[name] = errors.tolist()
    report.densities[name] = densities
    report.thresholds[name] = 0.0


def _examples(
    name: str, network: keras.Sequential, pictures: Float32Array
) -> list[tuple[str, Any, Any]]:
    """Return one photo beside its reconstruction, as the thesis showed them."""
    back = np.asarray(network(pictures[:1], training=False))[0]
    photo, rebuilt = (
        (255 * picture[..., ::-1]).astype(np.uint8) for picture in (pictures[0], back)
    )
    return [(f'{name}, normal', photo, rebuilt)]
