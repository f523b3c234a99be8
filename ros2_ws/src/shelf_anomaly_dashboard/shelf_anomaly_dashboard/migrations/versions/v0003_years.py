# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Lists of years of alerts from an index; what a robot tells of double alerts and drifted bays."""

from __future__ import annotations

from alembic import op
import sqlalchemy as sa

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

ADDED = (
    ('alerts', 'same_as', sa.String(length=36), ''),
    ('alerts', 'expected_sku', sa.String(length=80), ''),
    ('inspections', 'relearn', sa.Boolean(), sa.false()),
    ('bays', 'relearn', sa.Boolean(), sa.false()),
)
INDEXES = {
    'alerts_by_age': ['store', 'since_ns', 'id'],
    'alerts_by_urgency': ['store', 'priority', 'since_ns', 'id'],
    'alerts_on_map': ['store', 'state', 'bay', 'aisle'],
}


def upgrade() -> None:
    """Add the columns and indexes."""
    for table, name, kind, default in ADDED:
        # Rows that are there need a value; new rows bring their own.
        op.add_column(table, sa.Column(name, kind, nullable=False, server_default=default))
    for name, columns in INDEXES.items():
        op.create_index(name, 'alerts', columns)


def downgrade() -> None:
    """Take them away again."""
    for name in INDEXES:
        op.drop_index(name, table_name='alerts')
    for table in ('alerts', 'inspections', 'bays'):
        with op.batch_alter_table(table) as changed:
            for where, name, _, _ in ADDED:
                if where == table:
                    changed.drop_column(name)
