# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
From a frame and the camera's pose to the bays in sight, each as a metric picture of its face.

The face of a bay is a plane, so a pinhole camera sees it through a homography; lens distortion is
removed first. What lies behind or before the face is displaced by parallax; the inspector lives
with that, because it compares with views from similar places.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
import math
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from .errors import PoseError
from .records import (
    BayView,
    BoolArray,
    CameraModel,
    CameraPose,
    FloatArray,
    Frame,
    ImageArray,
    Pose,
    Refusal,
    ViewQuality,
    ViewRefused,
)
from .registration import normalise, register, Template, TEMPLATE_PX_PER_M
from .store_layout import Bay, StoreLayout

MIN_DEPTH_M = 0.15
GRID = 12  # points across a face at which visibility and scale are looked up


@dataclass(frozen=True, slots=True)
class GateSettings:
    """What a view must have to be used."""

    min_coverage: float = 0.3
    """Part of the face in the image, 0..1."""
    min_px_per_m: float = 150.0
    """Source pixels per metre at the middle of what is seen."""
    max_incidence_rad: float = math.radians(50.0)
    min_sharpness: float = 0.08
    """Variance of the Laplacian over the variance, at TEMPLATE_PX_PER_M."""
    min_exposure: float = 12.0
    max_exposure: float = 245.0
    max_pose_age_ns: int = 250_000_000
    max_sigma_m: float = 0.15
    max_sigma_rad: float = math.radians(6.0)
    max_residual: float = 1.25
    """Weighted RMS difference to the bay's template; 1.4 is what two unrelated pictures have."""
    max_range_m: float = 6.0
    """Bays whose middle is farther than this are not looked at."""


@dataclass(frozen=True, slots=True)
class Sight:
    """A bay in front of the camera: geometry only, before any pixel is touched."""

    bay: Bay
    face_to_image: FloatArray
    """Homography, shape ``(3, 3)``: shelf coordinates (x, y, 1) -> undistorted pixel."""
    coverage: float
    px_per_m: float
    incidence_rad: float
    offset_m: float
    """The camera's x in shelf coordinates."""


def face_homography(bay: Bay, camera: CameraModel, pose: Pose) -> FloatArray:
    """Return the homography from shelf coordinates ``(x, y, 1)`` to undistorted pixels."""
    rotation = pose.rotation.T
    to_camera = np.column_stack(
        [
            rotation @ bay.right,
            rotation @ np.array([0.0, 0.0, 1.0]),
            rotation @ (np.asarray(bay.origin) - pose.position),
        ]
    )
    return np.asarray(camera.k @ to_camera, np.float64)


