# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Signs of a fault make a score count more, the usual print and loose goods less."""

import math

import pytest

from shelf_anomaly.weights import CODES, COLOURS, LOOSE_LEAST, MOST, PlaceSigns, weight

NOTHING = PlaceSigns(own=0.9)


def test_what_shows_nothing_counts_as_it_is() -> None:
    assert weight(NOTHING) == 1.0
    assert weight(PlaceSigns()) == 1.0  # nothing is printed there


@pytest.mark.parametrize(
    'signs',
    [
        PlaceSigns(own=0.3),
        PlaceSigns(own=0.9, closer=1.2),
        PlaceSigns(bare=True),
        PlaceSigns(own=0.9, lying=True),
        PlaceSigns(own=0.9, emptied=1.0),
        PlaceSigns(loose=True, dropped=True, structure=2.0),
        PlaceSigns(loose=True, structure=4.5),
    ],
)
def test_each_sign_of_a_fault_counts_more(signs: PlaceSigns) -> None:
    assert weight(signs) > 1.2


def test_a_print_that_clearly_stands_elsewhere_counts_most() -> None:
    somewhat, clearly = (weight(PlaceSigns(own=0.9, closer=c)) for c in (1.2, 2.5))
    assert clearly > somewhat


def test_the_usual_print_counts_the_less_the_surer_it_is() -> None:
    at = [weight(PlaceSigns(own=0.9, usual=u)) for u in (0.5, 0.85, 0.9, 0.95, 1.0)]
    assert at[:2] == [1.0, 1.0]
    assert at == sorted(at, reverse=True)
    assert at[-1] < 0.3


def test_a_usual_print_counts_less_where_a_part_of_it_differs() -> None:
    """A label of another colour."""
    at = [weight(PlaceSigns(usual=0.92, usual_worst=worst)) for worst in (-0.3, 0.2, 0.7)]
    assert 1 > at[0] > at[1] > at[2]
    assert weight(PlaceSigns(usual=0.8, usual_worst=0.9)) == 1


def test_signs_weigh_against_each_other() -> None:
    """A bare place beside the usual print, as where one of two facings is gone."""
    both = weight(PlaceSigns(bare=True, usual=0.95))
    assert weight(PlaceSigns(usual=0.95)) < both < weight(PlaceSigns(bare=True))


def test_what_differs_in_all_respects_counts_more_than_what_does_in_one() -> None:
    for respect, usual in (('colours', COLOURS), ('codes', CODES)):
        at = [weight(PlaceSigns(**{respect: score})) for score in (0.0, 0.5, 1.0, usual, 12.0)]
        assert at[0] == at[1] < at[2] < at[3] == 1.0
        assert at[-1] > 2


def test_no_sum_of_signs_outweighs_all_scores() -> None:
    all_of_them = PlaceSigns(own=0.1, closer=4.0, bare=True, lying=True)
    assert weight(all_of_them) == pytest.approx(2.718281828**MOST)


def test_the_emptier_a_column_the_more_it_counts() -> None:
    at = [weight(PlaceSigns(emptied=e)) for e in (-3.0, 0.0, 0.2, 0.5, 1.0, 2.0)]
    assert at[:3] == [1.0, 1.0, 1.0]
    assert at[2:] == sorted(set(at[2:]))


def test_loose_goods_count_the_more_the_more_is_printed_on_them() -> None:
    at = [weight(PlaceSigns(loose=True, structure=s)) for s in (0.0, 0.5, 1.3, 2.0, 4.0)]
    assert at[0] == at[1] == at[2]
    assert at[2:] == sorted(set(at[2:]))
    assert weight(PlaceSigns(loose=True, dropped=True, structure=2.0)) > at[3]


def test_loose_goods_count_the_more_the_more_colours_they_show() -> None:
    at = [weight(PlaceSigns(loose=True, colour_spread=s)) for s in (0.0, 8.0, 15.0, 30.0)]
    assert at == sorted(set(at))
    assert at[0] == pytest.approx(math.exp(LOOSE_LEAST))  # even one colour is not ruled out


def test_loose_goods_count_less_whatever_their_print() -> None:
    assert weight(PlaceSigns(own=0.1, lying=True, loose=True)) < 1
