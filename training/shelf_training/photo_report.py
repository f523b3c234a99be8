# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""How a photo model did on photos that it had not seen; for the terminal, the card, the plots."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from rich.console import Console
from rich.table import Table

from shelf_anomaly.records import Float32Array, FloatArray, ImageArray

from .thesis import History


@dataclass(slots=True)
class PhotoReport:
    """Left-out scores by product."""

    normal: dict[str, list[float]]
    """Normal photos."""
    planted: dict[str, list[float]]
    """Normal photos into which something foreign was laid."""
    swapped: dict[str, list[float]]
    """Normal photos of other products, shown as this one."""
    errors: dict[str, list[float]]
    """Reconstruction errors of the normal photos."""
    densities: dict[str, FloatArray] = field(default_factory=dict)
    """Log densities of the normal photos, each left out."""
    thresholds: dict[str, float] = field(default_factory=dict)
    examples: list[tuple[str, ImageArray, Float32Array]] = field(default_factory=list)
    """What it shows, the photo, and its scores by cell (or, in the thesis's way, its
    reconstruction)."""
    history: History = field(default_factory=History)

    @classmethod
    def empty(cls, products: tuple[str, ...]) -> PhotoReport:
        """Return a report without a score."""
        return cls(*({name: [] for name in products} for _ in range(4)))  # type: ignore[arg-type]  # lists of floats

    def figures(self) -> dict[str, float]:
        """Return the mean AUROC over the products, of things laid in and of swapped products."""
        found = {}
        for name, scores in (
            ('auroc_foreign_left_out', self.planted),
            ('auroc_swapped_left_out', self.swapped),
        ):
            values = [
                auroc(self.normal[p], scores[p])
                for p in self.normal
                if self.normal[p] and scores[p]
            ]
            if values:
                found[name] = round(float(np.mean(values)), 3)
        return found

    def show(self, console: Console) -> None:
        """Print how each product did."""
        table = Table(
            'product',
            'photos',
            'normal called anomalous',
            'things found',
            'AUROC things',
            'AUROC swapped',
            title='Photos left out',
        )
        for name, scores in self.normal.items():
            limit, things, swaps = self.thresholds[name], self.planted[name], self.swapped[name]
            table.add_row(
                name,
                str(len(scores)),
                f'{np.mean(np.array(scores) > limit):.0%}',
                f'{np.mean(np.array(things) > limit):.0%}' if things else '-',
                f'{auroc(scores, things):.2f}' if things else '-',
                f'{auroc(scores, swaps):.2f}' if swaps else '-',
            )
        console.print(table)


def auroc(normal: list[float], anomalous: list[float]) -> float:
    """Return the chance that an anomalous photo scores above a normal one; ties count half."""
    a, b = np.array(normal)[:, None], np.array(anomalous)[None, :]
    return float((b > a).mean() + 0.5 * (b == a).mean())
