# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Where does this item belong? Whoever can tell from a photo is asked through this door."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import threading
from typing import Protocol

from shelf_anomaly.errors import ShelfAnomalyError

from .text import clean, finite

MAX_PHOTO = 700_000
"""Bytes of a photo; the page makes it smaller before it sends it."""
MAX_PICTURE = 2_000_000
AT_ONCE = 2
"""Questions that may wait for a robot; more would take the threads from the open pages."""
_MAGIC = {b'\xff\xd8\xff': 'image/jpeg', b'\x89PNG\r\n\x1a\n': 'image/png'}


class FindError(ShelfAnomalyError):
    """No answer; the message tells people why and what to do."""


@dataclass(frozen=True, slots=True)
class FoundPlace:
    """One place where an item like the one in the photo normally stands."""

    aisle: str
    bay: str
    level: int
    """Board from below, 0 is the lowest; -1 is not known."""
    x: float | None
    """Centre, metres right of the bay's left edge."""
    y: float | None
    """Centre, metres above the bay's origin."""
    width: float | None
    height: float | None
    confidence: float
    """0 to 1."""
    picture: bytes = b''
    """JPEG or PNG of what normally stands there, or nothing."""
    sku: str = ''
    """What the planogram has there; empty is not known."""

    def __post_init__(self) -> None:
        """Clean what came from outside."""
        for name in ('aisle', 'bay', 'sku'):
            object.__setattr__(self, name, clean(getattr(self, name)))
        for name in ('x', 'y', 'width', 'height'):
            value = getattr(self, name)
            object.__setattr__(self, name, None if value is None else finite(value))
        object.__setattr__(self, 'level', min(99, max(-1, int(self.level))))
        object.__setattr__(self, 'confidence', finite(self.confidence, 0.0, 1.0) or 0.0)
        if picture_type(self.picture) is None or len(self.picture) > MAX_PICTURE:
            object.__setattr__(self, 'picture', b'')


class ItemLocator(Protocol):
    """Knows the items of a store by their looks."""

    def locate(self, photo: bytes, max_places: int) -> Sequence[FoundPlace]:
        """
        Return where the item in a photo belongs, most likely first; may take seconds.

        :param photo: a JPEG or PNG file
        :param max_places: how many places to return at most
        :raises FindError: when there is no answer
        """


class Finder:
    """The locator of a dashboard, which may come and go with the robots."""

    def __init__(self) -> None:
        """Begin without a locator."""
        self._lock = threading.Lock()
        self._locator: ItemLocator | None = None
        self._room = threading.BoundedSemaphore(AT_ONCE)

    def use(self, locator: ItemLocator | None) -> None:
        """Ask ``locator`` from now on; None asks nobody."""
        with self._lock:
            self._locator = locator

    def find(self, photo: bytes, max_places: int = 4) -> Sequence[FoundPlace]:
        """
        Return where the item in a photo belongs, most likely first.

        :raises FindError: saying why there is no answer
        """
        if picture_type(photo) is None:
            raise FindError('This is not a picture that can be read. Please take a photo.')
        if len(photo) > MAX_PHOTO:
            raise FindError('This picture is too large. Please take a smaller one.')
        with self._lock:
            locator = self._locator
        if locator is None:
            raise FindError('No robot answers. Finding a place works while a robot is connected.')
        if not self._room.acquire(blocking=False):
            raise FindError('The robot is busy with other photos. Please try again in a moment.')
        try:
            return list(locator.locate(photo, max_places))[:max_places]
        finally:
            self._room.release()


def picture_type(data: bytes) -> str | None:
    """Return the media type of a JPEG or PNG file, or None."""
    return next((kind for magic, kind in _MAGIC.items() if data.startswith(magic)), None)
