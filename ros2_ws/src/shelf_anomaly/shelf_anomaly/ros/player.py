# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The thread that plays: it keeps the pace, tells the time and publishes bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Event, Thread
import time

from rclpy.duration import Duration
from rclpy.impl.rcutils_logger import RcutilsLogger
from rclpy.publisher import Publisher
from rosgraph_msgs.msg import Clock

from ..errors import BagError
from . import process
from .conversions import ns_to_stamp
from .playback import Bag, Message, Pace, Topic

STABLE_S = 1.0
LOOK_S = 0.05
FLUSH_S = 2.0


@dataclass(frozen=True, slots=True)
class PlayerParameters:
    """What to play, and how."""

    bags: tuple[Bag, ...]
    topics: dict[str, Topic]
    rate: float
    loop: bool
    bag_gap_s: float
    clock_hz: float
    wait_for_subscribers: bool
    wait_timeout_s: float


class Player:
    """Plays bags through publishers that were made for it."""

    def __init__(
        self,
        parameters: PlayerParameters,
        publishers: Mapping[str, Publisher],
        clock: Publisher,
        log: RcutilsLogger,
    ) -> None:
        """
        Prepare; ``start`` begins.

        :param publishers: by topic
        :param clock: of ``/clock``
        """
        self.exit_code: int | None = None
        """Of the process; None while there is more to play."""
        self._parameters = parameters
        self._publishers = publishers
        self._clock = clock
        self._log = log
        self._stop = Event()
        self._told_s = 0.0
        self._pace = Pace(0, 0.0, 1.0)
        self._thread = Thread(target=self._run, name='player', daemon=True)

    def start(self) -> None:
        """Begin to play."""
        self._thread.start()

    def stop(self) -> bool:
        """Stop playing, wherever it is; return whether its thread has ended."""
        self._stop.set()
        self._thread.join(1.0)
        return not self._thread.is_alive()

    def _run(self) -> None:
        code = process.OK
        try:
            self._play_all()
        except BagError as error:
            self._log.error(str(error))
            code = process.CONFIGURATION
        except Exception as error:  # noqa: BLE001  the process must end, with the reason, not hang
            self._log.fatal(f'{type(error).__name__}: {error}')
            code = process.INTERNAL
        if not self._stop.is_set():
            for publisher in self._publishers.values():
                publisher.wait_for_all_acked(Duration(seconds=FLUSH_S))
        self.exit_code = code

    def _play_all(self) -> None:
        bags = self._parameters.bags
        if self._parameters.wait_for_subscribers:
            self._wait_for_readers(bags[0].start_ns)
        before: Bag | None = None
        while True:
            for number, bag in enumerate(bags, 1):
                if before is not None:
                    self._keep_silent(before.end_ns)
                before = bag
                self._log.info(f'playing {bag.path} ({number} of {len(bags)})')
                self._play(bag)
                if self._stop.is_set():
                    return
            if not self._parameters.loop:
                return

    def _play(self, bag: Bag) -> None:
        self._pace = Pace(bag.start_ns, time.monotonic(), self._parameters.rate)
        for message in bag.messages(set(self._publishers)):
            if not self._wait_until(message.time_ns):
                return
            self._publish(message)

    def _publish(self, message: Message) -> None:
        try:
            self._publishers[message.topic].publish(message.cdr)
        except Exception as error:  # noqa: BLE001  RCLError when a reader is slow; go on
            self._log.warning(
                f'{message.topic}: a message was not sent: {error}', throttle_duration_sec=10.0
            )

    def _wait_until(self, time_ns: int) -> bool:
        """Keep /clock going until bag time ``time_ns``; return False if the player was stopped."""
        period_s = 1.0 / self._parameters.clock_hz if self._parameters.clock_hz else 1.0
        due_s = self._pace.due_s(time_ns)
        while True:
            now_s = time.monotonic()
            if now_s >= due_s:
                self._tell_time(time_ns)
                return not self._stop.is_set()
            self._tell_time(self._pace.time_ns(now_s))
            if self._stop.wait(min(period_s, due_s - now_s)):
                return False

    def _keep_silent(self, end_ns: int) -> None:
        """Let time pass after a bag, so that what was under way in it ends before the next one."""
        self._pace = Pace(end_ns, time.monotonic(), 1.0)
        self._wait_until(end_ns + round(self._parameters.bag_gap_s * 1e9))

    def _tell_time(self, time_ns: int) -> None:
        now_s = time.monotonic()
        if self._parameters.clock_hz and now_s - self._told_s >= 1.0 / self._parameters.clock_hz:
            self._told_s = now_s
            self._clock.publish(Clock(clock=ns_to_stamp(time_ns)))

    def _wait_for_readers(self, time_ns: int) -> None:
        """Wait until pictures are read and no more readers turn up."""
        images = [
            n for n, t in self._parameters.topics.items() if t.is_image and n in self._publishers
        ]
        begun = since = time.monotonic()
        before: dict[str, int] = {}
        while not self._stop.wait(LOOK_S):
            now = time.monotonic()
            self._tell_time(time_ns)
            readers = {name: p.get_subscription_count() for name, p in self._publishers.items()}
            if readers != before:
                before, since = readers, now
            if any(readers[name] for name in images or readers) and now - since >= STABLE_S:
                return
            if now - begun > self._parameters.wait_timeout_s:
                self._log.warning(
                    f'nobody reads {", ".join(images or readers)}; playing all the same'
                )
                return
