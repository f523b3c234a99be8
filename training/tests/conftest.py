# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Tiny patrols of a drawn store, their dataset and a model of it, each made once if asked for."""

from dataclasses import dataclass
import json
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from shelf_anomaly.records import CameraModel
from shelf_anomaly_sim.camera import CameraSpec
from shelf_anomaly_sim.drawn import drawn_catalogue
from shelf_anomaly_sim.planner import build_store, StorePlan
from shelf_anomaly_sim.record import Programme, record

SEED, PX_PER_M = 3, 192.0
WIDTH, HEIGHT, FOCAL = 480, 360, 270.0


@dataclass(frozen=True)
class TinyPatrols:
    """What the simulator recorded."""

    folder: Path

    @property
    def store(self) -> Path:
        return self.folder / 'store.yaml'

    @property
    def truth_file(self) -> Path:
        return self.folder / 'truth.json'

    @property
    def truth(self) -> dict[str, list[dict[str, object]]]:
        return json.loads(self.truth_file.read_text())

    @property
    def normal(self) -> list[Path]:
        return sorted((self.folder / 'train').iterdir())

    @property
    def test(self) -> list[Path]:
        return sorted((self.folder / 'test').iterdir())


@pytest.fixture(scope='session')
def quiet() -> Console:
    return Console(quiet=True)


@pytest.fixture(scope='session')
def tiny_patrols(tmp_path_factory: pytest.TempPathFactory) -> TinyPatrols:
    """Two bays, three normal patrols, and two with the same two faults and one without."""
    folder = tmp_path_factory.mktemp('patrols') / 'tiny'
    store = build_store(StorePlan(seed=SEED, bays=2, produce_bays=0), drawn_catalogue(SEED))
    k = np.array([[FOCAL, 0, WIDTH / 2], [0, FOCAL, HEIGHT / 2], [0, 0, 1]])
    camera = CameraSpec(model=CameraModel(WIDTH, HEIGHT, k, np.zeros(5)))
    record(store, (camera,), Programme(normal=3, test=3, faults=2), folder, frame_ns=800_000_000)
    return TinyPatrols(folder)


@pytest.fixture(scope='session')
def tiny_dataset(
    tiny_patrols: TinyPatrols, tmp_path_factory: pytest.TempPathFactory, quiet: Console
) -> Path:
    """Bay views of the normal patrols; not to be changed."""
    from shelf_training.collect import collect

    out = tmp_path_factory.mktemp('views') / 'tiny'
    collect(tiny_patrols.normal, tiny_patrols.store, out, px_per_m=PX_PER_M, console=quiet)
    return out


@pytest.fixture(scope='session')
def tiny_model(
    tiny_dataset: Path, tmp_path_factory: pytest.TempPathFactory, quiet: Console
) -> Path:
    """Return a model of the tiny store."""
    from shelf_training.fit import fit, FitSettings

    out = tmp_path_factory.mktemp('models') / 'tiny'
    fit(tiny_dataset, out, FitSettings(epochs=2, code_dims=16), quiet)
    return out
