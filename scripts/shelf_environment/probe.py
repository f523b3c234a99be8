# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Tries in the finished environment what everything else relies on."""

from collections.abc import Mapping
import sys

from .layout import Layout
from .progress import Progress
from .settings import environment

#: One line each of what breaks first when versions do not fit. TensorFlow is imported with the
#: tests; here it would cost more than all the others together.
PROBE = """
import cv2, jinja2, numpy, onnxruntime, rosbags.highlevel, yaml
import rclpy
from cv_bridge import CvBridge
from shelf_anomaly_msgs.msg import ShelfAlert
from rclpy.serialization import deserialize_message, serialize_message
alert = deserialize_message(serialize_message(ShelfAlert(id='probe', score=1.5)), ShelfAlert)
assert (alert.id, alert.score) == ('probe', 1.5), alert
image = CvBridge().cv2_to_imgmsg(numpy.zeros((4, 6, 3), numpy.uint8), 'bgr8')
assert (image.height, image.width) == (4, 6), image
rclpy.init(args=[])
rclpy.shutdown()
"""


def probe(layout: Layout, progress: Progress, env: Mapping[str, str]) -> None:
    """
    Import ROS 2, the messages and the vision packages together, and use each once.

    :raises BootstrapError: if one of them does not work here
    """
    # rclpy begins a log file in the home folder, which need not be writable.
    variables = {**env, 'ROS_LOG_DIR': str(layout.state / 'log' / 'ros')}
    name = f'python{sys.version_info[0]}.{sys.version_info[1]}'
    progress.run(
        [str(layout.python), '-c', PROBE],
        env=environment(layout, name, variables),
        what='trying the finished environment',
    )
