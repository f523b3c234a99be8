# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Which alerts somebody wants to see, as it stands in the address of the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import cast
from urllib.parse import urlencode

from .queries import Order
from .text import clean
from .views import AlertFilter
from .words import KINDS

MINUTE_NS = 60 * 10**9
HOUR_NS = 60 * MINUTE_NS
AGES = {
    'hour': 'Last hour',
    'day': 'Last 24 hours',
    'older': 'Older than a day',
    'week': 'Older than a week',
}
_YOUNGER = {'hour': HOUR_NS, 'day': 24 * HOUR_NS}
_OLDER = {'older': 24 * HOUR_NS, 'week': 7 * 24 * HOUR_NS}
ORDERS = {'newest': 'Newest first', 'priority': 'Most urgent first', 'oldest': 'Oldest first'}
STATES = {'open': 'To do', 'closed': 'Done', 'all': 'All'}
NOBODY = '-'
"""In the address: alerts that nobody has taken yet."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What to list and in which order; an empty text is any."""

    state: str = 'open'
    kind: str = ''
    aisle: str = ''
    bay: str = ''
    age: str = ''
    robot: str = ''
    who: str = ''
    order: str = 'newest'

    def __post_init__(self) -> None:
        """Take what is not known as not chosen."""
        known = {'state': STATES, 'kind': KINDS, 'age': AGES, 'order': ORDERS}
        defaults = {f.name: f.default for f in fields(self)}
        for name, default in defaults.items():
            value = clean(getattr(self, name))
            if name in known and value not in known[name]:
                value = str(default)
            object.__setattr__(self, name, value)

    @classmethod
    def read(cls, parameters: Mapping[str, str]) -> Choice:
        """Return the choice that an address names."""
        return cls(**{f.name: parameters[f.name] for f in fields(cls) if f.name in parameters})

    def query(self) -> str:
        """Return what goes into the address: only what is not as usual."""
        usual = Choice()
        chosen = {
            f.name: value
            for f in fields(self)
            if (value := getattr(self, f.name)) != getattr(usual, f.name)
        }
        return urlencode(chosen)

    def wanted(self, now_ns: int) -> AlertFilter:
        """Return the filter; ages are taken to the minute, so that open pages share answers."""
        minute = now_ns - now_ns % MINUTE_NS
        younger, older = _YOUNGER.get(self.age), _OLDER.get(self.age)
        return AlertFilter(
            state=None if self.state == 'all' else self.state,
            kind=self.kind or None,
            aisle=self.aisle or None,
            bay=self.bay or None,
            robot=self.robot or None,
            assignee='' if self.who == NOBODY else self.who or None,
            began_after_ns=None if younger is None else minute - younger,
            began_before_ns=None if older is None else minute - older,
        )

    @property
    def sorted_by(self) -> Order:
        """The order of the list."""
        return cast('Order', self.order)
