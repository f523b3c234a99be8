# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Camera descriptions as they come."""

from bag_builder import header, info, START
import numpy as np
import pytest

from shelf_anomaly.bag.conversion import camera_model, stamp_ns
from shelf_anomaly.errors import FrameError


def test_plain() -> None:
    camera = camera_model(info())
    assert (camera.width, camera.height, camera.k[0, 0], camera.k[0, 2]) == (64, 48, 50.0, 32.0)
    assert camera.d.tolist() == [0.1, 0, 0, 0, 0]


def test_a_rectified_image_uses_p_and_has_no_distortion() -> None:
    camera = camera_model(info(), rectified=True)
    assert (camera.k[0, 0], camera.k[0, 2], camera.d.size) == (51.0, 33.0, 0)


def test_region_of_interest_and_binning() -> None:
    camera = camera_model(info(roi=(10, 4, 40, 20), binning=2))
    assert (camera.width, camera.height) == (20, 10)
    assert camera.k.tolist() == [[25.0, 0, 11.0], [0, 25.0, 10.0], [0, 0, 1]]


def test_no_calibration_is_named() -> None:
    with pytest.raises(FrameError, match='calibrate the camera'):
        camera_model(info(focal=0.0))


def test_stamps() -> None:
    assert stamp_ns(header(START + 5, '')) == START + 5
    odd = header(START, '')
    odd.stamp.nanosec = 1_000_000_000
    with pytest.raises(FrameError, match='is no time'):
        stamp_ns(odd)
    assert np.int64(stamp_ns(header(0, ''))) == 0
