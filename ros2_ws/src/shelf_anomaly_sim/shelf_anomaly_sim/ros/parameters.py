# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The parameters of the simulated robot: declared with range and description, then checked."""

from __future__ import annotations

from dataclasses import dataclass
import math

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.node import Node

from shelf_anomaly.errors import SettingsError

from ..camera import CameraSpec, parse_cameras
from ..demo import PLAN
from ..drawn import drawn_catalogue
from ..pictures import load_pictures
from ..planner import build_store, StorePlan
from ..record import Programme
from ..store import SimStore

Range = tuple[float, float]
TABLE: tuple[tuple[str, str | int | float | bool, str, Range | None], ...] = (
    ('seed', PLAN.seed, 'another seed, another store', (0, 2**31 - 1)),
    ('aisles', PLAN.aisles, 'number of aisles', (1, 50)),
    ('bays', PLAN.bays, 'bays on one side of an aisle', (1, 100)),
    ('both_sides', False, 'bays on both sides of an aisle', None),
    (
        'produce_bays',
        PLAN.produce_bays or -1,
        'bays that hold produce; -1 is about one in five',
        (-1, 5000),
    ),
    ('pictures', '', 'folder of product pictures; empty: the art is drawn', None),
    ('cameras', 'left', 'left, right or left,right', None),
    ('width', 960, 'pixels', (64, 4096)),
    ('height', 720, 'pixels', (64, 4096)),
    ('focal', 540.0, 'focal length, pixels', (20.0, 20000.0)),
    ('camera_height', 0.9, 'above the floor, metres', (0.05, 3.0)),
    ('tilt', 0.0, 'degrees, up is positive', (-60.0, 60.0)),
    (
        'patrols',
        6,
        'patrols to drive: two with a set of faults, one with all put right, and so on',
        (1, 1000),
    ),
    ('faults', 5, 'faults in a set', (0, 100)),
    ('rate', 1.0, 'how many times faster than real time', (0.05, 1000.0)),
    (
        'pace',
        'none',
        'none: at the rate; status: no faster than the detector follows, as detector_status says',
        None,
    ),
    ('transport', 'compressed', 'compressed or raw', None),
    ('frame_period', 0.5, 'seconds of the robot between two images of a camera', (0.02, 10.0)),
    (
        'wait_for_subscriber',
        60.0,
        'seconds to wait for someone who listens before starting',
        (0.0, 3600.0),
    ),
)


@dataclass(frozen=True, slots=True)
class SimParameters:
    """What the robot was asked to do."""

    plan: StorePlan
    pictures: str
    cameras: tuple[CameraSpec, ...]
    programme: Programme
    rate: float
    follow: bool
    """Wait for the detector."""
    raw: bool
    frame_ns: int
    wait_s: float

    def store(self) -> SimStore:
        """Build the store."""
        catalogue = (
            load_pictures(self.pictures) if self.pictures else drawn_catalogue(self.plan.seed)
        )
        return build_store(self.plan, catalogue)


def read_parameters(node: Node) -> SimParameters:
    """
    Declare the parameters of a node and return their values.

    :raises SettingsError: naming the parameter
    """
    v = {
        name: node.declare_parameter(name, default, _descriptor(text, default, limits)).value
        for name, default, text, limits in TABLE
    }
    for name, words in (('pace', ('none', 'status')), ('transport', ('compressed', 'raw'))):
        if v[name] not in words:
            raise SettingsError(f'parameter {name}: {v[name]!r} is none of {", ".join(words)}')
    sides = (
        ('left', 'right')
        if v['both_sides']
        else ('right',)
        if v['cameras'] == 'right'
        else ('left',)
    )
    produce = None if v['produce_bays'] < 0 else v['produce_bays']
    return SimParameters(
        plan=StorePlan(v['seed'], v['aisles'], v['bays'], sides, produce),
        pictures=v['pictures'],
        cameras=parse_cameras(
            v['cameras'],
            resolution=(v['width'], v['height']),
            focal_px=v['focal'],
            height=v['camera_height'],
            tilt=math.radians(v['tilt']),
        ),
        programme=Programme(0, v['patrols'], v['faults']),
        rate=v['rate'],
        follow=v['pace'] == 'status',
        raw=v['transport'] == 'raw',
        frame_ns=round(v['frame_period'] * 1e9),
        wait_s=v['wait_for_subscriber'],
    )


def _descriptor(text: str, default: object, limits: Range | None) -> ParameterDescriptor:
    descriptor = ParameterDescriptor(description=text, read_only=True)
    if limits and isinstance(default, int):
        descriptor.integer_range = [
            IntegerRange(from_value=int(limits[0]), to_value=int(limits[1]))
        ]
    elif limits:
        descriptor.floating_point_range = [
            FloatingPointRange(from_value=limits[0], to_value=limits[1])
        ]
    return descriptor
