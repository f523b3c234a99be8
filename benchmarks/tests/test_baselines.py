# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The published methods and the protocol around them, on a bay that is made up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from types import SimpleNamespace
from typing import Any

from baselines.autoencoders import build_modern, squares, traced
from baselines.dfkde import Dfkde
from baselines.patchcore import coreset, PatchCore
from baselines.places import place_auroc, slots
from baselines.protocol import run_method
from baselines.views import rename_bags, to_cells, View
import numpy as np
import pytest

from shelf_anomaly.bag.bag_paths import find_bags
from shelf_anomaly.errors import DatasetError
from shelf_anomaly.records import Float32Array
from shelf_anomaly.store_layout import parse_store_layout
from shelf_training.evaluation.matching import match, Sighting
from shelf_training.evaluation.truth import load_truth

CELL_M, MARGIN_M, DIMS = 0.04, 0.06, 6
ROWS, COLS = 33, 53  # of a face of 2.0 x 1.2 m with its margin
ODD_ROW, ODD_COL = 15, 30

STORE = parse_store_layout(
    {
        'version': 1,
        'store': 's',
        'aisles': [
            {
                'id': 'A',
                'bays': [
                    {
                        'id': 'L01',
                        'origin': [0.0, 1.0, 0.0],
                        'facing_yaw': -1.57,
                        'width': 2.0,
                        'height': 1.2,
                        'levels': [0.0, 0.4, 0.8],
                    }
                ],
            }
        ],
    }
)
X, Y = (ODD_COL + 0.5) * CELL_M - MARGIN_M, 1.2 + MARGIN_M - (ODD_ROW + 0.5) * CELL_M


class MadeUp:
    """Views of one bay whose features are drawn; a test patrol has an odd place."""

    cell_m = CELL_M
    normal = ('n0', 'n1', 'n2', 'n3')
    tests = ('p0', 'p1')

    def __init__(self) -> None:
        self.dataset = SimpleNamespace(bays=('L01',), store=STORE, margin_m=MARGIN_M)

    def of(self, bay: str, patrol: str) -> list[View]:
        judged = np.zeros((ROWS, COLS), bool)
        judged[2:-2, 2:-2] = True
        image = np.zeros((16 * ROWS, 16 * COLS, 3), np.uint8)
        return [View(f'{bay}/{patrol}_{i}.jpg', bay, patrol, image, judged) for i in range(3)]


def _features(view: View) -> Float32Array:
    """Return the usual appearance of each place, noise, and on test-p0 something odd."""
    usual = np.random.default_rng(0).normal(size=(ROWS, COLS, DIMS))
    noise = np.random.default_rng(sum(map(ord, view.key))).normal(size=usual.shape)
    features = usual + 0.2 * noise
    if view.patrol == 'test-p0':
        features[ODD_ROW - 4 : ODD_ROW + 5, ODD_COL - 3 : ODD_COL + 4] += 6.0
    return features.astype(np.float32)


class Level:
    """A method that scores what a test tells it."""

    name = 'level'

    def __init__(self, level: Callable[[View, str | None], float]) -> None:
        self._level = level
        self.asked: list[tuple[str, str | None]] = []

    def learn(self, views: Any, patrols: Sequence[str], told: Callable[[str], None]) -> None:
        self.patrols = tuple(patrols)

    def score(self, view: View, without: str | None = None) -> Float32Array:
        self.asked.append((view.patrol, without))
        noise = np.random.default_rng(sum(map(ord, view.key))).normal(size=view.judged.shape)
        noise[ODD_ROW - 3 : ODD_ROW + 4, ODD_COL - 2 : ODD_COL + 3] += self._level(view, without)
        return to_cells(noise.astype(np.float32), view.judged)


def _truth(tmp_path: Any) -> Any:
    path = tmp_path / 'truth.json'
    entry = f'"bay": "L01", "level": 1, "kind": "gap", "x": {X}, "y": {Y}, "w": 0.1, "h": 0.3'
    path.write_text(f'{{"p0": [{{{entry}}}], "p1": []}}')
    return load_truth(path, STORE)


@pytest.mark.parametrize('make', [partial(PatchCore, bank=200), Dfkde])
def test_an_odd_place_is_the_highest_finding(make: Any, tmp_path: Any) -> None:
    views = MadeUp()
    found, threshold = run_method(make(_features), views, views.normal, lambda _: None)
    odd = [s for s in found if s.seen_in == ('p0',)]
    top = max(odd, key=lambda s: s.score)
    assert (abs(top.x - X) < 0.25, abs(top.y - Y) < 0.25) == (True, True)
    assert top.score >= threshold(1.0)
    assert top.score > 2 * max(s.score for s in found if s.seen_in == ('p1',))
    assert match(_truth(tmp_path), [top], 1).recall().hits in (0, 1)


