# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The pictures of a photo model."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from shelf_anomaly.records import FloatArray

from .photo_report import PhotoReport
from .plots import by_group, distributions, Plot, PlotFolder, side_by_side, training_curves


def plot_photos(model: Path, report: PhotoReport) -> list[Plot]:
    """
    Draw training curves, distributions of scores, density and error, and examples.

    :param model: the model folder
    """
    folder = PlotFolder(model)
    folder.save(training_curves(report.history, 'loss'), 'training', 'Loss by epoch')
    groups = {
        'normal': report.normal,
        'with something foreign': report.planted,
        'another product': report.swapped,
    }
    above = {name: _above(scores, report.thresholds) for name, scores in groups.items()}
    folder.save(
        distributions(
            'Photos left out',
            'score above the threshold of the product',
            above,
            {'anomalous from': 0.0},
        ),
        'scores',
        'Scores of photos that the scoring model had not seen',
    )
    folder.save(
        by_group(
            'Normal photos by product',
            'score above the threshold',
            {p: _above({p: s}, report.thresholds) for p, s in report.normal.items()},
            0.0,
        ),
        'products',
        'Normal photos above the line would be false alarms',
    )
    if report.densities:
        folder.save(
            distributions(
                'Density of normal photos, each left out',
                'log density, nats',
                dict(report.densities),
            ),
            'density',
            'Log density of the codes of normal photos, by product',
        )
    folder.save(
        distributions(
            'Reconstruction error of normal photos',
            'mean squared error',
            {p: np.array(e) for p, e in report.errors.items()},
        ),
        'error',
        'Reconstruction error, by product',
    )
    second = (
        'score of each cell'
        if report.examples and report.examples[0][2].ndim == 2
        else 'reconstruction'
    )
    rows = [
        (label, [('photo', photo), (second, value)]) for label, photo, value in report.examples[:8]
    ]
    if rows:
        folder.save(
            side_by_side('Examples', rows), 'reconstructions', f'Photos beside their {second}'
        )
    return folder.plots


def _above(scores: dict[str, list[float]], thresholds: dict[str, float]) -> FloatArray:
    """Return how far scores lie above the threshold of their product."""
    parts = [np.array(values) - thresholds[name] for name, values in scores.items() if values]
    return np.concatenate(parts) if parts else np.zeros(0)
