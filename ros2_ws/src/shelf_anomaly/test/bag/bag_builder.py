# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Writes small bags for the tests, with whatever is wrong in them that a test wants."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
import math
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
from rosbags.typesys import get_typestore, Stores

STORE = get_typestore(Stores.ROS2_JAZZY)
S = 1_000_000_000
START = 1_760_000_000 * S
WIDTH, HEIGHT = 64, 48
OPTICAL = (-0.5, 0.5, -0.5, 0.5)  # looks along the base's x axis
IMAGE, COMPRESSED = 'sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage'
INFO, TF = 'sensor_msgs/msg/CameraInfo', 'tf2_msgs/msg/TFMessage'
POSE = 'geometry_msgs/msg/PoseWithCovarianceStamped'


def _make(kind: str, **fields: Any) -> Any:
    return STORE.types[kind](**fields)


def header(stamp_ns: int, frame: str) -> Any:
    time = _make('builtin_interfaces/msg/Time', sec=stamp_ns // S, nanosec=stamp_ns % S)
    return _make('std_msgs/msg/Header', stamp=time, frame_id=frame)


def picture(value: int = 120) -> np.ndarray:
    image = np.full((HEIGHT, WIDTH, 3), value, np.uint8)
    image[10:20, 10:30] = (0, 200, 30)
    return image


def jpeg(value: int = 120) -> bytes:
    return cv2.imencode('.jpg', picture(value))[1].tobytes()


def compressed(
    stamp_ns: int, data: bytes | None = None, *, frame: str = 'camera', kind: str = 'jpeg'
) -> Any:
    body = np.frombuffer(jpeg() if data is None else data, np.uint8)
    return _make(COMPRESSED, header=header(stamp_ns, frame), format=kind, data=body)


def raw(stamp_ns: int, *, encoding: str = 'rgb8', frame: str = 'camera') -> Any:
    data = np.ascontiguousarray(picture()[..., ::-1]).ravel()
    return _make(
        IMAGE,
        header=header(stamp_ns, frame),
        height=HEIGHT,
        width=WIDTH,
        encoding=encoding,
        is_bigendian=0,
        step=3 * WIDTH,
        data=data,
    )


def info(
    stamp_ns: int = START,
    *,
    focal: float = 50.0,
    width: int = WIDTH,
    binning: int = 0,
    roi: tuple[int, int, int, int] = (0, 0, 0, 0),
) -> Any:
    x, y, w, h = roi
    region = _make(
        'sensor_msgs/msg/RegionOfInterest',
        x_offset=x,
        y_offset=y,
        height=h,
        width=w,
        do_rectify=False,
    )
    k = np.array([focal, 0, 32, 0, focal, 24, 0, 0, 1], float)
    p = np.array([focal + 1, 0, 33, 0, 0, focal + 1, 25, 0, 0, 0, 1, 0], float)
    return _make(
        INFO,
        header=header(stamp_ns, 'camera'),
        height=HEIGHT,
        width=width,
        distortion_model='plumb_bob',
        d=np.array([0.1, 0, 0, 0, 0.0]),
        k=k,
        r=np.eye(3).ravel(),
        p=p,
        binning_x=binning,
        binning_y=binning,
        roi=region,
    )


def transforms(*items: tuple[str, str, int, tuple[float, ...], tuple[float, ...]]) -> Any:
    made = []
    for parent, child, stamp_ns, (x, y, z), (qx, qy, qz, qw) in items:
        moved = _make('geometry_msgs/msg/Vector3', x=x, y=y, z=z)
        turned = _make('geometry_msgs/msg/Quaternion', x=qx, y=qy, z=qz, w=qw)
        transform = _make('geometry_msgs/msg/Transform', translation=moved, rotation=turned)
        made.append(
            _make(
                'geometry_msgs/msg/TransformStamped',
                header=header(stamp_ns, parent),
                child_frame_id=child,
                transform=transform,
            )
        )
    return _make(TF, transforms=made)


def base_at(
    stamp_ns: int, x: float, *, yaw: float = 0.0, parent: str = 'map', child: str = 'base_link'
) -> Any:
    turn = (0.0, 0.0, math.sin(yaw / 2), math.cos(yaw / 2))
    return transforms((parent, child, stamp_ns, (x, 0.0, 0.0), turn))


def mount(parent: str = 'base_link', child: str = 'camera') -> Any:
    return transforms((parent, child, START, (0.0, 0.0, 0.9), OPTICAL))


def pose(stamp_ns: int, x: float, *, variance: float = 0.0004, frame: str = 'map') -> Any:
    covariance = np.zeros(36)
    covariance[[0, 7, 35]] = variance, variance, 0.0001
    where = _make(
        'geometry_msgs/msg/Pose',
        position=_make('geometry_msgs/msg/Point', x=x, y=0.0, z=0.0),
        orientation=_make('geometry_msgs/msg/Quaternion', x=0.0, y=0.0, z=0.0, w=1.0),
    )
    with_covariance = _make(
        'geometry_msgs/msg/PoseWithCovariance', pose=where, covariance=covariance
    )
    return _make(POSE, header=header(stamp_ns, frame), pose=with_covariance)


@dataclass
class Recording:
    """Messages to be written, in the order of their times of recording."""

    messages: list[tuple[str, int, Any]] = field(default_factory=list)

    def add(self, topic: str, at_ns: int, message: Any) -> Recording:
        self.messages.append((topic, at_ns, message))
        return self

    def without(self, *topics: str) -> Recording:
        return Recording([m for m in self.messages if m[0] not in topics])

    def write(self, path: Path, *, mcap: bool = True, chunked: bool = False) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        plugin = StoragePlugin.MCAP if mcap else StoragePlugin.SQLITE3
        writer = Writer(path, version=9, storage_plugin=plugin)
        if chunked:
            writer.set_compression(CompressionMode.STORAGE, CompressionFormat.ZSTD)
        with writer:
            topics: dict[str, Any] = {}
            for topic, at_ns, message in sorted(self.messages, key=lambda m: m[1]):
                kind = message.__msgtype__
                if topic not in topics:
                    topics[topic] = writer.add_connection(topic, kind, typestore=STORE)
                writer.write(topics[topic], at_ns, STORE.serialize_cdr(message, kind))
        return path


def patrol(
    frames: int = 5,
    *,
    step_ns: int = S // 2,
    camera: str = '/camera',
    frame_id: str = 'camera',
    bad: Iterable[int] = (),
) -> Recording:
    """Record 1 m/s along x: a camera at 2 Hz, TF at 20 Hz; frames in ``bad`` are garbage."""
    recording = Recording()
    recording.add('/tf_static', START, mount(child=frame_id))
    for i in range(frames):
        stamp = START + i * step_ns + S // 40  # between two poses
        data = b'garbage' if i in set(bad) else None
        recording.add(f'{camera}/camera_info', stamp, info(stamp))
        recording.add(
            f'{camera}/image_raw/compressed', stamp, compressed(stamp, data, frame=frame_id)
        )
    for i in range(frames * step_ns * 20 // S + 2):
        stamp = START + i * S // 20
        recording.add('/tf', stamp, base_at(stamp, i / 20))
        if i % 2 == 0:
            recording.add('/robot_pose', stamp, pose(stamp, i / 20))
    return recording
