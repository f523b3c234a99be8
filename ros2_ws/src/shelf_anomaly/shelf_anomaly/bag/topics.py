# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Which of a bag's topics are the camera, its description and the pose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import BagError
from ..records import Pose

IMAGE = 'sensor_msgs/msg/Image'
COMPRESSED = 'sensor_msgs/msg/CompressedImage'
INFO = 'sensor_msgs/msg/CameraInfo'
POSE = 'geometry_msgs/msg/PoseWithCovarianceStamped'
TF = 'tf2_msgs/msg/TFMessage'
TF_OLD = 'tf/msg/tfMessage'  # ROS 1
ALL_CAMERAS = 'all'

# The best picture of a camera that publishes several, best first. Raw before rectified: the
# locator removes the distortion itself. JPEG before raw: it is what a robot usually records.
_PICTURES = (
    'image_raw/compressed',
    'image_raw',
    'image/compressed',
    'image',
    'image_color/compressed',
    'image_color',
    'color/compressed',
    'image_rect_color/compressed',
    'image_rect_color',
    'image_rect/compressed',
    'image_rect',
    'compressed',
)
_NO_PICTURES = ('depth', 'disparity', 'theora', 'debug', 'mask', 'infra', 'thermal', 'confidence')
_NO_POSES = ('initialpose', 'goal')


@dataclass(frozen=True, slots=True)
class BagOptions:
    """What to take from a bag where its names do not tell."""

    image_topic: str = ''
    info_topic: str = ''
    pose_topic: str = ''
    """A PoseWithCovarianceStamped topic to place the camera with, instead of TF."""
    camera: str = ''
    """Namespace of one camera (``/front/camera``), or ``all``."""
    mount: Pose | None = None
    """The optical frame in the base frame, where the bag's TF does not tell."""
    base_frame: str = 'base_link'
    """Frame whose pose the pose topic carries."""


@dataclass(frozen=True, slots=True)
class Camera:
    """One camera of a bag."""

    namespace: str
    image_topic: str
    info_topic: str
    compressed: bool
    rectified: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """The topics that are read from a bag."""

    cameras: tuple[Camera, ...]
    pose_topic: str
    """Empty when the bag has none, or several and none was named."""
    place_by_topic: bool
    """True: the pose topic places the camera; False: TF does, the topic tells the uncertainty."""
    tf_topics: tuple[str, ...]
    static_topics: tuple[str, ...]


def choose_topics(bag: str, topics: Mapping[str, str], options: BagOptions) -> Wanted:
    """
    Find the topics to read.

    :param bag: the bag's name, for messages
    :param topics: message type of each topic of the bag
    :param options: what the user named
    :raises BagError: naming the bag, what it holds and the way out
    """
    for named, kinds in (
        (options.image_topic, (IMAGE, COMPRESSED)),
        (options.info_topic, (INFO,)),
        (options.pose_topic, (POSE,)),
    ):
        if named and topics.get(named) not in kinds:
            has = f'is of type {topics[named]}' if named in topics else 'is not in it'
            raise BagError(
                f'{bag}: topic {named} {has}, expected {" or ".join(kinds)}; {contents(topics)}'
            )
    cameras = _choose_cameras(bag, topics, options)
    tf = tuple(t for t, kind in topics.items() if kind in (TF, TF_OLD))
    static = tuple(t for t in tf if t.rstrip('/').endswith('tf_static'))
    moving = tuple(t for t in tf if t not in static)
    pose_topic = options.pose_topic or _only_pose_topic(topics)
    if not moving and not pose_topic:
        raise BagError(
            f'{bag}: nothing says where the camera was: no moving /tf and no single '
            f'{POSE} topic; record /tf and /tf_static, or name a pose topic with --pose-topic; '
            f'{contents(topics)}'
        )
    by_topic = bool(options.pose_topic) or not moving
    return Wanted(cameras, pose_topic, by_topic, moving, static)


def contents(topics: Mapping[str, str]) -> str:
    """Say in one line what a bag holds."""
    if not topics:
        return 'the bag is empty'
    lines = [f'{name} ({kind.split("/")[-1]})' for name, kind in sorted(topics.items())]
    more = f' and {len(lines) - 20} more' if len(lines) > 20 else ''
    return f'the bag holds {", ".join(lines[:20])}{more}'


def _only_pose_topic(topics: Mapping[str, str]) -> str:
    found = [
        name
        for name, kind in topics.items()
        if kind == POSE and not any(word in name for word in _NO_POSES)
    ]
    return found[0] if len(found) == 1 else ''


def _choose_cameras(
    bag: str, topics: Mapping[str, str], options: BagOptions
) -> tuple[Camera, ...]:
    if options.image_topic:
        return (_camera(bag, topics, options.image_topic, options),)
    best: dict[str, tuple[int, str]] = {}
    for name, kind in topics.items():
        if kind not in (IMAGE, COMPRESSED) or any(w in name.lower() for w in _NO_PICTURES):
            continue
        namespace, rank = _split(name)
        best[namespace] = min(best.get(namespace, (rank, name)), (rank, name))
    if not best:
        raise BagError(
            f'{bag}: no camera image; record a topic of type {COMPRESSED} or {IMAGE}, or name '
            f'one with --image-topic; {contents(topics)}'
        )
    wanted = '/' + options.camera.strip('/') if options.camera else ''
    if options.camera == ALL_CAMERAS:
        chosen = sorted(best)
    elif options.camera:
        chosen = [ns for ns in best if ns == wanted]
        if not chosen:
            raise BagError(
                f'{bag}: no camera {wanted}; it has the cameras {", ".join(sorted(best))}'
            )
    elif len(best) > 1:
        raise BagError(
            f'{bag}: {len(best)} cameras: {", ".join(sorted(best))}; choose one with '
            f'--camera NAME, or take them together with --camera {ALL_CAMERAS}'
        )
    else:
        chosen = list(best)
    return tuple(_camera(bag, topics, best[ns][1], options) for ns in chosen)


def _split(name: str) -> tuple[str, int]:
    """Return the namespace of an image topic and how good its picture is (0 is best)."""
    for rank, ending in enumerate(_PICTURES):
        if name.endswith('/' + ending):
            return name[: -len(ending) - 1] or '/', rank
    return name.rsplit('/', 1)[0] or '/', len(_PICTURES)


def _camera(bag: str, topics: Mapping[str, str], image: str, options: BagOptions) -> Camera:
    namespace, _ = _split(image)
    infos = [name for name, kind in topics.items() if kind == INFO]
    info = options.info_topic or f'{namespace.rstrip("/")}/camera_info'
    if info not in infos:
        if len(infos) != 1:
            raise BagError(
                f'{bag}: {image} has no {info}; record the camera_info of the camera, or name it '
                f'with --info-topic; {contents(topics)}'
            )
        info = infos[0]
    return Camera(
        namespace=namespace,
        image_topic=image,
        info_topic=info,
        compressed=topics[image] == COMPRESSED,
        rectified='rect' in image[len(namespace) :],
    )
