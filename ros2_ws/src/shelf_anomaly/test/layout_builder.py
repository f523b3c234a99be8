# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Stores of one aisle, for tests of what happens in it."""

from __future__ import annotations

from collections.abc import Sequence

from shelf_anomaly.store_layout import parse_store_layout, StoreLayout


def row_of_bays(
    *ids: str,
    levels: Sequence[float],
    width: float = 1.0,
    height: float = 1.2,
    step: float = 1.0,
    name: str = 'corner',
    **more: object,
) -> StoreLayout:
    """Return bays side by side along x, facing -y; ``more`` is said of each of them."""
    bays = [
        {
            'id': bay,
            'side': 'left',
            'origin': [step * i, 1.0, 0.1],
            'facing_yaw': -1.5707963,
            'width': width,
            'height': height,
            'levels': list(levels),
            **more,
        }
        for i, bay in enumerate(ids)
    ]
    return parse_store_layout(
        {'version': 1, 'store': name, 'frame': 'map', 'aisles': [{'id': 'A', 'bays': bays}]}
    )
