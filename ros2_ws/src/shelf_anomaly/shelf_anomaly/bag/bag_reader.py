# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""One recorded patrol, opened: its topics, its cameras, and the frames with their poses."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, TYPE_CHECKING

from rosbags.highlevel import AnyReader
from rosbags.typesys import get_typestore, Stores

from ..errors import BagError, FrameError, PoseError
from ..records import CameraPose, Frame
from .pose_source import PoseSource
from .problems import Problem
from .sequencer import Sequencer
from .topics import BagOptions, choose_topics, contents, Wanted

if TYPE_CHECKING:
    from rosbags.interfaces import Connection

Tell = Callable[[Problem], None]


class BagReader:
    """
    One bag: its camera(s), its pose, and the frames of both together.

    Nothing of a bag is trusted: what cannot be used is told through ``on_problem`` and skipped,
    and the rest is not lost.
    """

    topics: dict[str, str]
    """Message type of each topic."""
    wanted: Wanted
    """The topics that are read."""

    def __init__(
        self,
        path: str | Path,
        options: BagOptions | None = None,
        *,
        name: str = '',
        map_frame: str = 'map',
    ) -> None:
        """
        Name a bag; it is opened when it is entered (``with BagReader(...) as bag:``).

        :param path: a rosbag2 folder, or an mcap, db3 or ROS 1 bag file
        :param options: topics and mount where the bag's names do not tell
        :param name: name of the patrol; the bag's own name when empty
        :param map_frame: frame that the store layout is in
        """
        self.path = Path(path)
        self.name = name or (self.path.stem if self.path.is_file() else self.path.name)
        self.options = options or BagOptions()
        self.map_frame = map_frame
        self._stack = ExitStack()
        self._damage = ''

    def __enter__(self) -> BagReader:
        """Open the bag; :raises BagError: if it is none, or lacks what is needed."""
        with ExitStack() as stack:
            self._reader = open_bag(self.path)
            stack.callback(self._reader.close)
            self.topics = {c.topic: c.msgtype for c in self._reader.connections}
            self.wanted = choose_topics(str(self.path), self.topics, self.options)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the bag."""
        self._stack.close()

    @property
    def frames_total(self) -> int:
        """Images that the bag holds of the chosen cameras, usable or not."""
        images = {camera.image_topic for camera in self.wanted.cameras}
        return sum(c.msgcount for c in self._reader.connections if c.topic in images)

    @property
    def duration_ns(self) -> int:
        """Time from the first to the last message."""
        return max(0, int(self._reader.duration))

    def frames(self, on_problem: Tell | None = None) -> Iterator[tuple[Frame, CameraPose]]:
        """
        Yield each frame with the pose of its camera, in the order of their stamps.

        A stamp that goes back by more than a second (a looped recording) starts a new order.

        :param on_problem: told of everything that could not be used or was odd
        :raises BagError: if not one frame of the bag could be used, saying why
        """
        tell = on_problem or (lambda _: None)
        source = PoseSource(self.wanted, self.options, self.map_frame)
        sequencer = Sequencer(self.name, self.wanted.cameras, source, tell)
        infos = {camera.info_topic for camera in self.wanted.cameras}
        # What holds for the whole bag is read ahead, wherever in the bag it was recorded.
        for topic, _, message in self._messages(self.wanted.static_topics, tell):
            for wrong in source.add_static(message):
                tell(Problem(self.name, topic, 0, wrong.reason, str(wrong)))
        for info in infos:
            first = next(iter(self._messages((info,), lambda _: None)), None)
            if first is not None:
                sequencer.take_info(info, first[2], 0)
        rest = {*self.wanted.tf_topics, *sequencer.image_topics, *infos}
        rest |= {self.wanted.pose_topic} - {''}
        for topic, now_ns, message in self._messages(rest, tell):
            yield from sequencer.take(topic, now_ns, message)
        yield from sequencer.flush()
        if sequencer.placed == 0:
            raise self._nothing(sequencer.last_error)

    def _nothing(self, error: FrameError | PoseError | None) -> BagError:
        """Say why a whole bag gave no frame."""
        if isinstance(error, PoseError):
            return BagError(
                f'{self.path}: no frame could be placed in {self.map_frame!r}: {error}; record '
                f'/tf and /tf_static, or use --pose-topic and --mount; {contents(self.topics)}'
            )
        if error is not None:
            return BagError(f'{self.path}: no frame could be used, the last one because: {error}')
        if self._damage:
            return BagError(f'{self.path}: no frame could be read: {self._damage}')
        names = ', '.join(camera.image_topic for camera in self.wanted.cameras)
        return BagError(f'{self.path}: {names} holds no image; {contents(self.topics)}')

    def _messages(self, topics: Collection[str], tell: Tell) -> Iterator[tuple[str, int, Any]]:
        """Yield topic, time of recording and message; tell of what cannot be read."""
        chosen = [c for c in self._reader.connections if c.topic in topics and c.msgcount]
        images = {camera.image_topic for camera in self.wanted.cameras}
        if not chosen:
            return
        stream = iter(self._reader.messages(chosen))
        while True:
            try:
                connection, now_ns, raw = next(stream)
            except StopIteration:
                return
            except Exception as error:  # noqa: BLE001  # rosbags lets struct and zlib errors out
                self._damage = f'the bag is damaged, nothing after this is read: {error}'
                tell(Problem(self.name, '', 0, 'bag_damaged', self._damage))
                return
            message = self._deserialize(connection, now_ns, raw, tell, connection.topic in images)
            if message is not None:
                yield connection.topic, now_ns, message

    def _deserialize(
        self, connection: Connection, now_ns: int, raw: bytes, tell: Tell, is_image: bool
    ) -> Any:
        try:
            return self._reader.deserialize(raw, connection.msgtype)
        except Exception as error:  # noqa: BLE001  # any byte may be wrong; one message is lost
            detail = f'a message cannot be read: {type(error).__name__}: {error}'
            problem = Problem(
                self.name, connection.topic, now_ns, 'message_damaged', detail, is_image
            )
            tell(problem)
            return None


def open_bag(path: Path) -> AnyReader:
    """Return an opened reader; :raises BagError: if there is no bag that can be read."""
    if not path.exists():
        raise BagError(f'{path}: no such file or folder')
    try:
        reader = AnyReader([path], default_typestore=get_typestore(Stores.ROS2_JAZZY))
        reader.open()
    except Exception as error:  # noqa: BLE001  # whatever it is, it is no bag that can be read
        told = str(error) or type(error).__name__
        raise BagError(f'{path}: cannot be read as a bag: {told}; {_way_out(path)}') from None
    return reader


def _way_out(path: Path) -> str:
    mcaps = [path] if path.suffix == '.mcap' else sorted(path.glob('*.mcap'))
    if path.is_dir() and not (path / 'metadata.yaml').exists():
        return f'a rosbag2 folder has a metadata.yaml; "ros2 bag reindex {path.name}" writes it'
    if mcaps:
        return (
            f'if the recording was cut off, "mcap recover {mcaps[0].name} -o whole.mcap" (the '
            'mcap command line tool) saves what is in it'
        )
    return 'expected a rosbag2 folder (mcap or sqlite3), an mcap or db3 file, or a ROS 1 .bag file'
