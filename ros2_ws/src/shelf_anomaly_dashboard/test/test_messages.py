# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Messages as records, without a robot."""

from __future__ import annotations

import uuid

import pytest

pytest.importorskip('rclpy', reason='ROS 2 is not installed')
msgs = pytest.importorskip(
    'shelf_anomaly_msgs.msg', reason='the messages are not built; run through scripts/run'
)


def test_what_staff_need_beyond_the_fault_itself() -> None:
    from shelf_anomaly_dashboard.ros.messages import alert_record, inspection_record

    alert, other = msgs.ShelfAlert(), str(uuid.uuid4())
    alert.id, alert.state = str(uuid.uuid4()), msgs.ShelfAlert.STATE_RESOLVED
    alert.same_as, alert.expected_sku = other, 'tea'
    look = msgs.BayInspection(bay='A1-L01', result=msgs.BayInspection.RESULT_ALERT, relearn=True)

    assert (alert_record(alert).same_as, alert_record(alert).expected_sku) == (other, 'tea')
    assert inspection_record(look).relearn is True