class Locator:
    """Finds the bays in sight of a frame and warps each into its bay view."""

    def __init__(
        self,
        store: StoreLayout,
        *,
        px_per_m: float,
        margin_m: float = 0.06,
        gate: GateSettings | None = None,
    ) -> None:
        """
        Prepare for one store.

        :param px_per_m: resolution of the bay views
        :param margin_m: strip around each face that the views show too, metres
        :param gate: what a view must have to be used
        """
        self._store = store
        self.px_per_m = px_per_m
        self.margin_m = margin_m
        self.gate = gate or GateSettings()
        self._undistort = _Undistorter()

    def view_shape(self, bay: Bay, px_per_m: float | None = None) -> tuple[int, int]:
        """Return ``(rows, cols)`` of the bay's views."""
        scale = px_per_m or self.px_per_m
        return round((bay.height + 2 * self.margin_m) * scale), round(
            (bay.width + 2 * self.margin_m) * scale
        )

    def face_to_view(self, bay: Bay, px_per_m: float | None = None) -> FloatArray:
        """Return the homography from shelf coordinates to view pixels, shape ``(3, 3)``."""
        s, m = px_per_m or self.px_per_m, self.margin_m
        return np.array(
            [[s, 0.0, m * s - 0.5], [0.0, -s, (bay.height + m) * s - 0.5], [0.0, 0.0, 1.0]]
        )

    def sights(self, camera: CameraModel, pose: Pose) -> Iterator[Sight]:
        """Yield the bays that face the camera and are at least partly in its image."""
        for bay in self._store.bays.values():
            sight = look_at(bay, camera, pose, self.gate.max_range_m)
            if sight is not None:
                yield sight

    def locate(
        self,
        frame: Frame,
        camera_pose: CameraPose,
        templates: Mapping[str, Template] | None = None,
    ) -> tuple[list[BayView], list[ViewRefused]]:
        """
        Warp every bay in sight.

        :param frame: one image
        :param camera_pose: the optical frame in the map when it was taken
        :param templates: what does not move in each bay; views of bays that have one are
            registered to it
        :return: the views that may be used, and those refused with the reason
        :raises PoseError: if no bay can be placed with a pose this old or uncertain
        """
        self._check_pose(camera_pose)
        image: ImageArray | None = None
        views: list[BayView] = []
        refused: list[ViewRefused] = []
        for sight in self.sights(frame.camera, camera_pose.pose):
            refusal = self._check_sight(sight, frame.stamp_ns)
            if refusal is not None:
                refused.append(refusal)
                continue
            if image is None:
                image = self._undistort(frame.image, frame.camera)
            found = self._view(image, sight, frame.stamp_ns, (templates or {}).get(sight.bay.id))
            if isinstance(found, BayView):
                views.append(found)
            else:
                refused.append(found)
        return views, refused

    def coarse(
        self, frame: Frame, sight: Sight
    ) -> tuple[ImageArray, BoolArray, tuple[float, float]]:
        """
        Return a bay as the registration needs it.

        :return: the bay at TEMPLATE_PX_PER_M, where it was seen, and the foot of the camera
        """
        return self._coarse(self._undistort(frame.image, frame.camera), sight)

    def _coarse(
        self, image: ImageArray, sight: Sight
    ) -> tuple[ImageArray, BoolArray, tuple[float, float]]:
        shape = self.view_shape(sight.bay, TEMPLATE_PX_PER_M)
        pixels, seen = warp(image, self._to_view(sight, TEMPLATE_PX_PER_M), shape)
        foot = float(np.clip(sight.offset_m, 0.0, sight.bay.width)) + self.margin_m
        return pixels, seen, (foot, sight.bay.height / 2 + self.margin_m)

    def _to_view(self, sight: Sight, px_per_m: float) -> FloatArray:
        homography = self.face_to_view(sight.bay, px_per_m) @ np.linalg.inv(sight.face_to_image)
        return np.asarray(homography / homography[2, 2], np.float64)

    def _view(
        self, image: ImageArray, sight: Sight, stamp_ns: int, template: Template | None
    ) -> BayView | ViewRefused:
        """Look at the bay coarsely, and warp it finely only if it may be used."""
        bay = sight.bay
        pixels, seen, centre = self._coarse(image, sight)
        sharpness, exposure = measure(pixels, seen)
        refusal = self._check_pixels(bay.id, stamp_ns, sharpness, exposure)
        if refusal is not None:
            return refusal
        homography = self._to_view(sight, self.px_per_m)
        shift = 0.0
        if template is not None:
            fit = register(normalise(pixels), seen, template, centre)
            if not fit.residual <= self.gate.max_residual:
                return ViewRefused(
                    bay.id, stamp_ns, Refusal.REGISTRATION, fit.residual, self.gate.max_residual
                )
            homography = fit.correction(self.px_per_m) @ homography
            shift = fit.shift_m
        view, fine_seen = warp(image, homography, self.view_shape(bay))
        return BayView(
            bay=bay.id,
            stamp_ns=stamp_ns,
            image=view,
            seen=fine_seen,
            px_per_m=self.px_per_m,
            margin_m=self.margin_m,
            homography=homography,
            offset_m=sight.offset_m,
            quality=ViewQuality(
                sight.coverage, sight.px_per_m, sight.incidence_rad, sharpness, exposure, shift
            ),
        )

    def _check_pose(self, camera_pose: CameraPose) -> None:
        gate = self.gate
        for reason, value, limit, unit in (
            (Refusal.POSE_AGE, camera_pose.age_ns / 1e9, gate.max_pose_age_ns / 1e9, 's'),
            (Refusal.POSE_UNCERTAINTY, camera_pose.sigma_m, gate.max_sigma_m, 'm'),
            (Refusal.POSE_UNCERTAINTY, camera_pose.sigma_rad, gate.max_sigma_rad, 'rad'),
        ):
            if not value <= limit:
                raise PoseError(
                    reason.value,
                    f'pose: {reason.value} is {value:.3g} {unit}, limit {limit:.3g} {unit}',
                )

    def _check_sight(self, sight: Sight, stamp_ns: int) -> ViewRefused | None:
        gate, bay = self.gate, sight.bay.id
        if sight.coverage < gate.min_coverage:
            return ViewRefused(bay, stamp_ns, Refusal.COVERAGE, sight.coverage, gate.min_coverage)
        if sight.incidence_rad > gate.max_incidence_rad:
            return ViewRefused(
                bay, stamp_ns, Refusal.INCIDENCE, sight.incidence_rad, gate.max_incidence_rad
            )
        if sight.px_per_m < gate.min_px_per_m:
            return ViewRefused(
                bay, stamp_ns, Refusal.RESOLUTION, sight.px_per_m, gate.min_px_per_m
            )
        return None

    def _check_pixels(
        self, bay: str, stamp_ns: int, sharpness: float, exposure: float
    ) -> ViewRefused | None:
        gate = self.gate
        if not gate.min_exposure <= exposure <= gate.max_exposure:
            limit = gate.min_exposure if exposure < gate.min_exposure else gate.max_exposure
            return ViewRefused(bay, stamp_ns, Refusal.EXPOSURE, exposure, limit)
        if sharpness < gate.min_sharpness:
            return ViewRefused(bay, stamp_ns, Refusal.SHARPNESS, sharpness, gate.min_sharpness)
        return None


