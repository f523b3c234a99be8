# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What a bag player plays: the messages of bags in order, as bytes, and when each is due."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..bag.bag_paths import find_bags
from ..bag.bag_reader import open_bag
from ..errors import BagError

STATIC_TOPICS = ('/tf_static',)
IMAGE_TYPES = ('sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage')


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic of the bags."""

    name: str
    type: str
    latched: bool
    """The last message is kept for readers that come late (transient local)."""

    @property
    def is_image(self) -> bool:
        """Whether it carries pictures."""
        return self.type in IMAGE_TYPES


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it goes on the wire."""

    topic: str
    time_ns: int
    """When it was recorded."""
    cdr: bytes


@dataclass(frozen=True, slots=True)
class Pace:
    """Turns the time of a bag into the steady time at which it is due."""

    start_ns: int
    start_s: float
    rate: float

    def due_s(self, time_ns: int) -> float:
        """Return the steady time (s) at which bag time ``time_ns`` is reached."""
        return self.start_s + (time_ns - self.start_ns) / 1e9 / self.rate

    def time_ns(self, now_s: float) -> int:
        """Return the bag time at steady time ``now_s``."""
        return self.start_ns + round((now_s - self.start_s) * self.rate * 1e9)


class Bag:
    """One bag to play."""

    def __init__(self, path: Path, start_offset_s: float = 0.0) -> None:
        """Look into a bag; :raises BagError: if it cannot be read."""
        self.path = path
        reader = open_bag(path)
        try:
            self.topics = {
                c.topic: Topic(c.topic, c.msgtype, c.topic in STATIC_TOPICS or _latched(c))
                for c in reader.connections
            }
            self.start_ns = int(reader.start_time) + round(start_offset_s * 1e9)
            self.end_ns = int(reader.end_time)
            if not reader.message_count:
                raise BagError(f'{path}: holds no messages')
        finally:
            reader.close()
        if self.start_ns > self.end_ns:
            length = (self.end_ns - int(self.start_ns - start_offset_s * 1e9)) / 1e9
            raise BagError(
                f'{path}: lasts {length:.1f} s; start_offset {start_offset_s:g} s is after its end'
            )

    def messages(self, topics: Collection[str]) -> Iterator[Message]:
        """
        Yield the messages of ``topics`` in the order of recording.

        With an offset, what latched topics said before it comes first: a transform that never
        changes is needed however late one starts.

        :raises BagError: if the bag is damaged; what came before was yielded
        """
        reader = open_bag(self.path)
        try:
            chosen = [c for c in reader.connections if c.topic in topics]
            if not chosen:
                return
            for connection, time_ns, raw in reader.messages(chosen):
                early = time_ns < self.start_ns
                if early and not self.topics[connection.topic].latched:
                    continue
                cdr = raw if reader.is2 else reader.typestore.ros1_to_cdr(raw, connection.msgtype)
                yield Message(connection.topic, max(int(time_ns), self.start_ns), bytes(cdr))
        except Exception as error:  # noqa: BLE001  rosbags lets struct and zlib errors out
            raise BagError(
                f'{self.path}: is damaged; what came before was played: {error}'
            ) from None
        finally:
            reader.close()


def find(names: Sequence[str], start_offset_s: float) -> list[Bag]:
    """Return the bags that are meant, in order; :raises BagError: naming what is none."""
    if not names:
        raise BagError(
            'parameter bag: is empty; name a bag, several with commas, or a folder of bags'
        )
    return [Bag(path, start_offset_s) for path in find_bags(names).values()]


def choose(bags: Sequence[Bag], wanted: Sequence[str]) -> dict[str, Topic]:
    """
    Return the topics to play, by name.

    :param wanted: names; none = all
    :raises BagError: if a name is in none of the bags, or a topic changes its type
    """
    found: dict[str, Topic] = {}
    for bag in bags:
        for topic in bag.topics.values():
            before = found.setdefault(topic.name, topic)
            if before.type != topic.type:
                raise BagError(
                    f'{bag.path}: {topic.name} is {topic.type}, before it was {before.type}; '
                    'play them one by one'
                )
    missing = sorted(set(wanted) - set(found))
    if missing:
        raise BagError(
            f'parameter topics: {missing[0]} is in none of the bags; they have '
            f'{", ".join(sorted(found))}'
        )
    return {name: topic for name, topic in found.items() if not wanted or name in wanted}


def split_names(text: str) -> list[str]:
    """Return names that were given with commas between them; one path that exists is itself."""
    if text and Path(text).exists():
        return [text]
    return [name for name in (part.strip() for part in text.split(',')) if name]


def _latched(connection: object) -> bool:
    profiles = getattr(getattr(connection, 'ext', None), 'offered_qos_profiles', None) or ()
    names = [str(getattr(getattr(p, 'durability', None), 'name', '')) for p in profiles]
    return bool(names) and all(name == 'TRANSIENT_LOCAL' for name in names)
