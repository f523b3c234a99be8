# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What a file or folder of the project is: a model, a store layout or a bag, in a few lines."""

from __future__ import annotations

from pathlib import Path

from ..artefact import load_artefact, MANIFEST
from ..errors import BagError, SettingsError
from ..store_layout import load_store_layout
from .bag_paths import find_bags
from .bag_reader import open_bag
from .topics import BagOptions, choose_topics

Rows = list[tuple[str, str]]


def describe(path: str | Path) -> tuple[str, Rows]:
    """
    Say what something is.

    :param path: a model folder, a store.yaml, or a bag
    :return: a title, and rows of name and value
    :raises ShelfAnomalyError: if it is none of these, or is damaged
    """
    path = Path(path)
    if not path.exists():
        raise SettingsError(f'{path}: no such file or folder')
    if path.is_dir() and (path / MANIFEST).exists():
        return f'Model {path}', _model(path)
    if path.suffix in ('.yaml', '.yml', '.json') and path.name != 'metadata.yaml':
        return f'Store layout {path}', _store(path)
    if path.name == 'metadata.yaml':
        path = path.parent
    bags = find_bags([path])
    if len(bags) == 1:
        bag = next(iter(bags.values()))
        return f'Bag {bag}', _bag(bag)
    return f'{len(bags)} bags in {path}', [(name, _one_line(bag)) for name, bag in bags.items()]


def _model(path: Path) -> Rows:
    artefact = load_artefact(path)
    rows = [
        (key.replace('_', ' '), f'{value:g}' if isinstance(value, float) else str(value))
        for key, value in sorted(artefact.manifest.items())
        if isinstance(value, (str, int, float)) and value != ''
    ]
    for key, value in sorted(artefact.manifest.items()):
        if isinstance(value, list) and value and all(isinstance(v, (str, int)) for v in value):
            more = f', ... ({len(value)} in all)' if len(value) > 8 else ''
            rows.append((key.replace('_', ' '), ', '.join(map(str, value[:8])) + more))
    for name, said in artefact.manifest['files'].items():
        rows.append(
            (name, f'{said["bytes"] / 1e6:.2f} MB, SHA-256 {said["sha256"][:16]}..., checked')
        )
    return rows


def _store(path: Path) -> Rows:
    store = load_store_layout(path)
    rows = [('store', store.store), ('frame', store.frame), ('bays', str(len(store.bays)))]
    for aisle in store.aisles:
        bays = list(store.in_aisle(aisle))
        shelves = sum(len(bay.levels) for bay in bays)
        width = sum(bay.width for bay in bays)
        rows.append((f'aisle {aisle}', f'{len(bays)} bays, {shelves} shelves, {width:.2f} m'))
    for bay in store.bays.values():
        size = f'{bay.width:.2f} x {bay.height:.2f} m, {len(bay.levels)} shelves'
        skus = len({product.sku for product in bay.products})
        rows.append((bay.id, f'{size}, {bay.side}' + (f', {skus} products' if skus else '')))
    return rows


def _bag(path: Path) -> Rows:
    reader = open_bag(path)
    try:
        counts: dict[str, int] = {}
        kinds: dict[str, str] = {}
        for connection in reader.connections:
            counts[connection.topic] = counts.get(connection.topic, 0) + connection.msgcount
            kinds[connection.topic] = connection.msgtype
        seconds = max(0, reader.duration) / 1e9
    finally:
        reader.close()
    rows = [('duration', f'{seconds:.1f} s'), ('messages', str(sum(counts.values())))]
    rows += [(topic, f'{counts[topic]} x {kinds[topic]}') for topic in sorted(kinds)]
    try:
        wanted = choose_topics(str(path), kinds, BagOptions(camera='all'))
    except BagError as error:
        return [*rows, ('use', str(error))]
    rows += [
        (f'camera {c.namespace}', f'{c.image_topic} with {c.info_topic}') for c in wanted.cameras
    ]
    return [
        *rows,
        ('pose', wanted.pose_topic if wanted.place_by_topic else ', '.join(wanted.tf_topics)),
    ]


def _one_line(path: Path) -> str:
    try:
        reader = open_bag(path)
    except BagError as error:
        return str(error)
    try:
        topics = {connection.topic for connection in reader.connections}
        return f'{max(0, reader.duration) / 1e9:.1f} s, {len(topics)} topics'
    finally:
        reader.close()
