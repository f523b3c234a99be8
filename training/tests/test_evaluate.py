# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""An evaluation end to end on tiny patrols: numbers, pictures, and the page's own parts."""

from __future__ import annotations

from html.parser import HTMLParser
import json
from pathlib import Path
import shutil

import cv2
import numpy as np
import pytest
from rich.console import Console

from shelf_anomaly.errors import DatasetError, SettingsError
from shelf_training.cli import main
from shelf_training.evaluation.evaluate import (
    evaluate_bags,
    evaluate_replay,
    EvaluateSettings,
    NUMBERS,
)
from shelf_training.evaluation.page import PAGE
from shelf_training.evaluation.photo_table import ProductResult

BUDGET = 8.0

pytestmark = pytest.mark.timeout(1200)  # a model is fitted and patrols are replayed first


class _Addresses(HTMLParser):
    """Collects what a page wants to load, and its words."""

    def __init__(self) -> None:
        super().__init__()
        self.pictures: list[str] = []
        self.foreign: list[str] = []
        self.words = ''

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if tag == 'img' and name == 'src':
                self.pictures.append(value or '')
            elif name in ('src', 'href') and not (value or '').startswith('#'):
                self.foreign.append(value or '')

    def handle_data(self, data: str) -> None:
        self.words += f' {data}'


def _page(path: Path) -> _Addresses:
    parser = _Addresses()
    parser.feed(path.read_text(encoding='utf-8'))
    return parser


@pytest.fixture(scope='module')
def evaluated(
    tiny_model: Path, tiny_patrols, tmp_path_factory: pytest.TempPathFactory, quiet: Console
) -> Path:
    out = tmp_path_factory.mktemp('evaluation')
    evaluate_bags(
        tiny_model,
        tiny_patrols.store,
        [tiny_patrols.folder / 'test'],
        tiny_patrols.truth_file,
        out,
        EvaluateSettings(budget=BUDGET, threads=1),
        quiet,
    )
    return out


def test_the_numbers_hang_together(evaluated: Path) -> None:
    numbers = json.loads((evaluated / NUMBERS).read_text())
    assert numbers['patrols'] == ['patrol_00', 'patrol_01', 'patrol_02']
    as_run = numbers['as_run']
    assert (as_run['faults'], as_run['distinct_faults']) == (4, 2)
    assert as_run['recall']['hits'] > 0
    by_kind = as_run['recall_by_kind'].values()
    assert sum(kind['of'] for kind in by_kind) == 4
    assert sum(bay['recall']['of'] for bay in numbers['as_run_by_bay'].values()) == 4
    alarms = sum(bay['false_alarms'] for bay in numbers['as_run_by_bay'].values())
    assert alarms == as_run['false_alarms_per_aisle_patrol']['events']
    recalls = [row['recall']['hits'] for row in numbers['froc']['all']]
    assert recalls == sorted(recalls)


def test_a_larger_budget_has_a_lower_threshold_and_more_alarms(evaluated: Path) -> None:
    budgets = json.loads((evaluated / NUMBERS).read_text())['budgets']
    assert [check['asked'] for check in budgets] == [0.3, 1.0, 3.0, BUDGET]
    thresholds = [check['threshold'] for check in budgets]
    assert thresholds == sorted(thresholds, reverse=True)
    events = [check['measured']['events'] for check in budgets]
    assert events == sorted(events)
    # Findings were recorded far enough down to judge every one of them.
    lowest = json.loads((evaluated / NUMBERS).read_text())['froc']['lowest_score']
    assert lowest <= thresholds[-1]


def test_the_page_needs_no_other_file(evaluated: Path) -> None:
    page = _page(evaluated / PAGE)
    assert page.foreign == []
    assert page.pictures
    for address in page.pictures:
        assert address.startswith(('data:image/png;base64,', 'data:image/jpeg;base64,'))
    # Curves, scores, budgets, a case for each kind found, and the plots of the model.
    assert len(page.pictures) >= 3 + 2 + 6
    for words in ('Is the false-alarm budget kept?', 'Found best', 'Loss by epoch', 'fallen'):
        assert words in page.words


