# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The REST interface, version 1. Other programs rely on it: fields are added, never changed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import asdict
import json
from typing import Annotated, Literal

from fastapi import APIRouter, Header, HTTPException, Query, Request
from fastapi.responses import FileResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from .evidence import MEDIA_TYPES
from .queries import BadCursorError, MAX_PAGE
from .records import Verdict
from .service import UnknownAlertError
from .site import Site
from .stream import changes
from .text import NAME_LIMIT, SENTENCE_LIMIT
from .views import AlertDetail, AlertFilter, AlertPage, BayView, StatusView

Name = Annotated[str | None, Query(max_length=NAME_LIMIT)]


class VerdictIn(BaseModel):
    """What a person says about an alert."""

    model_config = ConfigDict(extra='forbid')

    verdict: Verdict
    author: str = Field(
        default='',
        max_length=NAME_LIMIT,
        description='Who says so; empty is staff without a name.',
    )
    note: str = Field(default='', max_length=SENTENCE_LIMIT)


class Health(BaseModel):
    """A sign of life."""

    status: Literal['ok'] = 'ok'


def build_api(site: Site) -> APIRouter:
    """Return the routes of the interface, of the pictures and of the sign of life."""
    router = APIRouter()

    @router.get('/api/v1/alerts', tags=['alerts'])
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
        limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 50,
        cursor: Annotated[str | None, Query(max_length=80)] = None,
    ) -> AlertPage:
        """List alerts, newest first; pass ``next`` as ``cursor`` for the following page."""
        try:
            return site.queries.alerts(
                AlertFilter(state, kind, aisle, bay, robot), limit=limit, cursor=cursor
            )
        except BadCursorError as error:
            raise HTTPException(422, str(error)) from None

    @router.get(
        '/api/v1/alerts/{alert_id}',
        tags=['alerts'],
        responses={404: {'description': 'No such alert'}},
    )
    def one_alert(alert_id: str) -> AlertDetail:
        """Return one alert with its time line."""
        if (detail := site.queries.alert(alert_id)) is None:
            raise HTTPException(404, 'no such alert')
        return detail

    @router.post(
        '/api/v1/alerts/{alert_id}/verdict',
        tags=['alerts'],
        responses={404: {'description': 'No such alert'}},
    )
    def judge(alert_id: str, said: VerdictIn) -> AlertDetail:
        """Say what is true of an alert; the robot is told."""
        try:
            site.service.judge(site.queries.store, alert_id, said.verdict, said.author, said.note)
        except UnknownAlertError as error:
            raise HTTPException(404, str(error)) from None
        return one_alert(alert_id)

    @router.get('/api/v1/bays', tags=['store'])
    def list_bays() -> list[BayView]:
        """List the store's bays: open alerts, and when each was looked at last."""
        return site.queries.bays()

    @router.get('/api/v1/status', tags=['store'])
    def status() -> StatusView:
        """Tell how the dashboard and the robots are."""
        return site.status()

    @router.get('/api/v1/events', tags=['store'], response_class=StreamingResponse)
    async def events(
        request: Request, last_event_id: Annotated[str | None, Header(max_length=20)] = None
    ) -> StreamingResponse:
        """Stream every change as a server-sent event; Last-Event-ID continues a broken stream."""
        start = (
            int(last_event_id)
            if last_event_id and last_event_id.isascii() and last_event_id.isdigit()
            else None
        )
        return StreamingResponse(_stream(site, request, start), media_type='text/event-stream')

    @router.get('/evidence/{name}', tags=['alerts'], response_class=FileResponse)
    def picture(name: str) -> FileResponse:
        """Return a picture; its name is its content's hash, so that it never changes."""
        if (path := site.evidence.path(name)) is None:
            raise HTTPException(404, 'no such picture')
        kept = {'cache-control': 'private, max-age=31536000, immutable'}
        return FileResponse(path, media_type=MEDIA_TYPES[path.suffix], headers=kept)

    @router.get('/healthz', tags=['store'])
    def health() -> Health:
        """Answer when the dashboard and its database do."""
        site.queries.last_event_id()
        return Health()

    return router


async def _stream(site: Site, request: Request, start: int | None) -> AsyncIterator[str]:
    yield 'retry: 2000\n\n'
    async for told in changes(site, start):
        if await request.is_disconnected():
            return
        if told is None:
            yield ': still here\n\n'
        else:
            # JSON has no line breaks of its own, so that no text can begin another field.
            yield f'id: {told.id}\nevent: {told.what}\ndata: {json.dumps(asdict(told))}\n\n'
