# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The command ``shelf-train``: arguments in, one function called, errors as one line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
import sys
from typing import Any, TYPE_CHECKING

from rich.console import Console

from shelf_anomaly.defaults import FALSE_ALARMS_PER_AISLE_PATROL
from shelf_anomaly.errors import SettingsError, ShelfAnomalyError

if TYPE_CHECKING:
    from shelf_anomaly.bag.topics import BagOptions

_ABOUT = """\
Learns what is normal on the shelves of a store, from normal patrols or photos only.

  shelf-train collect patrols/* --store store.yaml --out views  bags of normal patrols -> bay views
  shelf-train fit     views     --out models/mystore            bay views -> a model for the robot
  shelf-train fit     newviews  --bays A1-L03 --into models/mystore  one bay more, in seconds
  shelf-train photos  photos/   --out models/fruit              photos, no robot -> a photo model
  shelf-train evaluate --model models/mystore ...               how good it is, as a page
"""
_COLLECT = """\
Reads bags of patrols on which all was in order, finds the bays of the store in the pictures, and
writes each as a straight, metric view. Run it again with more bags to add to the views; a patrol
of the same name is replaced. Five to ten patrols at different hours are good; three are the least.

  shelf-train collect monday tuesday wednesday --store store.yaml --out views
  shelf-train collect patrols/ --store store.yaml --out views --camera /front/camera
"""
_FIT = """\
Trains the autoencoder, learns what is normal at each place of each bay, calibrates the false
alarms on passes left out, exports to ONNX and checks that ONNX Runtime computes what Keras does.

  shelf-train fit views --out models/mystore
  shelf-train fit views --out models/baseline --network thesis    the thesis's network, to compare

With --into, nothing is trained: the bays of DATASET (or those of --bays) are learnt into a model
that exists, with its network, in seconds, and without TensorFlow. Use it when a bay was added or
rearranged. Five passes are good, two are the least. The other bays' data stay byte for byte, the
false-alarm budget is worked out anew, and the model folder changes in one step: a robot that runs
on it takes it over by itself. With --out the new model goes there and the old one stays.

  shelf-train fit newviews --bays A1-L03,A1-L04 --into models/mystore
  shelf-train fit newviews --into models/mystore --out models/trial     all bays of newviews
"""
_PHOTOS = """\
Learns product areas from free-hand photos, as the thesis did: PHOTOS/<product>/train/*.jpg, normal
photos only, about fifty each. The products serve each other as examples of what does not belong.

  shelf-train photos photos/ --out models/fruit
  shelf-train photos photos/ --out models/thesis --network thesis
  shelf-anomaly check new.jpg --model models/fruit --product Banana
"""
_EVALUATE = """\
Says how good a model is on patrols whose faults are known, or on photos, and writes a page with
pictures (OUT/evaluate.html) and the numbers (OUT/evaluate.json). TRUTH holds the faults by patrol:
{"patrol_00": [{"bay": "L01", "level": 1, "kind": "gap", "x": 0.4, "y": 0.5, "w": 0.1, "h": 0.3}]};
kinds are misplaced, twin, foreign, gap and fallen; shelf-anomaly-sim record writes such a file.

  shelf-train evaluate --model models/mystore --store store.yaml --bags test/ \\
      --truth truth.json --out eval
  shelf-train evaluate --replay report/ --store store.yaml --truth truth.json --out eval
      a replay that was run already: no findings below its budget
  shelf-train evaluate --model models/fruit --photos photos/ --out eval
      PHOTOS/<product>/test_normal, test_anomalous and, if there is one, test_swapped
"""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog='shelf-train', description=_ABOUT, formatter_class=raw)
    commands = parser.add_subparsers(required=True, metavar='COMMAND')

    collect = commands.add_parser(
        'collect',
        help='bags of normal patrols -> bay views',
        description=_COLLECT,
        formatter_class=raw,
    )
    collect.set_defaults(run=_collect)
    collect.add_argument('bags', nargs='+', metavar='BAG', help='a bag, or a folder of bags')
    collect.add_argument('--store', required=True, help='store.yaml, the layout of the store')
    collect.add_argument(
        '--out',
        required=True,
        metavar='DATASET',
        help='folder of the views; added to when it exists',
    )
    collect.add_argument(
        '--px-per-m', type=_above_zero, metavar='N', help='resolution of the views (default: 384)'
    )
    _where(collect)

    fit = commands.add_parser(
        'fit', help='bay views -> a model for the robot', description=_FIT, formatter_class=raw
    )
    fit.set_defaults(run=_fit)
    fit.add_argument('dataset', metavar='DATASET', help='what shelf-train collect wrote')
    fit.add_argument(
        '--out', metavar='MODEL', help='the model folder; needed unless --into is given'
    )
    into = fit.add_argument_group('bays into a model that exists')
    into.add_argument('--into', metavar='MODEL', help='the model; changed in place without --out')
    into.add_argument(
        '--bays',
        type=_names,
        default=(),
        metavar='BAY,...',
        help='which bays (default: all that DATASET has two passes of)',
    )
    _common(fit)

    photos = commands.add_parser(
        'photos',
        help='photos without poses -> a model for photos',
        description=_PHOTOS,
        formatter_class=raw,
    )
    photos.set_defaults(run=_photos)
    photos.add_argument('photos', metavar='PHOTOS', help='folder with <product>/train/*.jpg')
    photos.add_argument('--out', required=True, metavar='MODEL', help='the model folder')
    _common(photos)

    evaluate = commands.add_parser(
        'evaluate',
        help='how good a model is, as a page with pictures',
        description=_EVALUATE,
        formatter_class=raw,
    )
    evaluate.set_defaults(run=_evaluate, parser=evaluate)
    evaluate.add_argument('--model', metavar='MODEL', help='the model folder')
    what = evaluate.add_mutually_exclusive_group(required=True)
    what.add_argument('--bags', nargs='+', metavar='BAG', help='test patrols, or folders of them')
    what.add_argument('--replay', metavar='DIR', help='what shelf-anomaly replay wrote')
    what.add_argument('--photos', metavar='DIR', help='folder with <product>/test_normal/*.jpg')
    evaluate.add_argument('--store', help='store.yaml, the layout of the store')
    evaluate.add_argument('--truth', help='truth.json, the faults of each patrol')
    evaluate.add_argument('--out', required=True, help='folder for the results')
    evaluate.add_argument(
        '--budget',
        type=_above_zero,
        default=FALSE_ALARMS_PER_AISLE_PATROL,
        metavar='N',
        help='false alarms per aisle and patrol of the run with --bags (default: %(default)s)',
    )
    evaluate.add_argument('--threads', type=_count, default=2, help='default: %(default)s')
    _where(evaluate)
    return parser


