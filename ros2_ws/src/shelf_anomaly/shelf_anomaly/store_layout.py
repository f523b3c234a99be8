# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The store's geometry: aisles and bays in the map frame, read from ``store.yaml`` and checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
import math
from pathlib import Path
from typing import cast

import numpy as np
import yaml

from .errors import LayoutError
from .records import BoolArray, FloatArray

SUPPORTED_VERSION = 1
MAX_SIDE_M = 20.0
OVERLAP_M = 0.02  # neighbours that are surveyed to the centimetre may touch


@dataclass(frozen=True, slots=True)
class Product:
    """One facing of the planogram."""

    sku: str
    level: int
    x: float
    """Left edge, metres right of the bay's origin."""
    width: float


@dataclass(frozen=True, slots=True)
class Bay:
    """One shelf bay: a rectangle that stands upright in the map."""

    id: str
    aisle: str
    side: str
    origin: tuple[float, float, float]
    """Lower left corner of the face as a shopper in front of it sees it, metres in map."""
    facing_yaw: float
    """Yaw of the outward normal, radians."""
    width: float
    height: float
    levels: tuple[float, ...]
    """Heights of the boards above the origin, metres, lowest first."""
    products: tuple[Product, ...] = ()

    @property
    def normal(self) -> FloatArray:
        """Outward unit normal in map, shape ``(3,)``."""
        return np.array([math.cos(self.facing_yaw), math.sin(self.facing_yaw), 0.0])

    @property
    def right(self) -> FloatArray:
        """Unit vector along the face to a shopper's right, in map, shape ``(3,)``."""
        return np.array([-math.sin(self.facing_yaw), math.cos(self.facing_yaw), 0.0])

    def to_map(self, x: float, y: float, out: float = 0.0) -> FloatArray:
        """Return the map position of the shelf's ``x``, ``y`` and ``out`` metres off the face."""
        return np.asarray(
            np.asarray(self.origin) + x * self.right + out * self.normal + np.array([0.0, 0.0, y]),
            np.float64,
        )

    def level_at(self, y: float) -> int:
        """Return the board under height ``y`` (metres above the origin): 0 is the lowest."""
        return max(0, sum(board <= y + 1e-6 for board in self.levels) - 1)

    def level_span(self, level: int) -> tuple[float, float]:
        """Return the lower and upper edge of a level, metres above the origin."""
        top = self.levels[level + 1] if level + 1 < len(self.levels) else self.height
        return self.levels[level], top

    def row_heights(self, rows: int, cell_m: float, margin_m: float) -> FloatArray:
        """Return the middle of each row of a view's cells, metres above the origin; see face."""
        return np.asarray(self.height + margin_m - (np.arange(rows) + 0.5) * cell_m, np.float64)

    def face(self, shape: tuple[int, int], cell_m: float, margin_m: float) -> BoolArray:
        """
        Return which cells of the bay's views lie on its face; the others show what is beside it.

        :param shape: rows and columns of cells
        :param margin_m: how far the views reach beyond the face
        :return: shape ``(rows, cols)``
        """
        x = (np.arange(shape[1]) + 0.5) * cell_m - margin_m
        y = self.row_heights(shape[0], cell_m, margin_m)
        across, up = (x >= 0) & (x <= self.width), (y >= 0) & (y <= self.height)
        return np.asarray(up[:, None] & across[None, :])


@dataclass(frozen=True, slots=True)
class StoreLayout:
    """All bays of one store, by id."""

    store: str
    frame: str
    bays: Mapping[str, Bay]
    aisles: tuple[str, ...]
    source: str = field(default='store.yaml', compare=False)

    def bay(self, bay_id: str) -> Bay:
        """Return the bay ``bay_id``; :raises LayoutError: if the store has none of that name."""
        try:
            return self.bays[bay_id]
        except KeyError:
            known = ', '.join(list(self.bays)[:6])
            raise LayoutError(
                self.source, bay_id, f'no such bay; the store has {known}, ...'
            ) from None

    def in_aisle(self, aisle: str) -> Iterator[Bay]:
        """Yield the bays of one aisle, in the order of the file."""
        return (bay for bay in self.bays.values() if bay.aisle == aisle)


