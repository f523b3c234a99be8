# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What stands out is named by what its place shows."""

from pathlib import Path
import sys

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent / 'ros'))

from print_builder import prints, shelf
from sign_builder import belonging, CELL, lying_front, MIDDLE, normal, seen, signs, store, STRIDE
import tiny_store

from shelf_anomaly.artefact import Artefact
from shelf_anomaly.bareness import Bare
from shelf_anomaly.hues import Hues
from shelf_anomaly.kinds import Namer
from shelf_anomaly.network import Network
from shelf_anomaly.records import Kind

LYING = Bare(structure=0.8, emptied=0.2)
NOTHING_THERE = Bare(structure=0.3, emptied=2.0)


def namer(image: np.ndarray) -> Namer:
    """Return what names things in a store of one bay."""
    no_hues = Hues(Artefact(Path('m'), {}, b'', {}), ())
    return Namer(
        store('A'),
        Network(tiny_store.network(), STRIDE),
        belonging(A=image),
        prints(A=image),
        no_hues,
        signs(A=image),
    )


@pytest.mark.parametrize(('bare', 'kind'), [(LYING, Kind.FALLEN), (NOTHING_THERE, Kind.GAP)])
def test_what_lies_is_fallen_unless_next_to_nothing_is_seen(bare: Bare, kind: Kind) -> None:
    """What stands behind a gap, or beside it, may look like what usually stands there, turned."""
    a = shelf(1)
    named = namer(a).name(seen(lying_front(a)), normal(), bare, CELL, MIDDLE)
    assert named.kind is kind
