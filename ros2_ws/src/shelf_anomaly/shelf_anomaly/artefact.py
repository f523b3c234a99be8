# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
A model folder: ``network.onnx``, ``density.npz``, ``manifest.json`` and ``card.md``.

The manifest carries sizes and SHA-256 of the other files, and everything that the robot must know
to use them. Nothing in the folder is ever unpickled, and no file outside it is opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
import hashlib
import io
import json
import os
from pathlib import Path
import tempfile
from typing import Any
import zipfile

import numpy as np
from numpy.lib.format import write_array
import numpy.typing as npt

from .errors import ArtefactError

try:
    from lzma import LZMAError
except ImportError:  # a Python that was built without it; zipfile then says so by a RuntimeError
    LZMAError = RuntimeError  # type: ignore[misc,assignment]

SCHEMA = 1
NETWORK, DENSITY, MANIFEST, CARD = 'network.onnx', 'density.npz', 'manifest.json', 'card.md'
MAX_FILE_BYTES = 500 * 1024 * 1024
MODES = ('bays', 'photos')

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Artefact:
    """A model that was read and checked."""

    folder: Path
    manifest: Mapping[str, Any]
    network_onnx: bytes
    arrays: Mapping[str, Array]

    @property
    def name(self) -> str:
        """Name of the model, for messages and reports."""
        return str(self.manifest['name'])

    @property
    def mode(self) -> str:
        """``bays`` for shelves on a patrol, ``photos`` for free-hand photos."""
        return str(self.manifest['mode'])

    @property
    def network(self) -> str:
        """Which network: ``features`` or ``thesis``."""
        return str(self.manifest['network'])

    @property
    def store(self) -> str:
        """Id of the store that it was fitted on; empty for photos."""
        return str(self.manifest.get('store', ''))

    @property
    def stride(self) -> int:
        """Pixels of a view per cell of the network's output."""
        return int(self.manifest['stride'])

    def number(self, key: str) -> float:
        """Return a number of the manifest; :raises ArtefactError: if it has none of that name."""
        value = self.manifest.get(key)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ArtefactError(
                f'{self.folder / MANIFEST}: {key} is {value!r}, expected a number; '
                'fit the model again'
            )
        return float(value)

    def array(self, key: str) -> Array:
        """Return an array; :raises ArtefactError: if it has none of that name."""
        try:
            return self.arrays[key]
        except KeyError:
            raise ArtefactError(
                f'{self.folder / DENSITY}: has no {key}; fit the model again'
            ) from None

    def require(self, mode: str) -> None:
        """Refuse to be used for another ``mode`` than it was made for."""
        if self.mode != mode:
            made = {
                'bays': 'shelves of a store (shelf-train fit)',
                'photos': 'photos (shelf-train photos)',
            }
            raise ArtefactError(
                f'{self.folder}: this model was made for {made[self.mode]}, '
                f'wanted is one for {made[mode]}'
            )


