# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Alerts against planted faults: by hand, and against an independent scorer where there is one."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from shelf_anomaly.errors import DatasetError
from shelf_anomaly.store_layout import load_store_layout, parse_store_layout, StoreLayout
from shelf_training.evaluation.froc import check_budgets, Curve
from shelf_training.evaluation.intervals import poisson, Rate, Share, wilson
from shelf_training.evaluation.matching import confusion, figures, life_of, match, Sighting
from shelf_training.evaluation.truth import load_truth

SHARED = Path(__file__).resolve().parents[3] / 'shared'


def _store() -> StoreLayout:
    bays = [
        {
            'id': bay,
            'origin': [float(i), 1.0, 0.0],
            'facing_yaw': -1.57,
            'width': 1.0,
            'height': 1.5,
        }
        for i, bay in enumerate(('L01', 'L02'))
    ]
    aisles = [{'id': 'A', 'bays': bays}]
    return parse_store_layout({'version': 1, 'store': 's', 'aisles': aisles})


def _fault(**changes: Any) -> dict[str, Any]:
    usual = {'bay': 'L01', 'level': 0, 'kind': 'gap', 'x': 0.5, 'y': 0.2, 'w': 0.1, 'h': 0.3}
    return {**usual, 'homes': [], 'expected': 'Milk', 'found': None, **changes}


def _alert(number: int = 1, **changes: Any) -> Sighting:
    usual: dict[str, Any] = {'bay': 'L01', 'level': 0, 'x': 0.5, 'y': 0.2, 'kind': 'gap'}
    usual |= {'score': 5.0, 'seen_in': ('p0',), 'id': f'a{number}', **changes}
    return Sighting(**usual)


def _truth(tmp_path: Path, **patrols: list[dict[str, Any]]) -> Any:
    path = tmp_path / 'truth.json'
    path.write_text(json.dumps(patrols))
    return load_truth(path, _store())


@pytest.mark.parametrize(
    ('changes', 'found'),
    [
        ({}, True),
        ({'x': 0.5 + 0.124}, True),  # 0.75 x 0.1 + 0.05
        ({'x': 0.5 + 0.126}, False),
        ({'y': 0.2 + 0.274}, True),  # 0.75 x 0.3 + 0.05
        ({'y': 0.2 - 0.276}, False),
        ({'bay': 'L02'}, False),
        ({'seen_in': ('p1',)}, False),
    ],
)
def test_an_alert_matches_within_three_quarters_of_a_slot_and_five_centimetres(
    tmp_path: Path, changes: dict[str, Any], found: bool
) -> None:
    matched = match(_truth(tmp_path, p0=[_fault()]), [_alert(**changes)], 1)
    assert matched.recall().hits == int(found)
    assert len(matched.false_alarms) == int(not found and changes != {'seen_in': ('p1',)})


def test_a_thing_in_a_bin_is_looked_for_where_it_lies(tmp_path: Path) -> None:
    """The bin is 0.6 x 0.4 m about (0.5, 0.5); the thing lies a quarter from its left."""
    heap = _fault(x=0.5, y=0.5, w=0.6, h=0.4, at=[0.25, 0.5], kind='foreign')
    truth = _truth(tmp_path, p0=[heap])
    assert match(truth, [_alert(x=0.35 + 0.21, y=0.5)], 1).recall().hits == 1
    assert match(truth, [_alert(x=0.35 + 0.23, y=0.5)], 1).recall().hits == 0


def test_an_alert_that_stays_after_the_fault_is_a_false_alarm_then(tmp_path: Path) -> None:
    truth = _truth(tmp_path, p0=[_fault()], p1=[])
    matched = match(truth, [_alert(seen_in=('p0', 'p1'))], 1)
    assert matched.recall().value == 1.0
    assert [patrol for patrol, _ in matched.false_alarms] == ['p1']
    assert matched.rate.value == 0.5


