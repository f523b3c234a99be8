# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
Pictures of a training: curves, distributions, reconstructions. They lie in MODEL/plots/.

Drawn off screen; one function makes one figure, the two ``plot_*`` at the end make a model's set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
import numpy as np

from shelf_anomaly.dataset import Dataset
from shelf_anomaly.records import Float32Array, FloatArray, ImageArray

from .calibrate import CalibratedBay, EncodedView
from .thesis import History

INK, ACCENT, WARN, PALE = '#22313f', '#1f77b4', '#d1495b', '#9fb8c8'
DPI = 110


@dataclass(frozen=True, slots=True)
class Plot:
    """One picture that was saved."""

    file: str
    """Path below the model folder."""
    caption: str


class PlotFolder:
    """Saves figures below a model folder and remembers them."""

    def __init__(self, model: Path) -> None:
        """Write into ``model``/plots."""
        self._folder = model / 'plots'
        self._folder.mkdir(parents=True, exist_ok=True)
        self.plots: list[Plot] = []

    def save(self, figure: Figure, name: str, caption: str) -> None:
        """Save a figure as ``plots/name.png``."""
        canvas: Any = FigureCanvasAgg(figure)  # print_png has no types
        canvas.print_png(self._folder / f'{name}.png')
        self.plots.append(Plot(f'plots/{name}.png', caption))


def _figure(width: float, height: float, rows: int = 1, cols: int = 1) -> tuple[Figure, Any]:
    figure = Figure(figsize=(width, height), dpi=DPI, layout='constrained')
    axes = figure.subplots(rows, cols, squeeze=False)
    for axis in axes.ravel():
        axis.spines[['top', 'right']].set_visible(False)
        axis.tick_params(colors=INK, labelsize=8)
    return figure, axes


def training_curves(history: History, measure: str) -> Figure:
    """Draw the losses by epoch and mark the weights that were kept."""
    figure, axes = _figure(6.4, 3.4)
    axis, epochs = axes[0, 0], np.arange(1, len(history.loss) + 1)
    axis.plot(epochs, history.loss, color=PALE, label='training')
    axis.plot(
        epochs[: len(history.val_loss)],
        history.val_loss,
        color=ACCENT,
        label='validation (patrols or photos kept apart)',
    )
    if history.val_loss:
        best = history.best_epoch
        axis.plot(
            best + 1, history.val_loss[best], 'o', color=WARN, label=f'kept: epoch {best + 1}'
        )
    axis.set(xlabel='epoch', ylabel=measure, title='Training')
    axis.legend(frameon=False, fontsize=8)
    return figure


def distributions(
    title: str,
    label: str,
    groups: Mapping[str, FloatArray],
    thresholds: Mapping[str, float] | None = None,
) -> Figure:
    """Draw histograms of several groups over the same bins, with thresholds as lines."""
    figure, axes = _figure(6.4, 3.4)
    axis = axes[0, 0]
    kept = {name: values[np.isfinite(values)] for name, values in groups.items()}
    together = np.concatenate([v for v in kept.values() if v.size] or [np.zeros(1)])
    low, high = np.quantile(together, [0.0, 0.999])
    bins = np.linspace(low, max(high, low + 1e-6), 50)
    colours = (ACCENT, WARN, '#e8a33d', '#5b8c5a', PALE)
    for (name, values), colour in zip(kept.items(), colours, strict=False):
        if values.size:
            axis.hist(
                values,
                bins,
                density=True,
                alpha=0.55,
                color=colour,
                label=f'{name} ({values.size})',
            )
    for name, value in (thresholds or {}).items():
        axis.axvline(value, color=INK, linestyle='--', linewidth=1, label=f'{name} {value:.3g}')
    axis.set(xlabel=label, ylabel='share', title=title)
    axis.legend(frameon=False, fontsize=8)
    return figure


def by_group(
    title: str, label: str, groups: Mapping[str, FloatArray], threshold: float | None = None
) -> Figure:
    """Draw one box a group, so that one that differs from the others shows."""
    figure, axes = _figure(max(4.8, 1.0 + 0.5 * len(groups)), 3.6)
    axis = axes[0, 0]
    values = [np.asarray(v)[np.isfinite(v)] for v in groups.values()]
    axis.boxplot(
        values, medianprops={'color': WARN}, flierprops={'markersize': 3}, boxprops={'color': INK}
    )
    axis.set_xticks(
        range(1, len(groups) + 1),
        list(groups),
        rotation=45 if len(groups) > 4 else 0,
        ha='right' if len(groups) > 4 else 'center',
    )
    if threshold is not None:
        axis.axhline(
            threshold, color=INK, linestyle='--', linewidth=1, label=f'threshold {threshold:.3g}'
        )
        axis.legend(frameon=False, fontsize=8)
    axis.set(ylabel=label, title=title)
    return figure


