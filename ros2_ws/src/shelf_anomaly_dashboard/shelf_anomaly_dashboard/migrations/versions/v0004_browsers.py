# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Room for all that a browser calls itself: its name comes after the first 80 characters."""

from __future__ import annotations

from alembic import op
import sqlalchemy as sa

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

SHORT, LONG = sa.String(length=80), sa.String(length=300)


def upgrade() -> None:
    """Make the room."""
    with op.batch_alter_table('sessions') as changed:
        changed.alter_column('agent', existing_type=SHORT, type_=LONG, existing_nullable=False)


def downgrade() -> None:
    """Cut off what does not fit any more."""
    op.execute('UPDATE sessions SET agent = substr(agent, 1, 80)')
    with op.batch_alter_table('sessions') as changed:
        changed.alter_column('agent', existing_type=LONG, type_=SHORT, existing_nullable=False)
