# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The demo store: what ``make patrol`` drives through and ``models/demo`` was made for."""

from __future__ import annotations

from importlib import resources
import os
from pathlib import Path

from .drawn import drawn_catalogue
from .errors import PlanError
from .planner import build_store, StorePlan
from .store import SimStore

PLAN = StorePlan(seed=4, bays=5, produce_bays=1)
LIVE_PATROLS_FROM = 1000
"""Live patrols are other days than those the model was made from."""


def demo_store() -> SimStore:
    """Return the demo store."""
    return build_store(PLAN, drawn_catalogue(PLAN.seed))


def demo_layout() -> Path:
    """Return the demo store's ``store.yaml``."""
    return Path(str(resources.files(__package__) / 'stores' / 'demo.yaml'))


def demo_model() -> Path:
    """
    Return the demo store's model.

    :raises PlanError: if it was not made
    """
    named = os.environ.get('SHELF_ANOMALY_DEMO_MODEL')
    roots = [Path.cwd(), *Path(__file__).resolve().parents]
    found = [Path(named)] if named else [root / 'models' / 'demo' for root in roots]
    for folder in found:
        if (folder / 'manifest.json').is_file():
            return folder
    raise PlanError(
        f'{found[0] if named else "models/demo"}: holds no model of the demo store; '
        'make it with scripts/build-demo-model, or name one with --model'
    )
