# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""A camera at a known pose sees known corners; and every reason not to use a view."""

from __future__ import annotations

from dataclasses import replace
import math

import cv2
import numpy as np
import pytest

from shelf_anomaly.errors import PoseError
from shelf_anomaly.locator import face_homography, GateSettings, Locator, look_at, measure, warp
from shelf_anomaly.records import (
    BayView,
    CameraModel,
    CameraPose,
    Frame,
    ImageArray,
    Pose,
    Refusal,
    ViewRefused,
)
from shelf_anomaly.registration import build_template, normalise, Template
from shelf_anomaly.store_layout import Bay, parse_store_layout, StoreLayout

WIDTH, HEIGHT, FOCAL = 640, 480, 400.0
CAMERA = CameraModel(
    WIDTH, HEIGHT, np.array([[FOCAL, 0.0, 320.0], [0.0, FOCAL, 240.0], [0.0, 0.0, 1.0]])
)
PX_PER_M = 200.0


def _bay(name: str = 'L01', x: float = 0.0) -> dict[str, object]:
    """Return a face of 1.0 x 0.8 m at y = 1 whose normal points to -y: its right is map x."""
    return {
        'id': name,
        'side': 'left',
        'origin': [x, 1.0, 0.5],
        'facing_yaw': -math.pi / 2,
        'width': 1.0,
        'height': 0.8,
        'levels': [0.0, 0.4],
    }


def _store(*bays: dict[str, object]) -> StoreLayout:
    aisles = [{'id': 'A', 'bays': list(bays or (_bay(),))}]
    return parse_store_layout({'version': 1, 'store': 's', 'frame': 'map', 'aisles': aisles})


def _face() -> Bay:
    return _store().bay('L01')


def _looking(
    x: float = 0.5, y: float = 0.0, z: float = 0.9, *, yaw: float = math.pi / 2, pitch: float = 0.0
) -> Pose:
    """
    Return the optical frame of a camera.

    :param yaw: of its line of sight: pi / 2 looks along map y, at the face
    :param pitch: radians, up is positive
    """
    ahead = np.array(
        [math.cos(yaw) * math.cos(pitch), math.sin(yaw) * math.cos(pitch), math.sin(pitch)]
    )
    right = np.array([math.sin(yaw), -math.cos(yaw), 0.0])
    rotation = np.column_stack([right, np.cross(ahead, right), ahead])
    trace_w = math.sqrt(max(0.0, 1 + np.trace(rotation))) / 2
    if trace_w > 1e-6:
        skew = np.array(
            [
                rotation[2, 1] - rotation[1, 2],
                rotation[0, 2] - rotation[2, 0],
                rotation[1, 0] - rotation[0, 1],
            ]
        )
        return Pose(np.array([x, y, z]), np.array([*(skew / (4 * trace_w)), trace_w]))
    raise AssertionError('choose another angle: this one is a half turn')


def _pixel(bay: Bay, pose: Pose, x: float, y: float) -> tuple[float, float]:
    u, v, w = face_homography(bay, CAMERA, pose) @ [x, y, 1.0]
    return float(u / w), float(v / w)


def _texture() -> ImageArray:
    """Draw a face of 1.0 x 0.8 m at 400 px/m with boards and packages, row 0 at the top."""
    image = np.full((320, 400, 3), 90, np.uint8)
    for row in (0, 150, 300):
        cv2.rectangle(image, (0, row), (400, row + 12), (200, 220, 180), -1)
        for col in range(8, 400, 46):
            cv2.rectangle(image, (col, row + 20), (col + 30, row + 120), (col % 200, 60, 160), -1)
            cv2.rectangle(image, (col + 6, row + 2), (col + 16, row + 8), (20, 20, 20), -1)
    return image


def _frame(
    pose: Pose, camera: CameraModel = CAMERA, light: float = 1.0, blur: float = 0.0
) -> Frame:
    """Render the textured face as the (undistorted) camera sees it."""
    to_face = np.array([[1 / 400, 0, 0.5 / 400], [0, -1 / 400, 319.5 / 400], [0, 0, 1.0]])
    matrix = face_homography(_face(), camera, pose) @ to_face
    image = np.full((camera.height, camera.width, 3), 70, np.uint8)
    cv2.warpPerspective(
        _texture(),
        matrix,
        (camera.width, camera.height),
        dst=image,
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_TRANSPARENT,
    )
    if blur:
        image = cv2.GaussianBlur(image, (0, 0), blur)
    lit = np.clip(image.astype(np.float32) * light, 0, 255).astype(np.uint8)
    return Frame(7, np.asarray(lit), camera)


