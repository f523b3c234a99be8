# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The command ``shelf-anomaly``: words from the command line to calls, errors to exit codes."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import suppress
import math
import sys
from typing import Any, TYPE_CHECKING
import webbrowser

from .defaults import FALSE_ALARMS_PER_AISLE_PATROL
from .errors import ShelfAnomalyError

if TYPE_CHECKING:
    from .records import Pose

OK, UNREADABLE, FAILED, INTERRUPTED = 0, 1, 2, 130

_ABOUT = """\
Says what stands wrong on which shelf, from recordings of a patrolling robot or from photos.

examples:
  shelf-anomaly replay patrols/ --model models/shop --store store.yaml --out report --open
      Inspect recorded patrols, oldest name first, and open the report in the browser.
  shelf-anomaly check photo.jpg --model models/photos --product Banana
      Is this photo of a product area as it should be?
  shelf-anomaly learned list --memory robot.db
      What was called a false alarm and raises no alert any more? ("forget" takes it back.)
  shelf-anomaly verdicts export verdicts.jsonl --memory robot.db
      What did people say of the alerts?
  shelf-anomaly locate item.jpg --model models/shop --store store.yaml
      Where in the store does the item on this photo belong?
  shelf-anomaly info patrols/monday
      What is in a bag (or a model folder, or a store.yaml)?

"shelf-anomaly COMMAND --help" tells more."""

_REPLAY = """\
Inspect bags without ROS, in order, one patrol each. A folder of bags stands for all bags in it,
in the order of their names. Writes into OUT:

  alerts.jsonl   one fault a line, from first sight to put right
  report.json    what was seen of each bay, problems, times
  report.html    the same for people, with pictures
  evidence/      the pictures

examples:
  shelf-anomaly replay monday tuesday --model models/shop --store store.yaml --out report
  shelf-anomaly replay patrols/ --camera /left --budget 0.3 ...
      one of several cameras; at most one false alarm in three patrols of an aisle
  shelf-anomaly replay patrols/ --pose-topic /amcl_pose --mount 0.1,0,0.9,-0.5,0.5,-0.5,0.5 ...
      a bag without TF: the pose of base_link, and the camera's optical frame in it

exit codes: 0 done; 2 something could not be used (the rest was, and is in OUT)."""

_CHECK = """\
Check photos of one product area. One line a photo; a photo that cannot be read gets its line too.

example:
  shelf-anomaly check photos/*.jpg --model models/photos --product Banana --json

exit codes: 0 all photos were checked; 1 some could not be read; 2 nothing could be checked."""

_LOCATE = """\
Where in the store is the item on a photo at home? Take the photo upright, from the front, the item
in its middle and half as high as the photo or more. One line a photo, its places best first: bay,
level (0 is the lowest), metres from the bay's left edge, confidence (how often such an answer is
right; bays that have the same item share it). Whether the store has the item at all it cannot
tell. With products in store.yaml the SKU of the place is named too.

examples:
  shelf-anomaly locate item.jpg --model models/shop --store store.yaml
  shelf-anomaly locate photos/*.jpg --model models/shop --store store.yaml --out places --open
      with pictures of the places, as a page

exit codes: 0 all photos were answered; 1 some could not be read; 2 nothing could be answered."""