def test_a_fault_is_shown_in_its_box(evaluated: Path) -> None:
    """The replay's own pictures lie beside its alerts, as shelf-anomaly replay writes them."""
    lines = (evaluated / 'replay' / 'alerts.jsonl').read_text().splitlines()
    for line in lines:
        picture = cv2.imread(str(evaluated / 'replay' / json.loads(line)['evidence']))
        assert picture is not None
        assert np.ptp(picture) > 50


def test_a_replay_is_judged_as_the_run_was(
    evaluated: Path, tiny_patrols, tmp_path: Path, quiet: Console
) -> None:
    """From its folder alone, without model and bags."""
    again = evaluate_replay(
        evaluated / 'replay', tiny_patrols.store, tiny_patrols.truth_file, tmp_path, None, quiet
    )
    first = json.loads((evaluated / NUMBERS).read_text())
    assert again['as_run'] == first['as_run']
    assert again['froc']['of'] == 'alerts of the replay'
    assert 'they end at its budget' in _page(tmp_path / PAGE).words


def test_what_is_missing_is_named(
    evaluated: Path, tiny_model: Path, tiny_patrols, tmp_path: Path, quiet: Console
) -> None:
    with pytest.raises(DatasetError, match=r'report\.json: cannot be read'):
        evaluate_replay(
            tmp_path, tiny_patrols.store, tiny_patrols.truth_file, tmp_path / 'o', None, quiet
        )
    copy = Path(shutil.copytree(evaluated / 'replay', tmp_path / 'copy'))
    (copy / 'alerts.jsonl').write_text('{"id": 3}\n')
    with pytest.raises(DatasetError, match=r'alerts\.jsonl: line 1: KeyError'):
        evaluate_replay(
            copy, tiny_patrols.store, tiny_patrols.truth_file, tmp_path / 'o', None, quiet
        )
    blocked = tmp_path / 'file'
    blocked.write_text('')
    with pytest.raises(SettingsError, match='cannot be written'):
        evaluate_bags(
            tiny_model,
            tiny_patrols.store,
            tiny_patrols.test,
            tiny_patrols.truth_file,
            blocked,
            None,
            quiet,
        )


@pytest.mark.parametrize(
    ('arguments', 'said'),
    [
        (['--bags', 'b', '--out', 'o'], '--bags also needs --model'),
        (['--bags', 'b', '--model', 'm', '--store', 's', '--out', 'o'], 'also needs --truth'),
        (['--replay', 'r', '--out', 'o'], '--replay also needs --store'),
        (['--photos', 'p', '--out', 'o'], '--photos also needs --model'),
        (['--out', 'o'], 'one of the arguments --bags --replay --photos is required'),
    ],
)
def test_arguments_that_do_not_go_together(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main(['evaluate', *arguments])
    assert stop.value.code == 2
    assert said in capsys.readouterr().err


def _answers(scores: list[float], limit: float = 3.0) -> tuple:
    from shelf_anomaly.check_photos import Answer
    from shelf_anomaly.checker import PhotoVerdict

    return tuple(
        Answer(f'{i}.jpg', PhotoVerdict(score > limit, score, 0.0, 0.0, ()))
        for i, score in enumerate(scores)
    )


def test_photos_are_counted_as_the_thesis_did() -> None:
    result = ProductResult(
        'Banana', _answers([1.0, 2.0, 4.0]), _answers([2.5, 5.0]), _answers([6.0, 7.0])
    )
    assert result.record() == {
        'false_positive': 1,
        'false_negative': 1,
        'correct': 3,
        'total': 5,
        'swapped_found': '2/2',
        'auroc_foreign_item': round(5 / 6, 3),  # 2.5 lies below the normal 4.0
        'auroc_swapped': 1.0,
    }