def _locate(
    frame: Frame, pose: Pose, gate: GateSettings | None = None, **templates: Template
) -> tuple[list[BayView], list[ViewRefused]]:
    locator = Locator(_store(), px_per_m=PX_PER_M, gate=gate)
    return locator.locate(frame, CameraPose(pose), templates)


# Worked out by hand: u = 320 + 400 * right / depth, v = 240 - 400 * up / depth.
@pytest.mark.parametrize(
    ('pose', 'corners'),
    [
        pytest.param(
            {},  # 1 m before the middle
            [(120.0, 400.0), (520.0, 400.0), (520.0, 80.0), (120.0, 80.0)],
            id='frontal',
        ),
        pytest.param(
            {'y': -1.0},  # 2 m: everything half as large
            [(220.0, 320.0), (420.0, 320.0), (420.0, 160.0), (220.0, 160.0)],
            id='twice as far',
        ),
        pytest.param(
            {'x': 0.75},  # 0.25 m farther along: everything 100 px to the left
            [(20.0, 400.0), (420.0, 400.0), (420.0, 80.0), (20.0, 80.0)],
            id='farther along',
        ),
        pytest.param(
            {'z': 1.1},  # 0.2 m higher: everything 80 px down
            [(120.0, 480.0), (520.0, 480.0), (520.0, 160.0), (120.0, 160.0)],
            id='higher',
        ),
        pytest.param(
            # Turned 45 degrees to the right, at the left edge: the left edge is at 45 degrees to
            # the left, at depth sqrt(1/2); the right edge straight ahead, at depth sqrt(2).
            {'x': 0.0, 'yaw': math.pi / 4},
            [
                (-80.0, 240 + 160 * math.sqrt(2)),
                (320.0, 240 + 160 / math.sqrt(2)),
                (320.0, 240 - 160 / math.sqrt(2)),
                (-80.0, 240 - 160 * math.sqrt(2)),
            ],
            id='turned',
        ),
    ],
)
def test_the_corners_of_the_face_lie_where_geometry_says(
    pose: dict[str, float], corners: list[tuple[float, float]]
) -> None:
    bay = _face()
    for (x, y), wanted in zip([(0, 0), (1, 0), (1, 0.8), (0, 0.8)], corners, strict=True):
        assert _pixel(bay, _looking(**pose), x, y) == pytest.approx(wanted, abs=1e-3)


@pytest.mark.parametrize(
    ('pose', 'coverage', 'px_per_m', 'incidence', 'offset'),
    [
        ({}, 1.0, 400.0, 0.0, 0.5),
        ({'y': -1.0}, 1.0, 200.0, 0.0, 0.5),
        # 0.8 x 0.6 m at 0.5 m: of 12 x 12 points 8 columns and 8 rows
        ({'x': 0.25, 'y': 0.5}, 64 / 144, 785.0, 0.135, 0.25),
    ],
)
def test_a_sight_tells_how_the_bay_is_seen(
    pose: dict[str, float], coverage: float, px_per_m: float, incidence: float, offset: float
) -> None:
    sight = look_at(_face(), CAMERA, _looking(**pose), 6.0)
    assert sight is not None
    assert sight.offset_m == pytest.approx(offset, abs=1e-9)
    assert sight.coverage == pytest.approx(coverage)
    assert sight.px_per_m == pytest.approx(px_per_m, rel=0.01)
    assert sight.incidence_rad == pytest.approx(incidence, abs=0.01)


def test_the_incidence_is_the_angle_to_the_middle_of_what_is_seen() -> None:
    # 1 m off the face and 1 m left of its middle, turned to it: 45 degrees.
    sight = look_at(_face(), CAMERA, _looking(x=-0.5, yaw=math.pi / 4), 6.0)
    assert sight is not None
    assert sight.incidence_rad == pytest.approx(math.pi / 4, abs=0.06)
    assert sight.px_per_m == pytest.approx(FOCAL * 0.5, rel=0.1)  # cos / distance = 1 / 2


@pytest.mark.parametrize(
    'pose',
    [
        pytest.param({'y': 2.0, 'yaw': -math.pi / 2 + 0.01}, id='behind the shelf'),
        pytest.param({'yaw': -math.pi / 2 + 0.01}, id='looks away'),
        pytest.param({'y': -5.5}, id='too far'),
        pytest.param({'x': 6.0}, id='beside the image'),
        pytest.param({'y': 0.9}, id='as good as in the shelf'),
    ],
)
def test_a_bay_that_cannot_be_seen_is_no_sight(pose: dict[str, float]) -> None:
    assert look_at(_face(), CAMERA, _looking(**pose), 6.0) is None


