# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The answer of a robot becomes places; no robot is told as such."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from shelf_anomaly_dashboard.finder import FindError


def place(bay: str) -> Any:
    return SimpleNamespace(aisle='A1', bay=bay, level=1, x=0.4, y=0.6, width=0.1, height=0.2)


def test_lists_that_are_too_short_are_filled_up(ros_environment: None, jpeg: bytes) -> None:
    from shelf_anomaly_dashboard.ros.locate_client import places

    answer = SimpleNamespace(
        places=[place('A1-L01'), place('A1-R01')],
        confidences=[0.8],
        skus=['cola'],
        pictures=[SimpleNamespace(data=memoryview(jpeg))],
    )
    first, second = places(answer)

    assert (first.bay, first.confidence, first.sku, first.picture) == (
        *('A1-L01', 0.8, 'cola'),
        jpeg,
    )
    assert (second.bay, second.confidence, second.sku, second.picture) == ('A1-R01', 0.0, '', b'')


def test_a_silent_graph_is_told(ros_environment: None, jpeg: bytes) -> None:
    import rclpy
    from rclpy.context import Context
    from rclpy.node import Node

    from shelf_anomaly_dashboard.ros import locate_client

    context = Context()
    rclpy.init(context=context)
    node = Node('test_locate_client', context=context)
    try:
        locator = locate_client.RosItemLocator(node)
        with pytest.raises(FindError, match='No robot answers'):
            locator.locate(jpeg, 3)
    finally:
        node.destroy_node()
        context.shutdown()


def test_the_answer_comes_from_a_robot(ros_environment: None, jpeg: bytes) -> None:
    srv = pytest.importorskip(
        'shelf_anomaly_msgs.srv', reason='this build of the messages has no LocateItem'
    )
    import threading

    import rclpy
    from rclpy.context import Context
    from rclpy.executors import SingleThreadedExecutor
    from rclpy.node import Node
    from shelf_anomaly_msgs.msg import ShelfLocation

    from shelf_anomaly_dashboard.ros.locate_client import RosItemLocator

    def answer(request: Any, response: Any) -> Any:
        response.success = bytes(request.image.data) == jpeg
        response.message = 'not the photo that was sent'
        response.places = [ShelfLocation(aisle='A1', bay='A1-L01', level=1)] * request.max_places
        response.confidences = [0.5] * request.max_places
        return response

    context = Context()
    rclpy.init(context=context)
    node = Node('test_locate_client', context=context)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    node.create_service(srv.LocateItem, 'locate_item', answer)
    thread = threading.Thread(target=executor.spin, daemon=True)
    thread.start()
    try:
        locator = RosItemLocator(node)
        assert [found.bay for found in locator.locate(jpeg, 2)] == ['A1-L01'] * 2
        with pytest.raises(FindError, match='not the photo'):
            locator.locate(jpeg + b'x', 2)
    finally:
        executor.shutdown()
        context.shutdown()
        thread.join(5)
