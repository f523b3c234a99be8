# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What is drawn lands where a pinhole camera sees it."""

import math

import numpy as np
import pytest

from shelf_anomaly.records import ImageArray
from shelf_anomaly.store_layout import Bay
from shelf_anomaly_sim.camera import CameraSpec, yaw_pose
from shelf_anomaly_sim.painter import Painter
from shelf_anomaly_sim.texture import Texture

BAY = Bay('A1-L01', 'A1', 'left', (0.0, 1.2, 0.15), -math.pi / 2, 1.0, 1.5, (0.0,))
CAMERA = CameraSpec()


def painter(x: float = 0.0, yaw: float = 0.0) -> Painter:
    """Look at the bay from the aisle's middle line, 1.2 m in front of it."""
    canvas = np.zeros((720, 960, 3), np.uint8)
    return Painter(canvas, CAMERA.model.k, yaw_pose(x, 0.0, yaw).compose(CAMERA.mount), BAY)


def lit(image: ImageArray) -> tuple[float, float, float, float]:
    """Return left, top, right, bottom of what is brighter than half, to a part of a pixel."""
    strength = image.max(2) / 255.0
    cols, rows = strength.max(0), strength.max(1)
    x, y = np.flatnonzero(cols > 0.5), np.flatnonzero(rows > 0.5)
    return float(x[0]), float(y[0]), float(x[-1]), float(y[-1])


@pytest.mark.parametrize(
    ('point', 'pixel'),
    [
        # Straight ahead: the camera is 0.9 m up, the origin 0.15 m; so y = 0.75 is the middle.
        ((0.0, 0.75, 0.0), (480.0, 360.0)),
        # 0.4 m to the right at 1.2 m: 540 * 0.4 / 1.2 = 180 px.
        ((0.4, 0.75, 0.0), (660.0, 360.0)),
        # 0.2 m lower: 540 * 0.2 / 1.2 = 90 px down.
        ((0.4, 0.55, 0.0), (660.0, 450.0)),
        # The same, 0.3 m behind the face: 540 * 0.4 / 1.5 = 144 px.
        ((0.4, 0.75, -0.3), (624.0, 360.0)),
    ],
)
def test_points_land_where_the_pinhole_says(
    point: tuple[float, float, float], pixel: tuple[float, float]
) -> None:
    """Table worked out by hand."""
    assert painter().pixel(*point) == pytest.approx(pixel)


def test_texture_lands_on_its_corners() -> None:
    """A white quad of 0.4 x 0.2 m covers 180 x 90 px from (480, 270) on."""
    p = painter()
    white = Texture.of(np.full((64, 128, 3), 255, np.uint8))
    p.textured(np.array([0.0, 0.95, 0.0]), np.array([0.4, 0, 0]), np.array([0, -0.2, 0]), white)
    left, top, right, bottom = lit(p.canvas)
    assert (left, top, right, bottom) == pytest.approx((480, 270, 660, 360), abs=1.0)


def test_marked_corner_of_a_texture_is_not_mirrored() -> None:
    """The picture's upper left corner is at the shelf's left, as a shopper sees it."""
    picture = np.zeros((40, 40, 3), np.uint8)
    picture[:10, :10] = 255
    p = painter()
    p.textured(
        np.array([0.0, 0.75, 0.0]),
        np.array([0.4, 0, 0]),
        np.array([0, -0.4, 0]),
        Texture.of(picture),
    )
    # A quarter of 180 px each way.
    assert lit(p.canvas) == pytest.approx((480, 360, 525, 405), abs=1.5)


def test_things_farther_back_move_less() -> None:
    """Parallax: when the robot drives on, what stands deeper lags behind in the image."""
    before, after = painter(0.0), painter(0.3)
    near = before.pixel(0.5, 0.75, 0.0)[0] - after.pixel(0.5, 0.75, 0.0)[0]
    far = before.pixel(0.5, 0.75, -0.3)[0] - after.pixel(0.5, 0.75, -0.3)[0]
    assert near == pytest.approx(540 * 0.3 / 1.2)
    assert far == pytest.approx(540 * 0.3 / 1.5)


def test_right_hand_bay_is_seen_the_right_way_round() -> None:
    """On the way back the other side is seen; its origin is still at the shopper's left."""
    bay = Bay('A1-R01', 'A1', 'right', (1.0, -1.2, 0.15), math.pi / 2, 1.0, 1.5, (0.0,))
    p = Painter(
        np.zeros((720, 960, 3), np.uint8),
        CAMERA.model.k,
        yaw_pose(0.5, 0.0, math.pi).compose(CAMERA.mount),
        bay,
    )
    assert p.pixel(0.1, 0.75, 0.0)[0] < 480 < p.pixel(0.9, 0.75, 0.0)[0]


def test_what_is_behind_the_camera_is_not_drawn() -> None:
    """Neither textures nor polygons; a polygon that passes the camera is cut."""
    p = painter(yaw=math.pi)
    white = Texture.of(np.full((16, 16, 3), 255, np.uint8))
    p.textured(np.array([-0.2, 1.0, 0.0]), np.array([0.4, 0, 0]), np.array([0, -0.4, 0]), white)
    p.plain(np.array([[-1, 1, 0], [1, 1, 0], [1, 0, 0.0]]), (255, 255, 255))
    assert not p.canvas.any()
    q = painter()
    q.plain(np.array([[-9, 0, -1], [9, 0, -1], [9, 0, 3], [-9, 0, 3.0]]), (255, 255, 255))
    assert q.canvas[700, 480].tolist() == [255, 255, 255]
    assert not q.canvas[300].any()


def test_alpha_lets_the_background_through() -> None:
    """Half transparent red over white is half way between."""
    p = painter()
    p.canvas[:] = 255
    glass = np.dstack(
        [np.zeros((32, 32, 2)), np.full((32, 32), 255), np.full((32, 32), 128)]
    ).astype(np.uint8)
    p.textured(
        np.array([-0.2, 0.95, 0.0]),
        np.array([0.4, 0, 0]),
        np.array([0, -0.4, 0]),
        Texture.of(glass),
    )
    assert p.canvas[360, 480].tolist() == pytest.approx([127, 127, 255], abs=2)


def test_small_things_use_a_small_copy() -> None:
    """A texture of 512 px that is drawn 30 px wide does not alias: stripes blend to grey."""
    stripes = np.zeros((512, 512, 3), np.uint8)
    stripes[:, ::2] = 255
    p = painter()
    p.textured(
        np.array([-0.033, 0.783, 0.0]),
        np.array([0.066, 0, 0]),
        np.array([0, -0.066, 0]),
        Texture.of(stripes),
    )
    assert p.canvas[352:368, 472:488].astype(float).std() < 8
    assert float(p.canvas[360, 480, 0]) == pytest.approx(127, abs=8)