def load_store_layout(path: str | Path) -> StoreLayout:
    """
    Read and check a ``store.yaml``.

    :param path: the file
    :return: the layout
    :raises LayoutError: naming the file, the entry, what is wrong and what is expected
    """
    path = Path(path)
    try:
        text = path.read_text(encoding='utf-8')
    except FileNotFoundError:
        raise LayoutError(path, '', 'no such file; pass the store layout with --store') from None
    except (OSError, UnicodeDecodeError) as error:
        raise LayoutError(path, '', f'cannot be read: {error}') from None
    try:
        document: object = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise LayoutError(path, '', f'is not YAML: {error}') from None
    return parse_store_layout(document, source=str(path))


def parse_store_layout(document: object, *, source: str = 'store.yaml') -> StoreLayout:
    """Check a parsed document and return the layout; ``source`` is named in errors."""
    door = _Door(source)
    top = door.mapping(document, 'document')
    version = top.get('version')
    if version != SUPPORTED_VERSION:
        raise LayoutError(source, 'version', f'is {version!r}, expected {SUPPORTED_VERSION}')
    bays: dict[str, Bay] = {}
    aisles: list[str] = []
    for i, entry in enumerate(door.sequence(top.get('aisles'), 'aisles')):
        aisle = door.mapping(entry, f'aisles[{i}]')
        aisle_id = door.text(aisle.get('id'), f'aisles[{i}].id')
        if aisle_id in aisles:
            raise LayoutError(
                source, f'aisles[{i}].id', f'{aisle_id!r} is used twice; ids must differ'
            )
        aisles.append(aisle_id)
        for j, raw in enumerate(door.sequence(aisle.get('bays'), f'aisle {aisle_id}: bays')):
            bay = _parse_bay(door, raw, aisle_id, f'aisle {aisle_id}: bays[{j}]')
            if bay.id in bays:
                raise LayoutError(
                    source,
                    f'bay {bay.id}',
                    'the id is used twice; ids must differ in the whole store',
                )
            bays[bay.id] = bay
    _check_overlaps(list(bays.values()), source)
    return StoreLayout(
        store=door.text(top.get('store'), 'store'),
        frame=door.text(top.get('frame', 'map'), 'frame'),
        bays=bays,
        aisles=tuple(aisles),
        source=source,
    )


class _Door:
    """Turns parts of a YAML document into checked values; every refusal names file and entry."""

    def __init__(self, source: str) -> None:
        self.source = source

    def mapping(self, value: object, entry: str) -> Mapping[str, object]:
        if not isinstance(value, Mapping):
            raise LayoutError(self.source, entry, f'must be a mapping, got {_shown(value)}')
        return cast('Mapping[str, object]', value)

    def sequence(self, value: object, entry: str) -> Sequence[object]:
        if not isinstance(value, Sequence) or isinstance(value, str) or not value:
            raise LayoutError(
                self.source, entry, f'must be a list that is not empty, got {_shown(value)}'
            )
        return cast('Sequence[object]', value)

    def text(self, value: object, entry: str) -> str:
        if isinstance(value, bool) or not isinstance(value, (str, int)) or not str(value).strip():
            raise LayoutError(self.source, entry, f'must be a name, got {_shown(value)}')
        name = str(value).strip()
        if any(c in name for c in '/\\\0') or name in ('.', '..') or not name.isprintable():
            raise LayoutError(
                self.source, entry, f'{name!r} cannot be a name: no slashes, no control characters'
            )
        return name

    def number(self, value: object, entry: str, low: float = -1e6, high: float = 1e6) -> float:
        if (
            isinstance(value, bool)
            or not isinstance(value, (int, float))
            or not math.isfinite(value)
        ):
            raise LayoutError(self.source, entry, f'must be a finite number, got {_shown(value)}')
        if not low <= value <= high:
            raise LayoutError(self.source, entry, f'is {value:g}, expected {low:g} to {high:g}')
        return float(value)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) < 60 else text[:57] + '...'


