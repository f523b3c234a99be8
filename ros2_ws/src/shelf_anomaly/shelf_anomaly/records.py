# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
The words that cross rooms: immutable records, checked once when they are made.

Conventions: lengths in metres, angles in radians, times in integer nanoseconds, frames after
REP-103 and REP-105 (``map``; a camera's *optical* frame has z forward, x right, y down). Images
are uint8 BGR as OpenCV has them. Shelf coordinates of a bay: x to the right and y up from the
lower left corner of the shelf face, as a shopper in front of it sees it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

import numpy as np
import numpy.typing as npt

from .errors import FrameError, PoseError

FloatArray = npt.NDArray[np.float64]
Float32Array = npt.NDArray[np.float32]
ImageArray = npt.NDArray[np.uint8]
BoolArray = npt.NDArray[np.bool_]

MAX_IMAGE_SIDE = 16384


class Kind(str, Enum):
    """What stands wrong."""

    MISPLACED = 'misplaced'
    """At home elsewhere in the store; a wrong variety too."""
    FOREIGN = 'foreign'
    """At home nowhere in the store."""
    GAP = 'gap'
    """Nothing stands where something is normal."""
    FALLEN = 'fallen'
    """The right product, lying."""
    UNKNOWN = 'unknown'
    """Not normal, and nothing more can be said."""


class State(str, Enum):
    """Where an alert is in its life."""

    OPEN = 'open'
    RESOLVED = 'resolved'
    DISMISSED = 'dismissed'


class Refusal(str, Enum):
    """Why a view of a bay was not used."""

    COVERAGE = 'coverage'
    """Too little of the bay is in the image."""
    RESOLUTION = 'resolution'
    """Fewer pixels per metre on the shelf than wanted."""
    INCIDENCE = 'incidence'
    """The camera looks along the shelf rather than at it."""
    SHARPNESS = 'sharpness'
    """Motion or focus blur."""
    EXPOSURE = 'exposure'
    """Too dark or too bright to tell."""
    POSE_AGE = 'pose_age'
    """The pose is too far in time from the image."""
    POSE_UNCERTAINTY = 'pose_uncertainty'
    """The localisation says itself that it does not know."""
    REGISTRATION = 'registration'
    """The view does not lie where this bay's views lie: the pose is wrong."""
    OCCLUDED = 'occluded'
    """Someone or something stands between camera and shelf."""


@dataclass(frozen=True, slots=True)
class CameraModel:
    """A pinhole camera with distortion, as sensor_msgs/CameraInfo describes it."""

    width: int
    height: int
    k: FloatArray
    """Intrinsic matrix, shape ``(3, 3)``, pixels."""
    d: FloatArray = field(default_factory=lambda: np.zeros(0))
    """Distortion coefficients: 0, 4, 5, 8, 12 or 14 (plumb_bob, rational) or 4 (equidistant)."""
    distortion_model: str = 'plumb_bob'

    def __post_init__(self) -> None:
        """Refuse what is no camera."""
        if not (0 < self.width <= MAX_IMAGE_SIDE and 0 < self.height <= MAX_IMAGE_SIDE):
            raise FrameError(
                'camera_info', f'camera_info: size {self.width}x{self.height} is no image size'
            )
        k = np.asarray(self.k, np.float64)
        if k.shape != (3, 3) or not np.isfinite(k).all() or k[0, 0] <= 0 or k[1, 1] <= 0:
            raise FrameError(
                'camera_info',
                f'camera_info: intrinsic matrix {k.ravel().tolist()} has no positive focal '
                'lengths; calibrate the camera (K all zero means not calibrated)',
            )
        d = np.asarray(self.d, np.float64).ravel()
        if not np.isfinite(d).all():
            raise FrameError('camera_info', f'camera_info: distortion {d.tolist()} is not finite')
        if self.distortion_model not in ('plumb_bob', 'rational_polynomial', 'equidistant', ''):
            raise FrameError(
                'camera_info',
                f'camera_info: distortion model {self.distortion_model!r} is not known; '
                'known are plumb_bob, rational_polynomial and equidistant',
            )
        wanted = (4,) if self.distortion_model == 'equidistant' else (0, 4, 5, 8, 12, 14)
        if d.size not in wanted:
            raise FrameError(
                'camera_info',
                f'camera_info: {d.size} distortion coefficients for model '
                f'{self.distortion_model!r}; expected one of {wanted}',
            )
        object.__setattr__(self, 'k', k)
        object.__setattr__(self, 'd', d)


@dataclass(frozen=True, slots=True)
class Pose:
    """A rigid transform: a child frame seen from a parent frame."""

    position: FloatArray
    """Shape ``(3,)``, metres."""
    quaternion: FloatArray
    """Shape ``(4,)``: x, y, z, w; unit length (normalised here if it is nearly so)."""

    def __post_init__(self) -> None:
        """Refuse what is no pose, and normalise the quaternion."""
        p = np.asarray(self.position, np.float64).ravel()
        q = np.asarray(self.quaternion, np.float64).ravel()
        if p.shape != (3,) or q.shape != (4,):
            raise PoseError(
                'not_a_pose',
                f'pose: position {p.shape} and quaternion {q.shape} must have 3 and 4 numbers',
            )
        if not (np.isfinite(p).all() and np.isfinite(q).all()):
            raise PoseError(
                'not_finite', f'pose: position {p.tolist()}, quaternion {q.tolist()} is not finite'
            )
        norm = float(np.linalg.norm(q))
        if not 0.9 < norm < 1.1:
            raise PoseError(
                'not_a_rotation',
                f'pose: quaternion {q.tolist()} has length {norm:.3g}, expected 1',
            )
        object.__setattr__(self, 'position', p)
        object.__setattr__(self, 'quaternion', q / norm)

    @property
    def rotation(self) -> FloatArray:
        """The rotation matrix, shape ``(3, 3)``: parent from child."""
        x, y, z, w = self.quaternion
        return np.array(
            [
                [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
                [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
                [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
            ]
        )

    def compose(self, child: Pose) -> Pose:
        """Return the pose of ``child``'s child in this pose's parent: ``self * child``."""
        ax, ay, az, aw = self.quaternion
        bx, by, bz, bw = child.quaternion
        quaternion = np.array(
            [
                aw * bx + ax * bw + ay * bz - az * by,
                aw * by - ax * bz + ay * bw + az * bx,
                aw * bz + ax * by - ay * bx + az * bw,
                aw * bw - ax * bx - ay * by - az * bz,
            ]
        )
        return Pose(self.position + self.rotation @ child.position, quaternion)


@dataclass(frozen=True, slots=True)
class CameraPose:
    """Where a camera's optical frame was in the map when a frame was taken."""

    pose: Pose
    """Optical frame in map."""
    age_ns: int = 0
    """Distance in time to the nearest pose that was measured; 0 when interpolated tightly."""
    sigma_m: float = 0.0
    """Standard deviation of the position in the plane; 0 when the source does not tell."""
    sigma_rad: float = 0.0
    """Standard deviation of the yaw; 0 when the source does not tell."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One image of one camera."""

    stamp_ns: int
    """Time of acquisition."""
    image: ImageArray
    """Shape ``(height, width, 3)``, uint8 BGR."""
    camera: CameraModel
    frame_id: str = 'camera_optical_frame'

    def __post_init__(self) -> None:
        """Refuse what is no image of this camera."""
        shape = self.image.shape
        if self.image.dtype != np.uint8 or len(shape) != 3 or shape[2] != 3 or 0 in shape:
            raise FrameError(
                'not_an_image',
                f'image: {self.image.dtype} {shape} is not (height, width, 3) uint8',
            )
        if shape[:2] != (self.camera.height, self.camera.width):
            raise FrameError(
                'size',
                f'image: {shape[1]}x{shape[0]} pixels, but camera_info says '
                f'{self.camera.width}x{self.camera.height}; publish the camera_info of this image',
            )


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on a shelf face."""

    x: float
    """Centre, metres right of the bay's origin."""
    y: float
    """Centre, metres above the bay's origin."""
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class ViewQuality:
    """How well a bay was seen in one frame."""

    coverage: float
    """Part of the face that is in the image, 0..1."""
    px_per_m: float
    """Source pixels per metre at the face, at the worst corner in sight."""
    incidence_rad: float
    """Angle between the line of sight to the middle of what is seen and the face's normal."""
    sharpness: float
    """Variance of the Laplacian over the variance of the view; small when blurred."""
    exposure: float
    """Median grey value of what is seen, 0..255."""
    registration_m: float = 0.0
    """Length of the residual shift that was registered away, metres."""


@dataclass(frozen=True, slots=True)
class BayView:
    """One bay, warped from one frame into a metric, fronto-parallel picture of its face."""

    bay: str
    stamp_ns: int
    image: ImageArray
    """Shape ``(rows, cols, 3)``, uint8 BGR; row 0 is the top edge including the margin."""
    seen: BoolArray
    """Shape ``(rows, cols)``: where the frame has pixels."""
    px_per_m: float
    margin_m: float
    """Strip around the face that the view shows too."""
    homography: FloatArray
    """Shape ``(3, 3)``: undistorted source pixel -> view pixel."""
    offset_m: float
    """Where along the face the camera stood: its x in shelf coordinates."""
    quality: ViewQuality


@dataclass(frozen=True, slots=True)
class ViewRefused:
    """A bay that was in sight of a frame and not used."""

    bay: str
    stamp_ns: int
    reason: Refusal
    value: float
    limit: float

    def __str__(self) -> str:
        """Say it in words."""
        return f'{self.bay}: {self.reason.value} {self.value:.3g}, limit {self.limit:.3g}'


@dataclass(frozen=True, slots=True)
class CellScores:
    """What the inspector says about each cell of one bay view."""

    bay: str
    stamp_ns: int
    cell_m: float
    """Side of a square cell, metres."""
    code: Float32Array
    """Shape ``(rows, cols, dims)``: the autoencoder's code of each cell; row 0 is the top."""
    error: Float32Array
    """Shape ``(rows, cols)``: the autoencoder's reconstruction error of each cell."""
    distance: Float32Array
    """Shape ``(scales, rows, cols)``: how far the code is from what is normal at that place,
    from its log density; NaN where it cannot be judged."""
    activity: Float32Array
    """Shape ``(rows, cols)``: how much structure the picture shows in a cell, relative to the
    view."""


@dataclass(frozen=True, slots=True)
class Home:
    """A place where a thing that stands elsewhere is normal."""

    bay: str
    level: int | None
    """0 is the lowest; None where it cannot be told."""
    confidence: float
    """Chance that such a thing is at home there, 0..1."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A place of one bay that was not normal in one pass."""

    bay: str
    box: Box
    level: int
    kind: Kind
    score: float
    """Higher is worse; calibrated so that 0 is usual for this place."""
    threshold: float
    """The score from which this place raises an alert."""
    p_value: float
    """Chance that a normal pass of this bay shows a score as high, by the calibration."""
    sightings: int
    """Views that show it."""
    homes: tuple[Home, ...] = ()
    """Where such an appearance is normal, best first."""
    reason: str = ''
    """One sentence on why, for people."""
    weight: float = 1.0
    """How many times its score counted for what it shows; see :mod:`shelf_anomaly.signs`."""


@dataclass(frozen=True, slots=True)
class Roi:
    """A rectangle in a source image, pixels."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Alert:
    """One fault of the store, from first sight to put right."""

    id: str
    """UUID; stays the same as long as the fault stands."""
    kind: Kind
    state: State
    store: str
    aisle: str
    bay: str
    level: int
    box: Box
    score: float
    threshold: float
    p_value: float
    first_seen_ns: int
    last_seen_ns: int
    sightings: int
    homes: tuple[Home, ...] = ()
    """Where such a thing is normal, best first."""
    seen_in: tuple[str, ...] = ()
    """Names of the patrols that saw it."""
    resolved_in: str | None = None
    reason: str = ''
    frame_id: str = ''
    """Optical frame of the camera that saw it last."""
    stamp_ns: int = 0
    """Acquisition time of the frame that shows it best."""
    roi: Roi | None = None
    """Where it is in that frame."""
    evidence: bytes = b''
    """JPEG: what was seen, with the box, beside what is normal there."""
    resolved_ns: int | None = None
    """When its place was seen normal again, or a person said so."""
    same_as: str = ''
    """Id of the alert that goes on for it, when two robots had raised one fault at once."""

    @property
    def suggested_bays(self) -> tuple[str, ...]:
        """Bays where such a thing is normal, best first."""
        return tuple(home.bay for home in self.homes)


class BayResult(str, Enum):
    """How a pass of a bay ended."""

    NORMAL = 'normal'
    ALERT = 'alert'
    NOT_SEEN = 'not_seen'


@dataclass(frozen=True, slots=True)
class BayReport:
    """What was looked at in one pass of one bay, and how well; also when all was normal."""

    bay: str
    patrol: str
    result: BayResult
    start_ns: int
    end_ns: int
    views_used: int
    views_refused: tuple[tuple[Refusal, int], ...]
    """Refused views by reason."""
    coverage: float
    """Part of the bay's cells that were judged in at least one view, 0..1."""
    score: float
    """Highest score of the pass."""
    threshold: float
    alert_ids: tuple[str, ...] = ()
    relearn: bool = False
    """What is normal on this bay has moved away from what the model learnt."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one step of the pipeline brought."""

    views: tuple[BayView, ...] = ()
    refused: tuple[ViewRefused, ...] = ()
    alerts: tuple[Alert, ...] = ()
    """Alerts that are new or changed, in their new state."""
    bays: tuple[BayReport, ...] = ()
    """Passes that ended."""
    stage_ms: tuple[tuple[str, float], ...] = ()
    """Time of each stage of this step, milliseconds, in order."""