def side_by_side(title: str, rows: Sequence[tuple[str, Sequence[tuple[str, Any]]]]) -> Figure:
    """
    Draw pictures and maps beside each other.

    :param rows: name of a row and its panels: a title and either a picture ``(rows, cols, 3)``
        uint8 BGR or a map ``(rows, cols)`` float
    """
    cols = max(len(panels) for _, panels in rows)
    figure, axes = _figure(2.7 * cols + 0.4, 2.7 * len(rows) + 0.4, len(rows), cols)
    limits = _limits(rows)
    for line, (name, panels) in zip(axes, rows, strict=True):
        for axis in line:
            axis.axis('off')
        for index, (axis, (label, value)) in enumerate(zip(line, panels, strict=False)):
            if np.ndim(value) == 3:
                axis.imshow(value[..., ::-1])
            else:
                axis.imshow(value, cmap='magma', vmin=limits[label][0], vmax=limits[label][1])
            axis.set_title(f'{name}: {label}' if index == 0 else label, fontsize=8, color=INK)
    figure.suptitle(title, fontsize=10, color=INK)
    return figure


def _limits(
    rows: Sequence[tuple[str, Sequence[tuple[str, Any]]]],
) -> dict[str, tuple[float, float]]:
    """Return one scale for all maps of the same title, so that they may be compared."""
    found: dict[str, list[float]] = {}
    for _, panels in rows:
        for label, value in panels:
            if np.ndim(value) == 2 and np.isfinite(value).any():
                found.setdefault(label, []).extend(np.nanquantile(value, [0.01, 0.995]).tolist())
            elif np.ndim(value) == 2:
                found.setdefault(label, []).extend([0.0, 1.0])
    return {label: (min(values), max(values)) for label, values in found.items()}


def plot_bays(
    model: Path,
    dataset: Dataset,
    history: History,
    encoded: Mapping[str, Sequence[EncodedView]],
    calibrated: Mapping[str, CalibratedBay],
    threshold: float,
) -> list[Plot]:
    """
    Draw the set of a model for shelves.

    :param model: the model folder
    :param threshold: score of an alert at the default budget
    """
    folder = PlotFolder(model)
    if history.loss:
        folder.save(training_curves(history, 'reconstruction error'), 'training', 'Loss by epoch')
    scores = np.concatenate([bay.score_maps.ravel() for bay in calibrated.values()])
    maxima = np.concatenate([bay.bay_maxima for bay in calibrated.values()])
    folder.save(
        distributions(
            'Scores of normal passes, each left out of its own normal',
            'score (0 is usual)',
            {'places': scores[:: max(1, scores.size // 200_000)], 'highest of a bay': maxima},
            {'alert at 1 a patrol': threshold},
        ),
        'scores',
        'How normal passes score: every place, and the highest place of each bay',
    )
    folder.save(
        by_group(
            'Highest score of each normal pass, by bay',
            'score',
            {b: c.bay_maxima for b, c in calibrated.items()},
            threshold,
        ),
        'bays',
        'A bay that stands out has unsteady normals: more passes, or a look at its surveyed place',
    )
    distances = {b: c.patch_distances for b, c in calibrated.items()}
    folder.save(
        distributions(
            'Density: distance of normal places to what is normal there',
            'distance',
            {'all bays': np.concatenate(list(distances.values()))},
        ),
        'density',
        'Kernel density of left-out passes, on the scale of distances (0 is densest)',
    )
    errors = [v.encoded.error[v.encoded.seen] for views in encoded.values() for v in views]
    sample = np.concatenate([e[:: max(1, e.size // 500)] for e in errors]).astype(np.float64)
    folder.save(
        distributions(
            'Reconstruction error of normal cells', 'mean squared error', {'cells': sample}
        ),
        'error',
        'Reconstruction error',
    )
    rows = [_bay_row(dataset, bay, encoded[bay], calibrated[bay]) for bay in list(calibrated)[:4]]
    folder.save(
        side_by_side('A normal view, its reconstruction error, and the least normal pass', rows),
        'reconstructions',
        'Bright: badly reconstructed, or least like the other passes',
    )
    return folder.plots


def _bay_row(
    dataset: Dataset, bay: str, views: Sequence[EncodedView], found: CalibratedBay
) -> tuple[str, list[tuple[str, Any]]]:
    entries = dataset.of(bay)
    middle = dataset.store.bay(bay).width / 2
    best = min(range(len(views)), key=lambda i: abs(views[i].offset_m - middle))
    entry = min(entries, key=lambda e: abs(e.offset_m - views[best].offset_m))
    encoded = views[best].encoded
    error: Float32Array = np.where(encoded.seen, encoded.error, np.nan).astype(np.float32)
    picture: ImageArray = dataset.load(entry).image
    worst = int(np.nanargmax(found.bay_maxima))
    return bay, [
        ('view', picture),
        ('error', error),
        ('least normal pass', found.score_maps[worst]),
    ]
