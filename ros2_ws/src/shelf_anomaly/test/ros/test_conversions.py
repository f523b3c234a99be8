# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Messages and records, there and back."""

from __future__ import annotations

from dataclasses import replace
import math

from builtin_interfaces.msg import Time
from geometry_msgs.msg import PoseWithCovarianceStamped
import numpy as np
import pytest
from shelf_anomaly_msgs.msg import AlertVerdict, BayInspection, ShelfAlert
import tiny_store

from shelf_anomaly.errors import FrameError, PoseError
from shelf_anomaly.records import (
    Alert,
    BayReport,
    BayResult,
    Box,
    CameraModel,
    Home,
    Kind,
    Pose,
    Refusal,
    Roi,
    State,
)
from shelf_anomaly.ros.alert_messages import (
    alert_from_message,
    alert_pose,
    alert_to_message,
    report_from_message,
    report_to_message,
    verdict_from_message,
    verdict_to_message,
)
from shelf_anomaly.ros.conversions import (
    camera_from_message,
    camera_to_message,
    finite,
    ns_to_stamp,
    pose_from_message,
    pose_to_message,
    stamp_to_ns,
    stamped_pose_from_message,
)

# Numbers that a float32 holds exactly, so that there and back is the same.
ALERT = Alert(
    id='7f1c2a9e-3a40-4d0e-9a53-2f8f1e0f6f11',
    kind=Kind.MISPLACED,
    state=State.RESOLVED,
    store='tiny',
    aisle='A1',
    bay='A1-L02',
    level=1,
    box=Box(0.25, 0.5, 0.125, 0.375),
    score=12.5,
    threshold=4.0,
    p_value=0.01,
    first_seen_ns=1_769_850_723_000_000_001,
    last_seen_ns=1_769_850_724_999_999_999,
    sightings=7,
    homes=(Home('A1-L01', 2, 0.875), Home('A1-L02', None, 0.5)),
    seen_in=('morning', 'noon'),
    resolved_in='evening',
    reason='stands where something else is normal',
    frame_id='camera_optical_frame',
    stamp_ns=1_769_850_723_500_000_000,
    roi=Roi(3, 4, 50, 60),
    evidence=b'\xff\xd8\xff\xd9',
)


@pytest.mark.parametrize('kind', list(Kind))
@pytest.mark.parametrize('state', list(State))
def test_an_alert_there_and_back(kind: Kind, state: State) -> None:
    alert = replace(ALERT, kind=kind, state=state)

    message = alert_to_message(alert, tiny_store.layout(), robot='r1', model='m')

    assert alert_from_message(message) == alert
    assert (message.robot, message.model, message.map_frame) == ('r1', 'm', 'map')


def test_an_alert_with_nothing_optional() -> None:
    alert = replace(ALERT, homes=(), seen_in=(), resolved_in=None, roi=None, evidence=b'')

    assert alert_from_message(alert_to_message(alert, tiny_store.layout())) == alert


def test_an_alert_can_leave_its_picture_behind() -> None:
    message = alert_to_message(ALERT, tiny_store.layout(), evidence=False)

    assert len(message.evidence.data) == 0


def test_numbers_that_a_message_cannot_hold() -> None:
    alert = replace(ALERT, score=math.inf, p_value=math.nan)

    message = alert_to_message(alert, tiny_store.layout())

    assert message.score == pytest.approx(3.0e38)
    assert message.p_value == 0.0
    assert finite(-math.inf) == -3.0e38


def test_an_alert_that_was_not_filled_in() -> None:
    with pytest.raises(FrameError, match='state 0'):
        alert_from_message(ShelfAlert(id='x'))


def test_the_place_in_the_map() -> None:
    # The second bay begins at (1, 1.2, 0.2) and looks along -y, so a shopper's right is +x.
    pose = alert_pose(ALERT, tiny_store.layout())

    assert pose.position == pytest.approx([1.25, 1.2, 0.7])
    assert pose.rotation[:, 0] == pytest.approx([0.0, -1.0, 0.0], abs=1e-9)  # out of the shelf
    assert pose.rotation[:, 1] == pytest.approx([1.0, 0.0, 0.0], abs=1e-9)  # to a shopper's right
    assert pose.rotation[:, 2] == pytest.approx([0.0, 0.0, 1.0], abs=1e-9)


