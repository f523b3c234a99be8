# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Where an item belongs: the command, its pictures, its confidences, and what is no photo."""

from __future__ import annotations

import json
from pathlib import Path
import sys

import cv2
import numpy as np
import pytest

pytest.importorskip('shelf_training', reason='the tiny store is fitted with it')
sys.path.insert(0, str(Path(__file__).parent / 'ros'))
import tiny_store

from shelf_anomaly.cli import main
from shelf_anomaly.errors import FrameError
from shelf_anomaly.locate import confidences, ItemLocator
from shelf_anomaly.planogram import sku_at
from shelf_anomaly.store_layout import Bay, parse_store_layout, Product


@pytest.fixture(scope='module')
def tiny(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return tiny_store.build(tmp_path_factory.mktemp('locate'))


def photo(bay_id: str, level: int, slot: int) -> np.ndarray:
    """Return a photo of a facing before a plain background, twice as large, a little darker."""
    face = tiny_store._face(tiny_store.layout().bay(bay_id), False)
    s, rows = tiny_store.TEXTURE_PX_PER_M, face.shape[0]
    low = round(rows - 0.4 * level * s)
    item = face[low - round(0.36 * s) : low, round(slot * s / 6) : round((slot + 1) * s / 6)]
    edges = (20, 20, 35, 35)
    framed = cv2.copyMakeBorder(item, *edges, cv2.BORDER_CONSTANT, value=(120, 130, 110))
    return (cv2.resize(framed, None, fx=2, fy=2) * 0.95).astype(np.uint8)


def test_the_home_is_named(tiny: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    store, model = tiny
    folder = store.parent
    truths = [(b, lv, s) for b in ('A1-L01', 'A1-L02') for lv in (0, 1, 2) for s in (2, 4)]
    files = []
    for bay, level, slot in truths:
        file = folder / f'{bay}_{level}_{slot}.png'
        cv2.imwrite(str(file), photo(bay, level, slot))
        files.append(str(file))

    code = main(['locate', *files, '--model', str(model), '--store', str(store), '--json'])

    assert code == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [a['image'] for a in answers] == files
    right = [
        a['places'][0]['bay'] == bay and a['places'][0]['level'] == level
        for a, (bay, level, _) in zip(answers, truths, strict=True)
    ]
    assert sum(right) >= 10
    for answer in answers:
        sure = [place['confidence'] for place in answer['places']]
        assert sure == sorted(sure, reverse=True)
        assert 0 <= sum(sure) <= 1


def test_a_page_shows_the_places(
    tiny: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store, model = tiny
    good, bad = tmp_path / 'item <1>.png', tmp_path / 'bad.jpg'
    cv2.imwrite(str(good), photo('A1-L02', 1, 2))
    bad.write_bytes(b'\xff\xd8\xff cut')
    out = tmp_path / 'out'
    words = ['--model', str(model), '--store', str(store), '--out', str(out)]

    assert main(['locate', str(good), str(bad), *words]) == 1

    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith(f'{good}: A1-L02 (level 1, ')
    assert said[1].startswith(f'{bad}: ')
    page = (out / 'index.html').read_text()
    assert 'item &lt;1&gt;.png' in page
    for picture in out.glob('*_place*.jpg'):
        assert f'src="{picture.name}"' in page
        assert cv2.imread(str(picture)) is not None
    assert len(list(out.glob('*_place*.jpg'))) == 2
    assert main(['locate', str(bad), *words]) == 2
    assert main(['locate', str(good), *words[:-1], str(tmp_path)]) == 2  # full of other things
    assert 'holds other files' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('shape', 'said'), [((30, 400, 3), 'at least 48'), ((60, 400, 3), 'a side more than')]
)
def test_what_is_no_photo_of_an_item_is_refused(
    shape: tuple[int, int, int], said: str, tiny: tuple[Path, Path]
) -> None:
    from shelf_anomaly.artefact import load_artefact

    locator = ItemLocator(load_artefact(tiny[1]), tiny_store.layout(), threads=1)
    with pytest.raises(FrameError, match=said):
        locator.locate(np.zeros(shape, np.uint8))


def test_confidences_follow_the_fits() -> None:
    assert confidences([]) == []
    sure, unsure, strange = confidences([6, 3]), confidences([6, 6]), confidences([1, 0.5])
    assert sure[0] > 0.9
    assert unsure[0] == unsure[1] < 0.5
    assert sum(strange) < sum(unsure)


def test_the_planogram_names_what_belongs_at_a_place() -> None:
    bay = Bay(
        'B', 'A', 'left', (0, 0, 0), 0.0, 1.0, 1.0, (0.0, 0.5),
        (Product('milk', 0, 0.0, 0.2), Product('oats', 1, 0.0, 0.2), Product('rice', 1, 0.4, 0.1)),
    )  # fmt: skip
    assert sku_at(bay, 0.1, 0.2) == 'milk'
    assert sku_at(bay, 0.21, 0.7) == 'oats'
    assert sku_at(bay, 0.3, 0.7) == ''
    assert sku_at(bay, 0.45, 0.9) == 'rice'
    assert sku_at(parse_store_layout(tiny_store.LAYOUT).bay('A1-L01'), 0.5, 0.5) == ''
