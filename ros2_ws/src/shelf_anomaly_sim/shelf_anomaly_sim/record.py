# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Records a whole simulated store: normal patrols, test patrols with faults, and the truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
import json
from pathlib import Path

import numpy as np

from .bag import write_patrol
from .camera import CameraSpec
from .crowd import draw_crowd
from .errors import PlanError
from .fault import Fault
from .patrol_source import FRAME_NS, Patrol
from .saboteur import Saboteur
from .store import SimStore, write_store
from .wardrobe import Wardrobe

PATROLS_PER_SET = 2
"""A set of faults stands for so many patrols; in the next everything is put right."""
Progress = Callable[[str, int, int], None]
"""Called with the patrol's name, the frames written and the frames in all."""


@dataclass(frozen=True, slots=True)
class Programme:
    """How many patrols of which sort."""

    normal: int = 10
    test: int = 9
    faults: int = 5
    passers: int = 0
    """Shoppers and trolleys in front of the shelves in each test patrol."""


def plan_faults(store: SimStore, camera: CameraSpec, programme: Programme) -> list[list[Fault]]:
    """Return the faults of each test patrol: twice the same set, then none, then a new set."""
    saboteur = Saboteur(store, camera, np.random.default_rng([store.seed, 3]))
    patrols: list[list[Fault]] = []
    current: list[Fault] = []
    for i in range(programme.test):
        step = i % (PATROLS_PER_SET + 1)
        if step == 0:
            current = saboteur.draw(programme.faults)
        patrols.append([] if step == PATROLS_PER_SET else current)
    return patrols


def record(
    store: SimStore,
    cameras: Sequence[CameraSpec],
    programme: Programme,
    out: Path,
    progress: Progress | None = None,
    frame_ns: int = FRAME_NS,
) -> dict[str, list[dict[str, object]]]:
    """
    Write ``store.yaml``, ``train/``, ``test/``, ``truth.json``; with passers also ``crowd.json``.

    ``crowd.json`` says by test patrol and bay how many images showed the bay, and which part of it
    was covered on average and at least.

    :param out: the folder; must be empty or not exist
    :param progress: told after each image
    :return: the truth, by test patrol
    :raises PlanError: if the folder holds something, or the faults do not fit the store
    """
    if out.exists() and any(out.iterdir()):
        raise PlanError(f'{out}: is not empty; choose another --out, or remove it')
    faults = plan_faults(store, cameras[0], programme) if programme.test else []
    out.mkdir(parents=True, exist_ok=True)
    write_store(store, out / 'store.yaml')
    truth = {f'patrol_{i:02d}': [f.truth() for f in day] for i, day in enumerate(faults)}
    (out / 'truth.json').write_text(json.dumps(truth, indent=1) + '\n', encoding='utf-8')
    wardrobe = Wardrobe(store)
    crowd: dict[str, dict[str, dict[str, float]]] = {}
    days: list[tuple[str, list[Fault]]] = [
        (f'train/patrol_{i:02d}', []) for i in range(programme.normal)
    ]
    days += [(f'test/patrol_{i:02d}', day) for i, day in enumerate(faults)]
    for number, (name, day) in enumerate(days):
        patrol = Patrol(store, cameras, number, day, wardrobe, frame_ns)
        if name.startswith('test/') and programme.passers:
            rng = np.random.default_rng([store.seed, 5, number])
            patrol.passers = draw_crowd(store, programme.passers, patrol.seconds, rng)
        (out / name).parent.mkdir(exist_ok=True)
        done = 0

        def told(name: str = name, total: int = patrol.frames) -> None:
            nonlocal done
            done += 1
            if progress:
                progress(name, done, total)

        write_patrol(patrol, cameras, out / name, told)
        if patrol.passers:
            crowd[name.removeprefix('test/')] = {
                bay: {
                    'images': len(parts),
                    'covered': round(float(np.mean(parts)), 3),
                    'least': round(min(parts), 3),
                }
                for bay, parts in patrol.covered.items()
            }
    if crowd:
        (out / 'crowd.json').write_text(json.dumps(crowd, indent=1) + '\n', encoding='utf-8')
    return truth
