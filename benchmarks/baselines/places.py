# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""How well scores tell places with a fault from places without."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
import json

from shelf_anomaly.records import Box
from shelf_anomaly.store_layout import Bay, StoreLayout
from shelf_training.evaluation.matching import matches, Sighting
from shelf_training.evaluation.truth import Fault, Truth
from shelf_training.photo_report import auroc

FLOOR = -1e9
SLOT_M = 0.125


def place_auroc(store: StoreLayout, truth: Truth, found: Sequence[Sighting]) -> float | None:
    """
    Return the chance that a place with a fault scores above one without; ties count half.

    A place scores as the highest finding that would match a fault there; a place without any
    finding scores lowest. None if there are no faults or no other places.
    """
    normal: list[float] = []
    wrong: list[float] = []
    for patrol, faults in truth.items():
        here = [s for s in found if patrol in s.seen_in]
        wrong += [_score(here, fault) for fault in faults]
        for bay in store.bays.values():
            planted = [fault for fault in faults if fault.bay == bay.id]
            at_bay = [s for s in here if s.bay == bay.id]
            normal += [
                _score(at_bay, slot)
                for slot in slots(bay)
                if not any(_near(slot, fault) for fault in planted)
            ]
    return round(auroc(normal, wrong), 4) if normal and wrong else None


def slots(bay: Bay) -> Iterator[Fault]:
    """Yield the facings of a bay: those of its planogram, or a grid where it has none."""
    for level in range(len(bay.levels)):
        low, high = bay.level_span(level)
        facings = [(p.x + p.width / 2, p.width) for p in bay.products if p.level == level]
        if not facings:
            count = max(1, round(bay.width / SLOT_M))
            width = bay.width / count
            facings = [((i + 0.5) * width, width) for i in range(count)]
        for x, width in facings:
            box = Box(x, (low + high) / 2, width, 0.8 * (high - low))
            identity = json.dumps([bay.id, level, x])
            yield Fault(identity, bay.id, level, 'gap', '', '', (), box)


def _score(found: Sequence[Sighting], fault: Fault) -> float:
    return max((s.score for s in found if matches(s, fault)), default=FLOOR)


def _near(slot: Fault, fault: Fault) -> bool:
    """Return whether a finding could belong to both."""
    (x, y), (across, up) = fault.centre, fault.reach
    (slot_x, slot_y), (slot_across, slot_up) = slot.centre, slot.reach
    return abs(slot_x - x) <= across + slot_across and abs(slot_y - y) <= up + slot_up
