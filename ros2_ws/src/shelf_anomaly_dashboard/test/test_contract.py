# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Whatever the interface is asked: it answers as it describes itself, and never fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from fastapi import FastAPI
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
import pytest
import schemathesis
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
KNOWN = '7f1c2a9e-3a40-4d0e-9a53-2f8f1e0f6f11'


@pytest.fixture
def api(site: Site, settings: Settings, make_alert: Callable[..., AlertRecord]) -> Iterator[Any]:
    site.service.write([make_alert(id=KNOWN)])
    app: FastAPI = build_app(site, settings)
    yield schemathesis.openapi.from_asgi('/api/v1/openapi.json', app, headers={'host': '127.0.0.1'}).exclude(
        path='/api/v1/events'  # it never ends; test_process asks it
    )
    assert site.queries.alert(KNOWN) is not None


schema = schemathesis.pytest.from_fixture('api')


@schema.parametrize()
@hypothesis_settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
def test_it_answers_as_described(case: Any) -> None:
    case.call_and_validate(
        headers={'host': '127.0.0.1'},
        checks=[
            not_a_server_error,
            status_code_conformance,
            content_type_conformance,
            response_schema_conformance,
        ]
    )
