# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The store, the robots, the stream of changes, and who asks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import asdict
from functools import lru_cache
import json
import time
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from ..roles import Who
from ..site import Site
from ..stream import changes
from ..views import BayView, EventView, StatusView
from .access import Asking, Viewer

CHECK_S = 20.0


class Health(BaseModel):
    """A sign of life."""

    status: Literal['ok'] = 'ok'


class Me(BaseModel):
    """Who asks, and what they may do."""

    name: str
    role: Literal['viewer', 'staff', 'admin'] | None
    ingest: bool
    csrf: str
    """Send it as x-csrf-token with what changes something; empty for programs."""


def build(site: Site) -> APIRouter:
    """Return the routes."""
    router = APIRouter(tags=['store'])

    @router.get('/api/v1/bays')
    def list_bays(_who: Viewer) -> list[BayView]:
        """List the store's bays: open alerts, and when each was looked at last."""
        return site.queries.bays()

    @router.get('/api/v1/status')
    def status(_who: Viewer) -> StatusView:
        """Tell how the dashboard and the robots are."""
        return site.status()

    @router.get('/api/v1/me')
    def me(who: Asking) -> Me:
        """Tell who asks."""
        kind = None if who.role is None else who.role.word
        return Me.model_validate(
            {'name': who.name, 'role': kind, 'ingest': who.ingest, 'csrf': who.csrf}
        )

    @router.get(
        '/api/v1/events',
        response_class=StreamingResponse,
        responses={200: {'content': {'text/event-stream': {}}}},
    )
    async def events(
        request: Request,
        who: Viewer,
        last_event_id: Annotated[str | None, Header(max_length=20)] = None,
    ) -> StreamingResponse:
        """Stream every change as a server-sent event; Last-Event-ID continues a broken stream."""
        known = last_event_id and last_event_id.isascii() and last_event_id.isdigit()
        start = int(last_event_id) if last_event_id and known else None
        return StreamingResponse(
            _stream(site, request, who, start), media_type='text/event-stream'
        )

    @router.get('/healthz')
    def health() -> Health:
        """Answer when the dashboard and its database do."""
        site.queries.last_event_id()
        return Health()

    return router


async def _stream(site: Site, request: Request, who: Who, start: int | None) -> AsyncIterator[str]:
    looked = time.monotonic()
    yield 'retry: 2000\n\n'
    async for told in changes(site, start):
        if await request.is_disconnected():
            return
        if who.session and time.monotonic() - looked > CHECK_S:
            looked = time.monotonic()
            if await asyncio.to_thread(site.accounts.who_of, who.session) is None:
                return
        yield ''.join(map(_line, told)) or ': still here\n\n'


@lru_cache(maxsize=4096)
def _line(told: EventView) -> str:
    # JSON has no line breaks of its own, so that no text can begin another field.
    return f'id: {told.id}\nevent: {told.what}\ndata: {json.dumps(asdict(told))}\n\n'
