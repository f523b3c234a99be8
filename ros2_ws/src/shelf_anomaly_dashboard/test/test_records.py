# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Records clean themselves, whatever they are made of."""

from __future__ import annotations

from collections.abc import Callable
import math

import pytest

from shelf_anomaly_dashboard.records import (
    AlertRecord,
    BadRecordError,
    InspectionRecord,
    InspectionResult,
    PlaceRecord,
    StatusRecord,
)


def test_hostile_text_in_every_field_of_an_alert(
    make_alert: Callable[..., AlertRecord], hostile: str
) -> None:
    texts = ('store', 'robot', 'aisle', 'bay', 'model', 'resolved_in', 'reason')
    alert = make_alert(
        **dict.fromkeys(texts, hostile), suggested_bays=(hostile,), seen_in=(hostile, hostile)
    )

    for name in texts:
        value = getattr(alert, name)
        assert len(value) <= 500
        assert '\x00' not in value
        assert '\u202e' not in value
        value.encode('utf-8')
    assert 1 == len(alert.suggested_bays) == len(alert.seen_in)


def test_homes_keep_their_own_level_and_confidence(
    make_alert: Callable[..., AlertRecord],
) -> None:
    alert = make_alert(
        suggested_bays=('L01', '', 'L01', 'L02', 'L03', 'L04'),
        suggested_levels=(2, 9, 5, 10**6, -7),
        suggested_confidences=(0.9, 0.8, 0.7, math.nan),
    )

    assert alert.suggested_bays == ('L01', 'L02', 'L03', 'L04')
    assert alert.suggested_levels == (2, 99, -1, -1)
    assert alert.suggested_confidences == (0.9, 0.0, 0.0, 0.0)
    assert make_alert(suggested_levels=(1,), suggested_confidences=(0.5,)).suggested_levels == ()


def test_an_alert_without_an_id_is_refused(
    make_alert: Callable[..., AlertRecord], hostile: str
) -> None:
    with pytest.raises(BadRecordError, match='is no UUID'):
        make_alert(id=hostile)


def test_numbers_that_are_none_become_unknown(make_alert: Callable[..., AlertRecord]) -> None:
    alert = make_alert(x=math.nan, score=math.inf, level=10**6, first_seen_ns=-1, sightings=2**70)

    assert alert.x is None
    assert alert.score is None
    assert (alert.level, alert.first_seen_ns, alert.sightings) == (99, 0, 2**63 - 1)


def test_an_inspection_needs_a_bay() -> None:
    with pytest.raises(BadRecordError, match='names no bay'):
        InspectionRecord('s', 'r', ' \x00 ', InspectionResult.NORMAL)


def test_a_place_must_be_finite() -> None:
    with pytest.raises(BadRecordError, match='is not finite'):
        PlaceRecord('s', 'r', math.nan, 0.0, 0.0)


def test_stages_without_a_time_are_left_out() -> None:
    assert StatusRecord('s', 'r', stages_ms={'decode': 2.0, 'find': math.nan}).stages_ms == {
        'decode': 2.0
    }
