# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The table of the detector's parameters, and the frozen struct that the rest of the node gets."""

from __future__ import annotations

from dataclasses import dataclass
import math
from typing import TypeAlias

import numpy as np

from ..defaults import FALSE_ALARMS_PER_AISLE_PATROL
from ..locator import GateSettings
from ..pipeline import PipelineSettings
from ..records import Pose
from ..tracker import REOPEN_WITHIN_NS

Value: TypeAlias = 'str | int | float | bool | tuple[float, ...]'

GATE = GateSettings()
NO_MOUNT = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Spec:
    """One parameter as people and tools see it."""

    name: str
    default: Value
    description: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    live: bool = False
    """May be changed while the node runs."""


@dataclass(frozen=True, slots=True)
class DetectorParameters:
    """What the node was asked to do; checked, in the units of the core where they differ."""

    model: str
    store: str
    robot: str
    patrol: str
    patrol_gap_s: float
    false_alarms_per_aisle_patrol: float
    pose_source: str
    camera_mount: tuple[float, ...]
    camera_frame: str
    map_frame: str
    pose_wait_s: float
    image_transport: str
    image_reliability: str
    camera_timeout_s: float
    status_period_s: float
    min_coverage: float
    min_px_per_m: float
    max_incidence_rad: float
    min_sharpness: float
    min_exposure: float
    max_exposure: float
    max_pose_age_s: float
    max_sigma_m: float
    max_sigma_rad: float
    max_range_m: float
    pass_gap_s: float
    threads: int
    evidence: bool
    memory: str
    reopen_within_s: float
    peers: str
    teach: bool
    teach_folder: str

    @property
    def mount(self) -> Pose | None:
        """The camera's optical frame in the robot's base frame, or None when it was not given."""
        if self.camera_mount == NO_MOUNT:
            return None
        return Pose(np.array(self.camera_mount[:3]), np.array(self.camera_mount[3:]))

    def pipeline_settings(self) -> PipelineSettings:
        """Return what the core wants to know."""
        gate = GateSettings(
            min_coverage=self.min_coverage,
            min_px_per_m=self.min_px_per_m,
            max_incidence_rad=self.max_incidence_rad,
            min_sharpness=self.min_sharpness,
            min_exposure=self.min_exposure,
            max_exposure=self.max_exposure,
            max_pose_age_ns=round(self.max_pose_age_s * 1e9),
            max_sigma_m=self.max_sigma_m,
            max_sigma_rad=self.max_sigma_rad,
            max_range_m=self.max_range_m,
        )
        return PipelineSettings(
            false_alarms_per_aisle_patrol=self.false_alarms_per_aisle_patrol,
            gate=gate,
            threads=self.threads,
            pass_gap_ns=round(self.pass_gap_s * 1e9),
            evidence=self.evidence,
            reopen_within_ns=round(self.reopen_within_s * 1e9),
        )


