# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The tiny store, for the launch files that are launched for real."""

from __future__ import annotations

import os
from pathlib import Path
import sys

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / 'ros'))


@pytest.fixture
def tiny(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> tuple[Path, Path]:
    """Return store layout and model of the tiny store, in a DDS domain for those who use it."""
    pytest.importorskip('launch_ros', reason='needs launch_ros (a ROS installation)')
    import tiny_store

    monkeypatch.setenv('ROS_DOMAIN_ID', str(100 + os.getpid() % 2))
    monkeypatch.setenv('XDG_STATE_HOME', str(tmp_path_factory.mktemp('state')))
    monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    folder = tmp_path_factory.getbasetemp() / 'tiny_for_launch'
    if (folder / 'model' / 'manifest.json').exists():
        return folder / 'store.yaml', folder / 'model'
    return tiny_store.build(folder)