def test_the_view_is_the_face_straightened() -> None:
    """The same face from two places gives the same view, and it is the drawn one."""
    margin = 0.06
    views = []
    for pose in (_looking(), _looking(x=0.2, y=-0.1, z=1.0, yaw=math.pi / 2 - 0.25, pitch=-0.1)):
        found, refused = _locate(_frame(pose), pose)
        assert not refused
        (view,) = found
        assert view.image.shape == (
            round((0.8 + 2 * margin) * PX_PER_M),
            round((1.0 + 2 * margin) * PX_PER_M),
            3,
        )
        views.append(view)
    drawn = cv2.resize(_texture(), (200, 160), interpolation=cv2.INTER_AREA).astype(float)
    edge = round(margin * PX_PER_M)
    for view in views:
        face = view.image[edge : edge + 160, edge : edge + 200].astype(float)
        whole = view.seen[edge : edge + 160, edge : edge + 200]
        assert whole.mean() > 0.8
        assert np.abs(face - drawn)[whole].mean() < 9.0
        # A face that lay one centimetre off would differ clearly more.
        shifted = np.roll(face, 2, axis=1)
        assert np.abs(shifted - drawn)[whole].mean() > np.abs(face - drawn)[whole].mean() + 3.0


def test_pixels_outside_the_image_are_not_seen() -> None:
    pose = _looking(x=0.0)  # the left half lies outside, mirrored: u = 320 + 400 x
    (view,), _ = _locate(_frame(pose), pose)
    cols = np.arange(view.image.shape[1])
    x = (cols + 0.5) / PX_PER_M - view.margin_m
    u = 320 + 400 * x
    whole = view.seen.all(axis=0)
    assert whole[(u > 1) & (u < 638)].all()
    assert not whole[(u < -1) | (u > 641)].any()


def test_the_homography_leads_from_source_to_view() -> None:
    pose = _looking(x=0.4, y=-0.2)
    bay = _face()
    (view,), _ = _locate(_frame(pose), pose)
    u, v = _pixel(bay, pose, 0.25, 0.6)
    col, row, w = view.homography @ [u, v, 1.0]
    assert (col / w, row / w) == pytest.approx(
        ((0.25 + 0.06) * PX_PER_M - 0.5, (0.8 + 0.06 - 0.6) * PX_PER_M - 0.5), abs=1e-6
    )


def test_lens_distortion_is_taken_away() -> None:
    """A distorted picture of the face gives the view that an undistorted one gives."""
    pose = _looking()
    lens = replace(CAMERA, d=np.array([-0.25, 0.05, 0.0, 0.0, 0.0]))
    plain = _frame(pose)
    # What such a lens makes of it: each distorted pixel shows the undistorted point it maps to.
    grid = np.stack(np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT)), axis=-1).astype(np.float32)
    points = cv2.undistortPoints(grid.reshape(-1, 1, 2), lens.k, lens.d, P=lens.k)
    maps = points.reshape(HEIGHT, WIDTH, 2).astype(np.float32)
    bent = cv2.remap(
        plain.image, maps[..., 0], maps[..., 1], cv2.INTER_LINEAR, borderValue=(70, 70, 70)
    )
    (straight,), _ = _locate(plain, pose)
    (mended,), _ = _locate(Frame(7, np.asarray(bent, np.uint8), lens), pose)
    (left_bent,), _ = _locate(Frame(7, np.asarray(bent, np.uint8), CAMERA), pose)

    def apart(view: BayView) -> float:
        return float(np.abs(view.image.astype(float) - straight.image).mean())

    assert apart(mended) < 4.0
    assert apart(left_bent) > 3 * apart(mended)


def test_a_small_error_of_the_pose_is_registered_away() -> None:
    pose, wrong = _looking(), _looking(x=0.525, z=0.91)
    frame = _frame(pose)
    locator = Locator(_store(), px_per_m=PX_PER_M)
    sight = next(iter(locator.sights(CAMERA, pose)))
    pixels, seen, _ = locator.coarse(frame, sight)
    template = build_template([normalise(pixels)] * 2, [seen, seen])

    (right,), _ = _locate(frame, pose)
    (off,), _ = _locate(frame, wrong)
    (mended,), _ = _locate(frame, wrong, L01=template)

    def apart(view: BayView) -> float:
        return float(np.abs(view.image.astype(float) - right.image).mean())

    assert mended.quality.registration_m == pytest.approx(math.hypot(0.025, 0.01), abs=0.006)
    assert apart(mended) < 0.35 * apart(off)


def _refusal(
    frame: Frame, pose: Pose, gate: GateSettings | None = None, **templates: Template
) -> ViewRefused:
    views, refused = _locate(frame, pose, gate, **templates)
    assert not views
    (only,) = refused
    assert (only.bay, only.stamp_ns) == ('L01', 7)
    assert only.reason.value in str(only)
    return only


