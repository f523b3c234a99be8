# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""A folder of product pictures."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from sim_builders import picture, pictures

from shelf_anomaly_sim.catalogue import Catalogue
from shelf_anomaly_sim.cutout import cut_out
from shelf_anomaly_sim.errors import PicturesError
from shelf_anomaly_sim.pictures import load_pictures


def test_white_background_goes_and_white_label_stays() -> None:
    """The carton is 120 x 200; the mask is drawn in by about a pixel."""
    cut = cut_out(picture((40, 80, 160)))
    assert cut is not None
    assert cut.shape[1] == pytest.approx(120, abs=4)
    assert cut.shape[0] == pytest.approx(200, abs=4)
    assert cut[60, 60].tolist() == [255, 255, 255, 255]  # in the label
    assert cut[150, 60].tolist() == [40, 80, 160, 255]


def test_transparency_is_kept() -> None:
    """A picture that comes cut out is only cropped."""
    image = np.zeros((50, 80, 4), np.uint8)
    image[10:40, 20:60] = (1, 2, 3, 255)
    cut = cut_out(image)
    assert cut is not None
    assert cut.shape == (30, 40, 4)
    assert cut[15, 20].tolist() == [1, 2, 3, 255]


def test_folder_is_read(tmp_path: Path) -> None:
    """Names, families, produce and things."""
    catalogue: Catalogue = load_pictures(pictures(tmp_path / 'p'))
    assert sorted(catalogue.packages) == ['Ab-1', 'Ab-3', 'Ab-5', 'Cd-0', 'Cd-2', 'Cd-4']
    assert catalogue.family('Ab') == ('Ab-1', 'Ab-3', 'Ab-5')
    assert list(catalogue.things) == ['Shoe']
    heap = catalogue.produce['Kiwi'].heap(np.random.default_rng(1), 90, 60)
    assert heap.shape == (60, 90, 3)


def test_sub_folders_hold_a_product_each(tmp_path: Path) -> None:
    """packages/<sku>/*.png: the first picture is the front."""
    folder = pictures(tmp_path / 'p')
    (folder / 'packages' / 'Ef-Nine').mkdir()
    cv2.imwrite(str(folder / 'packages' / 'Ef-Nine' / 'a.png'), picture((0, 200, 0)))
    assert load_pictures(folder).packages['Ef-Nine'].family == 'Ef'


def test_missing_folder_is_named(tmp_path: Path) -> None:
    """No such folder."""
    with pytest.raises(PicturesError, match='nowhere: no such folder of pictures'):
        load_pictures(tmp_path / 'nowhere')


def test_empty_folder_says_what_is_expected(tmp_path: Path) -> None:
    """A folder of something else."""
    with pytest.raises(
        PicturesError, match='0 packages found, at least 4 are needed; put pictures'
    ):
        load_pictures(tmp_path)


def test_unreadable_picture_is_named(tmp_path: Path) -> None:
    """Text that is called a picture, and an empty file."""
    folder = pictures(tmp_path / 'p')
    (folder / 'packages' / 'Zz-bad.jpg').write_text('not a picture')
    with pytest.raises(PicturesError, match=r'Zz-bad\.jpg: is no picture that can be read'):
        load_pictures(folder)
    (folder / 'packages' / 'Zz-bad.jpg').write_bytes(b'')
    with pytest.raises(PicturesError, match=r'Zz-bad\.jpg: is no picture that can be read'):
        load_pictures(folder)


def test_picture_of_nothing_is_named(tmp_path: Path) -> None:
    """All white."""
    folder = pictures(tmp_path / 'p')
    cv2.imwrite(str(folder / 'packages' / 'Zz-white.png'), np.full((90, 90, 3), 255, np.uint8))
    with pytest.raises(
        PicturesError, match=r'Zz-white\.png: nothing stands out from the background'
    ):
        load_pictures(folder)


def test_folder_of_a_product_without_pictures_is_named(tmp_path: Path) -> None:
    """An empty sub-folder."""
    folder = pictures(tmp_path / 'p')
    (folder / 'produce' / 'Fig').mkdir()
    with pytest.raises(PicturesError, match=r'Fig: holds no picture'):
        load_pictures(folder)