def test_the_life_of_alerts(tmp_path: Path) -> None:
    stays, goes = _fault(), _fault(x=0.1)
    truth = _truth(tmp_path, p0=[stays, goes], p1=[stays], p2=[])
    alerts = [
        _alert(1, seen_in=('p0', 'p1'), resolved_in='p2'),
        _alert(2, x=0.1, seen_in=('p0',), resolved_in='p2'),  # a patrol late
        _alert(3, seen_in=('p1',), resolved_in='p2'),  # a second one of the same
    ]
    life = life_of(truth, alerts, match(truth, alerts, 1))
    assert life.one_fault_one_alert == Share(1, 1)
    assert life.resolved == Share(1, 2)
    assert life.duplicates == 1


def test_kinds_are_judged_by_where_the_thing_is_at_home(tmp_path: Path) -> None:
    twin = _fault(kind='twin', homes=['L02'])
    stranger = _fault(kind='foreign', bay='L02')
    truth = _truth(tmp_path, p0=[twin, stranger, _fault(x=0.1)])
    alerts = [
        _alert(1, kind='misplaced', suggested=('L02',)),
        _alert(2, kind='misplaced', bay='L02'),
    ]
    numbers = figures(truth, alerts, 1)
    assert numbers['kind_right'] == Share(1, 2).record()
    assert numbers['home_suggested_right'] == Share(1, 1).record()
    assert confusion(match(truth, alerts, 1)) == {
        'twin': {'misplaced': 1},
        'foreign': {'misplaced': 1},
        'gap': {'missed': 1},
    }


def test_the_curve_goes_from_nothing_to_all(tmp_path: Path) -> None:
    truth = _truth(tmp_path, p0=[_fault(), _fault(x=0.1)], p1=[_fault(bay='L02')])
    alerts = [
        _alert(1, score=9.0),
        _alert(2, score=6.0, y=1.2),
        _alert(3, score=5.0, x=0.1),
        _alert(4, score=4.0, y=1.2, seen_in=('p1',)),
        _alert(5, score=3.0, bay='L02', y=1.2, seen_in=('p1',)),
    ]
    curve = Curve.of(match(truth, alerts, 1))
    rates, recalls = curve.points()
    assert rates.tolist() == [0.0, 0.0, 0.5, 0.5, 1.0, 1.5]
    assert recalls == pytest.approx([0, 1 / 3, 1 / 3, 2 / 3, 2 / 3, 2 / 3])
    for rate in (0.0, 0.4, 0.5, 1.0, 5.0):
        threshold = curve.threshold_at(rate)
        assert curve.rate(threshold).value <= rate
    assert curve.recall(curve.threshold_at(0.4)).hits == 1
    assert curve.recall(curve.threshold_at(0.5)).hits == 2
    checks = check_budgets(curve, {0.3: 7.0, 1.0: 3.5, 3.0: 1.0})
    assert [check.measured.value for check in checks] == [0.0, 1.0, 1.5]
    assert [check.kept for check in checks] == [False, True, True]


def test_intervals_are_those_of_the_tables() -> None:
    assert wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert wilson(30, 30) == pytest.approx((0.8865, 1.0), abs=1e-4)
    assert poisson(0) == pytest.approx((0.0, 3.6889), abs=1e-4)
    assert poisson(10) == pytest.approx((4.7954, 18.3904), abs=1e-4)
    assert Rate(10, 5.0).value == 2.0
    assert Share(0, 0).value is None


