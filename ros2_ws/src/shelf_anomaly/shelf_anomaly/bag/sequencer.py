# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Holds images back until their pose is known, and lets them go in the order of their stamps."""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import FrameError, PoseError
from ..pose_track import JUMP_BACK_NS
from ..records import CameraModel, CameraPose, Frame
from . import conversion
from .pose_source import PoseSource
from .problems import Problem
from .topics import Camera

LOOK_AHEAD_NS = 1_000_000_000
"""How much longer a frame waits for the pose after it, in the bag's time."""


@dataclass(slots=True, order=True)
class _Waiting:
    stamp_ns: int
    number: int
    arrived_ns: int = field(compare=False)
    camera: Camera = field(compare=False)
    message: Any = field(compare=False)

    @property
    def frame_id(self) -> str:
        return str(self.message.header.frame_id)


class Sequencer:
    """Takes a bag's messages in the order of recording, gives frames with their poses."""

    def __init__(
        self,
        bag: str,
        cameras: Sequence[Camera],
        poses: PoseSource,
        tell: Callable[[Problem], None],
    ) -> None:
        """
        Start before the first message.

        :param bag: the bag's name, for problems
        :param cameras: whose images are wanted
        :param poses: takes what the bag says about poses
        :param tell: told of everything that could not be used or was odd
        """
        self.placed = 0
        self.last_error: FrameError | PoseError | None = None
        self.image_topics = {camera.image_topic: camera for camera in cameras}
        self._bag = bag
        self._poses = poses
        self._tell = tell
        self._info_topics = {camera.info_topic: camera for camera in cameras}
        self._models: dict[str, CameraModel | FrameError] = {}
        self._waiting: list[_Waiting] = []
        self._number = 0
        self._given: dict[str, int] = {}
        """Stamp of the last frame given, by image topic."""

    def take(self, topic: str, now_ns: int, message: Any) -> Iterator[tuple[Frame, CameraPose]]:
        """
        Take one message; yield the frames whose pose is known now.

        :param topic: where it was recorded
        :param now_ns: when it was recorded
        :param message: as rosbags reads it
        """
        if topic in self._info_topics:
            self.take_info(topic, message, now_ns)
            return
        camera = self.image_topics.get(topic)
        if camera is None:
            if self._poses.jumps_back(message):
                yield from self._restart()
            for error in self._poses.add(topic, message):
                self._problem(topic, now_ns, error)
        else:
            item = self._item(camera, message, now_ns)
            newest = max([*self._given.values(), *(w.stamp_ns for w in self._waiting)], default=0)
            if item.stamp_ns < newest - JUMP_BACK_NS:
                yield from self._restart()
            insort(self._waiting, item)
        yield from self._release(now_ns)

    def take_info(self, topic: str, message: Any, now_ns: int) -> None:
        """Take a camera description; a wrong one is told and does not replace a right one."""
        camera = self._info_topics[topic]
        try:
            self._models[topic] = conversion.camera_model(message, rectified=camera.rectified)
        except FrameError as error:
            if not isinstance(self._models.get(topic), CameraModel):
                self._models[topic] = error
            self._problem(topic, now_ns, error)

    def flush(self) -> Iterator[tuple[Frame, CameraPose]]:
        """Yield what still waits: the bag has ended."""
        yield from self._release(None)

    def _restart(self) -> Iterator[tuple[Frame, CameraPose]]:
        """Finish what was before time went back, and forget it."""
        yield from self._release(None)
        self._poses.clear()
        self._given.clear()

    def _item(self, camera: Camera, message: Any, now_ns: int) -> _Waiting:
        try:
            stamp = conversion.stamp_ns(message.header)
        except FrameError as error:
            self._problem(camera.image_topic, now_ns, error)
            stamp = 0
        if stamp == 0:
            odd = FrameError('no_stamp', 'image without a stamp: its time of recording is used')
            self._problem(camera.image_topic, now_ns, odd)
            stamp = now_ns
        self._number += 1
        return _Waiting(stamp, self._number, now_ns, camera, message)

    def _release(self, now_ns: int | None) -> Iterator[tuple[Frame, CameraPose]]:
        """Yield the frames whose pose is known, or that waited long enough; None: all of them."""
        while self._waiting:
            first = self._waiting[0]
            waited = now_ns is None or now_ns - first.arrived_ns > LOOK_AHEAD_NS
            if not waited and not self._poses.ready(first.frame_id, first.stamp_ns):
                return
            self._waiting.pop(0)
            try:
                placed = self._place(first)
            except (FrameError, PoseError) as error:
                self.last_error = error
                self._problem(first.camera.image_topic, first.stamp_ns, error, lost=True)
                continue
            self.placed += 1
            yield placed

    def _place(self, item: _Waiting) -> tuple[Frame, CameraPose]:
        topic, stamp = item.camera.image_topic, item.stamp_ns
        if stamp < max(self._given.values(), default=0) or stamp == self._given.get(topic):
            raise FrameError('out_of_order', 'image: its stamp is not after the one before it')
        self._given[topic] = stamp
        model = self._models.get(item.camera.info_topic)
        if model is None:
            raise FrameError('camera_info', f'image: no camera_info on {item.camera.info_topic}')
        if isinstance(model, FrameError):
            raise model
        decoded = conversion.picture(item.message, compressed=item.camera.compressed)
        if decoded.note:
            self._problem(topic, stamp, FrameError('mislabelled', decoded.note))
        frame = Frame(stamp, decoded.image, model, item.frame_id)
        return frame, self._poses.at(item.frame_id, stamp)

    def _problem(
        self, topic: str, stamp_ns: int, error: FrameError | PoseError, *, lost: bool = False
    ) -> None:
        self._tell(Problem(self._bag, topic, stamp_ns, error.reason, str(error), lost))
