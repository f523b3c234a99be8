# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""A model folder: what is written is read, and what was touched is refused."""

from __future__ import annotations

from collections.abc import Callable
import json
from pathlib import Path

import numpy as np
import pytest

from shelf_anomaly.artefact import load_artefact, write_artefact
from shelf_anomaly.errors import ArtefactError


def _write(folder: Path) -> None:
    write_artefact(
        folder,
        network_onnx=b'onnx',
        arrays={'a/b': np.arange(4)},
        manifest={'name': 'm', 'mode': 'bays', 'network': 'features', 'stride': 16, 'store': 's'},
        card='# m',
    )


def test_round_trip(tmp_path: Path) -> None:
    """Everything comes back."""
    _write(tmp_path / 'm')
    artefact = load_artefact(tmp_path / 'm')

    assert (artefact.name, artefact.mode, artefact.stride, artefact.store) == (
        'm',
        'bays',
        16,
        's',
    )
    assert artefact.network_onnx == b'onnx'
    np.testing.assert_array_equal(artefact.array('a/b'), np.arange(4))
    with pytest.raises(ArtefactError, match='has no c'):
        artefact.array('c')
    with pytest.raises(ArtefactError, match='made for shelves of a store'):
        artefact.require('photos')


def _cut(folder: Path) -> None:
    (folder / 'density.npz').write_bytes((folder / 'density.npz').read_bytes()[:-3])


def _flip(folder: Path) -> None:
    (folder / 'network.onnx').write_bytes(b'onnX')


def _schema(folder: Path) -> None:
    manifest = json.loads((folder / 'manifest.json').read_text())
    (folder / 'manifest.json').write_text(json.dumps({**manifest, 'schema': 99}))


@pytest.mark.parametrize(
    ('harm', 'said'),
    [
        (_cut, 'density.npz: differs from what the manifest says'),
        (_flip, 'network.onnx: differs from what the manifest says'),
        (_schema, 'schema is 99, this version reads 1'),
        (lambda f: (f / 'network.onnx').unlink(), 'network.onnx: cannot be read'),
        (lambda f: (f / 'manifest.json').unlink(), 'manifest.json: missing'),
        (
            lambda f: (f / 'network.onnx').write_text('version https://git-lfs.github.com/spec'),
            'Git LFS pointer',
        ),
    ],
)
def test_harm_is_noticed(tmp_path: Path, harm: Callable[[Path], None], said: str) -> None:
    """A file that was altered, cut or taken away is named."""
    _write(tmp_path / 'm')
    harm(tmp_path / 'm')

    with pytest.raises(ArtefactError, match=said):
        load_artefact(tmp_path / 'm')


def test_no_folder(tmp_path: Path) -> None:
    """The error says how to make one."""
    with pytest.raises(ArtefactError, match='no such model folder; make one with shelf-train fit'):
        load_artefact(tmp_path / 'none')
