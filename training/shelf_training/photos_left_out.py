# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
Photos judged by models that saw nothing of their third of the photos.

Limits and the figures of the card stand on these, so that they hold for new photos.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from shelf_anomaly.checker import foreign_cells, photo_score
from shelf_anomaly.density import log_density
from shelf_anomaly.records import Float32Array, FloatArray, ImageArray

from .augment import to_input
from .network import traced
from .photo_folder import PhotoSet
from .photo_limits import Judged
from .photo_look import Look, WITHIN
from .photo_report import PhotoReport
from .planted import planted_photo
from .thesis import History


@dataclass(slots=True)
class LeftOut:
    """What photos showed to models that had not seen them, by product."""

    normal: dict[str, list[Judged]]
    planted: dict[str, list[Judged]]
    """Of the photos with something foreign laid into them."""
    swapped: dict[str, list[Judged]]
    """Of photos of other products, shown as this one."""
    errors: dict[str, list[float]]
    """Mean reconstruction errors of the normal photos."""
    examples: list[tuple[str, ImageArray, Float32Array]] = field(default_factory=list)
    """What it shows, the photo, and its cells."""

    @classmethod
    def empty(cls, products: Sequence[str]) -> LeftOut:
        """Return it without a photo."""
        return cls(*({name: [] for name in products} for _ in range(4)))  # type: ignore[arg-type]  # lists of their kind

    def report(self, limits: Mapping[str, Mapping[str, float]], history: History) -> PhotoReport:
        """Return the scores by the products' limits."""

        def scores(found: Mapping[str, list[Judged]]) -> dict[str, list[float]]:
            return {
                name: [photo_score(j.highest, j.density, limits[name]) for j in judged]
                for name, judged in found.items()
            }

        return PhotoReport(
            normal=scores(self.normal),
            planted=scores(self.planted),
            swapped=scores(self.swapped),
            errors=self.errors,
            densities={
                n: np.array([j.density for j in judged]) for n, judged in self.normal.items()
            },
            thresholds=dict.fromkeys(self.normal, 0.0),
            examples=self.examples,
            history=history,
        )


@dataclass(frozen=True, slots=True)
class _Judge:
    """A model that has seen some of the folds only."""

    run: Callable[[Any], Any]
    look_dims: int
    middles: list[FloatArray]
    """Mean look of the photos that it saw, by product, each ``(1, dims)``."""

    def __call__(self, image: ImageArray) -> tuple[Float32Array, list[Judged], float]:
        """Return a photo's cells, what it shows as each of the products, and its error."""
        out = self.run(to_input(image))
        code = np.asarray(out['code'])[0]
        cells = foreign_cells(code)
        highest = float(cells.max())
        look = code[..., -self.look_dims :].mean(axis=(0, 1), dtype=np.float64)[None]
        judged = [
            Judged(highest, float(log_density(look, middle, WITHIN)[0])) for middle in self.middles
        ]
        return cells, judged, float(np.mean(out['error']))


def judge_left_out(
    photos: PhotoSet,
    networks: Sequence[tuple[keras.Model, Look]],
    means: FloatArray,
    seed: int,
    on_photo: Callable[[str], None] = lambda note: None,
) -> LeftOut:
    """
    Judge every photo, as its own product and as the others, and a copy with something foreign.

    :param networks: one a fold, and its look, both made without that fold
    :param means: mean features of the photos, those of the look, shape ``(n, features)``
    """
    rng = np.random.default_rng(seed)
    names = photos.products
    found = LeftOut.empty(names)
    folds = np.array([photo.fold for photo in photos.photos])
    of_product = np.array([photo.product for photo in photos.photos])
    for fold, (network, look) in enumerate(networks):
        middles = [
            look.middle(means[(folds != fold) & (of_product == i)]) for i in range(len(names))
        ]
        judge = _Judge(traced(network), look.weights.shape[1], middles)
        for photo in (p for p in photos.photos if p.fold == fold):
            name = names[photo.product]
            cells, judged, error = judge(photo.image)
            for other, as_other in zip(names, judged, strict=True):
                (found.normal if other == name else found.swapped)[other].append(as_other)
            found.errors[name].append(error)
            others = [p for p in photos.photos if p.fold == fold and p.product != photo.product]
            planted = planted_photo(photo, others, rng)
            planted_cells, judged, _ = judge(planted)
            found.planted[name].append(judged[photo.product])
            if len(found.normal[name]) == 1:
                found.examples += [
                    (f'{name}, normal', photo.image, cells),
                    (f'{name}, foreign thing', planted, planted_cells),
                ]
            on_photo(name)
    return found
