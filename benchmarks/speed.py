# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
The time of each stage of the real pipeline, and of the whole over a bare floor.

The floor is what no detector of this kind can leave out: decoding the pictures, one warp a view
and one run of the network a view. Both are measured in the same run, in turns.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
import statistics
import subprocess
import tempfile
import time

import cv2
import numpy as np
from rosbags.highlevel import AnyReader
from rosbags.typesys import get_typestore, Stores

from shelf_anomaly.artefact import Artefact, load_artefact
from shelf_anomaly.bag.bag_reader import BagReader
from shelf_anomaly.bag.topics import BagOptions, COMPRESSED
from shelf_anomaly.inspector import encode_view
from shelf_anomaly.network import Network
from shelf_anomaly.pipeline import Pipeline, PipelineSettings
from shelf_anomaly.records import BayView, Float32Array, ImageArray
from shelf_anomaly.store_layout import load_store_layout, StoreLayout

DEMO_MODEL = Path(__file__).resolve().parent.parent / 'models' / 'demo'
READ, WHOLE, FLOOR = 'read and decode', 'whole', 'floor'


class _Listening(Network):
    """Keeps what it is given, so that the floor runs on the very same pictures."""

    def __call__(self, image: ImageArray) -> tuple[Float32Array, Float32Array]:
        self.inputs.append(image.copy())
        return super().__call__(image)

    inputs: list[ImageArray]


def run_whole(
    bag: Path, store: StoreLayout, artefact: Artefact, frames: int, threads: int
) -> tuple[dict[str, float], int, list[BayView]]:
    """Run the pipeline over the bag's first frames; return ms a stage, frames, views."""
    pipeline = Pipeline(store, artefact, PipelineSettings(threads=threads))
    times: defaultdict[str, float] = defaultdict(float)
    views: list[BayView] = []
    count = 0
    with BagReader(bag, BagOptions(), name=bag.name, map_frame=store.frame) as reader:
        pipeline.begin_patrol(bag.name)
        source = islice(reader.frames(lambda _: None), frames)
        start = time.perf_counter()
        while True:
            before = time.perf_counter()
            placed = next(source, None)
            times[READ] += 1e3 * (time.perf_counter() - before)
            if placed is None:
                break
            outcome = pipeline.process(*placed)
            count += 1
            views.extend(outcome.views)
            for stage, ms in outcome.stage_ms:
                times[stage] += ms
        for stage, ms in pipeline.end_patrol().stage_ms:
            times[stage] += ms
        times[WHOLE] = 1e3 * (time.perf_counter() - start)
    return dict(times), count, views


def read_pictures(bag: Path, count: int) -> list[bytes]:
    """Return the first compressed pictures of a bag."""
    with AnyReader([bag], default_typestore=get_typestore(Stores.ROS2_JAZZY)) as reader:
        wanted = [c for c in reader.connections if c.msgtype == COMPRESSED]
        if not wanted:
            raise SystemExit(f'{bag}: has no {COMPRESSED}; name a bag with compressed pictures')
        messages = islice(reader.messages(connections=wanted[:1]), count)
        return [bytes(reader.deserialize(raw, c.msgtype).data) for c, _, raw in messages]


def run_floor(
    pictures: list[bytes], views: list[BayView], network: Network, inputs: list[ImageArray]
) -> float:
    """Decode, warp and run the network; return milliseconds."""
    start = time.perf_counter()
    image = np.zeros((1, 1, 3), np.uint8)
    for data in pictures:
        image = np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), np.uint8)
    for view in views:
        rows, cols = view.image.shape[:2]
        cv2.warpPerspective(image, view.homography, (cols, rows))
    for part in inputs:
        network(part)
    return 1e3 * (time.perf_counter() - start)


def measure(bag: Path, store: StoreLayout, model: Path, args: argparse.Namespace) -> None:
    """Measure in turns and print the table."""
    artefact = load_artefact(model)
    network = _Listening(artefact.network_onnx, artefact.stride, threads=args.threads)
    network.inputs = []
    _, count, views = run_whole(bag, store, artefact, args.frames, args.threads)  # warms up, too
    if not count or not views:
        raise SystemExit(f'{bag}: no bay was seen in {count} frames; try more --frames')
    for view in views:
        encode_view(view, network, artefact.number('view_limit_m'))
    inputs = list(network.inputs)
    bare = Network(artefact.network_onnx, artefact.stride, threads=args.threads)
    pictures = read_pictures(bag, count)
    samples: defaultdict[str, list[float]] = defaultdict(list)
    for _ in range(args.repeat):
        samples[FLOOR].append(run_floor(pictures, views, bare, inputs) / count)
        times, _, _ = run_whole(bag, store, artefact, args.frames, args.threads)
        for stage, ms in times.items():
            samples[stage].append(ms / count)
    print(f'{count} frames, {len(views)} bay views')
    print(f'{args.repeat} repetitions, {args.threads} threads')
    print(f'{"ms per frame":<18}{"median":>9}{"least":>9}{"most":>9}')
    for name in (READ, 'locate', 'inspect', 'find', WHOLE, FLOOR):
        row = samples.get(name, [0.0])
        print(f'{name:<18}{statistics.median(row):>9.2f}{min(row):>9.2f}{max(row):>9.2f}')
    ratios = [whole / floor for whole, floor in zip(samples[WHOLE], samples[FLOOR], strict=True)]
    middle = statistics.median(ratios)
    print(f'{"whole / floor":<18}{middle:>9.2f}{min(ratios):>9.2f}{max(ratios):>9.2f}')
    print(f'{"frames/s":<18}{1e3 / statistics.median(samples[WHOLE]):>9.1f}')


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--bag', type=Path, help='a bag; without it a demo patrol is recorded')
    parser.add_argument('--store', type=Path, help='its store.yaml')
    parser.add_argument('--model', type=Path, default=DEMO_MODEL, help='default: models/demo')
    parser.add_argument('--frames', type=int, default=60, help='default: %(default)s')
    parser.add_argument('--repeat', type=int, default=5, help='default: %(default)s')
    parser.add_argument('--threads', type=int, default=2, help='default: %(default)s')
    args = parser.parse_args(argv)
    if (args.bag is None) != (args.store is None):
        parser.error('--bag and --store belong together')
    if min(args.frames, args.repeat, args.threads) < 1:
        parser.error('--frames, --repeat and --threads must be at least 1')
    if args.bag is not None:
        measure(args.bag, load_store_layout(args.store), args.model, args)
        return 0
    with tempfile.TemporaryDirectory(prefix='shelf-anomaly-speed-') as folder:
        out = Path(folder) / 'bags'
        options = ['--demo', '--normal', '1', '--test', '0', '--out', str(out)]
        subprocess.run(['shelf-anomaly-sim', 'record', *options], check=True)
        bag = sorted((out / 'train').iterdir())[0]
        measure(bag, load_store_layout(out / 'store.yaml'), args.model, args)
    return 0


if __name__ == '__main__':
    raise SystemExit(main())
