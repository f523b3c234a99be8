# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Photo files through the photo check, one answer a file, whatever is in the file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
import json
import math
from pathlib import Path
from typing import Any, TYPE_CHECKING

from .errors import FrameError
from .image_io import decode_compressed

if TYPE_CHECKING:
    from .checker import PhotoChecker, PhotoVerdict

MAX_FILE_BYTES = 200_000_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What the check says about one file."""

    image: str
    """The file, as it was named."""
    verdict: PhotoVerdict | None
    error: str = ''
    """Why the file could not be checked; empty when it could."""

    def json(self) -> str:
        """Return one line of JSON; a score that is not finite is null."""
        record: dict[str, Any] = {'image': self.image}
        if self.verdict is None:
            record['error'] = self.error
        else:
            record |= {
                'anomalous': bool(self.verdict.anomalous),
                'score': _finite(self.verdict.score),
                'density': _finite(self.verdict.density),
                'reconstruction_error': _finite(self.verdict.reconstruction_error),
                'regions': [
                    {'x': int(r.x), 'y': int(r.y), 'width': int(r.width), 'height': int(r.height)}
                    for r in self.verdict.regions
                ],
            }
        return json.dumps(record, ensure_ascii=False, allow_nan=False)

    def text(self) -> str:
        """Return one line for people."""
        if self.verdict is None:
            return f'{self.image}: ERROR {self.error}'
        v = self.verdict
        word = 'ANOMALOUS' if v.anomalous else 'normal'
        places = ''.join(f', at {r.x},{r.y} {r.width}x{r.height}' for r in v.regions[:4])
        return (
            f'{self.image}: {word} (score {v.score:.3g}, density {v.density:.3g}, '
            f'reconstruction error {v.reconstruction_error:.3g}{places})'
        )


def check_photos(
    images: Iterable[str | Path], product: str, checker: PhotoChecker
) -> Iterator[Answer]:
    """
    Check photos of one product area.

    :param images: JPEG or PNG files
    :param product: what should be there
    :param checker: of a photo model
    :return: an answer for each file, in order
    :raises SettingsError: if the model does not know the product
    """
    for image in images:
        try:
            picture = _read(Path(image))
            yield Answer(str(image), checker.check(picture, product))
        except FrameError as error:
            yield Answer(str(image), None, str(error))


def _read(path: Path) -> Any:
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise FrameError('too_large', f'{size} bytes; at most {MAX_FILE_BYTES} are read')
        data = path.read_bytes()
    except OSError as error:
        raise FrameError('unreadable', f'cannot be read: {error.strerror or error}') from None
    return decode_compressed(data, path.suffix, upright=True).image


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
