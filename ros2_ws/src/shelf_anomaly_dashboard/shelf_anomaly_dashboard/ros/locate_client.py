# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Asks a robot over ROS 2 where an item belongs: the service ``locate_item``."""

from __future__ import annotations

from collections.abc import Sequence
import logging
import threading
from typing import Any

from rclpy.node import Node
from sensor_msgs.msg import CompressedImage

from ..finder import FindError, FoundPlace, picture_type
from ..text import clean, SENTENCE_LIMIT

LOG = logging.getLogger(__name__)
SERVICE = 'locate_item'
APPEAR_S = 2.0
"""How long a robot may take to be found."""
ANSWER_S = 20.0
"""How long a robot may take to answer."""
SILENT = 'No robot answers. Finding a place works while a robot is connected.'


class RosItemLocator:
    """An ItemLocator over a node that somebody else spins; call it from other threads only."""

    def __init__(self, node: Node, service: str = SERVICE) -> None:
        """Build it; without the type of the service it still answers, with the reason."""
        self._client: Any = None
        try:
            from shelf_anomaly_msgs.srv import LocateItem
        except ImportError:
            LOG.warning('shelf_anomaly_msgs has no srv/LocateItem: "Find a place" has no answers')
            return
        self._request = LocateItem.Request
        self._client = node.create_client(LocateItem, service)

    def locate(self, photo: bytes, max_places: int) -> Sequence[FoundPlace]:
        """Return where the item belongs; :raises FindError: when no robot tells."""
        if self._client is None or not self._client.wait_for_service(timeout_sec=APPEAR_S):
            raise FindError(SILENT)
        kind = (picture_type(photo) or 'image/jpeg').removeprefix('image/')
        request = self._request(
            image=CompressedImage(format=kind, data=photo), max_places=max_places
        )
        done = threading.Event()
        future = self._client.call_async(request)
        future.add_done_callback(lambda _: done.set())
        if not done.wait(ANSWER_S):
            self._client.remove_pending_request(future)
            raise FindError('The robot did not answer in time. Please try again.')
        answer = future.result()
        if answer is None:
            raise FindError(SILENT)
        if not answer.success:
            raise FindError(
                clean(answer.message, SENTENCE_LIMIT) or 'The robot does not know this item.'
            )
        return places(answer)


def places(answer: Any) -> list[FoundPlace]:
    """Return the places of an answer; a list that is too short is filled up."""
    found = []
    for i, place in enumerate(answer.places):
        sure = answer.confidences[i] if i < len(answer.confidences) else 0.0
        picture = bytes(answer.pictures[i].data) if i < len(answer.pictures) else b''
        skus = getattr(answer, 'skus', ())
        found.append(
            FoundPlace(
                *(place.aisle, place.bay, place.level, place.x, place.y),
                *(place.width, place.height, float(sure), picture),
                sku=skus[i] if i < len(skus) else '',
            )
        )
    return found
