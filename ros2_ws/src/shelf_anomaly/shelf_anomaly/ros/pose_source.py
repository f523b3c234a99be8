# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Where the camera was when an image was taken: from TF or from a pose topic, behind one door."""

from __future__ import annotations

from collections.abc import Callable
import time
from typing import Protocol

from geometry_msgs.msg import PoseWithCovarianceStamped
from rclpy.node import Node

from ..errors import PoseError, SettingsError
from ..pose_track import PoseTrack
from ..records import CameraPose, Pose
from .conversions import stamped_pose_from_message
from .guard import Guard
from .parameter_table import DetectorParameters
from .subscriptions import AdaptiveSubscription
from .tf_pose_source import tf_available, TfPoseSource

TOPIC = 'robot_pose'


class PoseSource(Protocol):
    """Answers for one camera; never blocks."""

    name: str
    """For people: what is asked."""

    def at(self, stamp_ns: int, frame_id: str) -> CameraPose | None:
        """Return the pose at a stamp, or None while it may still arrive."""

    def best(self, stamp_ns: int, frame_id: str) -> CameraPose:
        """Return the nearest pose there is, with its age; :raises PoseError: if there is none."""

    def age_s(self) -> float | None:
        """Return the seconds since the last news (steady clock), None if there never was any."""

    def rewind(self, stamp_ns: int) -> None:
        """Forget what is from a later time than this stamp: time jumped back."""

    def tick(self) -> None:
        """Look after the subscriptions, a few times a second."""


class TopicPoseSource:
    """A PoseWithCovarianceStamped topic of the base, interpolated, and a fixed camera mount."""

    def __init__(
        self, node: Node, mount: Pose, map_frame: str, guard: Guard, moved: Callable[[], None]
    ) -> None:
        """
        Subscribe.

        :param mount: the camera's optical frame in the base frame
        :param map_frame: the frame that poses must be in
        :param guard: wraps the callback; a message that is no pose is counted
        :param moved: called after each pose that was taken, so that waiting frames go on
        """
        self._mount = mount
        self._map_frame = map_frame
        self._moved = moved
        self._track = PoseTrack()
        self._heard_s: float | None = None
        self._subscription = AdaptiveSubscription(
            node, PoseWithCovarianceStamped, TOPIC, guard.wrap('pose', self._take)
        )
        self.name = f'topic {self._subscription.topic}'

    def at(self, stamp_ns: int, frame_id: str) -> CameraPose | None:
        """Return the pose once a pose from the stamp or later is there."""
        newest = self._track.newest_ns
        if newest is None or newest < stamp_ns:
            return None
        return self.best(stamp_ns, frame_id)

    def best(self, stamp_ns: int, frame_id: str) -> CameraPose:
        """Return the interpolated pose, or the nearest one with its age."""
        if self._track.newest_ns is None:
            raise PoseError('no_pose', f'pose: no pose has arrived on {self._subscription.topic}')
        base = self._track.at(stamp_ns)
        return CameraPose(
            base.pose.compose(self._mount), base.age_ns, base.sigma_m, base.sigma_rad
        )

    def age_s(self) -> float | None:
        """Return the seconds since the last pose that was taken."""
        return None if self._heard_s is None else time.monotonic() - self._heard_s

    def rewind(self, stamp_ns: int) -> None:
        """Forget the poses of another recording; those of this one may have come already."""
        if self._track.jumps_back(stamp_ns):
            self._track.clear()

    def tick(self) -> None:
        """Let the subscription follow its publishers."""
        self._subscription.update()

    def _take(self, message: PoseWithCovarianceStamped) -> None:
        frame = message.header.frame_id.lstrip('/')
        if frame != self._map_frame:
            raise PoseError(
                'pose_frame',
                f'pose: {self._subscription.topic} is in frame {frame!r}, the store in '
                f'{self._map_frame!r}; '
                'set map_frame if they are the same place',
            )
        self._track.add(*stamped_pose_from_message(message))
        self._heard_s = time.monotonic()
        self._moved()


def make_pose_source(
    node: Node,
    parameters: DetectorParameters,
    map_frame: str,
    guard: Guard,
    moved: Callable[[], None],
) -> PoseSource:
    """Return the source that the parameters ask for; :raises SettingsError: if it cannot work."""
    source = parameters.pose_source
    if source == 'auto':
        source = 'tf' if tf_available() else 'topic'
    if source == 'tf':
        return TfPoseSource(node, map_frame)
    mount = parameters.mount
    if mount is None:
        raise SettingsError(
            'parameter camera_mount: the pose topic tells where the base is; give the optical '
            'frame in the base '
            'frame as [x, y, z, qx, qy, qz, qw] in metres'
        )
    return TopicPoseSource(node, mount, map_frame, guard, moved)
