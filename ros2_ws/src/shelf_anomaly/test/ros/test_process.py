# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""A node ends with its own exit code, whatever its threads do."""

from __future__ import annotations

from graph import Processes, wait
import pytest

from shelf_anomaly.ros.process import INTERNAL, OK

# A thread in native code when the interpreter ends would abort the process.
BUSY = """
import sys
from threading import Thread

import cv2
import numpy as np
import rclpy

from shelf_anomaly.ros import process


class Busy:
    def __init__(self):
        self.node = rclpy.create_node('busy')
        self.exit_code = process.OK

    def close(self):
        self.node.get_logger().info('closing')
        if sys.argv[1] == 'ends':
            return True
        picture = np.zeros((2000, 2000), np.uint8)
        piece = picture[:300, :300]

        def work():
            while True:
                cv2.matchTemplate(picture, piece, cv2.TM_CCOEFF_NORMED)

        Thread(target=work, daemon=True).start()
        return False


sys.exit(process.run('busy', lambda stop: Busy(), ['busy']))
"""


@pytest.mark.parametrize(('thread', 'code'), [('ends', OK), ('stays', INTERNAL)])
def test_a_thread_that_does_not_end_is_no_crash(
    processes: Processes, thread: str, code: int
) -> None:
    process = processes.python('-c', BUSY, thread)
    wait(lambda: not process.running, 'its end', 30.0)
    assert process.code() == code
    assert 'closing' in process.output
    assert 'terminate' not in process.output
