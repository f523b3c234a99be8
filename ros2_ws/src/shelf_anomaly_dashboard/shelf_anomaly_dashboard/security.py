# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The guard before every request: who may ask, from which page, with what limits."""

from __future__ import annotations

from collections.abc import Iterable
import ipaddress
import re
import secrets
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .settings import LOOPBACK

MAX_BODY = 64 * 1024
MAX_PICTURE = 12 * 1024 * 1024
"""What may have pictures in it: reports of robots, uploads of people."""
_LARGE = ('/api/v1/reports', '/_nicegui/client/')
_SAFE = frozenset({'GET', 'HEAD', 'OPTIONS'})
_SCRIPT = re.compile(rb'<script\b')
_PLAIN = {
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
    'permissions-policy': 'camera=(), microphone=(), geolocation=()',
}


def page_policy(nonce: str, host: str) -> str:
    """
    Return the content security policy of a page.

    NiceGUI compiles its components in the browser (hence unsafe-eval) and sets style attributes
    (hence unsafe-inline for styles). Scripts in the page run only with this answer's nonce.
    """
    return (
        f"default-src 'none'; script-src 'self' 'nonce-{nonce}' 'unsafe-eval'; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
        f"connect-src 'self' ws://{host} wss://{host}; "
        "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


class Guard:
    """ASGI middleware: refuses foreign hosts and pages, adds the headers that browsers obey."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        any_address: bool = False,
        hostnames: Iterable[str] = (),
        https: bool = False,
    ) -> None:
        """
        Wrap ``app``.

        :param any_address: whether any IP address may be asked for, not only this machine's
        :param hostnames: further names under which it may be asked for
        :param https: whether browsers come over https and are to stay with it
        """
        self._https = https
        self._app = app
        self._any_address = any_address
        self._names = LOOPBACK | {name.lower() for name in hostnames}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or refuse it with a reason."""
        if scope['type'] not in ('http', 'websocket'):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        # NiceGUI would put this header's text into the page; no proxy in front of us sets it.
        scope['headers'] = [pair for pair in scope['headers'] if pair[0] != b'x-forwarded-prefix']
        if (refusal := self._refusal(scope, headers)) is None:
            await self._app(
                scope,
                receive,
                _Answer(send, headers.get('host', ''), self._https)
                if scope['type'] == 'http'
                else send,
            )
        elif scope['type'] == 'http':
            status, detail = refusal
            await JSONResponse({'detail': detail}, status)(
                scope, receive, _Answer(send, '', self._https)
            )
        else:
            await send({'type': 'websocket.close', 'code': 1008, 'reason': refusal[1]})

    def _refusal(self, scope: Scope, headers: Headers) -> tuple[int, str] | None:
        if not self._known_host(headers.get('host', '')):
            # A name from elsewhere that was made to point here (DNS rebinding) ends here.
            return (
                421,
                'this dashboard is not known under that host name; start it with --hostname NAME',
            )
        changes = scope['type'] == 'websocket' or scope['method'] not in _SAFE
        origin = headers.get('origin')
        if (
            changes
            and origin is not None
            and urlsplit(origin).netloc.lower() != headers.get('host', '').lower()
        ):
            return 403, 'a page of another site may not do this'
        if changes and headers.get('sec-fetch-site', 'same-origin') not in ('same-origin', 'none'):
            return 403, 'a page of another site may not do this'
        if scope['type'] != 'http':
            return None
        if 'transfer-encoding' in headers:
            return 411, 'the request does not say how long it is; send content-length'
        length = headers.get('content-length', '0')
        limit = MAX_PICTURE if scope['path'].startswith(_LARGE) else MAX_BODY
        if not (length.isascii() and length.isdigit()) or int(length[:12]) > limit:
            return 413, f'a request may have {limit} bytes'
        return None

    def _known_host(self, host: str) -> bool:
        name = (urlsplit(f'//{host}').hostname or '').lower()
        if name in self._names:
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        return self._any_address or address.is_loopback


class _Answer:
    """Sends an answer with the guard's headers, and pages with a nonce on every script."""

    def __init__(self, send: Send, host: str, https: bool) -> None:
        self._https = https
        self._send = send
        self._host = host
        self._start: Message | None = None
        self._body = b''

    async def __call__(self, message: Message) -> None:
        if message['type'] == 'http.response.start':
            headers = MutableHeaders(scope=message)
            for name, value in _PLAIN.items():
                headers[name] = value
            if self._https:
                headers['strict-transport-security'] = 'max-age=31536000'
            if headers.get('content-type', '').startswith('text/html'):
                self._start = message
                return
            headers['content-security-policy'] = "default-src 'none'; frame-ancestors 'none'"
        elif message['type'] == 'http.response.body' and self._start is not None:
            self._body += message.get('body', b'')
            if message.get('more_body', False):
                return
            await self._send_page(self._start)
            return
        await self._send(message)

    async def _send_page(self, start: Message) -> None:
        nonce = secrets.token_urlsafe(16)
        # Texts in the page have their "<" escaped, so that only the page's own scripts are marked.
        body = _SCRIPT.sub(b'<script nonce="%s"' % nonce.encode(), self._body)
        headers = MutableHeaders(scope=start)
        headers['content-security-policy'] = page_policy(nonce, self._host)
        headers['content-length'] = str(len(body))
        headers['cache-control'] = 'no-store'
        await self._send(start)
        await self._send({'type': 'http.response.body', 'body': body})
