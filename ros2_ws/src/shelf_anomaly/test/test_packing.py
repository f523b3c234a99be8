# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Values of several views come back as they were, and take little room where they are alike."""

import lzma

import numpy as np
import pytest

from shelf_anomaly.packing import pack_views, unpack_views

VIEWS, ROWS, COLS, DIMS = 7, 5, 4, 3


def _values(spread: int) -> np.ndarray:
    """Return values of places that differ, each seen by views that differ by ``spread``."""
    rng = np.random.default_rng(0)
    places = rng.integers(0, 256, (ROWS, COLS, DIMS))
    noise = rng.integers(0, spread + 1, (VIEWS, ROWS, COLS, DIMS))
    return ((places + noise) % 256).astype(np.uint8)


def _seen() -> np.ndarray:
    seen = np.random.default_rng(1).random((VIEWS, ROWS, COLS)) < 0.6
    seen[:, 2, 1] = False  # a place that none saw
    return seen


@pytest.mark.parametrize('spread', [0, 3, 255])
def test_what_was_seen_comes_back(spread: int) -> None:
    values, seen = _values(spread), _seen()
    assert np.array_equal(
        unpack_views(pack_views(values, seen), seen), np.where(seen[..., None], values, 0)
    )


def test_views_that_are_alike_take_little_room() -> None:
    values = np.broadcast_to(np.arange(ROWS * COLS * DIMS, dtype=np.uint8), (VIEWS, 60))
    values = np.ascontiguousarray(values).reshape(VIEWS, ROWS, COLS, DIMS)
    packed = pack_views(values, np.ones((VIEWS, ROWS, COLS), bool))
    assert not packed.rest.any()
    assert len(lzma.compress(packed.rest.tobytes())) < 0.5 * packed.rest.size


def test_what_was_packed_for_other_places_is_refused() -> None:
    seen = _seen()
    packed = pack_views(_values(3), seen)
    fewer = seen.copy()
    fewer[0] = False
    with pytest.raises(ValueError, match=r'values of \(5, 4\)'):
        unpack_views(packed, fewer)
    with pytest.raises(ValueError, match='but there are'):
        unpack_views(packed, seen[:, 1:])
