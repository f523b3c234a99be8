# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
A robot is taught: it drives past shelves that someone has checked, and gathers their views.

What does not move in a bay is known only after all its passes, so good frames are kept with their
poses until the teaching ends. Then templates are learnt from all of them, and each view is
registered and warped once, as ``shelf-train collect`` does it. Every frame is on the disk before
it counts: what was gathered outlives a crash.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
import json
from pathlib import Path
import shutil
from typing import Any

import cv2
import numpy as np

from .dataset import Dataset, INDEX, JPEG_QUALITY, load_dataset, ViewEntry, write_index
from .errors import DatasetError
from .gather import GOOD_PASSES, TemplateLearner, write_view
from .locator import GateSettings, Locator
from .records import CameraModel, CameraPose, Frame, Pose
from .store_layout import StoreLayout

SPOOL, FRAMES = 'spool', 'frames.jsonl'
STEP_M = 0.02  # a robot that stands sees nothing new
MIN_VIEWS = 3  # of a bay, for a pass to count
MIN_FREE_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class BayProgress:
    """How far one bay is."""

    bay: str
    passes: int
    """Good passes so far."""
    wanted: int
    """Passes still wanted; 0 when there are enough."""
    views: int


class Teacher:
    """Gathers the views of one teaching into a dataset folder."""

    def __init__(
        self,
        folder: str | Path,
        store: StoreLayout,
        document: Any,
        *,
        px_per_m: float,
        margin_m: float,
        gate: GateSettings | None = None,
        pass_gap_ns: int = 2_000_000_000,
        min_free_bytes: int = MIN_FREE_BYTES,
    ) -> None:
        """
        Go on with what the folder holds already, or begin.

        :param folder: the dataset; added to when it exists
        :param document: the parsed ``store.yaml``, kept in the dataset
        :param px_per_m: resolution of the views: that of the model they will be learnt into
        :param pass_gap_ns: a bay that was out of sight for as long has been passed
        :raises DatasetError: if the folder cannot be written or holds another store's views
        """
        self.folder = Path(folder)
        self._store, self._document = store, document
        self._gap_ns, self._min_free = pass_gap_ns, min_free_bytes
        self._locator = Locator(store, px_per_m=px_per_m, margin_m=margin_m, gate=gate)
        self._spool = self.folder / SPOOL
        self._views: Counter[tuple[str, str]] = Counter()
        self._last: dict[str, tuple[str, int]] = {}
        self._used: dict[str, set[str]] = defaultdict(set)
        self._at: Pose | None = None
        self._count = 0
        try:
            self._spool.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DatasetError(f'{self.folder}: cannot be written: {error.strerror}') from None
        self._mend()
        self._earlier = self._load()
        for entry in self._earlier.views if self._earlier else ():
            self._note(entry.bay, entry.patrol, entry.stamp_ns)
        for record in self._records():
            for bay, label in record['bays'].items():
                self._note(bay, label, record['stamp_ns'])
            self._count = max(self._count, int(Path(record['file']).stem) + 1)
        self._last.clear()  # what comes now are passes of their own

    @property
    def progress(self) -> tuple[BayProgress, ...]:
        """How far each bay of the store is, in its order."""
        found = []
        for bay in self._store.bays:
            counts = [n for (of, _), n in self._views.items() if of == bay]
            passes = sum(n >= MIN_VIEWS for n in counts)
            found.append(BayProgress(bay, passes, max(0, GOOD_PASSES - passes), sum(counts)))
        return tuple(found)

    def add(self, frame: Frame, pose: CameraPose, patrol: str) -> int:
        """
        Keep a frame if it shows a bay well.

        :return: number of bays that it shows well; 0 when it was not kept
        :raises PoseError: if the frame cannot be placed
        :raises DatasetError: if the disk is full
        """
        if self._at is not None and _near(self._at, pose.pose):
            return 0
        views, _ = self._locator.locate(frame, pose)
        if not views:
            return 0
        self._at = pose.pose
        bays = {view.bay: self._label(view.bay, patrol, frame.stamp_ns) for view in views}
        self._write(frame, pose, bays)
        for bay, label in bays.items():
            self._note(bay, label, frame.stamp_ns)
        return len(bays)

    def finish(self) -> Dataset | None:
        """
        Write the dataset from all frames that were kept.

        :return: the dataset; None when nothing was gathered, now or before
        :raises DatasetError: if it cannot be written; the frames are kept for the next try
        """
        records = list(self._records())
        if not records:
            return self._earlier
        templates = dict(self._earlier.templates) if self._earlier else {}
        learner = TemplateLearner(self._locator, set(templates))
        for record in records:
            learner.add(*self._frame(record))
        templates.update(learner.build())
        counts: Counter[tuple[str, str]] = Counter()
        made: list[ViewEntry] = []
        for record in records:
            frame, pose = self._frame(record)
            for view in self._locator.locate(frame, pose, templates)[0]:
                label = record['bays'].get(view.bay)
                if label is not None:
                    number = counts[view.bay, label]
                    made.append(write_view(view, frame, label, number, self.folder))
                    counts[view.bay, label] += 1
        kept = [
            view
            for view in (self._earlier.views if self._earlier else ())
            if (view.bay, view.patrol) not in counts
        ]
        if not kept and not made:
            raise DatasetError(f'{self.folder}: no view fits to the others; check pose and mount')
        try:
            write_index(
                self.folder,
                self._document,
                self._locator.px_per_m,
                self._locator.margin_m,
                [*kept, *made],
                templates,
            )
            self._earlier = load_dataset(self.folder)
            shutil.rmtree(self._spool)
            self._spool.mkdir()
        except OSError as error:
            raise DatasetError(f'{self.folder}: cannot be written: {error}') from None
        return self._earlier

    def _mend(self) -> None:
        """End a line that a crash has cut off, so that the next one stands by itself."""
        path = self._spool / FRAMES
        if path.is_file() and not path.read_bytes().endswith(b'\n'):
            with path.open('a', encoding='utf-8') as stream:
                stream.write('\n')

    def _load(self) -> Dataset | None:
        if not (self.folder / INDEX).exists():
            return None
        earlier = load_dataset(self.folder)
        if (
            earlier.store.store != self._store.store
            or abs(earlier.px_per_m - self._locator.px_per_m) > 1e-6
        ):
            raise DatasetError(
                f'{self.folder}: holds views of store {earlier.store.store!r} at '
                f'{earlier.px_per_m:g} px/m, wanted are {self._store.store!r} at '
                f'{self._locator.px_per_m:g} px/m; choose another folder'
            )
        return earlier

    def _label(self, bay: str, patrol: str, stamp_ns: int) -> str:
        """Return the name of the pass that is under way: each stay in view is one."""
        last = self._last.get(bay)
        if last is not None and 0 <= stamp_ns - last[1] < self._gap_ns:
            return last[0]
        base, number = _file_name(patrol), 1
        label = base
        while label in self._used[bay]:
            number += 1
            label = f'{base}_pass{number}'
        return label

    def _note(self, bay: str, label: str, stamp_ns: int) -> None:
        self._views[bay, label] += 1
        self._used[bay].add(label)
        self._last[bay] = (label, stamp_ns)

    def _write(self, frame: Frame, pose: CameraPose, bays: Mapping[str, str]) -> None:
        record = {
            'file': f'{self._count:06d}.jpg',
            'bays': dict(bays),
            'stamp_ns': frame.stamp_ns,
            'frame_id': frame.frame_id,
            'position': pose.pose.position.tolist(),
            'quaternion': pose.pose.quaternion.tolist(),
            'camera': {
                'width': frame.camera.width,
                'height': frame.camera.height,
                'k': frame.camera.k.ravel().tolist(),
                'd': frame.camera.d.tolist(),
                'distortion_model': frame.camera.distortion_model,
            },
        }
        data = cv2.imencode('.jpg', frame.image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1]
        try:
            if shutil.disk_usage(self._spool).free < self._min_free:
                raise DatasetError(
                    f'{self.folder}: less than {self._min_free >> 20} MiB are free on the disk; '
                    'end the teaching, or make room'
                )
            (self._spool / str(record['file'])).write_bytes(data.tobytes())
            with (self._spool / FRAMES).open('a', encoding='utf-8') as stream:
                stream.write(json.dumps(record) + '\n')
        except OSError as error:
            raise DatasetError(f'{self.folder}: cannot be written: {error}') from None
        self._count += 1

    def _records(self) -> Iterator[dict[str, Any]]:
        """Yield what was kept; a last line that a crash has cut off is left out."""
        path = self._spool / FRAMES
        if not path.is_file():
            return
        for line in path.read_text(encoding='utf-8').splitlines():
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if (self._spool / record['file']).is_file():
                yield record

    def _frame(self, record: Mapping[str, Any]) -> tuple[Frame, CameraPose]:
        path = self._spool / record['file']
        image = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if image is None:
            raise DatasetError(f'{path}: is no picture; remove it and end the teaching again')
        said = record['camera']
        camera = CameraModel(
            said['width'],
            said['height'],
            np.array(said['k'], np.float64).reshape(3, 3),
            np.array(said['d'], np.float64),
            said['distortion_model'],
        )
        pose = Pose(np.array(record['position']), np.array(record['quaternion']))
        frame = Frame(record['stamp_ns'], np.asarray(image, np.uint8), camera, record['frame_id'])
        return frame, CameraPose(pose)


def _near(a: Pose, b: Pose) -> bool:
    return float(np.linalg.norm(a.position - b.position)) < STEP_M and bool(
        abs(float(a.quaternion @ b.quaternion)) > 1 - 1e-5
    )


def _file_name(patrol: str) -> str:
    """Return a patrol's name as a part of a file name."""
    return ''.join(c if c.isalnum() or c in '-.' else '_' for c in patrol) or 'taught'