@pytest.mark.parametrize(
    ('reason', 'pose', 'light', 'gate', 'below'),
    [
        (Refusal.COVERAGE, {'x': -0.7}, 1.0, {}, True),
        (Refusal.RESOLUTION, {'y': -2.0}, 1.0, {}, True),
        (Refusal.INCIDENCE, {'x': -1.2, 'yaw': 0.6}, 1.0, {}, False),
        (Refusal.EXPOSURE, {}, 0.05, {}, True),
        (Refusal.EXPOSURE, {}, 40.0, {}, False),
    ],
)
def test_a_view_that_may_not_be_used_says_why(
    reason: Refusal, pose: dict[str, float], light: float, gate: dict[str, float], below: bool
) -> None:
    where = _looking(**pose)
    said = _refusal(_frame(where, light=light), where, GateSettings(**gate))
    assert said.reason is reason
    assert (said.value < said.limit) is below


def test_a_blurred_view_is_refused_and_a_sharp_one_is_not() -> None:
    pose = _looking()
    assert _locate(_frame(pose), pose)[0]
    said = _refusal(_frame(pose, blur=14.0), pose)
    assert said.reason is Refusal.SHARPNESS
    assert said.value < said.limit == GateSettings().min_sharpness


def test_a_view_that_shows_something_else_is_refused() -> None:
    pose = _looking()
    locator = Locator(_store(), px_per_m=PX_PER_M)
    sight = next(iter(locator.sights(CAMERA, pose)))
    pixels, seen, _ = locator.coarse(_frame(pose), sight)
    template = build_template([normalise(pixels)] * 2, [seen, seen])
    noise = np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
    blocked = Frame(7, np.asarray(cv2.GaussianBlur(noise, (0, 0), 3) * 2, np.uint8), CAMERA)
    said = _refusal(blocked, pose, L01=template)
    assert said.reason is Refusal.REGISTRATION
    assert said.value > said.limit


@pytest.mark.parametrize(
    ('reason', 'fields'),
    [
        (Refusal.POSE_AGE, {'age_ns': 251_000_000}),
        (Refusal.POSE_UNCERTAINTY, {'sigma_m': 0.16}),
        (Refusal.POSE_UNCERTAINTY, {'sigma_rad': 0.2}),
        (Refusal.POSE_UNCERTAINTY, {'sigma_m': math.nan}),
    ],
)
def test_a_pose_that_is_too_old_or_uncertain_loses_the_frame(
    reason: Refusal, fields: dict[str, float]
) -> None:
    locator = Locator(_store(), px_per_m=PX_PER_M)
    pose = _looking()
    with pytest.raises(PoseError) as caught:
        locator.locate(_frame(pose), CameraPose(pose, **fields))  # type: ignore[arg-type]
    assert caught.value.reason == reason.value


def test_every_refusal_has_a_test_here() -> None:
    """Whoever adds a reason adds a case."""
    shown = {
        Refusal.COVERAGE,
        Refusal.RESOLUTION,
        Refusal.INCIDENCE,
        Refusal.SHARPNESS,
        Refusal.EXPOSURE,
        Refusal.POSE_AGE,
        Refusal.POSE_UNCERTAINTY,
        Refusal.REGISTRATION,
    }
    beyond = {Refusal.OCCLUDED}  # what stands in front is told by the scores: test_occlusion
    assert shown | beyond == set(Refusal)


def test_one_bad_view_does_not_cost_its_neighbour() -> None:
    """Two bays in one frame: one is whole, of the other only an edge is in the image."""
    store = _store(_bay(), _bay('L02', 1.0), _bay('L03', 2.0))
    pose = _looking(x=0.5, y=0.2)
    views, refused = Locator(store, px_per_m=PX_PER_M).locate(_frame(pose), CameraPose(pose))
    assert [view.bay for view in views] == ['L01']
    assert [(r.bay, r.reason) for r in refused] == [('L02', Refusal.COVERAGE)]


def test_sharpness_and_exposure_are_of_what_is_seen() -> None:
    image = np.zeros((60, 60, 3), np.uint8)
    image[:, 30:] = 200
    seen = np.zeros((60, 60), bool)
    assert measure(image, seen) == (0.0, 0.0)
    seen[:, 40:] = True
    sharpness, exposure = measure(image, seen)
    assert exposure == 200
    assert sharpness == pytest.approx(0.0)
    seen[:] = True
    assert measure(image, seen)[0] > 0.1


def test_warp_marks_where_the_source_has_pixels() -> None:
    image = np.full((10, 20, 3), 50, np.uint8)
    shift = np.array([[1.0, 0.0, 5.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    pixels, seen = warp(image, shift, (10, 30))
    assert pixels.shape == (10, 30, 3)
    assert np.flatnonzero(seen.all(axis=0)).tolist() == list(range(5, 25))
