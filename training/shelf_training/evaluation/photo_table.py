# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
A photo model on photos that it has not seen, in the form of the thesis's Table 3.

PHOTOS/<product>/test_normal and test_anomalous hold normal photos and photos with something
foreign; test_swapped, if there is one, photos of other products shown as this one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from shelf_anomaly.artefact import load_artefact
from shelf_anomaly.check_photos import Answer, check_photos
from shelf_anomaly.checker import PhotoChecker
from shelf_anomaly.errors import DatasetError, SettingsError
from shelf_anomaly.records import ImageArray

from ..photo_report import auroc
from ..progress import step
from .charts import data_uri
from .intervals import Share
from .page import facts_of, PAGE, plots_of, write_html

NORMAL, ANOMALOUS, SWAPPED = 'test_normal', 'test_anomalous', 'test_swapped'
SUFFIXES = ('.jpg', '.jpeg', '.png')
EXAMPLES = 4
PICTURE_PX = 360


@dataclass(frozen=True, slots=True)
class ProductResult:
    """How one product did."""

    name: str
    normal: tuple[Answer, ...]
    anomalous: tuple[Answer, ...]
    swapped: tuple[Answer, ...]

    @property
    def false_positive(self) -> int:
        """Normal photos that were called anomalous."""
        return sum(_called(self.normal))

    @property
    def false_negative(self) -> int:
        """Anomalous photos that were called normal."""
        return len(self.anomalous) - sum(_called(self.anomalous))

    @property
    def correct(self) -> Share:
        """Right answers, as the thesis counts: without the swapped photos."""
        samples = len(self.normal) + len(self.anomalous)
        return Share(samples - self.false_positive - self.false_negative, samples)

    @property
    def swapped_found(self) -> Share:
        """Photos of other products that were called anomalous."""
        return Share.count(_called(self.swapped))

    @property
    def auroc_foreign(self) -> float | None:
        """Chance that a photo with something foreign scores above a normal one."""
        return _auroc(self.normal, self.anomalous)

    @property
    def auroc_swapped(self) -> float | None:
        """Chance that a photo of another product scores above a normal one."""
        return _auroc(self.normal, self.swapped)

    def record(self) -> dict[str, Any]:
        """Return it for a JSON file."""
        return {
            'false_positive': self.false_positive,
            'false_negative': self.false_negative,
            'correct': self.correct.hits,
            'total': self.correct.of,
            'swapped_found': f'{self.swapped_found.hits}/{self.swapped_found.of}',
            'auroc_foreign_item': _rounded(self.auroc_foreign),
            'auroc_swapped': _rounded(self.auroc_swapped),
        }


def evaluate_photos(
    model: str | Path, photos: str | Path, out: str | Path, console: Console | None = None
) -> dict[str, Any]:
    """
    Evaluate a photo model; writes ``evaluate.html`` and ``evaluate.json``.

    :param photos: folder with <product>/test_normal/*.jpg and test_anomalous/*.jpg
    :return: what is in evaluate.json
    :raises DatasetError: if there are no photos, or one cannot be read
    """
    console = console or Console(stderr=True)
    artefact = load_artefact(model)
    checker = PhotoChecker(artefact)
    folders = list(_products(Path(photos), checker, console))
    out = Path(out)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f'{out}: cannot be written: {error.strerror or error}') from None
    results = []
    with step(console, 'photos', len(folders)) as bar:
        for folder in folders:
            answers = [
                tuple(_checked(folder / name, folder.name, checker))
                for name in (NORMAL, ANOMALOUS, SWAPPED)
            ]
            results.append(ProductResult(folder.name, *answers))
            bar.advance(note=folder.name)
    numbers = {
        'version': 1,
        'model': artefact.name,
        'products': {result.name: result.record() for result in results},
        'mean': _mean(results),
    }
    (out / 'evaluate.json').write_text(json.dumps(numbers, indent=1) + '\n', encoding='utf-8')
    context = {
        'model': artefact.name,
        'photos': Path(photos).name,
        'results': results,
        'total': _total(results),
        'mean': numbers['mean'],
        'missed': [_case(r, a) for r in results for a in _lowest(r.anomalous)][: 2 * EXAMPLES],
        'alarms': [_case(r, a) for r in results for a in _highest(r.normal)][: 2 * EXAMPLES],
        'plots': plots_of(artefact),
        'facts': facts_of(artefact),
    }
    written = write_html(out / PAGE, 'evaluate_photos.html.j2', context)
    console.print(_table(results))
    console.print(f'report: {written}')
    return numbers


