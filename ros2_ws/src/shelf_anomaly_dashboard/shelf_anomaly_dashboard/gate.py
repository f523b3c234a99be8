# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The gate behind the guard: who asks, and whether they may come in at all."""

from __future__ import annotations

import asyncio
from http.cookies import CookieError, SimpleCookie
import time
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .passwords import same
from .roles import ANYBODY, Who
from .site import Site

COOKIE = 'shelf_session'
PUBLIC = frozenset(
    {'/login', '/healthz', '/favicon.ico', '/manifest.webmanifest', '/api/v1/openapi.json'}
)
"""What a stranger may see: nothing of the store."""
CHECK_S = 20.0
"""An open page's login is looked at again after this long."""
_SAFE = frozenset({'GET', 'HEAD', 'OPTIONS'})


class Gate:
    """ASGI middleware: puts who asks into scope['state']['who'], sends strangers to the login."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        """Wrap ``app``."""
        self._app = app
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or send it away."""
        if scope['type'] not in ('http', 'websocket'):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        who = await asyncio.to_thread(self._who, headers)
        scope.setdefault('state', {})['who'] = who
        path = scope['path']
        if scope['type'] == 'websocket':
            await self._socket(who, scope, receive, send)
        elif who is None and path not in PUBLIC and not path.startswith('/static/'):
            await _stranger(path, scope, headers)(scope, receive, send)
        elif who is not None and (problem := _forged(who, path, scope['method'], headers)):
            await JSONResponse({'detail': problem}, 403)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _who(self, headers: Headers) -> Who | None:
        kind, _, secret = headers.get('authorization', '').partition(' ')
        if kind.lower() == 'bearer':
            return self._site.tokens.who(secret.strip())
        if not self._site.login:
            return ANYBODY
        cookie = read_cookie(headers.get('cookie', ''), COOKIE)
        return self._site.accounts.who(cookie) if cookie else None

    async def _socket(self, who: Who | None, scope: Scope, receive: Receive, send: Send) -> None:
        if who is None or who.role is None:
            await send({'type': 'websocket.close', 'code': 1008, 'reason': 'please log in'})
            return
        looked = time.monotonic()

        async def watched() -> Message:
            nonlocal looked
            message = await receive()
            # The browser answers a ping every few seconds, so that this is reached often enough.
            if who.session and time.monotonic() - looked > CHECK_S:
                looked = time.monotonic()
                if await asyncio.to_thread(self._site.accounts.who_of, who.session) is None:
                    await send({'type': 'websocket.close', 'code': 1008, 'reason': 'logged out'})
                    return {'type': 'websocket.disconnect', 'code': 1008}
            return message

        await self._app(scope, watched, send)


def read_cookie(header: str, name: str) -> str:
    """Return the value of a cookie; empty when it is not there."""
    try:
        found = SimpleCookie(header[:8192]).get(name)
    except CookieError:
        return ''
    return found.value if found else ''


def _stranger(path: str, scope: Scope, headers: Headers) -> Response:
    page = scope['method'] in _SAFE and 'text/html' in headers.get('accept', '')
    if page and not path.startswith(('/api/', '/_nicegui', '/evidence/')):
        wanted = '' if path == '/' else f'?next={quote(path, safe="")}'
        return RedirectResponse(f'/login{wanted}', 303)
    return JSONResponse(
        {'detail': 'log in, or send a token: Authorization: Bearer TOKEN'},
        401,
        {'www-authenticate': 'Bearer'},
    )


def _forged(who: Who, path: str, method: str, headers: Headers) -> str:
    # The guard has refused other origins already; this holds where a browser names none.
    if not who.session or method in _SAFE or path in ('/login', '/logout'):  # forms bring it along
        return ''
    if path.startswith('/api/'):
        if not same(headers.get('x-csrf-token', ''), who.csrf):
            return 'x-csrf-token is missing or wrong; GET /api/v1/me tells it'
    elif 'origin' not in headers:
        return 'the request does not say from which page it comes'
    return ''
