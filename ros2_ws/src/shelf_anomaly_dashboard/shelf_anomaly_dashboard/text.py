# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Text and numbers from outside, made harmless once at the door."""

from __future__ import annotations

import math
import unicodedata
import uuid

NAME_LIMIT = 80
"""Characters of a name: store, robot, aisle, bay, model, patrol, author."""
SENTENCE_LIMIT = 500
"""Characters of a reason or a note."""
LIST_LIMIT = 32
"""Entries of a list of names."""
INT64_MAX = 2**63 - 1

# Invisible characters that turn or hide the text around them; letters of every script stay.
_TURNING = frozenset('\u200e\u200f\u061c\u2028\u2029\ufeff') | {
    chr(c) for c in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
}


def clean(value: object, limit: int = NAME_LIMIT) -> str:
    """
    Return one line of printable text of at most ``limit`` characters.

    Control characters, direction overrides and lone surrogates go; runs of white space become
    one space; what is cut off is shown by an ellipsis. Markup stays as it is: pages escape it.
    """
    raw = str(value)
    head = raw[: 4 * limit + 64]  # a megabyte of text is not walked through character by character
    kept = ''.join(
        c
        for c in head
        if c not in _TURNING and (c.isspace() or unicodedata.category(c) not in ('Cc', 'Cs', 'Cn'))
    )
    line = ' '.join(kept.split())
    cut = len(line) > limit or len(raw) > len(head)
    return line[: limit - 1].rstrip() + '…' if cut else line


def clean_list(values: object, limit: int = LIST_LIMIT) -> tuple[str, ...]:
    """Return the first ``limit`` entries that are not empty, each cleaned, none twice."""
    seen: dict[str, None] = {}
    for value in list(values)[: 4 * limit] if isinstance(values, (list, tuple)) else ():
        if (name := clean(value)) and len(seen) < limit:
            seen[name] = None
    return tuple(seen)


def clean_id(value: object) -> str | None:
    """Return a UUID in its usual spelling, or None when ``value`` is none."""
    text = str(value)
    if not 32 <= len(text) <= 36:
        return None
    try:
        return str(uuid.UUID(text))
    except ValueError:
        return None


def finite(value: float, low: float = -1e9, high: float = 1e9) -> float | None:
    """Return ``value`` held within the limits, or None when it is not a finite number."""
    return min(high, max(low, float(value))) if math.isfinite(value) else None


def int64(value: int) -> int:
    """Return ``value`` held within what a database column takes: 0 to 2**63 - 1."""
    return min(INT64_MAX, max(0, int(value)))