SPECS: tuple[Spec, ...] = (
    Spec('model', '', 'folder of the model (network.onnx, density.npz, manifest.json)'),
    Spec('store', '', 'the store.yaml with the bays in the map frame'),
    Spec(
        'robot', '', 'name of this robot and camera in messages; empty = the namespace, or "robot"'
    ),
    Spec('patrol', '', 'name of the next patrol; empty = the stamp of its first frame', live=True),
    Spec(
        'patrol_gap_s',
        30.0,
        'silence (s of message time) after which a new patrol begins',
        3.0,
        86400.0,
    ),
    Spec(
        'false_alarms_per_aisle_patrol',
        FALSE_ALARMS_PER_AISLE_PATROL,
        'false alarms that are acceptable per aisle and patrol; smaller = fewer, surer alerts',
        0.01,
        100.0,
        live=True,
    ),
    Spec(
        'pose_source',
        'auto',
        'where the pose comes from; auto = TF if tf2_ros is installed, else the topic robot_pose',
        choices=('auto', 'tf', 'topic'),
    ),
    Spec(
        'camera_mount',
        NO_MOUNT,
        'with the pose topic: the optical frame in the base frame, x y z (m) qx qy qz qw; '
        'all 0 = not given',
    ),
    Spec('camera_frame', '', 'optical frame to use instead of the frame_id of the images'),
    Spec('map_frame', '', 'frame of the pose; empty = the frame named in store.yaml'),
    Spec(
        'pose_wait_s', 0.5, 'how long a frame may wait for its pose and camera_info (s)', 0.0, 0.5
    ),
    Spec(
        'image_transport',
        'auto',
        'which image topic to read; auto = compressed where it is published, else raw',
        choices=('auto', 'raw', 'compressed'),
    ),
    Spec(
        'image_reliability',
        'auto',
        'QoS of the image subscription; auto = reliable if every publisher is, else best effort',
        choices=('auto', 'reliable', 'best_effort'),
    ),
    Spec(
        'camera_timeout_s',
        5.0,
        'time without a frame (s, steady clock) that diagnostics call an error',
        0.1,
        3600.0,
    ),
    Spec(
        'status_period_s', 1.0, 'time between two detector_status and /diagnostics (s)', 0.05, 60.0
    ),
    Spec('min_coverage', GATE.min_coverage, 'part of a bay that must be in the image', 0.0, 1.0),
    Spec(
        'min_px_per_m',
        GATE.min_px_per_m,
        'pixels per metre that a bay must have in the image',
        1.0,
        10000.0,
    ),
    Spec(
        'max_incidence_rad',
        GATE.max_incidence_rad,
        'angle to the normal of the shelf, at most (rad)',
        0.0,
        math.pi / 2,
    ),
    Spec(
        'min_sharpness',
        GATE.min_sharpness,
        'variance of the Laplacian over the variance, at least',
        0.0,
        10.0,
    ),
    Spec('min_exposure', GATE.min_exposure, 'median grey value of a view, at least', 0.0, 255.0),
    Spec('max_exposure', GATE.max_exposure, 'median grey value of a view, at most', 0.0, 255.0),
    Spec(
        'max_pose_age_s',
        GATE.max_pose_age_ns / 1e9,
        'age of the pose at the stamp of the image, at most (s)',
        0.0,
        10.0,
    ),
    Spec(
        'max_sigma_m',
        GATE.max_sigma_m,
        'standard deviation of the position, at most (m)',
        0.0,
        10.0,
    ),
    Spec(
        'max_sigma_rad',
        GATE.max_sigma_rad,
        'standard deviation of the heading, at most (rad)',
        0.0,
        math.pi,
    ),
    Spec(
        'max_range_m',
        GATE.max_range_m,
        'bays farther away than this are not looked at (m)',
        0.1,
        100.0,
    ),
    Spec(
        'pass_gap_s',
        2.0,
        'a pass of a bay ends when the bay was out of sight for this long (s)',
        0.1,
        60.0,
    ),
    Spec('threads', 2, 'threads of the network', 1, 64),
    Spec('evidence', True, 'attach a picture to each alert'),
    Spec(
        'memory',
        '',
        "file that keeps alerts, verdicts and patrol over a restart; empty = in the user's state "
        'folder, by store and robot; none = keep nothing',
    ),
    Spec(
        'reopen_within_s',
        REOPEN_WITHIN_NS / 1e9,
        'a fault that comes back at its place within this (s) re-opens its alert',
        0.0,
        31536000.0,
    ),
    Spec(
        'peers',
        '',
        'namespaces of the detectors that look at the same store, with commas between them, whose '
        "alerts are taken into account; empty = one's own namespace; none = nobody",
    ),
    Spec(
        'teach',
        False,
        'gather views of shelves that someone has checked instead of inspecting them',
        live=True,
    ),
    Spec('teach_folder', '', 'folder of the views that teaching gathers; empty = no teaching'),
)
