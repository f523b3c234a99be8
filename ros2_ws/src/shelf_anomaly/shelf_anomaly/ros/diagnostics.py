# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The node's /diagnostics: camera, pose, inspection and process, each OK or with the way out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
import os
import shutil

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue

from .health import Problem, Snapshot

OK, WARN, ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR
SHM = '/dev/shm'
SHM_LOW_BYTES = 64 * 1024 * 1024
DROPS_WARN = 0.5
POSE_REASONS = frozenset(
    (
        'no_pose',
        'no_camera_info',
        'pose_age',
        'pose_uncertainty',
        'pose_frame',
        'pose',
        'not_a_pose',
        'not_finite',
        'not_a_rotation',
    )
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known beside the counters."""

    image_topics: tuple[str, ...]
    publishers: int
    reliability: str
    has_camera_info: bool
    pose_source: str
    pose_age_s: float | None
    model: str
    model_folder: str
    store: str
    patrol: str
    open_alerts: int
    waiting_since_s: float
    """Steady time of the start."""
    camera_timeout_s: float
    busy_s: float
    model_problem: str = ''
    """Why a new model was not taken over; empty when the folder's model is the one that runs."""
    teaching: str = ''
    """What is said of a teaching that is on; empty when the node inspects."""


def build(
    node_name: str, hardware_id: str, stamp: Time, facts: Facts, snapshot: Snapshot
) -> DiagnosticArray:
    """Return the message; ``hardware_id`` is the camera's frame."""
    message = DiagnosticArray()
    message.header.stamp = stamp
    parts = (
        ('camera', _camera(facts, snapshot)),
        ('pose', _pose(facts, snapshot)),
        ('inspection', _inspection(facts, snapshot)),
        ('process', _process(snapshot)),
    )
    for name, (level, text, values) in parts:
        status = DiagnosticStatus(
            level=level, name=f'{node_name}: {name}', message=text, hardware_id=hardware_id
        )
        status.values = [KeyValue(key=key, value=str(value)) for key, value in values.items()]
        message.status.append(status)
    return message


Part = tuple[bytes, str, Mapping[str, object]]


def _camera(facts: Facts, snapshot: Snapshot) -> Part:
    counts = snapshot.counts
    troubles = [p for p in snapshot.recent if p.reason not in POSE_REASONS and not _internal(p)]
    values: dict[str, object] = {
        'topics': ', '.join(facts.image_topics),
        'publishers': facts.publishers,
        'reliability asked for': facts.reliability,
        'camera_info': 'yes' if facts.has_camera_info else 'no',
        'frames received': counts.get('received', 0),
        'frames per second': f'{snapshot.arrival_hz:.1f}',
        'frames rejected': counts.get('rejected', 0),
        'frames with the stamp of the one before': counts.get('duplicate', 0),
        **_counted(
            p for p in snapshot.problems if p.reason not in POSE_REASONS and not _internal(p)
        ),
    }
    since = snapshot.last_frame_s if snapshot.last_frame_s is not None else facts.waiting_since_s
    silent = snapshot.now_s - since
    if silent > facts.camera_timeout_s:
        what = (
            'no frame has come yet'
            if snapshot.last_frame_s is None
            else f'no frame for {silent:.0f} s'
        )
        return ERROR, f'{what}: {_why_silent(facts)}', values
    if snapshot.last_frame_s is None:
        return WARN, 'waiting for the first frame', values
    if troubles:
        return WARN, troubles[0].text, values
    return OK, f'{snapshot.arrival_hz:.1f} frames/s', values


def _why_silent(facts: Facts) -> str:
    topics = ' or '.join(facts.image_topics)
    if not facts.publishers:
        return f'nobody publishes {topics}; start the camera or remap the topic'
    return (
        f'{facts.publishers} publisher(s) on {topics}; if it runs, its frames may be larger '
        'than its shared memory: start the camera driver with the profile '
        'fastdds_large_images.xml (docs/deployment.md), or publish compressed'
    )


def _pose(facts: Facts, snapshot: Snapshot) -> Part:
    troubles = [p for p in snapshot.recent if p.reason in POSE_REASONS]
    values: dict[str, object] = {
        'source': facts.pose_source,
        'last heard (s)': 'never' if facts.pose_age_s is None else f'{facts.pose_age_s:.1f}',
        'frames without a place': snapshot.counts.get('unplaced', 0),
        **_counted(p for p in snapshot.problems if p.reason in POSE_REASONS),
    }
    if troubles:
        return WARN, troubles[0].text, values
    if facts.pose_age_s is None:
        return WARN, f'no pose yet from {facts.pose_source}', values
    return OK, facts.pose_source, values


def _inspection(facts: Facts, snapshot: Snapshot) -> Part:
    counts = snapshot.counts
    received, dropped = counts.get('received', 0), counts.get('dropped', 0)
    values: dict[str, object] = {
        'model': facts.model,
        'model folder': facts.model_folder,
        'store': facts.store,
        'patrol': facts.patrol or 'none',
        'frames inspected': counts.get('inspected', 0),
        'frames per second': f'{snapshot.rate_hz:.1f}',
        'frames dropped (a newer one came)': dropped,
        'views used': counts.get('views', 0),
        'views refused': counts.get('refused', 0),
        'latency (ms)': f'{snapshot.latency_ms:.0f}',
        'open alerts': facts.open_alerts,
        **{f'{name} p50/p95 (ms)': f'{p50:.1f}/{p95:.1f}' for name, p50, p95 in snapshot.stages},
    }
    if facts.model_problem:
        return WARN, facts.model_problem, values
    if received and dropped > DROPS_WARN * received:
        text = (
            f'{dropped} of {received} frames were overtaken: the camera is faster than the '
            'inspection; lower its rate'
        )
        return WARN, text, values
    if facts.teaching:
        return OK, facts.teaching, values
    return OK, f'{facts.open_alerts} open alerts', values


def _process(snapshot: Snapshot) -> Part:
    failures = [p for p in snapshot.recent if _internal(p)]
    values: dict[str, object] = {
        'exceptions': snapshot.counts.get('exceptions', 0),
        'memory (MiB)': f'{resident_bytes() / 2**20:.0f}',
        **_counted(p for p in snapshot.problems if _internal(p)),
    }
    if failures:
        return ERROR, failures[0].text, values
    try:
        free = shutil.disk_usage(SHM).free
    except OSError:
        return OK, 'running', values
    values['free shared memory (MiB)'] = f'{free / 2**20:.0f}'
    if free < SHM_LOW_BYTES:
        return (
            WARN,
            f'{SHM} is nearly full of what dead processes left; run: fastdds shm clean',
            values,
        )
    return OK, 'running', values


def _internal(problem: Problem) -> bool:
    return problem.reason.startswith('exception_')


def _counted(problems: Iterable[Problem]) -> dict[str, object]:
    return {f'trouble {p.reason}': p.count for p in problems}


def resident_bytes() -> int:
    """Return the memory that the process holds; 0 where /proc does not tell."""
    try:
        with open('/proc/self/statm', encoding='ascii') as statm:
            return int(statm.read().split()[1]) * os.sysconf('SC_PAGE_SIZE')
    except (OSError, ValueError, IndexError):
        return 0
