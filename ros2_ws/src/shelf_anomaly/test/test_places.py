# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What is normal at a bay survives being packed into a model folder and read again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from shelf_anomaly.artefact import Artefact, load_artefact, write_artefact
from shelf_anomaly.density import References
from shelf_anomaly.errors import ArtefactError
from shelf_anomaly.places import (
    bays_of,
    COLOUR_STEP,
    decode_picture,
    encode_normal_picture,
    encode_picture,
    NormalBay,
    pack,
    picture_offset,
    PlaceStatistics,
    TEMPLATE_STEP,
    unpack,
)
from shelf_anomaly.registration import Template

VIEWS, ROWS, COLS, DIMS, CHANNELS = 3, 5, 7, 4, 3
STEP = 0.05


def _normal(seed: int = 0) -> NormalBay:
    rng = np.random.default_rng(seed)

    def floats(*shape: int) -> np.ndarray:
        return rng.normal(0.0, 1.0, shape).astype(np.float32)

    mean = floats(CHANNELS, ROWS, COLS)
    mean[0, 0, 0] = np.nan  # a place that no normal pass judged
    picture = cv2.GaussianBlur(rng.integers(0, 255, (40, 50, 3), np.uint8), (0, 0), 4)
    references = References(
        codes=floats(VIEWS, ROWS, COLS, DIMS),
        seen=rng.random((VIEWS, ROWS, COLS)) > 0.3,
        offsets_m=np.array([-0.2, 0.4, 1.1]),
        passes=np.array([0, 0, 3]),
    )
    return NormalBay(
        references=references,
        colours=replace(references, codes=30 * floats(VIEWS, ROWS, COLS, 2)),
        statistics=PlaceStatistics(mean, np.abs(floats(CHANNELS, ROWS, COLS)) + 0.1),
        template=Template(floats(12, 10), np.abs(floats(12, 10))),
        activity=np.abs(floats(ROWS, COLS)),
        error=np.abs(floats(2, ROWS, COLS)),
        edges=rng.random((2, 3, 11)).astype(np.float32),
        picture=encode_normal_picture(np.asarray(picture, np.uint8)),
        picture_px_per_m=256.0,
        prints=tuple(
            encode_normal_picture(np.asarray(picture[::k, ::k], np.uint8)) for k in (2, 3)
        ),
    )


def _artefact(folder: Path, **bays: NormalBay) -> Artefact:
    arrays = {k: v for bay, normal in bays.items() for k, v in pack(bay, normal, STEP).items()}
    manifest = {'name': 'm', 'mode': 'bays', 'network': 'features', 'stride': 16}
    return write_artefact(folder, network_onnx=b'x', arrays=arrays, manifest=manifest, card='#')


