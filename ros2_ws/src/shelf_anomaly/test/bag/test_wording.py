# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Words for numbers."""

import math

import pytest
from replay_builder import alert, report, store

from shelf_anomaly.bag import wording
from shelf_anomaly.bag.result import Patrol
from shelf_anomaly.planogram import expected_sku, reason_with_sku
from shelf_anomaly.records import BayResult, Box, Kind, Refusal, State


def test_every_word_of_the_records_has_its_title() -> None:
    assert set(wording.KIND_TITLE) == set(wording.KIND_MEANING) == set(Kind)
    assert set(wording.STATE_TITLE) == set(State)
    assert set(wording.RESULT_TITLE) == set(BayResult)
    assert set(wording.REFUSAL_TITLE) == {reason.value for reason in Refusal}


@pytest.mark.parametrize(
    ('level', 'levels', 'said'),
    [
        (0, 4, '1st shelf from below'),
        (1, 4, '2nd shelf from below'),
        (2, 4, '3rd shelf from below'),
        (3, 4, '4th shelf from below'),
        (10, 30, '11th shelf from below'),
        (11, 30, '12th shelf from below'),
        (20, 30, '21st shelf from below'),
        (0, 1, 'only shelf'),
    ],
)
def test_shelf(level: int, levels: int, said: str) -> None:
    assert wording.shelf(level, levels) == said


def test_where_and_what_is_expected_there() -> None:
    bay = store().bay('L01')
    assert wording.where(alert(), bay) == 'bay L01, 2nd shelf from below, 0.35 m from the left'
    assert expected_sku(alert(), store()) == 'Oat milk'
    assert (
        reason_with_sku(alert(reason='looks odd'), store()) == 'looks odd; Oat milk belongs here'
    )
    assert expected_sku(alert(box=Box(0.6, 0.5, 0.1, 0.1)), store()) == ''
    assert reason_with_sku(alert(level=0, reason='looks odd'), store()) == 'looks odd'


@pytest.mark.parametrize(
    ('p', 'said'),
    [(0.002, 'once in 500 normal passes'), (0.0, 'never in what was taught'), (0.7, 'usual'),
     (math.nan, 'not known'), (1e-6, 'once in 1,000,000 normal passes')],
)  # fmt: skip
def test_chance(p: float, said: str) -> None:
    assert wording.chance(p) == said


def test_why_a_bay_was_not_seen() -> None:
    def why(*reports: object, error: str = '') -> str:
        return wording.why_not_seen(
            'L01', Patrol('monday', {}, {'L01': list(reports)}, error=error)
        )

    unseen = report('L01', 'monday', BayResult.NOT_SEEN, views_used=0)
    more = report(
        'L01',
        'monday',
        BayResult.NOT_SEEN,
        views_refused=((Refusal.EXPOSURE, 5), (Refusal.COVERAGE, 1)),
    )
    never = report('L01', 'monday', BayResult.NOT_SEEN, views_used=0, views_refused=())
    assert why(never) == 'never in front of the camera'
    assert wording.why_not_seen('L02', Patrol('m', {})) == 'the model was not fitted on this bay'
    assert why(unseen) == '2 pictures not used, mostly: blurred'
    assert why(unseen, more) == '8 pictures not used, mostly: too dark or too bright'
    assert why(report('L01', 'monday', BayResult.NOT_SEEN, views_refused=())) == 'too few pictures'
    assert why(error='damaged') == 'the bag could not be used'


def test_moments() -> None:
    assert wording.moment(1_760_000_000_000_000_000) == '2025-10-09 08:53 UTC'
    assert wording.moment(0) == ''
    assert wording.moment(2**63 - 1) == '2262-04-11 23:47 UTC'
    assert wording.moment(10**30) == ''
