# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""When the next image may be sent: at the wanted rate, and no faster than the detector follows."""

from __future__ import annotations

SLOWER = 1.4
FASTER = 0.85
STALLED_S = 15.0


class Pacer:
    """
    Follows a detector by what it says about itself.

    An image may go as soon as all before it are settled. As a status comes only now and then, an
    image may also go after a period that grows when the detector dropped frames and shrinks while
    it does not; but never may more than ``window`` images be without word. Time is an argument.
    """

    def __init__(self, shortest_s: float, *, window: int = 40) -> None:
        """
        Start without knowing the detector.

        :param shortest_s: wall time between images at least (of all cameras together)
        :param window: images that may be under way
        """
        self._shortest_s = shortest_s
        self._period_s = max(shortest_s, 0.08)
        self._window = window
        self._sent = 0
        self._settled = 0
        self._dropped = 0
        self._last_s = float('-inf')
        self._word_s = float('-inf')

    @property
    def period_s(self) -> float:
        """Wall time between images now."""
        return self._period_s

    @property
    def stalled(self) -> bool:
        """True if images are missing and nothing was heard of them; see ``may_send``."""
        return self._sent - self._settled >= self._window

    def may_send(self, now_s: float) -> bool:
        """Tell whether an image may go now; a long silence holds up nothing."""
        waited = now_s - self._last_s
        if waited < self._shortest_s:
            return False
        if self._settled >= self._sent:
            return True
        if self.stalled:
            return now_s - max(self._word_s, self._last_s) > STALLED_S
        return waited >= self._period_s

    def sent(self, now_s: float) -> None:
        """Take note of an image that went."""
        self._sent += 1
        self._last_s = now_s

    def status(self, settled: int, dropped: int, now_s: float) -> None:
        """
        Take note of a status.

        :param settled: frames the detector is done with, dropped ones too
        :param dropped: of these, overtaken by newer ones
        """
        if settled < self._settled:  # a detector that was started again counts from zero
            self._sent = self._settled = self._dropped = 0
        if dropped > self._dropped:
            self._period_s = min(self._period_s * SLOWER, 5.0)
        elif settled > self._settled:
            self._period_s = max(self._period_s * FASTER, self._shortest_s)
        self._settled, self._dropped, self._word_s = settled, dropped, now_s
