# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The door of the store layout: what is refused, and how it is said."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shelf_anomaly.errors import LayoutError
from shelf_anomaly.store_layout import load_store_layout, parse_store_layout


def _document() -> dict[str, Any]:
    def bay(name: str, x: float) -> dict[str, Any]:
        return {
            'id': name,
            'side': 'left',
            'origin': [x, 1.2, 0.15],
            'facing_yaw': -np.pi / 2,
            'width': 1.0,
            'height': 1.5,
            'levels': [0.0, 0.5, 1.0],
        }

    aisle = {'id': 'A1', 'bays': [bay('B1', 0.0), bay('B2', 1.0)]}
    return {'version': 1, 'store': 's', 'frame': 'map', 'aisles': [aisle]}


def test_shelf_coordinates_are_those_of_a_shopper_in_front() -> None:
    """A face that looks to -y has its right along +x."""
    bay = parse_store_layout(_document()).bay('B2')

    np.testing.assert_allclose(bay.to_map(0.25, 0.5, 0.1), [1.25, 1.1, 0.65], atol=1e-9)
    assert [bay.level_at(y) for y in (-0.01, 0.0, 0.49, 0.5, 1.4)] == [0, 0, 0, 1, 2]


@pytest.mark.parametrize(
    ('path', 'value', 'said'),
    [
        (('version',), 2, r'store.yaml: version: is 2, expected 1'),
        (('aisles', 0, 'bays', 1, 'id'), 'B1', r'bay B1: the id is used twice'),
        (
            ('aisles', 0, 'bays', 1, 'origin'),
            [0.5, 1.2, 0.15],
            r'bay B2: overlaps bay B1 by 0.50 m',
        ),
        (
            ('aisles', 0, 'bays', 0, 'width'),
            float('nan'),
            r'bay B1: width: must be a finite number',
        ),
        (('aisles', 0, 'bays', 0, 'width'), -1, r'bay B1: width: is -1, expected'),
        (('aisles', 0, 'bays', 0, 'origin'), [1, 2], r'bay B1: origin: must be \[x, y, z\]'),
        (('aisles', 0, 'bays', 0, 'levels'), [0.5, 0.2], r'bay B1: levels: must rise'),
        (('aisles', 0, 'bays', 0, 'id'), '../x', r"'../x' cannot be a name"),
        (('aisles', 0, 'bays'), [], r'aisle A1: bays: must be a list that is not empty'),
    ],
)
def test_what_is_wrong_is_named(path: tuple[Any, ...], value: object, said: str) -> None:
    """Each error names the file, the entry and what was expected."""
    document = deepcopy(_document())
    place: Any = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value

    with pytest.raises(LayoutError, match=said):
        parse_store_layout(document)


def test_files(tmp_path: Path) -> None:
    """A missing file and one that is no YAML."""
    with pytest.raises(LayoutError, match='no such file; pass the store layout with --store'):
        load_store_layout(tmp_path / 'store.yaml')
    (tmp_path / 'store.yaml').write_text('a: [')
    with pytest.raises(LayoutError, match='is not YAML'):
        load_store_layout(tmp_path / 'store.yaml')


def test_cells_beside_the_face_are_known() -> None:
    bay = parse_store_layout(_document()).bay('B1')
    face = bay.face((30, 40), 0.05, margin_m=0.1)
    rows, cols = np.nonzero(face)
    x, y = (cols + 0.5) * 0.05 - 0.1, bay.height + 0.1 - (rows + 0.5) * 0.05
    assert x.min() == pytest.approx(0.025)
    assert y.max() == pytest.approx(bay.height - 0.025)
    assert x.max() <= bay.width
    assert y.min() >= 0
    assert not face[:, :2].any()
    assert not face[:2].any()