@pytest.mark.parametrize(
    ('change', 'said'),
    [
        ({'kind': 'odd'}, "entry 0: kind is 'odd', expected one of misplaced"),
        ({'bay': 'X1'}, "entry 0: bay 'X1' is not in the store layout"),
        ({'w': 0}, 'entry 0: x, y, w, h are'),
        ({'x': 'left'}, 'entry 0: ValueError'),
    ],
)
def test_a_wrong_truth_is_named(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    with pytest.raises(DatasetError, match=said):
        _truth(tmp_path, p0=[_fault(**change)])


def test_a_patrol_that_the_truth_does_not_know_is_named(tmp_path: Path) -> None:
    path = tmp_path / 'truth.json'
    path.write_text('{"p0": []}')
    with pytest.raises(DatasetError, match=r'says nothing of patrol p1 \(1 of 2\)'):
        load_truth(path, _store(), ['p0', 'p1'])


def _scorer() -> ModuleType:
    file = SHARED / 'bench' / 'score.py'
    if not file.is_file():
        pytest.skip(f'{file.parent.name}/{file.name} is not beside this repository')
    spec = importlib.util.spec_from_file_location('independent_score', file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _random_alerts(truth: dict[str, Any], seed: int) -> list[dict[str, Any]]:
    """Draw alerts near faults and elsewhere that live through patrols in all ways."""
    rng = np.random.default_rng(seed)
    names, found = list(truth), []
    faults = [(i, f) for i, name in enumerate(names) for f in truth[name]]
    for number in range(60):
        start, fault = faults[rng.integers(len(faults))]
        spread = rng.choice([0.02, 0.1, 0.5])
        length = int(rng.integers(1, 4))
        seen = names[start : start + length]
        after = names[start + length] if start + length < len(names) else None
        found.append(
            {
                'id': f'a{number}',
                'bay': fault['bay'],
                'level': int(rng.integers(0, 4)),
                'x': float(fault['x'] + rng.normal() * spread),
                'y': float(fault['y'] + rng.normal() * spread),
                'kind': str(rng.choice(['misplaced', 'foreign', 'gap', 'fallen'])),
                'score': float(rng.uniform(1, 9)),
                'seen_in': seen,
                'resolved_in': after if rng.random() < 0.7 else None,
                'suggested_bays': [str(rng.choice(fault['homes'] or [fault['bay']]))],
            }
        )
    return found


@pytest.mark.parametrize('seed', range(8))
def test_figures_agree_with_the_independent_scorer(seed: int) -> None:
    """Every figure, on the reference truth and alerts of every sort."""
    scorer = _scorer()
    raw = json.loads((SHARED / 'patrols' / 'truth.json').read_text())
    store_file = SHARED / 'patrols' / 'store.yaml'
    alerts = _random_alerts(raw, seed)
    theirs = scorer.score(raw, json.loads(store_file.read_text()), alerts, {'frames': 1})
    _compare(
        figures(
            load_truth(SHARED / 'patrols' / 'truth.json', load_store_layout(store_file)),
            [_sighting(alert) for alert in alerts],
            len(load_store_layout(store_file).aisles),
        ),
        theirs,
    )


def _sighting(alert: dict[str, Any]) -> Sighting:
    names = ('id', 'bay', 'level', 'x', 'y', 'kind', 'score', 'resolved_in')
    return Sighting(
        **{name: alert[name] for name in names},
        seen_in=tuple(alert['seen_in']),
        suggested=tuple(alert['suggested_bays']),
    )


def _compare(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    assert ours['faults'] == theirs['faults']
    assert ours['duplicates'] == theirs['duplicates']
    rate = ours['false_alarms_per_aisle_patrol']['rate']
    assert rate == pytest.approx(theirs['false_alarms_per_aisle_patrol'], abs=1e-3)
    shares = {
        'recall': 'recall',
        'level_right': 'level_right',
        'kind_right': 'kind_right',
        'one_fault_one_alert': 'one_fault_one_alert',
        'resolved_when_put_right': 'resolved_when_put_right',
        'home_suggested_right': 'home_suggested_right',
    }
    for mine, other in shares.items():
        assert ours[mine]['share'] == pytest.approx(theirs[other], abs=1e-3), mine
    by_kind = {k: f'{v["hits"]}/{v["of"]}' for k, v in ours['recall_by_kind'].items()}
    assert by_kind == theirs['recall_by_kind']
