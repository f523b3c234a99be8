# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The main job: a simulated robot patrols, detector and dashboard follow, this counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
import os
from pathlib import Path
import shutil
import sys
import tempfile
import time
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from shelf_anomaly.defaults import FALSE_ALARMS_PER_AISLE_PATROL
from shelf_anomaly.store_layout import load_store_layout

from .camera import CameraSpec, parse_cameras
from .demo import demo_layout, demo_model
from .errors import PlanError
from .processes import Child, Family, free_domain, free_port
from .tally import Summary

if TYPE_CHECKING:
    from .ros.watcher import Watcher

START_S = 90.0
SETTLE_S = 30.0
QUIET_S = 6.0
"""After the last image the detector ends its passes when no more come for this long."""


@dataclass(frozen=True, slots=True)
class PatrolJob:
    """What the user asked for."""

    model: Path | None = None
    port: int = 8080
    once: bool = False
    patrols: int = 6
    faults: int = 5
    rate: float = 3.0
    domain: int | None = None


def patrol(job: PatrolJob, console: Console) -> int:
    """
    Run the whole chain over ROS 2 and return the exit status.

    :return: 0; 1 if faults were planted and none was found
    :raises PlanError: if a part does not start or ends too early, with its last words
    """
    model = job.model or demo_model()
    if not (model / 'manifest.json').is_file():
        raise PlanError(
            f'{model}: is no model folder (no manifest.json); scripts/build-demo-model makes one'
        )
    port = free_port(job.port)
    if port != job.port:
        console.print(f'[yellow]Port {job.port} is taken; the dashboard is on {port} instead.[/]')
    domain = free_domain() if job.domain is None else job.domain
    environment = {
        **os.environ,
        'ROS_DOMAIN_ID': str(domain),
        'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST',
        'PYTHONUNBUFFERED': '1',
    }
    os.environ.update(
        {k: environment[k] for k in ('ROS_DOMAIN_ID', 'ROS_AUTOMATIC_DISCOVERY_RANGE')}
    )
    folder = Path(tempfile.mkdtemp(prefix='shelf-anomaly-patrol-'))
    cameras = parse_cameras('left')
    keep = True
    try:
        with Family(environment, folder) as family:
            status = _run(job, model, port, family, folder, cameras[0], console)
        keep = False
        return status
    except KeyboardInterrupt:
        keep = False
        return 130
    finally:
        if keep:
            console.print(f'Logs are in {folder}')
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _run(
    job: PatrolJob,
    model: Path,
    port: int,
    family: Family,
    folder: Path,
    camera: CameraSpec,
    console: Console,
) -> int:
    from .ros.watcher import Watcher  # rclpy reads the domain when it starts

    mount = camera.mount
    numbers = ', '.join(repr(float(v)) for v in (*mount.position, *mount.quaternion))
    layout = demo_layout()
    family.start(
        'dashboard',
        _node(
            'shelf_anomaly_dashboard.ros.dashboard_node',
            {
                'store': layout,
                'port': port,
                'database': f'sqlite:///{folder}/dashboard.db',
                'login': False,  # nobody knows of a password yet; it listens to this machine only
                'evidence_dir': folder / 'evidence',
            },
        ),
    )
    family.start(
        'detector',
        _node(
            'shelf_anomaly.ros.detector_node',
            {
                'model': model,
                'store': layout,
                'robot': 'sim_robot',
                'camera_mount': f'[{numbers}]',
                'memory': folder / 'memory.db',
            },
        ),
    )
    simulation = family.start(
        'simulation',
        _node(
            'shelf_anomaly_sim.ros.sim_node',
            {
                'patrols': job.patrols,
                'faults': job.faults,
                'rate': job.rate,
                'pace': 'status',
                'wait_for_subscriber': START_S,
            },
        ),
    )
    watcher = Watcher()
    try:
        console.print(
            f'Dashboard: [bold]http://127.0.0.1:{port}[/] '
            f'(ROS domain {os.environ["ROS_DOMAIN_ID"]}, this machine only)'
        )
        seconds = _watch(watcher, family, simulation, console)
        summary = watcher.tally.summary()
        aisles = len(load_store_layout(layout).aisles)
        console.print(_table(summary, watcher, seconds, aisles))
        for line in summary.missed:
            console.print(f'  missed  {line}')
        if not job.once:
            console.print(f'The dashboard stays on http://127.0.0.1:{port} until Ctrl-C.')
            _stay(family, simulation, watcher)
        return 1 if summary.planted and not summary.found else 0
    finally:
        watcher.close()


