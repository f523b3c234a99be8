# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What a user names, and the bags that are meant."""

from pathlib import Path

from bag_builder import patrol
import pytest

from shelf_anomaly.bag.bag_paths import find_bags
from shelf_anomaly.errors import BagError


def bag(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return patrol(1).write(path)


def test_bags_in_the_order_named_and_folders_in_the_order_of_names(tmp_path: Path) -> None:
    for name in ('b', 'a', 'c'):
        bag(tmp_path / 'week' / name)
    single = bag(tmp_path / 'z')
    assert list(find_bags([single, tmp_path / 'week'])) == ['z', 'a', 'b', 'c']
    assert find_bags([single])['z'] == single
    assert list(find_bags([single, single])) == ['z']  # named twice, replayed once


def test_files_are_bags_too(tmp_path: Path) -> None:
    (file,) = bag(tmp_path / 'a').glob('*.mcap')
    assert list(find_bags([file])) == [file.stem]
    alone = tmp_path / 'loose'
    alone.mkdir()
    file.rename(alone / 'friday.mcap')
    assert list(find_bags([alone])) == ['friday']


def test_equal_names_are_told_apart(tmp_path: Path) -> None:
    one, two = bag(tmp_path / 'north' / 'p0'), bag(tmp_path / 'south' / 'p0')
    assert find_bags([one, two]) == {'north/p0': one, 'south/p0': two}


def test_what_is_no_bag_is_named(tmp_path: Path) -> None:
    with pytest.raises(BagError, match=r'nowhere: no such file or folder'):
        find_bags([tmp_path / 'nowhere'])
    (tmp_path / 'notes.txt').touch()
    with pytest.raises(
        BagError, match=r'neither a bag .* nor a folder of bags; it holds notes.txt'
    ):
        find_bags([tmp_path])
