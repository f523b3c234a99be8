# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Who somebody is and what they may do. Pure values, no database."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from shelf_anomaly.errors import ShelfAnomalyError


class AccessError(ShelfAnomalyError):
    """Somebody wants what is not theirs to do."""


class MissingError(AccessError):
    """Something that is not there (any more)."""


class ConflictError(AccessError):
    """Something that is there already, or that must stay."""


class Role(IntEnum):
    """What a person may do; each one may do all that those before it may."""

    VIEWER = 1
    """Sees everything of the store."""
    STAFF = 2
    """Judges, takes over and hands on alerts."""
    ADMIN = 3
    """Rules over users, tokens, webhooks and what is kept how long."""

    @property
    def word(self) -> str:
        """Its name as people write it."""
        return self.name.lower()


def role(word: str) -> Role:
    """Return the role of that name; :raises AccessError: naming those there are."""
    try:
        return Role[word.upper()]
    except KeyError:
        raise AccessError(f'role {word[:40]!r} is none; expected viewer, staff or admin') from None


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody who asks: a person, a program with a token, or anybody where no login is asked."""

    name: str
    role: Role | None
    """None: a program that may only report."""
    ingest: bool = False
    """Whether reports of robots are taken from it."""
    session: str = ''
    """Hash of the session; empty for a program and where no login is asked."""
    csrf: str = ''
    """What a form or a request of this login must carry to change something."""

    def may(self, wanted: Role) -> bool:
        """Return whether it has at least this role."""
        return self.role is not None and self.role >= wanted

    def must(self, wanted: Role) -> None:
        """Do nothing when it has at least this role; :raises AccessError: when it does not."""
        if not self.may(wanted):
            raise AccessError(
                f'{self.name or "this token"} may not do that; it takes {wanted.word}'
            )


ANYBODY = Who('staff', Role.ADMIN, ingest=True)
"""Everyone, where no login is asked: on this machine only."""
