# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The list of alerts as a file for a spreadsheet: what the list shows, all pages of it."""

from __future__ import annotations

from collections.abc import Iterator

from nicegui import app
from starlette.requests import Request
from starlette.responses import StreamingResponse

from ..choice import Choice
from ..queries import MAX_PAGE
from ..sheet import rows
from ..site import Site
from ..views import AlertView

MOST = 100_000
"""Alerts in one file."""


def build(site: Site) -> None:
    """Register the file."""

    @app.get('/alerts.csv', include_in_schema=False)
    def alerts_csv(request: Request) -> StreamingResponse:
        choice = Choice.read(request.query_params)
        return StreamingResponse(
            rows(_all(site, choice)),
            media_type='text/csv; charset=utf-8',
            headers={
                'content-disposition': 'attachment; filename="alerts.csv"',
                'cache-control': 'no-store',
            },
        )


def _all(site: Site, choice: Choice) -> Iterator[AlertView]:
    wanted = choice.wanted(site.clock())
    cursor = None
    for _ in range(MOST // MAX_PAGE):
        found = site.queries.alerts(wanted, limit=MAX_PAGE, cursor=cursor, order=choice.sorted_by)
        yield from found.items
        cursor = found.next
        if cursor is None:
            return
