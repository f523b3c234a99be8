# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What is set while the dashboard runs, kept in the database."""

from __future__ import annotations

from typing import Any

from .database import Database
from .models_access import OptionRow


class Options:
    """One store's options by name. Safe to use from several threads."""

    def __init__(self, database: Database, store: str) -> None:
        """Build it for one store."""
        self._database = database
        self._store = store

    def get(self, name: str) -> dict[str, Any]:
        """Return what is kept under a name; nothing is an empty dictionary."""
        with self._database.reading() as session:
            row = session.get(OptionRow, (self._store, name))
            return dict(row.value) if row else {}

    def put(self, name: str, value: dict[str, Any]) -> None:
        """Keep a value under a name, in place of the one before."""
        with self._database.writing() as session:
            session.merge(OptionRow(store=self._store, name=name, value=value))
