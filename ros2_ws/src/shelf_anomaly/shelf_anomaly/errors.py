# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
Every error that the project raises on purpose.

::

    ShelfAnomalyError
    ├── LayoutError       a store.yaml that cannot be used
    ├── ArtefactError     a model folder that is missing, altered or of another make
    ├── FrameError        an image or camera description that cannot be used
    ├── PoseError         a camera pose that is missing, too old or not a pose
    ├── BagError          a bag that cannot be read, or lacks what is needed
    ├── DatasetError      a folder of training views that cannot be used
    ├── MemoryFileError   a memory file that cannot be read or written
    └── SettingsError     an option or parameter outside its range

A message says what is wrong, where (file, entry, value) and what to do about it.
"""

from __future__ import annotations


class ShelfAnomalyError(Exception):
    """Root of every error that this project raises on purpose."""


class LayoutError(ShelfAnomalyError):
    """A store layout that cannot be used; names the file and the entry."""

    def __init__(self, file: object, entry: str, problem: str) -> None:
        """Build the sentence from the ``file``, the ``entry`` in it and the ``problem``."""
        super().__init__(f'{file}: {entry}: {problem}' if entry else f'{file}: {problem}')
        self.file = str(file)
        self.entry = entry
        self.problem = problem


class ArtefactError(ShelfAnomalyError):
    """A model folder that is missing, altered, or does not fit the store."""


class FrameError(ShelfAnomalyError):
    """An image or camera description that cannot be used; only this frame is lost."""

    def __init__(self, reason: str, detail: str) -> None:
        """Keep a short ``reason`` (for counting) beside the ``detail`` (for people)."""
        super().__init__(detail)
        self.reason = reason


class PoseError(ShelfAnomalyError):
    """A camera pose that is missing, too old, too uncertain or not a pose."""

    def __init__(self, reason: str, detail: str) -> None:
        """Keep a short ``reason`` (for counting) beside the ``detail`` (for people)."""
        super().__init__(detail)
        self.reason = reason


class BagError(ShelfAnomalyError):
    """A bag that cannot be read, or lacks the topics that are needed."""


class DatasetError(ShelfAnomalyError):
    """A folder of training views or photos that cannot be used."""


class MemoryFileError(ShelfAnomalyError):
    """A memory file that cannot be read or written, or belongs to another store."""


class SettingsError(ShelfAnomalyError):
    """An option or parameter that is outside its range."""