def main(argv: Sequence[str] | None = None) -> int:
    """
    Run the command.

    :param argv: the words after the command's name; ``sys.argv`` when None
    :return: the exit code
    """
    args = build_parser().parse_args(argv)
    try:
        return int(args.run(args))
    except ShelfAnomalyError as error:
        print(f'shelf-anomaly: {error}', file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print('shelf-anomaly: interrupted, nothing was written', file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output has gone, as "head" does
        with suppress(OSError):
            sys.stdout.close()
        return OK


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser('shelf-anomaly', description=_ABOUT, formatter_class=raw)
    commands = parser.add_subparsers(required=True, metavar='COMMAND')

    replay = commands.add_parser(
        'replay', help='inspect recorded patrols', description=_REPLAY, formatter_class=raw
    )
    replay.set_defaults(run=_replay)
    replay.add_argument('bags', nargs='+', metavar='BAG', help='a bag, or a folder of bags')
    replay.add_argument('--model', required=True, help='model folder that shelf-train fit wrote')
    replay.add_argument('--store', required=True, help='store.yaml, the layout of the store')
    replay.add_argument('--out', required=True, help='folder for the results')
    replay.add_argument('--force', action='store_true', help='write into OUT beside foreign files')
    replay.add_argument(
        '--budget',
        type=_positive,
        default=FALSE_ALARMS_PER_AISLE_PATROL,
        metavar='N',
        help='false alarms allowed per aisle and patrol (default: %(default)s)',
    )
    replay.add_argument('--threads', type=_count, default=2, help='default: %(default)s')
    replay.add_argument('--no-evidence', action='store_true', help='make no pictures')
    replay.add_argument(
        '--memory',
        metavar='FILE',
        help='keep alerts, verdicts and learned appearances in FILE over several runs; without it '
        'each run begins with nothing',
    )
    replay.add_argument('--open', action='store_true', help='show the report in the browser')
    bag = replay.add_argument_group('where the bags do not tell')
    bag.add_argument('--camera', default='', metavar='NS', help='one camera, or "all"')
    bag.add_argument('--image-topic', default='', metavar='TOPIC', help='Image or CompressedImage')
    bag.add_argument('--info-topic', default='', metavar='TOPIC', help='its CameraInfo')
    bag.add_argument(
        '--pose-topic',
        default='',
        metavar='TOPIC',
        help='PoseWithCovarianceStamped, in place of TF',
    )
    bag.add_argument(
        '--mount',
        type=_mount,
        metavar='X,Y,Z,QX,QY,QZ,QW',
        help="the camera's optical frame in the base frame, in place of /tf_static "
        '(write --mount=-0.1,... when it begins with a minus)',
    )
    bag.add_argument('--base-frame', default='base_link', help='default: %(default)s')

    check = commands.add_parser(
        'check', help='check photos of a product area', description=_CHECK, formatter_class=raw
    )
    check.set_defaults(run=_check)
    check.add_argument('images', nargs='+', metavar='IMAGE', help='JPEG or PNG')
    check.add_argument('--model', required=True, help='model folder that shelf-train photos wrote')
    check.add_argument('--product', required=True, metavar='NAME', help='what should be there')
    check.add_argument('--json', action='store_true', help='one JSON object a line')
    check.add_argument('--threads', type=_count, default=2, help='default: %(default)s')

    _add_memory_commands(commands)
    locate = commands.add_parser(
        'locate',
        help='where the item on a photo belongs',
        description=_LOCATE,
        formatter_class=raw,
    )
    locate.set_defaults(run=_locate)
    locate.add_argument('photos', nargs='+', metavar='PHOTO', help='JPEG or PNG')
    locate.add_argument('--model', required=True, help='model folder that shelf-train fit wrote')
    locate.add_argument('--store', required=True, help='store.yaml, the layout of the store')
    locate.add_argument(
        '--places', type=_count, default=3, metavar='N', help='at most so many (default: 3)'
    )
    locate.add_argument('--json', action='store_true', help='one JSON object a photo and line')
    locate.add_argument('--out', metavar='DIR', help='write pictures of the places and a page')
    locate.add_argument('--open', action='store_true', help='show the page in the browser')
    locate.add_argument('--threads', type=_count, default=2, help='default: %(default)s')

    info = commands.add_parser('info', help='what is in a model folder, a store.yaml or a bag')
    info.set_defaults(run=_info)
    info.add_argument('path', metavar='PATH', help='a model folder, a store.yaml or a bag')
    return parser


def _add_memory_commands(commands: Any) -> None:
    """Add the commands over a memory file."""
    raw = argparse.RawDescriptionHelpFormatter
    verdicts = commands.add_parser(
        'verdicts', help='what people said of alerts, as labelled data', formatter_class=raw
    ).add_subparsers(required=True, metavar='ACTION')
    export = verdicts.add_parser('export', help='write them, with pictures, as JSON lines')
    export.add_argument('out', metavar='OUT.jsonl', help='the file; pictures go beside it')
    export.set_defaults(run=_verdicts_export)

    learned = commands.add_parser(
        'learned',
        help='appearances that are normal because somebody called them a false alarm',
        formatter_class=raw,
    ).add_subparsers(required=True, metavar='ACTION')
    listed = learned.add_parser('list', help='show them')
    listed.add_argument('--json', action='store_true', help='one JSON object a line')
    listed.set_defaults(run=_learned_list)
    forget = learned.add_parser('forget', help='take one back: it raises alerts again')
    forget.add_argument('id', metavar='ID', help='its id, or how it begins')
    forget.set_defaults(run=_learned_forget)
    for command in (export, listed, forget):
        command.add_argument(
            '--memory',
            required=True,
            metavar='FILE',
            help='the memory file of a detector (it says its path when it starts) or of replay '
            '--memory; may be in use',
        )


def _verdicts_export(args: argparse.Namespace) -> int:
    from pathlib import Path

    from .memory import open_for_reading
    from .memory_commands import export

    count = export(open_for_reading(args.memory), Path(args.out))
    print(f'{count} verdicts: {args.out}')
    return OK


def _learned_list(args: argparse.Namespace) -> int:
    import json

    from .memory import open_for_reading
    from .memory_commands import learned_rows

    rows = learned_rows(open_for_reading(args.memory))
    for row in rows:
        if args.json:
            print(json.dumps(row, ensure_ascii=False))
        else:
            place = f'{row["bay"]} at {row["x"]:.2f}, {row["y"]:.2f} m'
            said = ', '.join(part for part in (row['author'], row['when'], row['note']) if part)
            print(f'{row["id"]}  {place}  {row["kind"]}  {said}')
    if not rows and not args.json:
        print('nothing was learned from verdicts yet')
    return OK


def _learned_forget(args: argparse.Namespace) -> int:
    from .memory import open_for_reading
    from .memory_commands import forget

    print(f'forgotten: {forget(open_for_reading(args.memory), args.id)}')
    return OK


def _replay(args: argparse.Namespace) -> int:
    # Here and below: imported when used, so that --help and mistakes are answered at once.
    from rich.console import Console

    from .artefact import load_artefact
    from .bag.bag_paths import find_bags
    from .bag.console import print_summary, ReplayDisplay
    from .bag.replay import replay, ReplaySettings
    from .bag.topics import BagOptions
    from .bag.writer import PAGE, prepare_out, write_files
    from .memory import Memory
    from .pipeline import Pipeline, PipelineSettings
    from .store_layout import load_store_layout

    console = Console(highlight=False)
    bags = find_bags(args.bags)
    store = load_store_layout(args.store)
    artefact = load_artefact(args.model)
    settings = PipelineSettings(
        false_alarms_per_aisle_patrol=args.budget,
        threads=args.threads,
        evidence=not args.no_evidence,
    )
    memory = Memory(args.memory, store.store) if args.memory else None
    pipeline = Pipeline(store, artefact, settings, memory)
    out = prepare_out(args.out, force=args.force)
    options = BagOptions(
        image_topic=args.image_topic,
        info_topic=args.info_topic,
        pose_topic=args.pose_topic,
        camera=args.camera,
        mount=args.mount,
        base_frame=args.base_frame,
    )
    run = ReplaySettings(artefact.name, args.budget, options)
    with ReplayDisplay(Console(stderr=True)) as display:
        result = replay(bags, store, pipeline, run, on_progress=display.update)
    write_files(result, out)
    print_summary(console, result)
    print(f'report: {out / PAGE}')
    if args.open:
        webbrowser.open((out / PAGE).resolve().as_uri())
    return FAILED if result.failed else OK


def _check(args: argparse.Namespace) -> int:
    from .artefact import load_artefact
    from .check_photos import check_photos
    from .checker import PhotoChecker

    checker = PhotoChecker(load_artefact(args.model), threads=args.threads)
    failed = 0
    for answer in check_photos(args.images, args.product, checker):
        print(answer.json() if args.json else answer.text(), flush=True)
        failed += bool(answer.error)
    return UNREADABLE if failed else OK


def _locate(args: argparse.Namespace) -> int:
    import json
    from pathlib import Path

    from .artefact import load_artefact
    from .errors import FrameError, SettingsError
    from .image_io import decode_compressed
    from .locate import ItemLocator, Place
    from .locate_page import describe, prepare_folder, write_page
    from .records import ImageArray
    from .store_layout import load_store_layout

    if args.open and not args.out:
        raise SettingsError('--open needs --out DIR: the folder of the page')
    store = load_store_layout(args.store)
    locator = ItemLocator(load_artefact(args.model), store, threads=args.threads)
    out = prepare_folder(args.out) if args.out else None
    found: dict[str, tuple[ImageArray, list[Place]]] = {}
    failed = 0
    for name in args.photos:
        error, places = '', []
        try:
            data = Path(name).read_bytes()
            photo = decode_compressed(data, Path(name).suffix, upright=True).image
            places = locator.locate(photo, args.places)
            found[name] = photo, places
        except (OSError, FrameError) as problem:
            error, failed = str(problem), failed + 1
        if args.json:
            answers = [
                {
                    'bay': place.bay,
                    'aisle': place.aisle,
                    'level': place.level,
                    'x': round(place.box.x, 3),
                    'y': round(place.box.y, 3),
                    'confidence': round(place.confidence, 4),
                    'sku': place.sku or None,
                }
                for place in places
            ]
            print(json.dumps({'image': name, 'places': answers, 'error': error or None}))
        elif error:
            print(f'{name}: {error}')
        else:
            print(f'{name}: ' + '; '.join(f'{p.bay} ({describe(p)})' for p in places), flush=True)
    if out is not None and found:
        page = write_page(found, locator, store, out)
        print(f'page: {page}', file=sys.stderr)
        if args.open:
            webbrowser.open(page.resolve().as_uri())
    return FAILED if not found else UNREADABLE if failed else OK


def _info(args: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from .bag.describe import describe

    title, rows = describe(args.path)
    table = Table(title=escape(title), title_justify='left', show_header=False)
    table.add_column(overflow='fold', style='bold')
    table.add_column(overflow='fold')
    for name, value in rows:
        table.add_row(escape(name), escape(value))
    Console(highlight=False).print(table)
    return OK


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError(f'{text!r} is no number above 0')
    return value


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 256:
        raise argparse.ArgumentTypeError(f'{text!r} is no whole number from 1 to 256')
    return int(text)


def _mount(text: str) -> Pose:
    from .errors import PoseError
    from .records import Pose

    try:
        numbers = [float(part) for part in text.split(',')]
        return Pose(numbers[:3], numbers[3:])  # type: ignore[arg-type]  # Pose makes arrays
    except (ValueError, PoseError) as error:
        raise argparse.ArgumentTypeError(
            f'{text!r} is no x,y,z,qx,qy,qz,qw (metres, unit quaternion): {error}'
        ) from None


if __name__ == '__main__':
    sys.exit(main())
