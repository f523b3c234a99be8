# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Where the camera was, from a bag's TF or its pose topic."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..errors import FrameError, PoseError
from ..pose_track import planar_sigmas, PoseTrack
from ..records import CameraPose
from . import conversion
from .tf_tree import frame_name, TfTree
from .topics import BagOptions, Wanted


class PoseSource:
    """The transforms and poses read so far, and the camera's pose at a time."""

    def __init__(self, wanted: Wanted, options: BagOptions, map_frame: str) -> None:
        """
        Start empty.

        :param wanted: which topics place the camera
        :param options: mount and base frame
        :param map_frame: frame that the store layout is in
        """
        self._wanted = wanted
        self._options = options
        self._map = frame_name(map_frame)
        self._tree = TfTree()
        self._topic = PoseTrack()

    def clear(self) -> None:
        """Forget where things were; what is fixed stays."""
        self._tree.clear_moving()
        self._topic.clear()

    def jumps_back(self, message: Any) -> bool:
        """Say whether a TF or pose message means that time went back."""
        try:
            if hasattr(message, 'transforms'):
                return any(
                    self._tree.jumps_back(t.child_frame_id, conversion.stamp_ns(t.header))
                    for t in message.transforms
                )
            return self._topic.jumps_back(conversion.stamp_ns(message.header))
        except FrameError:
            return False

    def add_static(self, message: Any) -> list[PoseError]:
        """Take a message of /tf_static; return what was wrong in it."""
        errors = []
        for t in message.transforms:
            try:
                pose = conversion.transform_pose(t.transform)
                self._tree.add_static(t.header.frame_id, t.child_frame_id, pose)
            except PoseError as error:
                errors.append(error)
        return errors

    def add(self, topic: str, message: Any) -> list[PoseError]:
        """Take a message of /tf or the pose topic; return what was wrong in it."""
        if topic == self._wanted.pose_topic:
            return self._add_pose(message)
        errors = []
        for t in message.transforms:
            try:
                pose = conversion.transform_pose(t.transform)
                stamp = conversion.stamp_ns(t.header)
                self._tree.add(t.header.frame_id, t.child_frame_id, stamp, pose)
            except (PoseError, FrameError) as error:
                errors.append(
                    error if isinstance(error, PoseError) else PoseError('stamp', str(error))
                )
        return errors

    def _add_pose(self, message: Any) -> list[PoseError]:
        try:
            frame = frame_name(message.header.frame_id)
            if frame != self._map:
                raise PoseError(
                    'pose_frame',
                    f'pose: is in frame {frame!r}, the store layout is in {self._map!r}',
                )
            sigmas = planar_sigmas(message.pose.covariance)
            pose = conversion.message_pose(message.pose.pose)
            self._topic.add(conversion.stamp_ns(message.header), pose, *sigmas)
        except PoseError as error:
            return [error]
        except FrameError as error:
            return [PoseError('stamp', str(error))]
        return []

    def ready(self, frame_id: str, stamp_ns: int) -> bool:
        """Say whether the pose at a time would not change by what comes later in the bag."""
        if self._wanted.place_by_topic:
            newest = self._topic.newest_ns
            return newest is not None and newest >= stamp_ns
        child = frame_id if self._options.mount is None else self._options.base_frame
        return self._tree.ready(self._map, child, stamp_ns)

    def at(self, frame_id: str, stamp_ns: int) -> CameraPose:
        """
        Return where a camera's optical frame was in the map.

        :raises PoseError: if nothing tells
        """
        if self._wanted.place_by_topic:
            return self._at_by_topic(frame_id, stamp_ns)
        if self._options.mount is None:
            placed = self._tree.at(self._map, frame_id, stamp_ns)
        else:
            placed = self._tree.at(self._map, self._options.base_frame, stamp_ns)
            placed = replace(placed, pose=placed.pose.compose(self._options.mount))
        if len(self._topic):
            told = self._topic.at(stamp_ns)
            placed = replace(placed, sigma_m=told.sigma_m, sigma_rad=told.sigma_rad)
        return placed

    def _at_by_topic(self, frame_id: str, stamp_ns: int) -> CameraPose:
        base = self._topic.at(stamp_ns)
        mount = self._options.mount
        age = base.age_ns
        if mount is None:
            try:
                fixed = self._tree.at(self._options.base_frame, frame_id, stamp_ns)
            except PoseError as error:
                raise PoseError(
                    'no_mount',
                    f'{error}; name the mount with --mount x,y,z,qx,qy,qz,qw '
                    f'({frame_id} in {self._options.base_frame})',
                ) from None
            mount, age = fixed.pose, max(age, fixed.age_ns)
        return replace(base, pose=base.pose.compose(mount), age_ns=age)
