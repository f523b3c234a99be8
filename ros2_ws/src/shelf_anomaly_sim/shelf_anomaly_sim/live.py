# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The patrols that a live robot drives, one after the other, with what is wrong in each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .camera import CameraSpec
from .demo import LIVE_PATROLS_FROM
from .fault import Fault
from .patrol_source import FRAME_NS, Patrol
from .record import plan_faults, Programme
from .store import SimStore
from .wardrobe import Wardrobe

BETWEEN_NS = 900_000_000_000


@dataclass(frozen=True, slots=True)
class LivePatrol:
    """One of the patrols."""

    index: int
    of: int
    patrol: Patrol
    faults: tuple[Fault, ...]

    def announcement(self) -> dict[str, object]:
        """Return what watchers are told before it begins."""
        return {
            'patrol': self.index,
            'of': self.of,
            'start_ns': self.patrol.start_ns,
            'end_ns': self.patrol.start_ns + int(self.patrol.seconds * 1e9) + FRAME_NS,
            'frames': self.patrol.frames,
            'faults': [fault.truth() for fault in self.faults],
        }


def live_patrols(
    store: SimStore,
    cameras: Sequence[CameraSpec],
    programme: Programme,
    now_ns: int,
    frame_ns: int = FRAME_NS,
) -> Iterator[LivePatrol]:
    """
    Yield the patrols of a programme, the test patrols only.

    :param now_ns: the last patrol begins about now, those before it a quarter of an hour apart
    """
    days = plan_faults(store, cameras[0], programme)
    wardrobe = Wardrobe(store)
    for i, faults in enumerate(days):
        start_ns = now_ns - (len(days) - 1 - i) * BETWEEN_NS
        patrol = Patrol(
            store, cameras, LIVE_PATROLS_FROM + i, faults, wardrobe, frame_ns, start_ns
        )
        yield LivePatrol(i, len(days), patrol, tuple(faults))
