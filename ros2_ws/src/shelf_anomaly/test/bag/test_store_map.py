# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The map's geometry."""

import pytest
from replay_builder import alert, store

from shelf_anomaly.bag.store_map import draw_face, draw_store
from shelf_anomaly.records import BayResult, Box


def test_map_to_scale() -> None:
    layout = store()
    results = dict.fromkeys(layout.bays, BayResult.NORMAL)
    made = draw_store(layout, results, [(0.0, 0.0), (3.0, 0.0)], [(1, alert(), False)])
    # 3 m of bays and half a metre around: 4 m wide; the way at y = 0, the backs at y = 1.45
    per_m = made.width / 4.0
    assert per_m == 120.0
    assert made.height == pytest.approx((1.45 + 1.0) * per_m, abs=0.2)
    assert made.track == f'60.0,{1.95 * per_m:.1f} 420.0,{1.95 * per_m:.1f}'
    first, second, _ = made.bays
    # bays face -y: a shopper at y = 0 looks along +y, and x grows to the right
    assert first.face == (60.0, 114.0, 180.0, 114.0)
    assert second.label == (240.0, pytest.approx(87.0), 0.0)
    (mark,) = made.markers
    assert (mark.x, mark.y) == (pytest.approx(60 + 0.35 * per_m), pytest.approx(126.0))


def test_numbers_do_not_cover_each_other() -> None:
    layout = store()
    results = dict.fromkeys(layout.bays, BayResult.NORMAL)
    marks = draw_store(layout, results, [], [(i, alert(i), False) for i in range(5)]).markers
    places = [(m.x, m.y) for m in marks]
    for i, (x, y) in enumerate(places):
        assert all((x - a) ** 2 + (y - b) ** 2 >= 23.9**2 for a, b in places[:i])


def test_a_long_store_keeps_its_bays_readable() -> None:
    layout = store(*(f'L{i:02}' for i in range(40)))
    made = draw_store(layout, dict.fromkeys(layout.bays, BayResult.NORMAL), [], [])
    assert made.width == pytest.approx(41 * 44.0)
    assert all(bay.font >= 8 for bay in made.bays)


def test_a_face_in_centimetres_with_y_down() -> None:
    made = draw_face(store().bay('L01'), alert(box=Box(0.35, 0.5, 0.1, 0.2)))
    assert (made.width, made.height, made.boards) == (100.0, 120.0, (120.0, 80.0, 40.0))
    assert made.box == (30.0, 60.0, 10.0, 20.0)
    assert made.facings == ((20.0, 46.0, 30.0, 34.0),)  # 0.4 m between boards, 15% of it air
