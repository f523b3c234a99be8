# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Whatever the interface is asked: it answers as it describes itself, and never fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given, HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis.errors import Unsatisfiable
import pytest
import schemathesis
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from shelf_anomaly_dashboard.records import AlertRecord
from shelf_anomaly_dashboard.settings import Settings
from shelf_anomaly_dashboard.site import Site
from shelf_anomaly_dashboard.webapp import build_app

EXAMPLES = 15
HOST = {'host': '127.0.0.1'}
NEVER_ENDS = ('/api/v1/events',)  # test_process asks it
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
KNOWN = '7f1c2a9e-3a40-4d0e-9a53-2f8f1e0f6f11'


@pytest.mark.parametrize('mode', [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_it_answers_as_described(
    site: Site, settings: Settings, make_alert: Callable[..., AlertRecord], mode: GenerationMode
) -> None:
    site.service.write([make_alert(id=KNOWN)])
    description = schemathesis.openapi.from_asgi(
        '/api/v1/openapi.json', build_app(site, settings), headers=HOST
    )
    asked = []
    for found in description.get_all_operations():
        operation = found.ok()
        if operation.path in NEVER_ENDS:
            continue

        @hypothesis_settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: Any) -> None:
            case.call_and_validate(headers=HOST, checks=CHECKS)

        try:
            ask()
        except Unsatisfiable:  # there is no wrong way to ask where nothing is asked for
            assert mode is GenerationMode.NEGATIVE
        asked.append(operation.path)

    assert len(asked) >= 23
    assert site.queries.alert(KNOWN) is not None
