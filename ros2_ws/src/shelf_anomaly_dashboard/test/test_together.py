# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Many threads, one commit; a fault stays with whoever brought it."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
import threading

import pytest

from shelf_anomaly_dashboard.together import MOST, Together


class Writer:
    """Holds the first writing until it is let go on, so that the others queue up behind it."""

    def __init__(self) -> None:
        self.written: list[list[int]] = []
        self.begun, self.go_on = threading.Event(), threading.Event()

    def __call__(self, things: Sequence[int]) -> None:
        if not self.begun.is_set():
            self.begun.set()
            assert self.go_on.wait(10)
        if 13 in things:
            raise ValueError('thirteen')
        self.written.append(list(things))


@pytest.fixture
def writer() -> Writer:
    """Return something to write with."""
    return Writer()


def test_what_comes_while_the_disk_is_waited_for_shares_one_commit(writer: Writer) -> None:
    together = Together(writer)
    with ThreadPoolExecutor(6) as threads:
        first = threads.submit(together.keep, [0])
        assert writer.begun.wait(10)
        others = [threads.submit(together.keep, [n, n]) for n in range(1, 6)]
        while len(together._waiting) < 5:
            assert not first.done()
        writer.go_on.set()
        for one in (first, *others):
            one.result(10)

    assert writer.written[0] == [0]
    assert [sorted(some) for some in writer.written[1:]] == [[1, 1, 2, 2, 3, 3, 4, 4, 5, 5]]


def test_a_fault_is_told_to_whoever_brought_it(writer: Writer) -> None:
    together = Together(writer)
    with ThreadPoolExecutor(4) as threads:
        first = threads.submit(together.keep, [0])
        assert writer.begun.wait(10)
        good, bad = threads.submit(together.keep, [1]), threads.submit(together.keep, [13])
        while len(together._waiting) < 2:
            assert not first.done()
        writer.go_on.set()
        good.result(10)
        with pytest.raises(ValueError, match='thirteen'):
            bad.result(10)

    assert writer.written == [[0], [1]]


def test_what_one_thread_brings_is_never_parted(writer: Writer) -> None:
    writer.begun.set()
    together = Together(writer)
    together.keep(list(range(14, 14 + 2 * MOST)))

    assert [len(some) for some in writer.written] == [2 * MOST]
