# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""From the camera's topics to frames that know their place; callbacks only store and hand over."""

from __future__ import annotations

from collections.abc import Callable
import time

from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from ..errors import FrameError, PoseError
from ..records import CameraModel, CameraPose
from . import qos
from .conversions import camera_from_message, stamp_to_ns
from .guard import Guard
from .health import Health
from .parameter_table import DetectorParameters
from .patrols import JUMP_BACK_NS, MessageClock
from .pose_source import PoseSource
from .shot import Arrival, image_topics, INFO, same_camera, Shot
from .subscriptions import AdaptiveSubscription
from .waiting import WaitingList

WAITING_FRAMES = 16
FROZEN_FRAMES = 3


class CameraInput:
    """Subscribes to one camera and hands on each frame when its pose and camera_info are there."""

    def __init__(
        self,
        node: Node,
        parameters: DetectorParameters,
        health: Health,
        guard: Guard,
        submit: Callable[[Shot], None],
    ) -> None:
        """
        Subscribe.

        :param submit: takes a frame that is ready; must return at once
        """
        self._node = node
        self._parameters = parameters
        self._health = health
        self._guard = guard
        self._submit = submit
        self._poses: PoseSource | None = None
        self._camera: CameraModel | None = None
        self._info: CameraInfo | None = None
        self._waiting: WaitingList[Arrival] = WaitingList(WAITING_FRAMES, parameters.pose_wait_s)
        self.time = MessageClock()
        self._last_ns = 0
        self._same = 0
        self._images: dict[str, AdaptiveSubscription] = {}
        self.frame_id = parameters.camera_frame
        self.image_topic, self.compressed_topic = image_topics(node)
        self._infos = AdaptiveSubscription(
            node,
            CameraInfo,
            INFO,
            guard.wrap('camera_info', self._take_info),
            depth=qos.CAMERA_DEPTH,
        )
        self.follow()

    @property
    def subscriptions(self) -> tuple[AdaptiveSubscription, ...]:
        """The image subscriptions there are now."""
        return tuple(self._images.values())

    @property
    def has_info(self) -> bool:
        """Whether a usable camera_info has come."""
        return self._camera is not None

    def use(self, poses: PoseSource) -> None:
        """Take poses from here."""
        self._poses = poses

    def follow(self, *, every: bool = False) -> None:
        """Subscribe as parameters and publishers ask for; called a few times a second."""
        for subscription in (self._infos, *self._images.values()):
            subscription.update(every=every)
        wanted = self._wanted()
        for topic in [topic for topic in self._images if topic not in wanted]:
            self._images.pop(topic).close()
        for topic, message_type in wanted.items():
            if topic not in self._images:
                self._images[topic] = AdaptiveSubscription(
                    self._node,
                    message_type,
                    topic,
                    self._guard.wrap('image', self._take_image),
                    asked=self._parameters.image_reliability,
                    depth=qos.CAMERA_DEPTH,
                    latched=False,
                )

    def release(self) -> None:
        """Hand on the frames whose pose has come, and give up those that waited too long."""
        ready, expired = self._waiting.release(self._answer, time.monotonic())
        for arrival, (camera, pose) in ready:
            self._hand_on(arrival, camera, pose)
        for arrival in expired:
            self._guard.run('late frame', self._late, arrival)

    def _wanted(self) -> dict[str, type[Image] | type[CompressedImage]]:
        transport = self._parameters.image_transport
        raw: dict[str, type[Image] | type[CompressedImage]] = {self.image_topic: Image}
        compressed: dict[str, type[Image] | type[CompressedImage]] = {
            self.compressed_topic: CompressedImage
        }
        if transport != 'auto':
            return raw if transport == 'raw' else compressed
        if self._node.count_publishers(self.compressed_topic):
            return compressed  # a tenth of the bytes; both at once would be twice the frames
        return raw | compressed

    def _take_info(self, message: CameraInfo) -> None:
        if self._info is None or not same_camera(message, self._info):
            self._camera = camera_from_message(message)
            self._info = message
        self.release()

    def _take_image(self, message: Image | CompressedImage) -> None:
        self._health.frame_received()
        arrived_s = time.monotonic()
        try:
            stamp_ns = stamp_to_ns(message.header.stamp)
        except FrameError:
            self._health.count('rejected')
            raise
        if stamp_ns == self._last_ns:
            self._frozen()
            return
        if stamp_ns < self._last_ns - JUMP_BACK_NS:
            self._health.count('unplaced', self._waiting.clear())
            self.time.reset(stamp_ns, arrived_s)
            if self._poses is not None:
                self._poses.rewind(stamp_ns)
        elif stamp_ns < self._last_ns:
            self._health.count('dropped_late')
            self._guard.trouble('out_of_order', 'image: older than the frame before it; dropped')
            return
        self.time.see(stamp_ns, arrived_s)
        self._last_ns, self._same = stamp_ns, 0
        self.frame_id = self._parameters.camera_frame or message.header.frame_id.lstrip('/')
        age_s = (self._node.get_clock().now().nanoseconds - stamp_ns) / 1e9
        age_s = age_s if 0.0 <= age_s < 10.0 else 0.0
        arrival = Arrival(stamp_ns, self.frame_id, message, arrived_s, age_s)
        if self._waiting.add(arrival, arrived_s) is not None:
            self._health.count('unplaced')
            self._guard.trouble(
                'no_pose',
                f'pose: {WAITING_FRAMES} frames wait for their pose; the oldest was dropped',
            )
        self.release()

    def _frozen(self) -> None:
        self._health.count('duplicate')
        self._same += 1
        if self._same >= FROZEN_FRAMES:
            self._guard.trouble(
                'frozen',
                f'image: {self._same} frames in a row have one stamp; the camera stands still',
            )

    def _answer(self, arrival: Arrival) -> tuple[CameraModel, CameraPose] | None:
        if self._camera is None or self._poses is None:
            return None
        pose = self._poses.at(arrival.stamp_ns, arrival.frame_id)
        return None if pose is None else (self._camera, pose)

    def _late(self, arrival: Arrival) -> None:
        """Make do with what there is; the gate decides whether the pose is too old."""
        try:
            if self._camera is None:
                raise PoseError(
                    'no_camera_info',
                    f'camera_info: none that can be used came on {self._infos.topic}',
                )
            if self._poses is None:
                raise PoseError('no_pose', 'pose: no source')
            self._hand_on(
                arrival, self._camera, self._poses.best(arrival.stamp_ns, arrival.frame_id)
            )
        except PoseError:
            self._health.count('unplaced')
            raise

    def _hand_on(self, arrival: Arrival, camera: CameraModel, pose: CameraPose) -> None:
        self._submit(
            Shot(
                arrival.stamp_ns,
                arrival.frame_id,
                arrival.message,
                camera,
                pose,
                arrival.arrived_s,
                arrival.age_s,
            )
        )
