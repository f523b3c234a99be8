# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The command ``shelf-anomaly-sim``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
import math
from pathlib import Path
import sys

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from shelf_anomaly.errors import ShelfAnomalyError

from .camera import CameraSpec, parse_cameras
from .catalogue import Catalogue
from .demo import demo_store
from .drawn import drawn_catalogue
from .patrol import patrol, PatrolJob
from .pictures import load_pictures
from .planner import build_store, StorePlan
from .record import Programme, record


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    args = _parser().parse_args(argv)
    try:
        return int(args.run(args))
    except ShelfAnomalyError as error:
        print(f'shelf-anomaly-sim: {error}', file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='shelf-anomaly-sim', description='A simulated store, robot and camera.'
    )
    commands = parser.add_subparsers(required=True, metavar='COMMAND')
    rec = commands.add_parser(
        'record',
        help='write bags of a simulated store, with planted faults and their truth',
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    rec.add_argument('--out', type=Path, required=True, help='folder to write; must be empty')
    rec.add_argument('--normal', type=_count, default=10, help='normal patrols, for training')
    rec.add_argument('--test', type=_count, default=9, help='test patrols')
    rec.add_argument(
        '--faults', type=_count, default=5, help='faults in a set; a set stands for two patrols'
    )
    rec.add_argument(
        '--passers',
        type=_count,
        default=0,
        help='shoppers and trolleys in front of the shelves in each test patrol; crowd.json says '
        'which bays they covered',
    )
    add_store_options(rec)
    add_camera_options(rec)
    rec.add_argument(
        '--demo',
        action='store_true',
        help='the demo store of the patrol command; --seed and so on do not count',
    )
    rec.set_defaults(run=_record)
    live = commands.add_parser(
        'patrol',
        help='simulated robot, detector and dashboard over ROS 2, with a closing summary',
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    live.add_argument(
        '--once',
        action='store_true',
        help='end after the summary; status 1 if nothing planted was found',
    )
    live.add_argument(
        '--port', type=_port, default=8080, help='of the dashboard; the next one if it is taken'
    )
    live.add_argument('--model', type=Path, help='folder of the model; without it models/demo')
    live.add_argument('--patrols', type=_count, default=6, help='patrols to drive')
    live.add_argument(
        '--faults', type=_count, default=5, help='faults in a set; a set stands for two patrols'
    )
    live.add_argument(
        '--rate',
        type=float,
        default=3.0,
        help='times faster than real time, at most; the detector sets the pace',
    )
    live.add_argument('--domain', type=_domain, help='ROS domain; without it one that is free')
    live.set_defaults(run=_patrol)
    return parser


def add_store_options(parser: argparse.ArgumentParser) -> None:
    """Add what describes a store."""
    parser.add_argument('--seed', type=int, default=0, help='another seed, another store')
    parser.add_argument('--aisles', type=_count, default=1, help='number of aisles')
    parser.add_argument('--bays', type=_count, default=5, help='bays on one side of an aisle')
    parser.add_argument('--both-sides', action='store_true', help='bays on both sides of an aisle')
    parser.add_argument(
        '--pictures', type=Path, help='folder of product pictures; without it the art is drawn'
    )
    parser.add_argument(
        '--produce-bays', type=_count, help='bays that hold produce; without it about one in five'
    )


def add_camera_options(parser: argparse.ArgumentParser) -> None:
    """Add what describes the cameras."""
    parser.add_argument('--cameras', default='left', help='left, right or left,right')
    parser.add_argument(
        '--resolution',
        type=_resolution,
        default=(960, 720),
        metavar='WxH',
        help='image size, pixels',
    )
    parser.add_argument('--focal', type=float, default=540.0, help='focal length, pixels')
    parser.add_argument(
        '--distortion',
        type=_numbers,
        default=(0.0,) * 5,
        metavar='K1,K2,P1,P2,K3',
        help='plumb_bob',
    )
    parser.add_argument('--camera-height', type=float, default=0.9, help='above the floor, metres')
    parser.add_argument('--tilt', type=float, default=0.0, help='degrees, up is positive')


def cameras_of(args: argparse.Namespace) -> tuple[CameraSpec, ...]:
    """Return the cameras that were asked for."""
    return parse_cameras(
        args.cameras,
        resolution=args.resolution,
        focal_px=args.focal,
        height=args.camera_height,
        tilt=math.radians(args.tilt),
        distortion=args.distortion,
    )


def plan_of(args: argparse.Namespace) -> StorePlan:
    """Return the store that was asked for."""
    right_only = args.cameras == 'right'
    sides = ('left', 'right') if args.both_sides else ('right',) if right_only else ('left',)
    return StorePlan(args.seed, args.aisles, args.bays, sides, args.produce_bays)


def catalogue_of(args: argparse.Namespace) -> Catalogue:
    """Return the products that were asked for: pictures, or drawn."""
    if args.pictures:
        return load_pictures(args.pictures)
    return drawn_catalogue(args.seed)


def _record(args: argparse.Namespace) -> int:
    console = Console(stderr=True)
    cameras = cameras_of(args)
    store = demo_store() if args.demo else build_store(plan_of(args), catalogue_of(args))
    patrols = args.normal + args.test
    columns = (
        TextColumn('{task.description}'),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(f'{patrols} patrols', total=None)
        finished = 0

        def told(name: str, done: int, total: int) -> None:
            nonlocal finished
            bar.update(
                task, description=f'{name} ({finished + 1}/{patrols})', completed=done, total=total
            )
            finished += done == total

        truth = record(
            store,
            cameras,
            Programme(args.normal, args.test, args.faults, args.passers),
            args.out,
            told,
        )
    faults = sum(len(day) for day in truth.values())
    console.print(
        f'{args.out}: {args.normal} normal and {args.test} test patrols, {faults} faults'
    )
    return 0


def _patrol(args: argparse.Namespace) -> int:
    job = PatrolJob(
        args.model, args.port, args.once, args.patrols, args.faults, args.rate, args.domain
    )
    return patrol(job, Console())


def _port(text: str) -> int:
    return _between(text, 1, 65535)


def _domain(text: str) -> int:
    return _between(text, 0, 232)


def _between(text: str, low: int, high: int) -> int:
    value = int(text)
    if not low <= value <= high:
        raise argparse.ArgumentTypeError(f'{value} is not in {low}..{high}')
    return value


def _count(text: str) -> int:
    return _between(text, 0, 1000)


def _resolution(text: str) -> tuple[int, int]:
    width, _, height = text.partition('x')
    return _between(width, 64, 8192), _between(height, 64, 8192)


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(float(part) for part in text.split(','))


if __name__ == '__main__':
    sys.exit(main())
