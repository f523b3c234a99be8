# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The camera's pose from TF; the only importer of tf2_ros."""

from __future__ import annotations

import time
from typing import Any

from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.time import Time

from ..errors import PoseError, SettingsError
from ..pose_track import JUMP_BACK_NS
from ..records import CameraPose
from .conversions import ns_to_stamp, pose_from_transform, stamp_to_ns

TF_CACHE_S = 10.0


class TfPoseSource:
    """TF from the map to the optical frame, at the stamp of the image."""

    def __init__(self, node: Node, map_frame: str) -> None:
        """Listen to TF; :raises SettingsError: if tf2_ros is not installed."""
        try:
            import tf2_ros
        except ImportError as error:
            raise SettingsError(
                f'parameter pose_source: tf needs the package tf2_ros, which is missing '
                f'({error}); '
                'install it, or use pose_source:=topic with camera_mount'
            ) from error
        self._map_frame = map_frame
        self._error = tf2_ros.TransformException
        self._buffer = tf2_ros.Buffer(cache_time=Duration(seconds=TF_CACHE_S), node=node)
        self._listener = tf2_ros.TransformListener(self._buffer, node, spin_thread=False)
        self._found_s: float | None = None
        self._frame_id = ''
        self.name = f'TF {map_frame} -> camera'

    def at(self, stamp_ns: int, frame_id: str) -> CameraPose | None:
        """Return the pose, or None while TF cannot tell."""
        try:
            # Never with a timeout: tf2 waits in the executor that should bring the transform.
            found = self._lookup(frame_id, Time.from_msg(ns_to_stamp(stamp_ns)))
        except self._error:
            return None
        return CameraPose(pose_from_transform(found.transform))

    def best(self, stamp_ns: int, frame_id: str) -> CameraPose:
        """Return the latest pose with its distance in time from the stamp."""
        try:
            found = self._lookup(frame_id, Time())
        except self._error as error:
            raise PoseError(
                'no_pose', f'pose: TF has no {self._map_frame} -> {frame_id}: {error}'
            ) from None
        when = found.header.stamp
        # All links static: tf2 answers with stamp zero, and the pose holds at any time.
        age = abs(stamp_ns - stamp_to_ns(when)) if when.sec or when.nanosec else 0
        return CameraPose(pose_from_transform(found.transform), age)

    def age_s(self) -> float | None:
        """Return the seconds since TF last answered."""
        return None if self._found_s is None else time.monotonic() - self._found_s

    def rewind(self, stamp_ns: int) -> None:
        """Forget another recording; tf2 does it itself only when the node's clock jumps back."""
        try:
            newest = self._buffer.get_latest_common_time(self._map_frame, self._frame_id)
        except self._error:
            return
        if newest.nanoseconds > stamp_ns + JUMP_BACK_NS:
            self._buffer.clear()  # what is static stays

    def tick(self) -> None:
        """Do nothing: the listener keeps its subscriptions."""

    def _lookup(self, frame_id: str, when: Time) -> Any:
        self._frame_id = frame_id
        found = self._buffer.lookup_transform(self._map_frame, frame_id, when, timeout=Duration())
        self._found_s = time.monotonic()
        return found


def tf_available() -> bool:
    """Return whether tf2_ros can be imported."""
    try:
        import tf2_ros  # noqa: F401
    except ImportError:
        return False
    return True
