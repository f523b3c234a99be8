# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The first shape: alerts, their events, inspections, bays and robots."""

from __future__ import annotations

from alembic import op
import sqlalchemy as sa

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        'alerts',
        sa.Column('store', sa.String(length=80), nullable=False),
        sa.Column('robot', sa.String(length=80), nullable=False),
        sa.Column('id', sa.String(length=36), nullable=False),
        sa.Column('kind', sa.String(length=16), nullable=False),
        sa.Column('state', sa.String(length=16), nullable=False),
        sa.Column('robot_state', sa.String(length=16), nullable=False),
        sa.Column('aisle', sa.String(length=80), nullable=False),
        sa.Column('bay', sa.String(length=80), nullable=False),
        sa.Column('level', sa.BigInteger(), nullable=False),
        sa.Column('x', sa.Float(precision=53), nullable=True),
        sa.Column('y', sa.Float(precision=53), nullable=True),
        sa.Column('width', sa.Float(precision=53), nullable=True),
        sa.Column('height', sa.Float(precision=53), nullable=True),
        sa.Column('score', sa.Float(precision=53), nullable=True),
        sa.Column('threshold', sa.Float(precision=53), nullable=True),
        sa.Column('p_value', sa.Float(precision=53), nullable=True),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.Column('model', sa.String(length=80), nullable=False),
        sa.Column('stamp_ns', sa.BigInteger(), nullable=False),
        sa.Column('first_seen_ns', sa.BigInteger(), nullable=False),
        sa.Column('last_seen_ns', sa.BigInteger(), nullable=False),
        sa.Column('since_ns', sa.BigInteger(), nullable=False),
        sa.Column('received_ns', sa.BigInteger(), nullable=False),
        sa.Column('sightings', sa.BigInteger(), nullable=False),
        sa.Column('suggested_bays', sa.JSON(), nullable=False),
        sa.Column('seen_in', sa.JSON(), nullable=False),
        sa.Column('resolved_in', sa.String(length=80), nullable=False),
        sa.Column('evidence', sa.String(length=80), nullable=True),
        sa.Column('verdict', sa.String(length=16), nullable=True),
        sa.Column('verdict_by', sa.String(length=80), nullable=False),
        sa.Column('verdict_note', sa.Text(), nullable=False),
        sa.Column('verdict_ns', sa.BigInteger(), nullable=False),
        sa.Column('verdict_sent_ns', sa.BigInteger(), nullable=False),
        sa.Column('verdict_taken', sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint('store', 'robot', 'id'),
    )
    op.create_index('alerts_by_bay', 'alerts', ['store', 'bay', 'state'], unique=False)
    op.create_index('alerts_by_id', 'alerts', ['id'], unique=False)
    op.create_index('alerts_listed', 'alerts', ['store', 'state', 'since_ns', 'id'], unique=False)
    op.create_table(
        'bays',
        sa.Column('store', sa.String(length=80), nullable=False),
        sa.Column('bay', sa.String(length=80), nullable=False),
        sa.Column('robot', sa.String(length=80), nullable=False),
        sa.Column('end_ns', sa.BigInteger(), nullable=False),
        sa.Column('looked_ns', sa.BigInteger(), nullable=False),
        sa.Column('seen_ns', sa.BigInteger(), nullable=False),
        sa.Column('result', sa.String(length=16), nullable=False),
        sa.Column('patrol', sa.String(length=80), nullable=False),
        sa.Column('coverage', sa.Float(precision=53), nullable=True),
        sa.Column('refusals', sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint('store', 'bay'),
    )
    op.create_table(
        'events',
        sa.Column(
            'id',
            sa.BigInteger().with_variant(sa.Integer(), 'sqlite'),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column('store', sa.String(length=80), nullable=False),
        sa.Column('robot', sa.String(length=80), nullable=False),
        sa.Column('alert_id', sa.String(length=36), nullable=False),
        sa.Column('at_ns', sa.BigInteger(), nullable=False),
        sa.Column('by', sa.String(length=8), nullable=False),
        sa.Column('who', sa.String(length=80), nullable=False),
        sa.Column('what', sa.String(length=24), nullable=False),
        sa.Column('note', sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint('id'),
    )
    op.create_index(
        'events_of_alert', 'events', ['store', 'robot', 'alert_id', 'id'], unique=False
    )
    op.create_index('events_of_store', 'events', ['store', 'id'], unique=False)
    op.create_table(
        'inspections',
        sa.Column('store', sa.String(length=80), nullable=False),
        sa.Column('robot', sa.String(length=80), nullable=False),
        sa.Column('bay', sa.String(length=80), nullable=False),
        sa.Column('end_ns', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('start_ns', sa.BigInteger(), nullable=False),
        sa.Column('received_ns', sa.BigInteger(), nullable=False),
        sa.Column('aisle', sa.String(length=80), nullable=False),
        sa.Column('patrol', sa.String(length=80), nullable=False),
        sa.Column('result', sa.String(length=16), nullable=False),
        sa.Column('coverage', sa.Float(precision=53), nullable=True),
        sa.Column('views_used', sa.BigInteger(), nullable=False),
        sa.Column('views_refused', sa.BigInteger(), nullable=False),
        sa.Column('refusals', sa.JSON(), nullable=False),
        sa.Column('score', sa.Float(precision=53), nullable=True),
        sa.Column('threshold', sa.Float(precision=53), nullable=True),
        sa.PrimaryKeyConstraint('store', 'robot', 'bay', 'end_ns'),
    )
    op.create_index(
        'inspections_newest', 'inspections', ['store', 'bay', 'received_ns'], unique=False
    )
    op.create_table(
        'robots',
        sa.Column('store', sa.String(length=80), nullable=False),
        sa.Column('robot', sa.String(length=80), nullable=False),
        sa.Column('heard_ns', sa.BigInteger(), nullable=False),
        sa.Column('model', sa.String(length=80), nullable=False),
        sa.Column('status', sa.JSON(), nullable=False),
        sa.Column('x', sa.Float(precision=53), nullable=True),
        sa.Column('y', sa.Float(precision=53), nullable=True),
        sa.Column('yaw', sa.Float(precision=53), nullable=True),
        sa.Column('placed_ns', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('store', 'robot'),
    )


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table('robots')
    op.drop_index('inspections_newest', table_name='inspections')
    op.drop_table('inspections')
    op.drop_index('events_of_store', table_name='events')
    op.drop_index('events_of_alert', table_name='events')
    op.drop_table('events')
    op.drop_table('bays')
    op.drop_index('alerts_listed', table_name='alerts')
    op.drop_index('alerts_by_id', table_name='alerts')
    op.drop_index('alerts_by_bay', table_name='alerts')
    op.drop_table('alerts')