def _node(module: str, parameters: Mapping[str, object]) -> list[str]:
    command = [sys.executable, '-m', module, '--ros-args']
    for name, value in parameters.items():
        command += ['-p', f'{name}:={value}']
    return command


def _watch(watcher: Watcher, family: Family, simulation: Child, console: Console) -> float:
    """Show how it goes until all patrols are driven and inspected; return the seconds of work."""
    columns = (
        TextColumn('{task.description}'),
        BarColumn(),
        TextColumn('{task.fields[frames]}'),
        TimeElapsedColumn(),
    )
    started: float | None = None
    deadline = time.monotonic() + START_S
    with Progress(*columns, console=console) as bar:
        task = bar.add_task('starting', total=None, frames='')
        before, index = 0, -1
        while True:
            watcher.spin(0.1)
            family.check(may_end=(simulation,))
            state = watcher.state
            if state['state'] == 'driving':
                if started is None:
                    started = time.monotonic()
                if state['patrol'] != index:
                    index, before = state['patrol'], watcher.settled
                words = (
                    f'patrol {index + 1}/{state["of"]}, {watcher.tally.open_alerts} alerts open'
                )
                done = min(watcher.settled - before, state['frames'])
                bar.update(
                    task,
                    description=words,
                    completed=done,
                    total=state['frames'],
                    frames=f'{watcher.settled} frames',
                )
            elif state['state'] == 'finished' or not simulation.running:
                break
            elif time.monotonic() > deadline:
                raise PlanError(
                    f'the simulated robot did not start within {START_S:.0f} s; '
                    f'its last words:\n{simulation.last_words()}'
                )
        seconds = time.monotonic() - (started or time.monotonic())
        _settle(watcher, family, simulation)
        bar.update(
            task, description=f'all patrols driven, {watcher.tally.open_alerts} alerts open'
        )
    return seconds


def _settle(watcher: Watcher, family: Family, simulation: Child) -> None:
    """Wait until the detector has ended its last passes: nothing changes for a while."""
    end, last, quiet = time.monotonic() + SETTLE_S, -1, time.monotonic()
    while time.monotonic() < end:
        watcher.spin(0.1)
        family.check(may_end=(simulation,))
        if watcher.settled != last:
            last, quiet = watcher.settled, time.monotonic()
        if time.monotonic() - quiet > QUIET_S:
            return


def _stay(family: Family, simulation: Child, watcher: Watcher) -> None:
    try:
        while True:
            watcher.spin(0.5)
            family.check(may_end=(simulation,))
    except KeyboardInterrupt:
        return


def false_alarms(summary: Summary, aisles: int) -> str:
    """Return how many there were, and how many the detector was asked for."""
    passes = summary.patrols * aisles
    if not passes:
        return str(summary.false_alarms)
    return (
        f'{summary.false_alarms}, {summary.false_alarms / passes:.1f} an aisle and patrol '
        f'({FALSE_ALARMS_PER_AISLE_PATROL:g} asked for)'
    )


def _table(summary: Summary, watcher: Watcher, seconds: float, aisles: int) -> Table:
    table = Table(title='Patrols of the simulated store', show_header=False)
    table.add_row('faults planted', str(summary.planted))
    table.add_row('found', str(summary.found))
    table.add_row('missed', str(len(summary.missed)))
    table.add_row('false alarms', false_alarms(summary, aisles))
    table.add_row(
        'put right, and resolved by the robot itself', f'{summary.resolved} of {summary.put_right}'
    )
    frames = watcher.frames()
    table.add_row('frames inspected', f'{frames} ({watcher.frames("frames_dropped")} dropped)')
    table.add_row('frames/s', f'{frames / seconds:.1f}' if seconds > 0 else '-')
    return table