def test_findings_lie_where_the_cells_are(tmp_path: Any) -> None:
    """From cell to shelf coordinates, board included."""
    views = MadeUp()
    method = Level(lambda view, _: 9.0 if view.patrol == 'test-p0' else 0.0)
    found, threshold = run_method(method, views, views.normal, lambda _: None)
    top = max(found, key=lambda s: s.score)
    assert (top.x, top.y) == pytest.approx((X, Y), abs=0.09)
    assert (top.bay, top.level, top.seen_in) == ('L01', 1, ('p0',))
    matched = match(_truth(tmp_path), [s for s in found if s.score >= threshold(1.0)], 1)
    assert matched.recall().hits == 1


def test_normal_passes_are_scored_without_themselves() -> None:
    views = MadeUp()
    method = Level(lambda *_: 0.0)
    run_method(method, views, views.normal, lambda _: None)
    assert method.patrols == views.normal
    for patrol, without in method.asked:
        assert without == (None if patrol.startswith('test-') else patrol)


def test_a_tighter_budget_has_a_higher_threshold() -> None:
    views = MadeUp()
    _, threshold = run_method(Level(lambda *_: 0.0), views, views.normal, lambda _: None)
    assert threshold(0.1) > threshold(1.0) > threshold(5.0)


def test_patchcore_leaves_a_pass_out() -> None:
    """A view is near to itself and farther from the others."""
    views = MadeUp()
    method = PatchCore(_features, bank=200)
    method.learn(views, views.normal, lambda _: None)
    view = views.of('L01', 'n1')[0]
    own, others = method.score(view), method.score(view, without='n1')
    assert np.nanmean(own) < np.nanmean(others)
    assert np.isnan(own[0, 0])


def test_a_coreset_covers_what_is_rare() -> None:
    """A thousand alike and three far away: a few chosen ones include the far ones."""
    rng = np.random.default_rng(0)
    cells = rng.normal(0, 0.1, (1000, 8)).astype(np.float32)
    far = np.eye(8, dtype=np.float32)[:3] * 20
    chosen = coreset(np.concatenate([cells, far]), 10, rng)
    assert len(set(chosen.tolist())) == 10
    assert {1000, 1001, 1002} <= set(chosen.tolist())


def test_places_with_faults_rank_above_the_others(tmp_path: Any) -> None:
    truth = _truth(tmp_path)
    there = Sighting('a', 'L01', 1, X, Y, 'gap', 5.0, ('p0',))
    elsewhere = Sighting('b', 'L01', 0, 0.2, 0.2, 'gap', 9.0, ('p0',))
    assert place_auroc(STORE, truth, [there]) == 1.0
    assert place_auroc(STORE, truth, []) == 0.5
    both = place_auroc(STORE, truth, [there, elsewhere])
    assert both is not None
    assert 0.9 < both < 1.0
    assert len(list(slots(STORE.bay('L01')))) == 3 * 16


def test_squares_show_only_what_is_judged() -> None:
    image = np.full((256, 512, 3), 200, np.uint8)
    judged = np.zeros((16, 32), bool)
    judged[:, :12] = True
    image[:, 12 * 16 :] = 0
    found = squares(image, judged, 96, np.random.default_rng(0))
    assert found.shape[1:] == (96, 96, 3)
    assert 0 < len(found) <= 4
    assert found.mean() > 0.55
    assert len(squares(image, ~judged & judged, 96, np.random.default_rng(0))) == 0


def test_a_coarse_map_is_enlarged_to_the_cells() -> None:
    judged = np.ones((5, 7), bool)
    judged[0, 0] = False
    coarse = np.arange(12, dtype=np.float32).reshape(3, 4)
    cells = to_cells(coarse, judged)
    assert cells.shape == (5, 7)
    assert np.isnan(cells[0, 0])
    assert cells[0, 1] == 0
    assert cells[2, 2] == coarse[1, 1]
    assert cells[4, 6] == coarse[2, 3]


def test_test_patrols_do_not_replace_normal_ones_of_the_same_name(tmp_path: Any) -> None:
    bag = tmp_path / 'test' / 'patrol_00'
    bag.mkdir(parents=True)
    for name in ('metadata.yaml', 'patrol_00.mcap'):
        (bag / name).write_text('x')
    links = rename_bags(find_bags([tmp_path / 'test']), tmp_path / 'links')
    renamed = find_bags([links])
    assert list(renamed) == ['test-patrol_00']
    assert (renamed['test-patrol_00'] / 'patrol_00.mcap').read_text() == 'x'
    with pytest.raises(DatasetError, match='two test patrols have this name'):
        rename_bags({'a/patrol_00': bag}, tmp_path / 'links')


def test_bays_of_any_size_are_reconstructed() -> None:
    """Two bays of a store are seldom of one size."""
    run = traced(build_modern())
    for shape in ((1, 48, 64, 3), (1, 64, 32, 3), (1, 80, 96, 3)):
        assert np.asarray(run(np.full(shape, 0.5, np.float32))).shape == shape
