# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Text from outside."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st
import pytest

from shelf_anomaly_dashboard.text import clean, clean_id, clean_list, finite, int64, INT64_MAX


@pytest.mark.parametrize(
    ('raw', 'expected'),
    [
        ('A1-L01', 'A1-L01'),
        ('  two\n\tlines  ', 'two lines'),
        ('nul\x00 bell\x07', 'nul bell'),
        ('\u202eevil\u202c', 'evil'),  # a direction override turns what follows
        ('مرحبا', 'مرحبا'),  # letters of every script stay
        ('\ud800x', 'x'),  # a lone surrogate cannot be encoded
        ('<b>', '<b>'),  # markup is the page's business
        ('x' * 81, 'x' * 79 + '…'),
        ('x' * 80, 'x' * 80),
        ('', ''),
    ],
)
def test_clean(raw: str, expected: str) -> None:
    assert expected == clean(raw)


@given(st.text(max_size=2000), st.integers(2, 100))
def test_cleaned_text_is_short_printable_and_stays(raw: str, limit: int) -> None:
    text = clean(raw, limit)

    assert len(text) <= limit
    assert not any(unicodedata.category(c) in ('Cc', 'Cs') for c in text)
    assert text == clean(text, limit)
    text.encode('utf-8')


def test_clean_list_drops_repeats_and_blanks_and_stops() -> None:
    assert clean_list(['a', ' ', 'b', 'a ']) == ('a', 'b')
    assert len(clean_list([str(i) for i in range(1000)])) == 32
    assert clean_list('not a list') == ()


@pytest.mark.parametrize(
    'raw', ['', 'x', '../../etc', '7f1c2a9e-3a40-4d0e-9a53-2f8f1e0f6f1', 'g' * 32, 'a' * 10**6]
)
def test_what_is_no_uuid(raw: str) -> None:
    assert clean_id(raw) is None


def test_a_uuid_in_capitals_is_the_same_one() -> None:
    assert (
        clean_id('7F1C2A9E-3A40-4D0E-9A53-2F8F1E0F6F11') == '7f1c2a9e-3a40-4d0e-9a53-2f8f1e0f6f11'
    )


def test_numbers() -> None:
    assert finite(float('nan')) is None
    assert finite(float('inf')) is None
    assert finite(1e30) == 1e9
    assert int64(2**64 - 1) == INT64_MAX
    assert int64(-5) == 0
