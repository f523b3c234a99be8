# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The service locate_item of the real node: places with pictures, refusals, no frame held up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
from graph import Graph, Processes, wait
import numpy as np
import pytest
from sensor_msgs.msg import CompressedImage
from shelf_anomaly_msgs.msg import DetectorStatus
from shelf_anomaly_msgs.srv import LocateItem
from test_detector_node import detector, READY, ROBOT
import tiny_store

from shelf_anomaly.image_io import decode_compressed
from shelf_anomaly.ros import qos
from shelf_anomaly.ros.item_service import MAX_BYTES


def item_photo() -> bytes:
    """Return a phone's photo of what stands in slot 2 of the middle level of A1-L02."""
    face = tiny_store._face(tiny_store.layout().bay('A1-L02'), False)
    s = tiny_store.TEXTURE_PX_PER_M
    rows = face.shape[0]
    item = face[
        round(rows - 0.76 * s) : round(rows - 0.4 * s), round(2 * s / 6) : round(3 * s / 6)
    ]
    photo = np.full((round(item.shape[0] * 1.25), round(item.shape[1] * 2.0), 3), 120, np.uint8)
    y, x = ((a - b) // 2 for a, b in zip(photo.shape[:2], item.shape[:2], strict=True))
    photo[y : y + item.shape[0], x : x + item.shape[1]] = item
    return tiny_store.jpeg(cv2.resize(photo, None, fx=2, fy=2))


def ask(graph: Graph, data: bytes, **more: Any) -> LocateItem.Response:
    """Call the service and return the answer."""
    client = graph.node.create_client(LocateItem, 'locate_item')
    wait(client.service_is_ready, 'the service')
    image = CompressedImage(format='jpeg', data=data)
    pending = client.call_async(LocateItem.Request(image=image, **more))
    wait(pending.done, 'the answer')
    return pending.result()


def test_a_photo_is_answered_with_places_and_pictures(
    tiny: tuple[Path, Path], graph: Graph, processes: Processes
) -> None:
    detector(processes, tiny).wait_output(READY)

    answer = ask(graph, item_photo())

    assert (answer.success, answer.message) == (True, '')
    best = answer.places[0]
    assert (best.store, best.aisle, best.bay, best.level) == ('tiny', 'A1', 'A1-L02', 1)
    assert 2 / 6 - 0.08 < best.x < 4 / 6 + 0.08  # two facings of it stand there
    assert len(answer.places) == len(answer.confidences) == len(answer.pictures) == 2
    assert 0 <= answer.confidences[1] <= answer.confidences[0] <= 1
    assert list(answer.skus) == ['', '']  # there is no planogram
    assert decode_compressed(bytes(answer.pictures[0].data)).image.shape[0] >= 300
    assert len(ask(graph, item_photo(), max_places=1).places) == 1


@pytest.mark.parametrize(
    ('data', 'said'),
    [
        (b'', 'no bytes'),
        (b'not a picture at all', 'neither JPEG nor PNG'),
        (item_photo()[:2000], 'cut off'),
        (tiny_store.jpeg(np.zeros((20, 20, 3), np.uint8)), '20x20 pixels'),
        (bytes(MAX_BYTES + 1), 'at most'),
    ],
    ids=['empty', 'text', 'truncated', 'small', 'large'],
)
def test_a_bad_photo_gets_a_sentence_and_the_next_one_an_answer(
    data: bytes, said: str, tiny: tuple[Path, Path], graph: Graph, processes: Processes
) -> None:
    node = detector(processes, tiny)
    node.wait_output(READY)

    answer = ask(graph, data)

    assert not answer.success
    assert said in answer.message
    assert not answer.places
    assert ask(graph, item_photo()).success
    assert node.running


def test_frames_go_on_while_photos_are_answered(
    tiny: tuple[Path, Path], graph: Graph, processes: Processes
) -> None:
    states = graph.hear(DetectorStatus, 'detector_status', qos.STATUS)
    detector(processes, tiny).wait_output(READY)
    robot = processes.python(ROBOT, '--period', '0.4')
    client = graph.node.create_client(LocateItem, 'locate_item')
    wait(client.service_is_ready, 'the service')
    image = CompressedImage(format='jpeg', data=item_photo())
    pending = [client.call_async(LocateItem.Request(image=image)) for _ in range(8)]
    robot.wait_output('patrol done')

    wait(lambda: all(p.done() for p in pending), 'all answers')
    answers = [p.result() for p in pending]
    assert any(answer.success for answer in answers)
    assert all(answer.success or 'too many' in answer.message for answer in answers)
    wait(lambda: _settled(states), 'a verdict on every frame that came')
    # Newest wins, and the last frame always has its turn: photos may cost frames, not the patrol.
    assert states[-1].frames_inspected >= tiny_store.FRAMES // 2


def _settled(states: list[DetectorStatus]) -> bool:
    """Whether every frame that was received has been inspected, dropped or refused."""
    if not states or states[-1].frames_received < tiny_store.FRAMES - 1:
        return False
    last = states[-1]
    ended = last.frames_inspected + last.frames_dropped + last.frames_rejected
    return bool(ended == last.frames_received)