def _parse_bay(door: _Door, raw: object, aisle: str, entry: str) -> Bay:
    item = door.mapping(raw, entry)
    bay_id = door.text(item.get('id'), f'{entry}.id')
    entry = f'bay {bay_id}'
    origin = [
        door.number(v, f'{entry}: origin[{i}]')
        for i, v in enumerate(door.sequence(item.get('origin'), f'{entry}: origin'))
    ]
    if len(origin) != 3:
        raise LayoutError(
            door.source, f'{entry}: origin', f'must be [x, y, z], got {len(origin)} numbers'
        )
    width = door.number(item.get('width'), f'{entry}: width', 0.05, MAX_SIDE_M)
    height = door.number(item.get('height'), f'{entry}: height', 0.05, MAX_SIDE_M)
    levels = [
        door.number(v, f'{entry}: levels[{i}]', -0.5, height)
        for i, v in enumerate(door.sequence(item.get('levels', [0.0]), f'{entry}: levels'))
    ]
    if any(b <= a for a, b in pairwise(levels)):
        raise LayoutError(
            door.source, f'{entry}: levels', f'must rise from the lowest board up, got {levels}'
        )
    products = _parse_products(door, item.get('products'), entry, width, len(levels))
    return Bay(
        id=bay_id,
        aisle=aisle,
        side=door.text(item.get('side', 'unknown'), f'{entry}: side'),
        origin=(origin[0], origin[1], origin[2]),
        facing_yaw=door.number(
            item.get('facing_yaw'), f'{entry}: facing_yaw', -2 * math.pi, 2 * math.pi
        ),
        width=width,
        height=height,
        levels=tuple(levels),
        products=products,
    )


def _parse_products(
    door: _Door, raw: object, entry: str, width: float, levels: int
) -> tuple[Product, ...]:
    if raw is None or raw == []:
        return ()
    products = []
    for i, value in enumerate(door.sequence(raw, f'{entry}: products')):
        name = f'{entry}: products[{i}]'
        item = door.mapping(value, name)
        level = item.get('level')
        if isinstance(level, bool) or not isinstance(level, int) or not 0 <= level < levels:
            raise LayoutError(
                door.source, f'{name}.level', f'is {level!r}, expected 0 to {levels - 1}'
            )
        products.append(
            Product(
                sku=door.text(item.get('sku'), f'{name}.sku'),
                level=level,
                x=door.number(item.get('x'), f'{name}.x', -0.1, width),
                width=door.number(item.get('width'), f'{name}.width', 0.005, width + 0.1),
            )
        )
    return tuple(products)


def _check_overlaps(bays: list[Bay], source: str) -> None:
    """Refuse two faces that look the same way and cover the same piece of wall."""
    for i, a in enumerate(bays):
        for b in bays[i + 1 :]:
            shift = np.asarray(b.origin) - np.asarray(a.origin)
            if float(a.normal @ b.normal) < 0.9 or abs(float(shift @ a.normal)) > 0.2:
                continue
            along, up = float(shift @ a.right), float(shift[2])
            over_x = min(a.width, along + b.width) - max(0.0, along)
            over_y = min(a.height, up + b.height) - max(0.0, up)
            if over_x > OVERLAP_M and over_y > OVERLAP_M:
                raise LayoutError(
                    source,
                    f'bay {b.id}',
                    f'overlaps bay {a.id} by {over_x:.2f} m across and {over_y:.2f} m up; '
                    'check origin and width',
                )
