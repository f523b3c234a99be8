# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Who does what: assignment, sightings, users, sessions, tokens, webhooks, options, audit."""

from __future__ import annotations

from alembic import op
import sqlalchemy as sa

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None

NAME = sa.String(length=80)
INT = sa.BigInteger()
FLOAT = sa.Float(precision=53)
ADDED = (
    ('priority', INT, '0'),
    ('assignee', NAME, ''),
    ('acknowledged_by', NAME, ''),
    ('acknowledged_ns', INT, '0'),
    ('closed_ns', INT, '0'),
)


def serial() -> sa.Column[int]:
    return sa.Column(
        'id',
        sa.BigInteger().with_variant(sa.Integer(), 'sqlite'),
        autoincrement=True,
        nullable=False,
        primary_key=True,
    )


def upgrade() -> None:
    """Add the columns and tables."""
    _extend_alerts()
    _make_sightings()
    _make_people()
    _make_webhooks()
    op.create_table(
        'options',
        sa.Column('store', NAME, nullable=False),
        sa.Column('name', NAME, nullable=False),
        sa.Column('value', sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint('store', 'name'),
    )
    op.create_table(
        'audit',
        serial(),
        sa.Column('store', NAME, nullable=False),
        sa.Column('at_ns', INT, nullable=False),
        sa.Column('who', NAME, nullable=False),
        sa.Column('what', sa.String(length=32), nullable=False),
        sa.Column('note', sa.Text(), nullable=False),
    )
    op.create_index('audit_of_store', 'audit', ['store', 'id'])


def _extend_alerts() -> None:
    for name, kind, default in ADDED:
        # Rows that are there need a value; new rows bring their own, the tables say nothing of it.
        op.add_column('alerts', sa.Column(name, kind, nullable=False, server_default=default))
    op.execute("UPDATE alerts SET closed_ns = received_ns WHERE state <> 'open'")
    op.create_index(
        'alerts_by_priority', 'alerts', ['store', 'state', 'priority', 'since_ns', 'id']
    )
    op.create_index('alerts_of_assignee', 'alerts', ['store', 'assignee', 'state'])
    op.create_index('inspections_by_age', 'inspections', ['store', 'received_ns'])


def _make_sightings() -> None:
    op.create_table(
        'sightings',
        sa.Column('store', NAME, nullable=False),
        sa.Column('robot', NAME, nullable=False),
        sa.Column('alert_id', sa.String(length=36), nullable=False),
        sa.Column('stamp_ns', INT, autoincrement=False, nullable=False),
        sa.Column('received_ns', INT, nullable=False),
        sa.Column('state', sa.String(length=16), nullable=False),
        sa.Column('patrol', NAME, nullable=False),
        sa.Column('score', FLOAT, nullable=True),
        sa.Column('p_value', FLOAT, nullable=True),
        sa.Column('sightings', INT, nullable=False),
        sa.Column('evidence', NAME, nullable=True),
        sa.PrimaryKeyConstraint('store', 'robot', 'alert_id', 'stamp_ns'),
    )
    op.create_index('sightings_by_age', 'sightings', ['store', 'received_ns'])


def _make_people() -> None:
    op.create_table(
        'users',
        sa.Column('store', NAME, nullable=False),
        sa.Column('name', NAME, nullable=False),
        sa.Column('role', sa.String(length=16), nullable=False),
        sa.Column('password_hash', sa.Text(), nullable=False),
        sa.Column('created_ns', INT, nullable=False),
        sa.Column('password_ns', INT, nullable=False),
        sa.Column('last_login_ns', INT, nullable=False),
        sa.PrimaryKeyConstraint('store', 'name'),
    )
    op.create_table(
        'sessions',
        sa.Column('id_hash', sa.String(length=64), nullable=False),
        sa.Column('store', NAME, nullable=False),
        sa.Column('user_name', NAME, nullable=False),
        sa.Column('created_ns', INT, nullable=False),
        sa.Column('used_ns', INT, nullable=False),
        sa.Column('expires_ns', INT, nullable=False),
        sa.Column('agent', NAME, nullable=False),
        sa.PrimaryKeyConstraint('id_hash'),
    )
    op.create_index('sessions_of_user', 'sessions', ['store', 'user_name'])
    op.create_table(
        'tokens',
        serial(),
        sa.Column('store', NAME, nullable=False),
        sa.Column('name', NAME, nullable=False),
        sa.Column('token_hash', sa.String(length=64), nullable=False, unique=True),
        sa.Column('start', sa.String(length=16), nullable=False),
        sa.Column('scopes', sa.JSON(), nullable=False),
        sa.Column('created_by', NAME, nullable=False),
        sa.Column('created_ns', INT, nullable=False),
        sa.Column('expires_ns', INT, nullable=False),
        sa.Column('used_ns', INT, nullable=False),
    )
    op.create_index('tokens_of_store', 'tokens', ['store', 'id'])


def _make_webhooks() -> None:
    op.create_table(
        'webhooks',
        serial(),
        sa.Column('store', NAME, nullable=False),
        sa.Column('url', sa.Text(), nullable=False),
        sa.Column('secret', NAME, nullable=False),
        sa.Column('events', sa.JSON(), nullable=False),
        sa.Column('active', sa.Boolean(), nullable=False),
        sa.Column('created_by', NAME, nullable=False),
        sa.Column('created_ns', INT, nullable=False),
        sa.Column('last_event_id', INT, nullable=False),
    )
    op.create_index('webhooks_of_store', 'webhooks', ['store', 'id'])
    op.create_table(
        'deliveries',
        serial(),
        sa.Column('store', NAME, nullable=False),
        sa.Column('webhook_id', INT, nullable=False),
        sa.Column('event_id', INT, nullable=False),
        sa.Column('state', sa.String(length=16), nullable=False),
        sa.Column('attempts', INT, nullable=False),
        sa.Column('next_ns', INT, nullable=False),
        sa.Column('status', INT, nullable=True),
        sa.Column('problem', sa.Text(), nullable=False),
        sa.Column('changed_ns', INT, nullable=False),
    )
    op.create_index('deliveries_due', 'deliveries', ['store', 'state', 'next_ns'])
    op.create_index('deliveries_of_webhook', 'deliveries', ['webhook_id', 'id'])


def downgrade() -> None:
    """Take them away again."""
    for table in ('audit', 'options', 'deliveries', 'webhooks', 'tokens', 'sessions', 'users'):
        op.drop_table(table)
    op.drop_table('sightings')
    op.drop_index('inspections_by_age', table_name='inspections')
    op.drop_index('alerts_of_assignee', table_name='alerts')
    op.drop_index('alerts_by_priority', table_name='alerts')
    with op.batch_alter_table('alerts') as alerts:
        for name, _, _ in ADDED:
            alerts.drop_column(name)
