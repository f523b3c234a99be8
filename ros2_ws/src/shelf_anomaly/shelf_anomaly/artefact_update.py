# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
A model folder changed in place: whoever reads it meets the old model or the new one, never half.

The new model is written whole beside the old one and checked; then the two folders change places
in one step of the file system, and what was the old one is removed. Where the file system cannot
exchange folders, the old one is set aside first and put back if anything fails.
"""

from __future__ import annotations

from collections.abc import Mapping
import ctypes
import os
from pathlib import Path
import shutil
from typing import Any

from .artefact import (
    Array,
    Artefact,
    CARD,
    DENSITY,
    load_artefact,
    MANIFEST,
    NETWORK,
    write_artefact,
)
from .errors import ArtefactError

AT_FDCWD = -100
RENAME_EXCHANGE = 2  # renameat2(2), Linux 3.15
OURS = (NETWORK, DENSITY, MANIFEST, CARD)


def update_artefact(
    artefact: Artefact,
    *,
    arrays: Mapping[str, Array],
    manifest: Mapping[str, Any],
    card: str,
    out: str | Path | None = None,
) -> Artefact:
    """
    Write an artefact with the same network and other arrays.

    Other files of the folder (plots) go along.

    :param artefact: the model that is changed
    :param out: write a new model there and leave the old one as it is; None changes it in place
    :return: the new model, read back and checked
    :raises ArtefactError: if it cannot be written; the old model then stands as it was
    """
    target = artefact.folder.resolve()
    wanted = target if out is None else Path(out).resolve()
    if wanted != target and wanted.exists() and any(wanted.iterdir()):
        raise ArtefactError(
            f'{wanted}: exists and is not empty; name a new folder, or leave --out away to '
            f'change {artefact.folder} in place'
        )
    staged = wanted.with_name(f'.{wanted.name}.new')
    try:
        _remove(staged)
        wanted.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(target, staged, ignore=shutil.ignore_patterns(*OURS))
        full = dict(manifest) if out is None else {**manifest, 'name': wanted.name}
        write_artefact(
            staged,
            network_onnx=artefact.network_onnx,
            arrays=arrays,
            manifest=full,
            card=card,
        )
        if wanted.exists():
            exchange(staged, wanted)
        else:
            staged.rename(wanted)
    except OSError as error:
        raise ArtefactError(
            f'{wanted}: cannot be written: {error}; the model that was there stands as it was'
        ) from None
    finally:
        _remove(staged)
    return load_artefact(artefact.folder if out is None else out)


def exchange(new: Path, old: Path) -> None:
    """
    Let two folders of one file system change places.

    :raises OSError: if neither way works; both are then where they were
    """
    if _exchange_at_once(new, old):
        return
    aside = old.with_name(f'.{old.name}.backup')
    _remove(aside)
    old.rename(aside)
    try:
        new.rename(old)
    except OSError:
        aside.rename(old)
        raise
    aside.rename(new)


def restore(folder: str | Path) -> bool:
    """Put a model back that an interrupted change had set aside; return whether there was one."""
    folder = Path(folder)
    aside = folder.with_name(f'.{folder.name}.backup')
    if folder.exists() or not (aside / MANIFEST).is_file():
        return False
    aside.rename(folder)
    return True


def _exchange_at_once(new: Path, old: Path) -> bool:
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    done: int = rename(AT_FDCWD, os.fsencode(new), AT_FDCWD, os.fsencode(old), RENAME_EXCHANGE)
    return done == 0


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
