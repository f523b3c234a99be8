# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Who may import what."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import shelf_anomaly_dashboard

ROOT = Path(shelf_anomaly_dashboard.__file__).parent
OWNERS = {
    'rclpy': ('ros/',),
    'rcl_interfaces': ('ros/',),
    'shelf_anomaly_msgs': ('ros/',),
    'geometry_msgs': ('ros/',),
    'sensor_msgs': ('ros/',),
    'builtin_interfaces': ('ros/',),
    'nicegui': ('pages/', 'webapp.py'),
    'fastapi': ('api/', 'login.py', 'webapp.py'),
    'argon2': ('passwords.py',),
    'jinja2': ('login.py',),
    'paho': ('mqtt/',),
    'uvicorn': ('server.py',),
    'alembic': ('database.py', 'migrations/'),
    'sqlalchemy': (
        'accounts.py',
        'actions.py',
        'audit.py',
        'database.py',
        'known.py',
        'models.py',
        'models_access.py',
        'options.py',
        'retention.py',
        'webhooks.py',
        'queries.py',
        'query_coverage.py',
        'query_trends.py',
        'service.py',
        'tokens.py',
        'upsert.py',
        'migrations/',
    ),
}
FILES = sorted(str(path.relative_to(ROOT)) for path in ROOT.rglob('*.py'))


@pytest.mark.parametrize('name', FILES)
def test_a_library_is_known_in_its_room_only(name: str) -> None:
    tree = ast.parse((ROOT / name).read_text(encoding='utf-8'))
    imported = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    imported |= {
        node.module or ''
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and not node.level
    }
    strays = {m for m in imported if not name.startswith(OWNERS.get(m.split('.')[0], (name,)))}

    assert set() == strays


@pytest.mark.parametrize('name', FILES)
def test_every_file_says_whose_it_is(name: str) -> None:
    assert (
        (ROOT / name)
        .read_text(encoding='utf-8')
        .startswith(
            '# Copyright 2026 The Shelf Anomaly authors\n# SPDX-License-Identifier: Apache-2.0\n'
        )
    )
