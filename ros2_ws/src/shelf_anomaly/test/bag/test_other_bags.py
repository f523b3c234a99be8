# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Bags that others wrote: ROS 1 recordings, and the public patrols where they are at hand."""

import dataclasses
import os
from pathlib import Path
from typing import Any

from bag_builder import patrol
import pytest
from rosbags.rosbag1 import Writer
from rosbags.typesys import get_types_from_msg, get_typestore, Stores

from shelf_anomaly.bag.bag_paths import find_bags
from shelf_anomaly.bag.bag_reader import BagReader
from shelf_anomaly.bag.problems import Problem
from shelf_anomaly.bag.topics import BagOptions

OLD = get_typestore(Stores.ROS1_NOETIC)
OLD.register(
    get_types_from_msg('geometry_msgs/TransformStamped[] transforms', 'tf2_msgs/msg/TFMessage')
)
REPOSITORY = Path(__file__).resolve().parents[5]
SHARED = Path(os.environ.get('SHELF_ANOMALY_DATA', REPOSITORY.parent / 'shared')) / 'patrols'


def as_ros1(value: Any) -> Any:
    """Rebuild a message with ROS 1's types: a header has ``seq``, CameraInfo has capitals."""
    if isinstance(value, list):
        return [as_ros1(item) for item in value]
    if not hasattr(value, '__msgtype__'):
        return value
    kind = OLD.types[value.__msgtype__]
    names = [field.name for field in dataclasses.fields(kind) if field.name != '__msgtype__']
    return kind(
        **{
            name: 0
            if name == 'seq'
            else as_ros1(getattr(value, name, getattr(value, name.lower(), None)))
            for name in names
        }
    )


def test_a_ros_1_bag(tmp_path: Path) -> None:
    with Writer(tmp_path / 'old.bag') as writer:
        topics: dict[str, Any] = {}
        for topic, at_ns, message in sorted(patrol().messages, key=lambda m: m[1]):
            kind = message.__msgtype__
            if topic not in topics:
                topics[topic] = writer.add_connection(topic, kind, typestore=OLD)
            writer.write(topics[topic], at_ns, OLD.serialize_ros1(as_ros1(message), kind))
    problems: list[Problem] = []
    with BagReader(find_bags([tmp_path])['old']) as bag:
        placed = list(bag.frames(problems.append))
    assert (len(placed), problems) == (5, [])
    assert placed[2][1].pose.position == pytest.approx([1.025, 0.0, 0.9])
    assert placed[0][0].camera.k[0, 0] == 50.0


@pytest.mark.skipif(not SHARED.is_dir(), reason=f'{SHARED} is not there (set SHELF_ANOMALY_DATA)')
@pytest.mark.parametrize('options', [BagOptions(), BagOptions(pose_topic='/robot_pose')])
def test_a_public_patrol(options: BagOptions) -> None:
    bags = find_bags([SHARED / 'test'])
    assert list(bags) == [f'patrol_{i:02}' for i in range(len(bags))]
    problems: list[Problem] = []
    with BagReader(bags['patrol_00'], options) as bag:
        placed = list(bag.frames(problems.append))
        assert bag.frames_total == 38
    assert (len(placed), problems) == (38, [])
    assert {frame.image.shape for frame, _ in placed} == {(720, 960, 3)}
    along = [where.pose.position[0] for _, where in placed]
    assert along == sorted(along)  # it drives one way
    assert all(where.age_ns == 0 and where.sigma_m == 0.02 for _, where in placed)
