# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Appearances that people have called normal at a place: they raise no alert there again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from .appearance import Appearance, cell_of, distance, normal_appearances, usual_distance
from .places import NormalBay
from .records import Alert, Box, Finding, Kind
from .tracker import apart, OWN_PLACE_M, SAME_PLACE_M

SLACK = 1.1
"""Part of the place's usual distance from pass to pass within which a look is the learned one."""


@dataclass(frozen=True, slots=True, eq=False)
class LearnedLook:
    """One appearance that is normal at one place because somebody said so."""

    id: str
    """Of the alert that was dismissed."""
    bay: str
    box: Box
    kind: Kind
    appearance: Appearance | None
    """None when it was not kept: then the kind stands for it, at the very place only."""
    radius: float | None
    """Distance of the codes within which a look is this one; None when it is not known."""
    author: str = ''
    note: str = ''
    stamp_ns: int = 0


def learn(
    alert: Alert,
    appearance: Appearance | None,
    normal: NormalBay,
    grid: tuple[float, float, float],
    *,
    author: str = '',
    note: str = '',
    stamp_ns: int = 0,
) -> LearnedLook:
    """
    Return what is normal from now on.

    :param grid: bay height, margin and cell of the bay's views, metres
    """
    cell = cell_of(alert.box, grid[0], grid[1], grid[2])
    usual = usual_distance(normal_appearances(normal.references, cell, grid[2]))
    radius = None if usual is None else SLACK * usual
    return LearnedLook(
        alert.id, alert.bay, alert.box, alert.kind, appearance, radius, author, note, stamp_ns
    )


class LearnedLooks:
    """All of them; asked once for each finding of a pass."""

    def __init__(self, looks: Iterable[LearnedLook] = ()) -> None:
        """Start with what was learned before."""
        self._looks = {look.id: look for look in looks}

    @property
    def looks(self) -> tuple[LearnedLook, ...]:
        """All of them, oldest first."""
        return tuple(self._looks.values())

    def add(self, look: LearnedLook) -> None:
        """Take one in."""
        self._looks[look.id] = look

    def forget(self, look_id: str) -> None:
        """Take one back; an unknown id changes nothing."""
        self._looks.pop(look_id, None)

    def replace(self, looks: Iterable[LearnedLook]) -> None:
        """Know these and no others."""
        self._looks = {look.id: look for look in looks}

    def explains(
        self,
        finding: Finding,
        now: Callable[[Appearance], Appearance | None],
        normals: Callable[[Appearance], list[Appearance]],
    ) -> str:
        """
        Return the id of the look that makes a finding normal; empty if none does.

        :param now: how the place of an appearance looks in this pass
        :param normals: how it looks on the normal passes
        """
        for look in self._looks.values():
            if look.bay != finding.bay or apart(look.box, finding.box, SAME_PLACE_M) > 1.0:
                continue
            if look.appearance is None or look.radius is None:
                same_kind = look.kind is finding.kind
                if same_kind and apart(look.box, finding.box, OWN_PLACE_M) <= 1.0:
                    return look.id
                continue
            here = now(look.appearance)
            far = None if here is None else distance(here, look.appearance)
            if here is None or far is None or far > look.radius:
                continue
            usual = [d for n in normals(look.appearance) if (d := distance(here, n)) is not None]
            if far <= SLACK * min(usual, default=far):
                return look.id
        return ''