def _products(photos: Path, checker: PhotoChecker, console: Console) -> Iterator[Path]:
    if not photos.is_dir():
        raise DatasetError(f'{photos}: no such folder')
    with_tests = [d for d in sorted(photos.iterdir()) if (d / NORMAL).is_dir()]
    if not with_tests:
        raise DatasetError(
            f'{photos}: holds no <product>/{NORMAL}; put normal photos there and anomalous ones '
            f'into <product>/{ANOMALOUS}'
        )
    known = [folder for folder in with_tests if folder.name in checker.products]
    for folder in with_tests:
        if folder not in known:
            console.print(f'[yellow]{folder.name}: the model does not know this product')
    if not known:
        raise DatasetError(
            f'{photos}: the model knows {", ".join(checker.products)}, and none of them is there'
        )
    yield from known


def _checked(folder: Path, product: str, checker: PhotoChecker) -> Iterator[Answer]:
    files = (
        sorted(f for f in folder.iterdir() if f.suffix.lower() in SUFFIXES)
        if folder.is_dir()
        else []
    )
    for answer in check_photos(files, product, checker):
        if answer.verdict is None:
            raise DatasetError(f'{answer.image}: {answer.error}; take it out of the folder')
        yield answer


def _called(answers: tuple[Answer, ...]) -> list[bool]:
    return [bool(a.verdict and a.verdict.anomalous) for a in answers]


def _scores(answers: tuple[Answer, ...]) -> list[float]:
    return [float(a.verdict.score) for a in answers if a.verdict]


def _auroc(normal: tuple[Answer, ...], other: tuple[Answer, ...]) -> float | None:
    return auroc(_scores(normal), _scores(other)) if normal and other else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _mean(results: list[ProductResult]) -> dict[str, Any]:
    def mean(values: list[float | None]) -> float | None:
        known = [value for value in values if value is not None]
        return round(float(np.mean(known)), 3) if known else None

    total = _total(results)
    return {
        'auroc_foreign_item': mean([r.auroc_foreign for r in results]),
        'auroc_swapped': mean([r.auroc_swapped for r in results]),
        'correct': f'{total.hits}/{total.of}',
    }


def _total(results: list[ProductResult]) -> Share:
    return Share(sum(r.correct.hits for r in results), sum(r.correct.of for r in results))


def _lowest(answers: tuple[Answer, ...]) -> list[Answer]:
    missed = [a for a in answers if a.verdict and not a.verdict.anomalous]
    return sorted(missed, key=lambda a: a.verdict.score if a.verdict else 0.0)[:EXAMPLES]


def _highest(answers: tuple[Answer, ...]) -> list[Answer]:
    wrong = [a for a in answers if a.verdict and a.verdict.anomalous]
    return sorted(wrong, key=lambda a: -(a.verdict.score if a.verdict else 0.0))[:EXAMPLES]


def _case(result: ProductResult, answer: Answer) -> dict[str, Any]:
    return {
        'title': result.name,
        'where': Path(answer.image).name,
        'score': answer.verdict.score if answer.verdict else None,
        'picture': _thumbnail(Path(answer.image)),
    }


def _thumbnail(path: Path) -> str:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        return ''
    scale = PICTURE_PX / max(image.shape[:2])
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    small: ImageArray = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    return data_uri(cv2.imencode('.jpg', small)[1].tobytes(), 'jpeg')


def _table(results: list[ProductResult]) -> Table:
    heads = ('product', 'false positive', 'false negative', 'correct', 'samples')
    table = Table(*heads, 'AUROC foreign', 'AUROC swapped', title='Photos', title_justify='left')
    for result in results:
        table.add_row(
            result.name,
            str(result.false_positive),
            str(result.false_negative),
            str(result.correct.hits),
            str(result.correct.of),
            *(
                '-' if v is None else f'{v:.3f}'
                for v in (result.auroc_foreign, result.auroc_swapped)
            ),
        )
    total = _total(results)
    table.add_row('all', '', '', str(total.hits), str(total.of), '', '', style='bold')
    return table
