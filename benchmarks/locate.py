# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
How often the home of an item is found from a photo, on photos made from views of other patrols.

A facing is cut out of a view that the model has not met and put before another background, at
another size, turned, in other light, blurred and compressed. The bags, their truth and the views::

    shelf-anomaly-sim record --demo --out bags --normal 0 --test 4
    shelf-train collect bags/test/* --store bags/store.yaml --out views
    python benchmarks/locate.py views bags/truth.json --model models/demo

Facings beside a planted fault are left out. The layout needs a planogram (``products``).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
import json
from pathlib import Path
import time
from typing import Any

import cv2
import numpy as np

from shelf_anomaly.artefact import load_artefact
from shelf_anomaly.dataset import Dataset, load_dataset
from shelf_anomaly.locate import ItemLocator
from shelf_anomaly.records import ImageArray

TRIES = 50
BESIDE_CAMERA_M = 0.35
NEAR_FAULT_M = (0.25, 0.3)
BANDS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.01)


def background(rng: np.random.Generator, rows: int, cols: int) -> np.ndarray:
    """Return something that is no shelf: plain, clutter or stripes; float32 BGR."""
    kind = rng.integers(3)
    picture = np.full((rows, cols, 3), rng.integers(40, 220, 3), np.float32)
    if kind == 0:
        size = (int(rng.integers(3, 9)), int(rng.integers(3, 9)), 3)
        clutter = rng.integers(0, 255, size).astype(np.uint8)
        picture = cv2.resize(clutter, (cols, rows), interpolation=cv2.INTER_CUBIC).astype('f4')
    elif kind == 1:
        stripes = rng.normal(0, 60, (rows, 1)).astype(np.float32)
        picture += 2 * cv2.GaussianBlur(stripes, (1, 31), 0)[..., None]
    ramp = np.linspace(-1, 1, cols)[None, :, None] * rng.uniform(-25, 25)
    return np.clip(picture + ramp + rng.normal(0, 3, picture.shape), 0, 255)


def phone_photo(item: ImageArray, rng: np.random.Generator) -> ImageArray:
    """Return a photo of a cut-out facing, uint8 BGR."""
    rows = int(rng.integers(500, 1100))
    cols = int(rows * rng.uniform(0.7, 1.3))
    scale = rng.uniform(0.45, 0.85) * min(rows / item.shape[0], cols / item.shape[1])
    centre = (item.shape[1] / 2, item.shape[0] / 2)
    matrix = cv2.getRotationMatrix2D(centre, rng.uniform(-7, 7), scale)
    matrix[0, 2] += cols * (0.5 + rng.uniform(-0.05, 0.05)) - centre[0]
    matrix[1, 2] += rows * (0.5 + rng.uniform(-0.05, 0.05)) - centre[1]
    size = (cols, rows)
    shown = cv2.warpAffine(item, matrix, size, flags=cv2.INTER_CUBIC).astype(np.float32)
    mask = cv2.warpAffine(np.full(item.shape[:2], 255, np.uint8), matrix, size)[..., None] / 255
    photo = shown * mask + background(rng, rows, cols) * (1 - mask)
    gain = rng.uniform(0.7, 1.25) * (1 + rng.uniform(-0.08, 0.08, 3))
    photo = 255 * np.clip(photo / 255 * gain, 0, 1) ** rng.uniform(0.8, 1.25)
    noisy = np.clip(photo + rng.normal(0, 3, photo.shape), 0, 255).astype(np.uint8)
    blurred = cv2.GaussianBlur(noisy, (0, 0), rng.uniform(0.3, 1.5))
    data = cv2.imencode('.jpg', blurred, [cv2.IMWRITE_JPEG_QUALITY, 85])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def photos(
    data: Dataset, truth: Mapping[str, Any], count: int, seed: int
) -> Iterator[tuple[str, set[str], ImageArray]]:
    """Yield SKU, the bays that have it, and a photo; the SKUs in turns."""
    rng = np.random.default_rng(seed)
    homes: dict[str, set[str]] = {}
    for bay in data.store.bays.values():
        for product in bay.products:
            homes.setdefault(product.sku, set()).add(bay.id)
    names = sorted(homes)
    for number in range(count):
        sku = names[number % len(names)]
        for _ in range(TRIES):
            item = _facing(data, truth, sku, sorted(homes[sku]), rng)
            if item is not None:
                yield sku, homes[sku], phone_photo(item, rng)
                break


def _facing(
    data: Dataset,
    truth: Mapping[str, Any],
    sku: str,
    homes: Sequence[str],
    rng: np.random.Generator,
) -> ImageArray | None:
    bay = data.store.bay(str(rng.choice(homes)))
    products = [product for product in bay.products if product.sku == sku]
    product = products[int(rng.integers(len(products)))]
    entries = data.of(bay.id)
    entry = entries[int(rng.integers(len(entries)))]
    x = product.x + product.width / 2
    low, high = bay.level_span(product.level)
    faults = [f for f in truth.get(entry.patrol, ()) if f['bay'] == bay.id]
    if abs(x - entry.offset_m) > BESIDE_CAMERA_M or any(
        abs(f['x'] - x) < NEAR_FAULT_M[0] and abs(f['y'] - (low + high) / 2) < NEAR_FAULT_M[1]
        for f in faults
    ):
        return None
    view = data.load(entry)
    scale, margin = view.px_per_m, view.margin_m
    top = high - (0.05 if high - low > 0.2 else 0.03)
    rows = slice(*(round((bay.height + margin - y) * scale) for y in (top, low + 0.01)))
    cols = slice(*(round((e + margin) * scale) for e in (product.x, product.x + product.width)))
    item = view.image[rows, cols]
    return item if item.size and view.seen[rows, cols].all() else None


def main() -> None:
    """Measure and print."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument('views', help='what shelf-train collect wrote, of patrols not trained on')
    parser.add_argument('truth', help='truth.json of these patrols')
    parser.add_argument('--model', required=True)
    parser.add_argument('--photos', type=int, default=100, help='default: %(default)s')
    parser.add_argument('--seed', type=int, default=0)
    options = parser.parse_args()
    data = load_dataset(options.views)
    truth = json.loads(Path(options.truth).read_text())
    locator = ItemLocator(load_artefact(options.model), data.store)
    first, third, exact, chance, sure, seconds = [], [], [], [], [], 0.0
    for sku, homes, photo in photos(data, truth, options.photos, options.seed):
        begun = time.process_time()
        places = locator.locate(photo, len(data.store.bays))
        seconds += time.process_time() - begun
        first.append(places[0].bay in homes)
        third.append(any(place.bay in homes for place in places[:3]))
        exact.append(places[0].sku == sku)
        chance.append(len(homes) / len(places))
        sure.append(places[0].confidence)
    print(
        f'{len(first)} photos: first bay right {np.mean(first):.0%}, one of the first three '
        f'{np.mean(third):.0%}, facing of the SKU {np.mean(exact):.0%}; a bay drawn by lot '
        f'{np.mean(chance):.0%}; {1000 * seconds / len(first):.0f} ms of processor time a photo'
    )
    for low, high in pairwise(BANDS):
        inside = [(s, ok) for s, ok in zip(sure, first, strict=True) if low <= s < high]
        if inside:
            told, right = np.mean([s for s, _ in inside]), np.mean([ok for _, ok in inside])
            print(f'confidence {told:.2f}: right {right:.2f} ({len(inside)} photos)')


if __name__ == '__main__':
    main()
