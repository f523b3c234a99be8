# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""How long the server took for an answer, told in the answer itself, apart from the network."""

from __future__ import annotations

import time

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Timing:
    """ASGI middleware: adds ``Server-Timing``, which browsers show among their developer tools."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap ``app``."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and time it until its answer begins."""
        if scope['type'] != 'http':
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()

        async def timed(message: Message) -> None:
            if message['type'] == 'http.response.start':
                took_ms = (time.perf_counter() - began) * 1e3
                MutableHeaders(scope=message)['server-timing'] = f'total;dur={took_ms:.1f}'
            await send(message)

        await self._app(scope, receive, timed)