def test_an_inspection_there_and_back() -> None:
    report = BayReport(
        bay='A1-L01',
        patrol='morning',
        result=BayResult.ALERT,
        start_ns=1_000_000_001,
        end_ns=2_000_000_002,
        views_used=9,
        views_refused=((Refusal.SHARPNESS, 4), (Refusal.EXPOSURE, 1)),
        coverage=0.5,
        score=6.5,
        threshold=4.0,
        alert_ids=('a', 'b'),
    )

    message = report_to_message(report, tiny_store.layout(), robot='r1', frame_id='cam')

    assert report_from_message(message) == report
    assert (message.store, message.aisle, message.robot, message.views_refused) == (
        'tiny',
        'A1',
        'r1',
        5,
    )
    with pytest.raises(FrameError, match='result 0'):
        report_from_message(BayInspection(bay='x'))


@pytest.mark.parametrize('verdict', ['confirmed', 'false_alarm', 'resolved', 'reopened'])
def test_a_verdict_there_and_back(verdict: str) -> None:
    message = verdict_to_message('some id', verdict, store='tiny', author='Eva', note='<b>')

    assert verdict_from_message(message) == ('some id', verdict)
    with pytest.raises(FrameError, match='verdict 0'):
        verdict_from_message(AlertVerdict())


@pytest.mark.parametrize('time_ns', [1, 999_999_999, 1_000_000_000, 1_769_850_723_123_456_789])
def test_times_there_and_back(time_ns: int) -> None:
    assert stamp_to_ns(ns_to_stamp(time_ns)) == time_ns


def test_times_that_are_none() -> None:
    for stamp in (Time(), Time(sec=-5), Time(sec=1, nanosec=4_000_000_000)):
        with pytest.raises(FrameError, match='the driver must set it'):
            stamp_to_ns(stamp)
    assert ns_to_stamp(-5) == Time()
    assert ns_to_stamp(2**80).sec == 2**31 - 1


def test_a_camera_there_and_back() -> None:
    camera = CameraModel(
        640,
        480,
        np.array([[400.0, 0, 320], [0, 410, 240], [0, 0, 1]]),
        np.array([0.1, 0, 0, 0.01, 0]),
    )

    found = camera_from_message(camera_to_message(camera))

    assert (found.width, found.height, found.distortion_model) == (640, 480, 'plumb_bob')
    assert found.k.tolist() == camera.k.tolist()
    assert found.d.tolist() == camera.d.tolist()


def test_a_camera_that_is_not_calibrated() -> None:
    message = camera_to_message(CameraModel(640, 480, np.eye(3)))
    message.k = [0.0] * 9
    with pytest.raises(FrameError, match='calibrate the camera'):
        camera_from_message(message)


def test_a_pose_there_and_back() -> None:
    pose = Pose(np.array([1.0, -2.0, 0.5]), np.array([0.0, 0.6, 0.0, 0.8]))

    found = pose_from_message(pose_to_message(pose))

    assert found.position.tolist() == pose.position.tolist()
    assert found.quaternion == pytest.approx(pose.quaternion)


def test_a_stamped_pose() -> None:
    message = PoseWithCovarianceStamped()
    message.header.stamp = Time(sec=5, nanosec=6)
    message.pose.pose.orientation.w = 1.0
    message.pose.covariance[0], message.pose.covariance[7], message.pose.covariance[35] = (
        0.04,
        0.01,
        0.0025,
    )

    stamp_ns, _, sigma_m, sigma_rad = stamped_pose_from_message(message)

    assert stamp_ns == 5_000_000_006
    assert sigma_m == pytest.approx(0.2)  # the worse direction
    assert sigma_rad == pytest.approx(0.05)
    message.pose.pose.position.y = math.nan
    with pytest.raises(PoseError, match='not finite'):
        stamped_pose_from_message(message)
