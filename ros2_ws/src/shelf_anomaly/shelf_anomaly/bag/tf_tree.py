# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""A tree of coordinate frames, fed from /tf and /tf_static, asked at a time."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import PoseError
from ..pose_track import inverse, PoseTrack
from ..records import CameraPose, Pose

MAX_CHAIN = 100


@dataclass(slots=True)
class _Link:
    """How one child frame hangs on its parent."""

    parent: str
    track: PoseTrack
    static: Pose | None = None

    def at(self, stamp_ns: int) -> CameraPose:
        return self.track.at(stamp_ns) if self.static is None else CameraPose(self.static)


def frame_name(name: str) -> str:
    """Return a frame's name without the leading slash that older software writes."""
    return name.strip().lstrip('/')


class TfTree:
    """
    Frames and the transforms between them.

    Any chain can be asked for, up, down or across a common ancestor; each moving link of it is
    interpolated at the asked time, and the age of the answer is that of its oldest link.
    """

    def __init__(self) -> None:
        """Start with no frame."""
        self._links: dict[str, _Link] = {}

    @property
    def frames(self) -> tuple[str, ...]:
        """All frames that are known, sorted."""
        return tuple(sorted({*self._links, *(link.parent for link in self._links.values())}))

    def jumps_back(self, child: str, stamp_ns: int) -> bool:
        """Say whether a transform of this stamp means that time went back."""
        link = self._links.get(frame_name(child))
        return link is not None and link.track.jumps_back(stamp_ns)

    def add(self, parent: str, child: str, stamp_ns: int, pose: Pose) -> None:
        """
        Take a moving transform.

        :param parent: name of the parent frame
        :param child: name of the child frame
        :param stamp_ns: when the child was there
        :param pose: the child in the parent
        :raises PoseError: if the names make no link or the pose is absurd
        """
        link = self._link(parent, child)
        link.track.add(stamp_ns, pose)
        link.static = None

    def add_static(self, parent: str, child: str, pose: Pose) -> None:
        """Take a transform that holds for all times; parameters as :meth:`add`."""
        self._link(parent, child).static = pose

    def clear_moving(self) -> None:
        """Forget where the moving frames were; what is fixed stays."""
        for link in self._links.values():
            link.track.clear()

    def ready(self, parent: str, child: str, stamp_ns: int) -> bool:
        """Say whether every link between two frames has been measured up to ``stamp_ns``."""
        try:
            down, up = self._chain(frame_name(parent), frame_name(child))
        except PoseError:
            return False
        for link in (self._links[name] for name in (*down, *up)):
            newest = link.track.newest_ns
            if link.static is None and (newest is None or newest < stamp_ns):
                return False
        return True

    def at(self, parent: str, child: str, stamp_ns: int) -> CameraPose:
        """
        Return the pose of one frame in another.

        :param parent: the frame to express in
        :param child: the frame asked for
        :param stamp_ns: the time
        :return: the child in the parent; its age is the largest age along the chain
        :raises PoseError: if the frames are not connected, or a link has no sample
        """
        down, up = self._chain(frame_name(parent), frame_name(child))
        pose, age = Pose((0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0)), 0  # type: ignore[arg-type]  # Pose makes arrays
        for name in up:
            step = self._step(name, stamp_ns)
            pose, age = pose.compose(inverse(step.pose)), max(age, step.age_ns)
        for name in reversed(down):
            step = self._step(name, stamp_ns)
            pose, age = pose.compose(step.pose), max(age, step.age_ns)
        return CameraPose(pose, age_ns=age)

    def _step(self, name: str, stamp_ns: int) -> CameraPose:
        link = self._links[name]
        try:
            return link.at(stamp_ns)
        except PoseError:
            raise PoseError(
                'no_transform', f'no transform {link.parent} -> {name} at this time'
            ) from None

    def _link(self, parent: str, child: str) -> _Link:
        parent, child = frame_name(parent), frame_name(child)
        if not parent or not child or parent == child:
            raise PoseError(
                'not_a_transform', f'a transform from {parent!r} to {child!r} links no two frames'
            )
        link = self._links.get(child)
        if link is None or link.parent != parent:  # a frame that got a new parent starts anew
            link = self._links[child] = _Link(parent, PoseTrack())
        return link

    def _ancestors(self, name: str) -> list[str]:
        path = [name]
        while path[-1] in self._links:
            path.append(self._links[path[-1]].parent)
            if len(path) > MAX_CHAIN:
                raise PoseError('tf_loop', f'the frames above {name!r} form a loop')
        return path

    def _chain(self, parent: str, child: str) -> tuple[list[str], list[str]]:
        """Return the links from child up to the common ancestor, and from parent up to it."""
        of_child, of_parent = self._ancestors(child), self._ancestors(parent)
        common = next((name for name in of_child if name in of_parent), None)
        if common is None:
            known = ', '.join(self.frames[:12]) or 'none'
            raise PoseError(
                'no_transform',
                f'no transform connects {parent!r} with {child!r}; frames known: {known}',
            )
        return of_child[: of_child.index(common)], of_parent[: of_parent.index(common)]
