# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Evidence pictures on disk, each under the hash of its content, never under a given name."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
import hashlib
import os
from pathlib import Path
import re
import tempfile

from shelf_anomaly.errors import ShelfAnomalyError

YOUNG_NS = 3600 * 10**9
MAX_BYTES = 8 * 1024 * 1024
_NAME = re.compile(r'[0-9a-f]{64}\.(jpg|png)')
_MAKES = ((b'\xff\xd8\xff', '.jpg'), (b'\x89PNG\r\n\x1a\n', '.png'))
MEDIA_TYPES = {'.jpg': 'image/jpeg', '.png': 'image/png'}


class EvidenceError(ShelfAnomalyError):
    """A picture that cannot be kept; the alert is kept without it."""


class EvidenceStore:
    """A folder of pictures, two letters of the hash a subfolder."""

    def __init__(self, folder: Path) -> None:
        """
        Make the folder and see that it can be written.

        :raises EvidenceError: naming the folder
        """
        self._folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            raise EvidenceError(
                f'{folder}: cannot keep pictures there: {error}; pass another one with --evidence'
            ) from None

    def keep(self, data: bytes) -> str:
        """
        Keep a picture and return its name; the same picture twice is one file.

        :param data: the bytes of a JPEG or PNG file
        :raises EvidenceError: when it is neither, too large, or the disk refuses
        """
        suffix = next((s for magic, s in _MAKES if data.startswith(magic)), None)
        if suffix is None:
            raise EvidenceError(
                f'evidence: {len(data)} bytes from {data[:8]!r} on are no JPEG or PNG picture'
            )
        if len(data) > MAX_BYTES:
            raise EvidenceError(
                f'evidence: {len(data)} bytes are more than the {MAX_BYTES} of a picture'
            )
        name = hashlib.sha256(data).hexdigest() + suffix
        path = self._folder / name[:2] / name
        try:
            if path.exists():
                os.utime(path)  # it is young again: a sweep leaves it alone
            else:
                _write(path, data)
        except OSError as error:
            raise EvidenceError(f'evidence: {path}: {error}') from None
        return name

    def path(self, name: str) -> Path | None:
        """Return where the picture ``name`` lies, or None when there is no such picture."""
        if not _NAME.fullmatch(name):
            return None
        path = self._folder / name[:2] / name
        return path if path.is_file() else None

    def sweep(self, shown: Callable[[], set[str]], now_ns: int) -> int:
        """
        Remove the pictures that nothing shows any more, and return how many.

        :param shown: returns the names that are still shown
        :param now_ns: what is younger than an hour stays: its alert may be on its way
        """
        found = [
            path
            for path in self._folder.glob('[0-9a-f][0-9a-f]/*')
            if now_ns - _changed_ns(path) > YOUNG_NS
        ]
        kept = shown()
        removed = 0
        for path in found:
            if _NAME.fullmatch(path.name) and path.name in kept:
                continue
            # A picture that came again meanwhile has been touched.
            if now_ns - _changed_ns(path) > YOUNG_NS:
                with suppress(OSError):
                    path.unlink()
                    removed += 1
        return removed


def _changed_ns(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix='.part')
    try:
        with os.fdopen(handle, 'wb') as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)  # a reader sees the whole picture or none
    except OSError:
        with suppress(OSError):
            os.unlink(temporary)
        raise