def test_a_bay_comes_back_from_the_file(tmp_path: Path) -> None:
    """Through the file: codes to half a step, half floats to a thousandth, the rest as it was."""
    before = _normal()
    _artefact(tmp_path / 'm', L01=before)
    after = unpack(load_artefact(tmp_path / 'm'), 'L01')

    assert np.array_equal(after.references.seen, before.references.seen)
    seen = before.references.seen
    worst = np.abs(after.references.codes - before.references.codes)[seen].max()
    assert 0 < worst <= STEP / 2 + 1e-5
    apart = np.abs(after.colours.codes - before.colours.codes)[seen]
    assert 0 < apart.max() <= COLOUR_STEP / 2 + 1e-5
    assert np.array_equal(after.colours.seen, seen)
    # What was not seen is blank: it takes no room, and nobody asks for it.
    assert len(np.unique(after.references.codes[~seen], axis=0)) == 1
    assert after.references.offsets_m == pytest.approx(before.references.offsets_m, abs=1e-6)
    assert after.references.passes.tolist() == [0, 0, 3]
    for name in ('mean', 'std'):
        np.testing.assert_allclose(
            getattr(after.statistics, name), getattr(before.statistics, name), rtol=1e-3, atol=1e-3
        )
    np.testing.assert_allclose(after.template.mean, before.template.mean, atol=TEMPLATE_STEP)
    np.testing.assert_allclose(after.template.weight, before.template.weight, atol=TEMPLATE_STEP)
    np.testing.assert_allclose(after.activity, before.activity, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(after.error, before.error, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(after.edges, before.edges, atol=0.5 / 255 + 1e-6)
    assert after.picture == before.picture
    assert after.picture_px_per_m == 256.0
    assert after.prints == before.prints


def test_values_of_other_places_are_refused(tmp_path: Path) -> None:
    """A model of an earlier make, or one put together by hand, names what is wrong."""
    artefact = _artefact(tmp_path / 'm', L01=_normal())
    for key, values, said in (
        ('L01/codes', artefact.array('L01/codes')[:, 1:], 'L01/codes was seen'),
        ('L01/colours', artefact.array('L01/colours')[:1], 'L01/colours was seen'),
    ):
        wrong = replace(artefact, arrays={**artefact.arrays, key: values})
        with pytest.raises(ArtefactError, match=f'density.npz: {said}.*fit the model again'):
            unpack(wrong, 'L01')
    earlier = {k: v for k, v in artefact.arrays.items() if k != 'L01/codes_middle'}
    with pytest.raises(ArtefactError, match='has no L01/codes_middle; fit the model again'):
        unpack(replace(artefact, arrays=earlier), 'L01')


def test_codes_take_a_byte_a_number_however_wide_they_are(tmp_path: Path) -> None:
    """A dimension that is too wide for the step gets a coarser one, and no code runs over."""
    before = _normal()
    before.references.codes[..., 0] *= 100
    artefact = _artefact(tmp_path / 'm', L01=before)
    assert artefact.array('L01/codes').dtype == np.uint8
    seen = before.references.seen
    after, codes = unpack(artefact, 'L01').references.codes[seen], before.references.codes[seen]
    wide = np.ptp(codes[..., 0])
    assert np.abs(after - codes)[..., 0].max() <= wide / 255 / 2 + 1e-4
    assert np.abs(after - codes)[..., 1:].max() <= STEP / 2 + 1e-5


def test_bays_are_kept_apart(tmp_path: Path) -> None:
    artefact = _artefact(tmp_path / 'm', L01=_normal(1), L02=_normal(2))
    assert bays_of(artefact.arrays) == ('L01', 'L02')
    assert not np.array_equal(unpack(artefact, 'L01').activity, unpack(artefact, 'L02').activity)


@pytest.mark.parametrize('part', ['codes', 'seen', 'statistics', 'template', 'edges', 'picture'])
def test_a_part_that_is_missing_is_named(tmp_path: Path, part: str) -> None:
    arrays = pack('L01', _normal(), STEP)
    del arrays[f'L01/{part}']
    manifest = {'name': 'm', 'mode': 'bays', 'network': 'features', 'stride': 16}
    artefact = write_artefact(
        tmp_path / 'm', network_onnx=b'x', arrays=arrays, manifest=manifest, card='#'
    )
    with pytest.raises(ArtefactError, match=rf'has no L01/{part}; fit the model again'):
        unpack(artefact, 'L01')


@pytest.mark.parametrize('encode', [encode_picture, encode_normal_picture])
def test_a_picture_is_nearly_what_it_was(encode: Callable[[np.ndarray], bytes]) -> None:
    image = np.zeros((32, 48, 3), np.uint8)
    image[:, 24:] = (30, 120, 220)
    after = decode_picture(encode(image))
    assert after.shape == image.shape
    assert np.abs(after.astype(int) - image).mean() < 4


def test_a_place_lies_where_the_view_shows_it() -> None:
    """Bay of 1.5 m, margin 6 cm, 256 px/m: x from the left, y from the top."""
    assert picture_offset(np.array([0.0, 1.5]), 1.5, 0.06, 256.0) == (15, 15)
    assert picture_offset(np.array([1.0, 0.0]), 1.5, 0.06, 256.0) == (271, 399)
