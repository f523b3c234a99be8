# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Photo files, good and bad, one answer each."""

import json
import math
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from shelf_anomaly.check_photos import check_photos
from shelf_anomaly.errors import SettingsError
from shelf_anomaly.records import Roi


class BrightChecker:
    """Calls bright photos anomalous; stands in for a fitted model."""

    def check(self, image: np.ndarray, product: str) -> SimpleNamespace:
        if product != 'Banana':
            raise SettingsError(f'no product {product}; known are Banana')
        score = float(image.mean())
        return SimpleNamespace(
            anomalous=bool(score > 100), score=score, density=-math.inf, reconstruction_error=0.5,
            regions=(Roi(1, 2, 3, 4),),
        )  # fmt: skip


def photo(path: Path, value: int) -> Path:
    cv2.imwrite(str(path), np.full((40, 60, 3), value, np.uint8))
    return path


def test_one_answer_a_file_whatever_is_in_it(tmp_path: Path) -> None:
    bad = tmp_path / 'bad.jpg'
    bad.write_bytes(photo(tmp_path / 'a.jpg', 200).read_bytes()[:-5])
    files = [
        photo(tmp_path / 'b.png', 200),
        bad,
        tmp_path / 'missing.jpg',
        tmp_path,
        photo(tmp_path / 'c.jpg', 20),
    ]
    answers = list(check_photos(files, 'Banana', BrightChecker()))  # type: ignore[arg-type]
    assert [a.image for a in answers] == [str(f) for f in files]
    records = [json.loads(a.json()) for a in answers]
    assert records[0] == {
        'image': str(files[0]), 'anomalous': True, 'score': 200.0, 'density': None,
        'reconstruction_error': 0.5, 'regions': [{'x': 1, 'y': 2, 'width': 3, 'height': 4}],
    }  # fmt: skip
    assert 'cut off' in records[1]['error']
    assert 'cannot be read: No such file' in records[2]['error']
    assert 'cannot be read' in records[3]['error']
    assert records[4]['anomalous'] is False
    assert answers[0].text().startswith(f'{files[0]}: ANOMALOUS (score 200, density -inf')
    assert answers[1].text().startswith(f'{bad}: ERROR image: JPEG of')
    assert ': normal (score' in answers[4].text()


def test_an_unknown_product_ends_it(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match='known are Banana'):
        list(check_photos([photo(tmp_path / 'a.png', 1)], 'Pear', BrightChecker()))  # type: ignore[arg-type]