def load_artefact(folder: str | Path) -> Artefact:
    """
    Read a model folder and check every byte of it.

    :param folder: the folder that ``shelf-train`` wrote
    :raises ArtefactError: naming the file that is missing, altered, of another make or too large
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ArtefactError(
            f'{folder}: no such model folder; make one with shelf-train fit DATASET --out {folder}'
        )
    manifest = _read_manifest(folder)
    files = manifest['files']
    network = _read_checked(folder, NETWORK, files)
    density = _read_checked(folder, DENSITY, files)
    try:
        with np.load(io.BytesIO(density), allow_pickle=False) as packed:
            arrays = {key: packed[key] for key in packed.files}
    except (ValueError, OSError, zipfile.BadZipFile, KeyError, EOFError, LZMAError) as error:
        raise ArtefactError(f'{folder / DENSITY}: cannot be read: {error}') from None
    return Artefact(folder, manifest, network, arrays)


def write_artefact(
    folder: str | Path,
    *,
    network_onnx: bytes,
    arrays: Mapping[str, Array],
    manifest: Mapping[str, Any],
    card: str,
) -> Artefact:
    """
    Write a model folder, each file whole or not at all, the manifest last.

    :param manifest: what the robot must know: name, mode, network, stride and more; files are
        added here
    :raises ArtefactError: if the folder cannot be written or the manifest lacks something
    """
    folder = Path(folder)
    contents = {NETWORK: network_onnx, DENSITY: _packed(arrays), CARD: card.encode()}
    full = dict(manifest)
    full['schema'] = SCHEMA
    full['files'] = {
        name: {'bytes': len(data), 'sha256': _sha256(data)} for name, data in contents.items()
    }
    _check_manifest(full, folder / MANIFEST)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MANIFEST).unlink(missing_ok=True)  # half a model must not look like a whole one
        for name, data in contents.items():
            _write_atomically(folder / name, data)
        _write_atomically(
            folder / MANIFEST, (json.dumps(full, indent=1, sort_keys=True) + '\n').encode()
        )
    except OSError as error:
        raise ArtefactError(f'{folder}: cannot be written: {error}') from None
    return load_artefact(folder)


def _packed(arrays: Mapping[str, Array]) -> bytes:
    """Return what ``np.load`` reads; by LZMA it is a quarter smaller than ``savez_compressed``."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, 'w', zipfile.ZIP_LZMA) as archive:
        for key, value in arrays.items():
            with archive.open(f'{key}.npy', 'w') as stream:
                write_array(stream, np.asarray(value), allow_pickle=False)  # type: ignore[no-untyped-call]
    return buffer.getvalue()


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding='utf-8'))
    except FileNotFoundError:
        raise ArtefactError(
            f'{path}: missing, so this is no whole model folder; make one with '
            f'shelf-train fit DATASET --out {folder}'
        ) from None
    except (OSError, ValueError) as error:
        raise ArtefactError(f'{path}: cannot be read: {error}') from None
    _check_manifest(manifest, path)
    return dict(manifest)


def _check_manifest(manifest: object, path: Path) -> None:
    if not isinstance(manifest, dict):
        raise ArtefactError(f'{path}: must be a mapping')
    if manifest.get('schema') != SCHEMA:
        raise ArtefactError(
            f'{path}: schema is {manifest.get("schema")!r}, this version reads {SCHEMA}; '
            'fit the model again'
        )
    if manifest.get('mode') not in MODES:
        raise ArtefactError(f'{path}: mode is {manifest.get("mode")!r}, expected one of {MODES}')
    for key, kind in (('name', str), ('network', str), ('stride', int), ('files', dict)):
        if not isinstance(manifest.get(key), kind):
            raise ArtefactError(
                f'{path}: {key} is {manifest.get(key)!r}, expected {kind.__name__}; '
                'fit the model again'
            )


def _read_checked(folder: Path, name: str, files: Mapping[str, Any]) -> bytes:
    path = folder / name
    said = files.get(name)
    if not isinstance(said, dict):
        raise ArtefactError(f'{folder / MANIFEST}: does not name {name}; fit the model again')
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise ArtefactError(
                f'{path}: {size} bytes, more than {MAX_FILE_BYTES}; this is no model of ours'
            )
        data = path.read_bytes()
    except OSError as error:
        raise ArtefactError(
            f'{path}: cannot be read: {error.strerror or error}; copy the whole model folder'
        ) from None
    if data.startswith(b'version https://git-lfs'):
        raise ArtefactError(f'{path}: is a Git LFS pointer, not the file; run git lfs pull')
    if len(data) != said.get('bytes') or _sha256(data) != said.get('sha256'):
        raise ArtefactError(
            f'{path}: differs from what the manifest says ({len(data)} bytes, '
            f'{said.get("bytes")} expected, or another SHA-256): altered or copied in part; '
            'copy the whole model folder again or fit again'
        )
    return data


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _write_atomically(path: Path, data: bytes) -> None:
    with tempfile.NamedTemporaryFile(
        dir=path.parent, prefix=f'.{path.name}.', delete=False
    ) as stream:
        try:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
            os.chmod(stream.name, 0o644)
            os.replace(stream.name, path)
        except BaseException:
            Path(stream.name).unlink(missing_ok=True)
            raise
