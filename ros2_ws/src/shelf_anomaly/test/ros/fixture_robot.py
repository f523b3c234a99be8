# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""A robot for the tests: publishes one patrol of the tiny store, as its own process."""

from __future__ import annotations

import argparse
from pathlib import Path
import sys
import time

from geometry_msgs.msg import PoseWithCovarianceStamped
import rclpy
from rclpy.duration import Duration
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

sys.path.insert(0, str(Path(__file__).parent))

import tiny_store

from shelf_anomaly.ros import qos
from shelf_anomaly.ros.conversions import camera_to_message, ns_to_stamp, pose_to_message
from shelf_anomaly.ros.debug_image import raw_message


def main() -> None:
    """Publish; wait for the reader first and for its acknowledgement last."""
    parser = argparse.ArgumentParser()
    parser.add_argument('--raw', action='store_true')
    parser.add_argument('--best-effort', action='store_true')
    parser.add_argument('--camera', default='camera')
    parser.add_argument('--period', type=float, default=0.1)
    options = parser.parse_args()
    rclpy.init()
    node = Node('fixture_robot')
    profile = qos.profile(10, qos.BEST_EFFORT if options.best_effort else qos.RELIABLE)
    name = f'{options.camera}/image_raw'
    topic, kind = (name, Image) if options.raw else (f'{name}/compressed', CompressedImage)
    images = node.create_publisher(kind, topic, profile)
    infos = node.create_publisher(CameraInfo, f'{options.camera}/camera_info', qos.profile(10))
    poses = node.create_publisher(PoseWithCovarianceStamped, 'robot_pose', qos.profile(50))
    for publisher in (images, infos, poses):
        while not publisher.get_subscription_count():
            time.sleep(0.01)
    info = camera_to_message(tiny_store.CAMERA)
    due = time.monotonic()
    for index, (offset_ns, picture) in enumerate(tiny_store.frames(seed=21, fault=True)):
        now = tiny_store.START_NS + offset_ns
        for part in range(4):
            pose = PoseWithCovarianceStamped()
            pose.header.frame_id = 'map'
            pose.header.stamp = ns_to_stamp(now + part * tiny_store.FRAME_PERIOD_NS // 4)
            pose.pose.pose = pose_to_message(tiny_store.base_pose(index + part / 4))
            poses.publish(pose)
        info.header.stamp, info.header.frame_id = ns_to_stamp(now), tiny_store.FRAME_ID
        infos.publish(info)
        if options.raw:
            images.publish(raw_message(picture, ns_to_stamp(now), tiny_store.FRAME_ID))
        else:
            message = CompressedImage(format='jpeg', data=tiny_store.jpeg(picture))
            message.header = info.header
            images.publish(message)
        due += options.period
        time.sleep(max(0.0, due - time.monotonic()))
    if not options.best_effort:
        images.wait_for_all_acked(Duration(seconds=5))
    poses.wait_for_all_acked(Duration(seconds=5))
    print('patrol done', flush=True)
    node.destroy_node()
    rclpy.shutdown()


if __name__ == '__main__':
    main()
