# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Normal passes are read for signs of faults as the robot reads those that come after."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
import shutil

import cv2
import numpy as np
import pytest
from rich.console import Console

from shelf_anomaly.artefact import load_artefact
from shelf_anomaly.belonging import Belonging, PACKED
from shelf_anomaly.dataset import load_dataset
from shelf_anomaly.inspector import read_settings
from shelf_anomaly.network import Network
from shelf_anomaly.places import bays_of
from shelf_anomaly.scoring import CHANNELS, CODE_CHANNELS, PATCH_M, window_mean
from shelf_anomaly.signs import LOOKED_AT
from shelf_anomaly.weights import CODES, COLOURS
from shelf_training.calibrate import with_maxima
from shelf_training.fit import calibrate_all, encode_all
from shelf_training.pictures import patrols_of_pictures
from shelf_training.weigh_maxima import weigh_maxima

pytestmark = pytest.mark.timeout(1200)  # a model is fitted first
BAY, PATROL = 'A1-L01', 'patrol_01'


def test_packed_bays_are_told_by_their_print(tiny_model: Path) -> None:
    artefact = load_artefact(tiny_model)
    bays = bays_of(artefact.arrays)
    assert all(PACKED < float(artefact.array(f'{bay}/usual_print')) <= 1 for bay in bays)
    assert Belonging(artefact, bays).packed == bays


def test_pictures_are_of_the_last_pass_the_first_and_one_between(tiny_dataset: Path) -> None:
    dataset = load_dataset(tiny_dataset)
    assert patrols_of_pictures(dataset, BAY) == ('patrol_02', 'patrol_00', 'patrol_01')


def test_a_normal_pass_with_a_strange_print_counts_more(
    tiny_dataset: Path, tiny_model: Path, tmp_path: Path, quiet: Console
) -> None:
    """What stood there on one pass alone makes its maximum higher; what always stood, lower."""
    artefact = load_artefact(tiny_model)
    settings = read_settings(artefact)
    stride = artefact.stride
    folder = tmp_path / 'views'
    shutil.copytree(tiny_dataset, folder)
    dataset = load_dataset(folder)
    busy = window_mean(
        artefact.array(f'{BAY}/activity').astype(np.float32), settings.cell_m, PATCH_M
    )
    busy[:4], busy[-4:], busy[:, :3], busy[:, -3:] = 0, 0, 0, 0
    row, col = (int(i) for i in np.unravel_index(int(np.nanargmax(busy)), busy.shape))
    high, wide = round(0.16 * dataset.px_per_m), round(0.10 * dataset.px_per_m)
    blobs = np.random.default_rng(5).normal(size=(high // 4, wide // 4, 3)).astype(np.float32)
    strange = np.clip(128 + 50 * cv2.resize(blobs, (wide, high)), 0, 255).astype(np.uint8)
    top, left = int((row + 0.5) * stride) - high // 2, int((col + 0.5) * stride) - wide // 2
    for entry in dataset.of(BAY):
        if entry.patrol == PATROL:
            image = cv2.imread(str(folder / entry.file))
            image[top : top + high, left : left + wide] = strange
            cv2.imwrite(str(folder / entry.file), image)

    network = Network(artefact.network_onnx, stride, threads=1)
    encoded = encode_all(dataset, (BAY,), network, settings.view_limit_m, quiet)
    (learnt,) = calibrate_all(dataset, encoded, settings, quiet).values()
    score = 2 * LOOKED_AT
    standard = np.zeros((3, len(CHANNELS), *busy.shape), np.float32)
    standard[:, :CODE_CHANNELS, row, col] = CODES
    standard[:, CODE_CHANNELS:, row, col] = COLOURS
    standard[:, 0, row, col] = score
    flat = with_maxima(replace(learnt, left_out=standard), standard.max(axis=1), settings.cell_m)
    assert flat.bay_maxima == pytest.approx(score)

    found = weigh_maxima(dataset, {BAY: flat}, encoded, artefact, quiet)[BAY]

    first, strange, last = found.bay_maxima
    assert max(first, last) < 0.7 * score
    assert strange > 1.3 * score
    assert found.maxima == pytest.approx(sorted(found.bay_maxima, reverse=True))
    assert replace(found, maxima=flat.maxima, bay_maxima=flat.bay_maxima).normal is flat.normal
