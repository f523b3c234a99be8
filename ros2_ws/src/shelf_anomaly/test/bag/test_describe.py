# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What a thing on disk is."""

from pathlib import Path

from bag_builder import patrol
import numpy as np
import pytest

from shelf_anomaly.artefact import write_artefact
from shelf_anomaly.bag.describe import describe
from shelf_anomaly.errors import BagError, LayoutError, SettingsError

LAYOUT = """
version: 1
store: corner shop
frame: map
aisles:
- id: A
  bays:
  - {id: L01, side: left, origin: [0, 1, 0], facing_yaw: -1.57,
     width: 1.0, height: 1.2, levels: [0, 0.5]}
"""


def test_a_bag(tmp_path: Path) -> None:
    path = patrol(5).write(tmp_path / 'monday')
    title, rows = describe(path)
    told = dict(rows)
    assert title == f'Bag {path}'
    assert told['/camera/camera_info'] == '5 x sensor_msgs/msg/CameraInfo'
    assert told['camera /camera'] == '/camera/image_raw/compressed with /camera/camera_info'
    assert (told['pose'], told['duration']) == ('/tf', '2.6 s')
    assert describe(path / 'metadata.yaml')[0] == title


def test_a_bag_that_cannot_be_used_says_why(tmp_path: Path) -> None:
    told = dict(describe(patrol(2).without('/camera/camera_info').write(tmp_path / 'monday'))[1])
    assert 'record the camera_info' in told['use']


def test_a_folder_of_bags(tmp_path: Path) -> None:
    patrol(2).write(tmp_path / 'monday')
    (tmp_path / 'tuesday.mcap').write_text('x')
    title, rows = describe(tmp_path)
    assert title == f'2 bags in {tmp_path}'
    assert rows[0] == ('monday', '1.1 s, 5 topics')
    assert 'cannot be read' in rows[1][1]


def test_a_store(tmp_path: Path) -> None:
    (tmp_path / 'store.yaml').write_text(LAYOUT)
    title, rows = describe(tmp_path / 'store.yaml')
    assert title.startswith('Store layout')
    assert ('aisle A', '1 bays, 2 shelves, 1.00 m') in rows
    (tmp_path / 'store.yaml').write_text('version: 2')
    with pytest.raises(LayoutError, match='expected 1'):
        describe(tmp_path / 'store.yaml')


def test_a_model(tmp_path: Path) -> None:
    manifest = {
        'name': 'shop',
        'mode': 'bays',
        'network': 'features',
        'stride': 8,
        'px_per_m': 256.5,
    }
    write_artefact(
        tmp_path / 'm',
        network_onnx=b'x' * 20000,
        arrays={'a': np.zeros(3)},
        manifest=manifest,
        card='c',
    )
    title, rows = describe(tmp_path / 'm')
    told = dict(rows)
    assert title == f'Model {tmp_path / "m"}'
    assert (told['name'], told['px per m'], told['stride']) == ('shop', '256.5', '8')
    assert told['network.onnx'].startswith('0.02 MB, SHA-256 ')


def test_nothing_of_ours(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match='no such file'):
        describe(tmp_path / 'x')
    with pytest.raises(BagError, match='neither a bag'):
        describe(tmp_path)