def _where(parser: argparse.ArgumentParser) -> None:
    where = parser.add_argument_group('where the bags do not tell')
    where.add_argument('--camera', default='', metavar='NS', help='one camera, or "all"')
    where.add_argument(
        '--image-topic', default='', metavar='TOPIC', help='Image or CompressedImage'
    )
    where.add_argument('--info-topic', default='', metavar='TOPIC', help='its CameraInfo')
    where.add_argument(
        '--pose-topic',
        default='',
        metavar='TOPIC',
        help='PoseWithCovarianceStamped, in place of TF',
    )
    where.add_argument(
        '--mount',
        type=_mount,
        metavar='X,Y,Z,QX,QY,QZ,QW',
        help="the camera's optical frame in the base frame",
    )
    where.add_argument('--base-frame', default='base_link', help='default: %(default)s')


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--network',
        choices=('features', 'thesis'),
        help='default: features',
    )
    parser.add_argument(
        '--epochs',
        type=_count,
        metavar='N',
        help='at most so many; stops by itself when it gets no better',
    )
    parser.add_argument(
        '--code-dims',
        type=_count,
        metavar='N',
        help='numbers that rebuild a cell (features only; default: 48 for bays, 64 for photos)',
    )
    parser.add_argument(
        '--seed',
        type=int,
        help='same seed, same data: same model (default: 0)',
    )
    parser.add_argument('--threads', type=_count, default=2, help='default: %(default)s')


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return 0, or 2 with one line that says what was wrong."""
    args = build_parser().parse_args(argv)
    console = Console(stderr=True)
    try:
        args.run(args, console)
    except ShelfAnomalyError as error:
        print(f'shelf-train: {error}', file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print('shelf-train: interrupted', file=sys.stderr)
        return 130
    return 0


def _collect(args: argparse.Namespace, console: Console) -> None:
    from .collect import collect, PX_PER_M

    collect(
        args.bags,
        args.store,
        args.out,
        px_per_m=args.px_per_m or PX_PER_M,
        options=_bag_options(args),
        console=console,
    )


def _bag_options(args: argparse.Namespace) -> BagOptions:
    from shelf_anomaly.bag.topics import BagOptions

    return BagOptions(
        image_topic=args.image_topic,
        info_topic=args.info_topic,
        pose_topic=args.pose_topic,
        camera=args.camera,
        mount=args.mount,
        base_frame=args.base_frame,
    )


def _fit(args: argparse.Namespace, console: Console) -> None:
    if args.into is not None:
        _refit(args, console)
        return
    if args.out is None:
        raise SettingsError(
            '--out MODEL is missing: where the model goes (or --into MODEL to learn bays into one)'
        )
    if args.bays:
        raise SettingsError(
            '--bays goes with --into MODEL, the model that they are learnt into; a new model '
            'takes all bays of the dataset'
        )
    from . import runtime

    runtime.quiet()
    from .fit import fit, FitSettings

    fit(args.dataset, args.out, FitSettings(**_chosen(args)), console)


def _refit(args: argparse.Namespace, console: Console) -> None:
    for name in ('network', 'epochs', 'code_dims', 'seed'):
        if getattr(args, name) is not None:
            raise SettingsError(
                f'--{name.replace("_", "-")} has no meaning with --into: the network of the model '
                'stays; fit without --into to train one'
            )
    from .refit import refit  # without TensorFlow

    refit(
        args.dataset,
        args.into,
        bays=args.bays,
        out=args.out,
        threads=args.threads,
        console=console,
    )


def _photos(args: argparse.Namespace, console: Console) -> None:
    from . import runtime

    runtime.quiet()
    from .photos import fit_photos, PhotoSettings

    fit_photos(args.photos, args.out, PhotoSettings(**_chosen(args)), console)


def _evaluate(args: argparse.Namespace, console: Console) -> None:
    wanted = {
        'bags': ('model', 'store', 'truth'),
        'replay': ('store', 'truth'),
        'photos': ('model',),
    }
    given = next(name for name in wanted if getattr(args, name))
    for name in wanted[given]:
        if not getattr(args, name):
            args.parser.error(f'--{given} also needs --{name}')
    if given == 'photos':
        from .evaluation.photo_table import evaluate_photos

        evaluate_photos(args.model, args.photos, args.out, console)
        return
    from .evaluation.evaluate import evaluate_bags, evaluate_replay, EvaluateSettings

    if given == 'replay':
        evaluate_replay(args.replay, args.store, args.truth, args.out, args.model, console)
        return
    settings = EvaluateSettings(
        budget=args.budget, threads=args.threads, options=_bag_options(args)
    )
    evaluate_bags(args.model, args.store, args.bags, args.truth, args.out, settings, console)


def _chosen(args: argparse.Namespace) -> dict[str, Any]:
    """Return what was given; what was not stays as the settings have it."""
    names = ('network', 'epochs', 'code_dims', 'seed', 'threads')
    return {name: getattr(args, name) for name in names if getattr(args, name) is not None}


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(',') if name.strip())
    if not names:
        raise argparse.ArgumentTypeError(f'{text!r} names no bay')
    return names


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f'{text} is not 1 or more')
    return value


def _above_zero(text: str) -> float:
    value = float(text)
    if not 0 < value < 1e5:
        raise argparse.ArgumentTypeError(f'{text} is not above 0')
    return value


def _mount(text: str) -> object:
    import numpy as np

    from shelf_anomaly.records import Pose

    parts = text.split(',')
    if len(parts) != 7:
        raise argparse.ArgumentTypeError(f'{text!r} must be seven numbers x,y,z,qx,qy,qz,qw')
    try:
        numbers = np.array([float(part) for part in parts])
        return Pose(numbers[:3], numbers[3:])
    except (ValueError, ShelfAnomalyError) as error:
        raise argparse.ArgumentTypeError(str(error)) from None
