# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""On which board a thing belongs, and how sure that is."""

from __future__ import annotations

from alembic import op
import sqlalchemy as sa

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None

NAMES = ('suggested_levels', 'suggested_confidences')


def upgrade() -> None:
    """Add them; of alerts that are there neither is known."""
    for name in NAMES:
        op.add_column('alerts', sa.Column(name, sa.JSON(), nullable=False, server_default='[]'))


def downgrade() -> None:
    """Take them away again."""
    with op.batch_alter_table('alerts') as changed:
        for name in NAMES:
            changed.drop_column(name)
