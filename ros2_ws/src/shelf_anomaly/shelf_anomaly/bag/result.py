# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What a replay brought: the words that the loop, the files and the report share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..records import Alert, BayReport, BayResult
from ..store_layout import StoreLayout
from .problems import ProblemLog


@dataclass(slots=True)
class Patrol:
    """One bag that was replayed."""

    name: str
    bays: dict[str, BayResult]
    """Result of each bay of the store."""
    reports: dict[str, list[BayReport]] = field(default_factory=dict)
    """Passes of each bay that was in sight."""
    frames: int = 0
    """Images in the bag that were come to, usable or not."""
    frames_inspected: int = 0
    """Frames of which at least one bay was inspected."""
    start_ns: int = 0
    end_ns: int = 0
    track: list[tuple[float, float]] = field(default_factory=list)
    """Where the camera drove, metres in the map."""
    problems: ProblemLog = field(default_factory=ProblemLog)
    error: str = ''
    """Why the bag could not be used at all; empty when it could."""


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """All bags of one run."""

    store: StoreLayout
    model: str
    false_alarms_per_aisle_patrol: float
    """The budget that was asked for."""
    patrols: Mapping[str, Patrol]
    alerts: tuple[Alert, ...]
    """In the order of first sight."""
    seconds: float
    """Wall time of the whole run, reading and decoding included."""
    stage_ms: Mapping[str, float]
    """Time spent in each stage over the whole run, milliseconds."""
    refused: Mapping[str, int]
    """Views of bays that were not used, by reason."""

    @property
    def relearn_bays(self) -> list[str]:
        """Bays whose normal look had moved away from the model on their last pass, sorted."""
        last = {
            bay: passes[-1].relearn
            for patrol in self.patrols.values()
            for bay, passes in patrol.reports.items()
        }
        return sorted(bay for bay, moved in last.items() if moved)

    @property
    def frames(self) -> int:
        """Images of all bags, usable or not."""
        return sum(patrol.frames for patrol in self.patrols.values())

    @property
    def frames_inspected(self) -> int:
        """Frames of all bags of which at least one bay was inspected."""
        return sum(patrol.frames_inspected for patrol in self.patrols.values())

    @property
    def frames_per_second(self) -> float:
        """Frames over wall time."""
        return self.frames / self.seconds if self.seconds > 0 else 0.0

    @property
    def failed(self) -> dict[str, str]:
        """Bags that could not be used at all, with the reason."""
        return {name: patrol.error for name, patrol in self.patrols.items() if patrol.error}

    @property
    def problems(self) -> Counter[str]:
        """Problems of all bags by reason."""
        return sum((patrol.problems.counts for patrol in self.patrols.values()), Counter[str]())
