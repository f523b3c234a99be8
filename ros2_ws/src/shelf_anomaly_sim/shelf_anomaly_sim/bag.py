# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Writes a patrol as a rosbag2 bag (MCAP); the only room of the simulator that knows rosbags."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
import shutil
from typing import Any

import numpy as np
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import get_typestore, Stores

from shelf_anomaly.records import Pose

from .camera import CameraSpec
from .errors import PlanError
from .patrol_source import Believed, Patrol, Shot
from .robot import BIAS_M, BIAS_RAD

_TYPES = get_typestore(Stores.ROS2_JAZZY)


def covariance() -> list[float]:
    """Return the robot's own idea of its error, 6x6 row by row."""
    matrix = np.zeros((6, 6))
    matrix[0, 0] = matrix[1, 1] = BIAS_M**2
    matrix[5, 5] = BIAS_RAD**2
    return [float(v) for v in matrix.ravel()]


def write_patrol(
    patrol: Patrol,
    cameras: Sequence[CameraSpec],
    folder: Path,
    on_frame: Callable[[], None] | None = None,
) -> None:
    """
    Drive a patrol and write what it publishes.

    :param folder: the bag; must not exist
    :param on_frame: called after each image
    :raises PlanError: if the folder exists
    """
    if folder.exists():
        raise PlanError(f'{folder}: exists already; choose another --out, or remove it')
    part = folder.with_name(folder.name + '.part')
    shutil.rmtree(part, ignore_errors=True)
    with Writer(part, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        _write(patrol, cameras, writer, on_frame or (lambda: None))
    _rename(part, folder)


def _rename(part: Path, folder: Path) -> None:
    """Give the finished bag its name, inside and outside: half a bag never looks like one."""
    old, new = f'{part.name}.mcap', f'{folder.name}.mcap'
    (part / old).rename(part / new)
    metadata = part / 'metadata.yaml'
    metadata.write_text(metadata.read_text(encoding='utf-8').replace(old, new), encoding='utf-8')
    part.rename(folder)


def _write(
    patrol: Patrol, cameras: Sequence[CameraSpec], writer: Writer, on_frame: Callable[[], None]
) -> None:
    def topic(name: str, msgtype: str) -> Any:
        connection = writer.add_connection(name, msgtype, typestore=_TYPES)

        def write(stamp_ns: int, message: object) -> None:
            writer.write(connection, stamp_ns, _TYPES.serialize_cdr(message, msgtype))

        return write

    images = {
        c.name: topic(f'/{c.name}/image_raw/compressed', 'sensor_msgs/msg/CompressedImage')
        for c in cameras
    }
    infos = {
        c.name: topic(f'/{c.name}/camera_info', 'sensor_msgs/msg/CameraInfo') for c in cameras
    }
    tf = topic('/tf', 'tf2_msgs/msg/TFMessage')
    tf_static = topic('/tf_static', 'tf2_msgs/msg/TFMessage')
    robot_pose = topic('/robot_pose', 'geometry_msgs/msg/PoseWithCovarianceStamped')
    mounts = [_transform(patrol.start_ns, 'base_link', c.frame_id, c.mount) for c in cameras]
    tf_static(patrol.start_ns, _type('tf2_msgs/msg/TFMessage')(transforms=mounts))
    for event in patrol.events():
        if isinstance(event, Believed):
            moved = _transform(event.stamp_ns, 'map', 'base_link', event.base)
            tf(event.stamp_ns, _type('tf2_msgs/msg/TFMessage')(transforms=[moved]))
            if event.to_pose:
                robot_pose(event.stamp_ns, _pose(event))
        else:
            infos[event.camera.name](event.stamp_ns, _camera_info(event))
            images[event.camera.name](event.stamp_ns, _image(event))
            on_frame()


def _type(name: str) -> Any:
    return _TYPES.types[name]


def _header(stamp_ns: int, frame_id: str) -> Any:
    stamp = _type('builtin_interfaces/msg/Time')(sec=stamp_ns // 10**9, nanosec=stamp_ns % 10**9)
    return _type('std_msgs/msg/Header')(stamp=stamp, frame_id=frame_id)


def _quaternion(pose: Pose) -> Any:
    x, y, z, w = (float(v) for v in pose.quaternion)
    return _type('geometry_msgs/msg/Quaternion')(x=x, y=y, z=z, w=w)


def _transform(stamp_ns: int, parent: str, child: str, pose: Pose) -> Any:
    x, y, z = (float(v) for v in pose.position)
    return _type('geometry_msgs/msg/TransformStamped')(
        header=_header(stamp_ns, parent),
        child_frame_id=child,
        transform=_type('geometry_msgs/msg/Transform')(
            translation=_type('geometry_msgs/msg/Vector3')(x=x, y=y, z=z),
            rotation=_quaternion(pose),
        ),
    )


def _pose(event: Believed) -> Any:
    x, y, z = (float(v) for v in event.base.position)
    pose = _type('geometry_msgs/msg/Pose')(
        position=_type('geometry_msgs/msg/Point')(x=x, y=y, z=z),
        orientation=_quaternion(event.base),
    )
    both = _type('geometry_msgs/msg/PoseWithCovariance')(
        pose=pose, covariance=np.array(covariance())
    )
    return _type('geometry_msgs/msg/PoseWithCovarianceStamped')(
        header=_header(event.stamp_ns, 'map'), pose=both
    )


def _camera_info(shot: Shot) -> Any:
    model = shot.camera.model
    p = np.zeros((3, 4))
    p[:, :3] = model.k
    roi = _type('sensor_msgs/msg/RegionOfInterest')(
        x_offset=0, y_offset=0, height=0, width=0, do_rectify=False
    )
    return _type('sensor_msgs/msg/CameraInfo')(
        header=_header(shot.stamp_ns, shot.camera.frame_id),
        height=model.height,
        width=model.width,
        distortion_model=model.distortion_model,
        d=model.d,
        k=model.k.ravel(),
        r=np.eye(3).ravel(),
        p=p.ravel(),
        binning_x=0,
        binning_y=0,
        roi=roi,
    )


def _image(shot: Shot) -> Any:
    data = np.frombuffer(shot.jpeg(), np.uint8)
    header = _header(shot.stamp_ns, shot.camera.frame_id)
    return _type('sensor_msgs/msg/CompressedImage')(header=header, format='jpeg', data=data)