def look_at(bay: Bay, camera: CameraModel, pose: Pose, max_range_m: float) -> Sight | None:
    """Return how ``bay`` lies in the image, or None if it faces away, is too far or is outside."""
    to_camera = pose.position - np.asarray(bay.origin)
    if float(to_camera @ bay.normal) < MIN_DEPTH_M:
        return None
    if (
        float(np.linalg.norm(pose.position - bay.to_map(bay.width / 2, bay.height / 2)))
        > max_range_m
    ):
        return None
    homography = face_homography(bay, camera, pose)
    xs, ys = np.meshgrid(np.linspace(0, bay.width, GRID), np.linspace(0, bay.height, GRID))
    face = np.stack([xs.ravel(), ys.ravel(), np.ones(xs.size)])
    projected = homography @ face
    depth = projected[2]
    ahead = depth > MIN_DEPTH_M
    u = np.where(ahead, projected[0] / np.where(ahead, depth, 1.0), -1.0)
    v = np.where(ahead, projected[1] / np.where(ahead, depth, 1.0), -1.0)
    inside = ahead & (u >= 0) & (u <= camera.width - 1) & (v >= 0) & (v <= camera.height - 1)
    if not inside.any():
        return None
    middle = face[:, inside].mean(axis=1)
    ray = pose.position - bay.to_map(float(middle[0]), float(middle[1]))
    distance = float(np.linalg.norm(ray))
    cosine = float(ray @ bay.normal) / distance
    focal = math.sqrt(float(camera.k[0, 0] * camera.k[1, 1]))
    return Sight(
        bay=bay,
        face_to_image=homography,
        coverage=float(inside.mean()),
        px_per_m=focal * cosine / distance,
        incidence_rad=math.acos(min(1.0, cosine)),
        offset_m=float(to_camera @ bay.right),
    )


def warp(
    image: ImageArray, homography: FloatArray, shape: tuple[int, int]
) -> tuple[ImageArray, BoolArray]:
    """
    Warp an undistorted image into a view.

    :param homography: source pixel -> view pixel, shape ``(3, 3)``
    :param shape: ``(rows, cols)`` of the view
    :return: the view, and where the source has pixels
    """
    size = (shape[1], shape[0])
    pixels = cv2.warpPerspective(
        image, homography, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return pixels.astype(np.uint8, copy=False), inside(image.shape, homography, shape)


def inside(source: tuple[int, ...], homography: FloatArray, shape: tuple[int, int]) -> BoolArray:
    """
    Return which pixels of a view come from inside its source image.

    :param source: rows and columns of the source image
    :param homography: source pixel -> view pixel, shape ``(3, 3)``
    :param shape: ``(rows, cols)`` of the view
    """
    back = np.linalg.inv(homography).astype(np.float32)
    cols = np.arange(shape[1], dtype=np.float32)[None, :]
    rows = np.arange(shape[0], dtype=np.float32)[:, None]
    u, v, depth = (row[0] * cols + (row[1] * rows + row[2]) for row in back)
    right, bottom = np.float32(source[1] - 1), np.float32(source[0] - 1)
    # Multiplied instead of divided: faster, and what lies behind the camera is outside.
    return np.asarray((u >= 0) & (u <= right * depth) & (v >= 0) & (v <= bottom * depth))


def measure(pixels: ImageArray, seen: BoolArray) -> tuple[float, float]:
    """
    Measure sharpness and exposure of the part of a coarse view that is seen.

    :return: variance of the Laplacian over the variance of the grey values; median grey value,
        0..255
    """
    if not seen.any():
        return 0.0, 0.0
    grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
    values = grey[seen].astype(np.float64)
    laplacian = cv2.Laplacian(grey, cv2.CV_64F)[seen]
    return float(laplacian.var() / (values.var() + 25.0)), float(np.median(values))


@dataclass(slots=True)
class _Undistorter:
    """Removes lens distortion; keeps the maps of the cameras it has met."""

    _maps: dict[bytes, tuple[npt.NDArray[Any], npt.NDArray[Any]]] = field(default_factory=dict)

    def __call__(self, image: ImageArray, camera: CameraModel) -> ImageArray:
        if not np.any(camera.d):
            return image
        key = (
            camera.k.tobytes()
            + camera.d.tobytes()
            + f'{camera.width}x{camera.height}{camera.distortion_model}'.encode()
        )
        if key not in self._maps:
            size = (camera.width, camera.height)
            make = (
                cv2.fisheye.initUndistortRectifyMap
                if camera.distortion_model == 'equidistant'
                else cv2.initUndistortRectifyMap
            )
            self._maps[key] = make(camera.k, camera.d, np.eye(3), camera.k, size, cv2.CV_16SC2)
        map1, map2 = self._maps[key]
        return cv2.remap(image, map1, map2, cv2.INTER_LINEAR).astype(np.uint8, copy=False)
