# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Run by Alembic: applies the steps over the connection that it is given."""

from __future__ import annotations

from alembic import context

from shelf_anomaly_dashboard import models_access  # noqa: F401 - its tables join the others
from shelf_anomaly_dashboard.models import Base

context.configure(
    connection=context.config.attributes['connection'],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite cannot alter a column in place
)
with context.begin_transaction():
    context.run_migrations()
