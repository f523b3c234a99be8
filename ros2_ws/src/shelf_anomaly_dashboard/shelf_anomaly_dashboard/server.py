# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The HTTP server: takes its port first, and ends on a signal quickly and quietly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
import errno
import logging
from pathlib import Path
import signal
import socket
from types import FrameType

import uvicorn

from shelf_anomaly.errors import SettingsError

LOG = logging.getLogger(__name__)
GRACE_S = 1


def take_port(host: str, port: int) -> socket.socket:
    """
    Bind the port before anything else is started.

    :raises SettingsError: when it is taken or may not be used
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise SettingsError(
            f'host {host!r} is not known here: {error.strerror}; '
            'pass --host with an address of this machine'
        ) from None
    taken = socket.socket(family, kind, protocol)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(address)
        taken.listen(128)
    except OSError as error:
        taken.close()
        why = (
            'is taken by another program'
            if error.errno == errno.EADDRINUSE
            else f'cannot be used: {error.strerror}'
        )
        raise SettingsError(f'{host}:{port} {why}; pass another one with --port') from None
    return taken


class Server(uvicorn.Server):
    """A uvicorn server that treats a signal as a wish to end, not as a fault."""

    def __init__(
        self,
        app: Callable[..., object],
        on_exit: Callable[[], None],
        certificate: Path | None = None,
        key: Path | None = None,
    ) -> None:
        """
        Build it.

        :param on_exit: called first when a signal asks to end
        :param certificate: PEM file; with it https is spoken
        :param key: PEM file; None is in the file of the certificate
        """
        super().__init__(
            uvicorn.Config(
                app,
                log_level='warning',
                timeout_graceful_shutdown=GRACE_S,
                server_header=False,
                # Addresses are taken from the connection: no proxy is trusted to tell another one.
                proxy_headers=False,
                ssl_certfile=certificate,
                ssl_keyfile=key,
                ws_ping_interval=20,
                ws_max_size=1 << 20,
            )
        )
        self._on_exit = on_exit

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Hold SIGINT and SIGTERM while serving, and do not raise them again afterwards."""
        before = {
            which: signal.signal(which, self._end) for which in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            yield
        finally:
            for which, handler in before.items():
                signal.signal(which, handler)

    def end(self) -> None:
        """Ask the server to end; may be called from any thread."""
        self._on_exit()
        self.should_exit = True

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        if self.should_exit:
            self.force_exit = True
        self.end()
