# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Alerts and their pictures, to look at."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException, Query
from fastapi.responses import FileResponse

from ..evidence import MEDIA_TYPES
from ..queries import BadCursorError, MAX_PAGE
from ..site import Site
from ..text import NAME_LIMIT
from ..views import AlertDetail, AlertFilter, AlertPage
from .access import MISSING, unusable, viewer

Name = Annotated[str | None, Query(max_length=NAME_LIMIT)]


def build(site: Site) -> APIRouter:
    """Return the routes."""
    router = APIRouter(tags=['alerts'], dependencies=[Depends(viewer)])

    @router.get('/api/v1/alerts')
    def list_alerts(
        state: Annotated[
            Literal['open', 'closed', 'resolved', 'dismissed'] | None, Query()
        ] = None,
        kind: Annotated[
            Literal['misplaced', 'foreign', 'gap', 'fallen', 'unknown'] | None, Query()
        ] = None,
        aisle: Name = None,
        bay: Name = None,
        robot: Name = None,
        assignee: Annotated[
            str | None, Query(max_length=NAME_LIMIT, description="Whose; empty is nobody's.")
        ] = None,
        acknowledged: Annotated[bool | None, Query()] = None,
        order: Annotated[Literal['newest', 'priority'], Query()] = 'newest',
        limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 50,
        cursor: Annotated[str | None, Query(max_length=80)] = None,
    ) -> AlertPage:
        """List alerts; pass ``next`` as ``cursor`` for the following page in the same order."""
        wanted = AlertFilter(
            state, kind, aisle, bay, robot, assignee=assignee, acknowledged=acknowledged
        )
        try:
            return site.queries.alerts(wanted, limit=limit, cursor=cursor, order=order)
        except BadCursorError as error:
            raise unusable('query', 'cursor', error) from None

    @router.get('/api/v1/alerts/{alert_id}', responses=MISSING)
    def one_alert(alert_id: str) -> AlertDetail:
        """Return one alert with its time line and its sightings."""
        if (detail := site.queries.alert(alert_id)) is None:
            raise HTTPException(404, 'no such alert')
        return detail

    @router.get(
        '/evidence/{name}',
        response_class=FileResponse,
        responses=MISSING
        | {200: {'content': {kind: {} for kind in sorted(set(MEDIA_TYPES.values()))}}},
    )
    def picture(name: str) -> FileResponse:
        """Return a picture; its name is its content's hash, so that it never changes."""
        if (path := site.evidence.path(name)) is None:
            raise HTTPException(404, 'no such picture')
        kept = {'cache-control': 'private, max-age=31536000, immutable'}
        return FileResponse(path, media_type=MEDIA_TYPES[path.suffix], headers=kept)

    return router
