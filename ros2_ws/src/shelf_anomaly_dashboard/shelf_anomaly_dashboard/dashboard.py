# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""One whole dashboard: its parts built, run and ended in order."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
import gc
import logging
from pathlib import Path
import time
from typing import Protocol

from shelf_anomaly.store_layout import load_store_layout

from .accounts import Accounts
from .courier import Courier
from .database import Database
from .evidence import EvidenceStore
from .feed import Feed
from .inbox import Inbox
from .mqtt.topics import broker
from .options import Options
from .queries import Queries
from .retention import Housekeeper, Retention
from .server import Server, take_port
from .service import Service
from .settings import mqtt_password, Settings
from .site import Site
from .tail import Tail
from .tokens import Tokens
from .webapp import add_pages, build_app
from .webhooks import Webhooks

COLLECT = (20_000, 20, 20)
"""
When Python looks for circles of dead objects. Most of a report or an answer is dead by then; as
usual, at 700, it would outlive two looks, and all that open pages hold would be walked through
every few seconds, which halts everything for a second with fifty of them.
"""


class Bridge(Protocol):
    """The road to the robots."""

    def start(self) -> None:
        """Begin to listen."""

    def stop(self) -> None:
        """End, and wait until it has ended."""


def build_site(
    settings: Settings, stack: ExitStack, clock: Callable[[], int] = time.time_ns
) -> Site:
    """
    Open everything that a dashboard stands on; ``stack`` closes it again.

    :raises ShelfAnomalyError: naming what cannot be used
    """
    layout = load_store_layout(settings.store)
    evidence = EvidenceStore(settings.evidence_dir or Path('evidence'))
    database = Database(settings.database)
    stack.callback(database.close)
    feed = Feed()
    service = Service(database, evidence, feed, clock)
    inbox = Inbox(service.write)
    inbox.start()
    stack.callback(inbox.stop)
    queries = Queries(database, layout)
    tail = Tail(queries, feed)
    options = Options(database, layout.store)
    return Site(
        queries,
        service,
        evidence,
        feed,
        inbox,
        clock,
        settings.title or layout.store,
        Accounts(database, layout.store, clock),
        Tokens(database, layout.store, clock),
        tail,
        options,
        Webhooks(database, layout.store, clock, tail),
        Retention(database, layout.store, options, evidence, clock),
        settings.login,
    )


def run(settings: Settings, bridge: Callable[[Site], Bridge] | None) -> None:
    """
    Serve until a signal asks to end.

    :param bridge: builds the road to the robots; None runs without
    :raises ShelfAnomalyError: when it cannot begin
    """
    logging.getLogger('uvicorn.error').addFilter(_not_ours_to_tell)
    with ExitStack() as stack:
        taken = take_port(settings.host, settings.port)
        stack.callback(taken.close)
        site = build_site(settings, stack)
        app = build_app(site, settings)
        add_pages(app, site)
        for part in (Courier(site), Housekeeper(site.retention)):
            stack.callback(part.stop)
            part.start()
        if settings.mqtt:
            from .mqtt.bridge import MqttBridge

            mqtt = MqttBridge(site, broker(settings.mqtt, mqtt_password()), settings.mqtt_prefix)
            stack.callback(mqtt.stop)
            mqtt.start()
        password = site.accounts.first_admin() if settings.login else None
        road = bridge(site) if bridge else None
        if road is not None:
            stack.callback(road.stop)
            road.start()
        host, port = taken.getsockname()[:2]
        shown = f'[{host}]' if ':' in host else host
        scheme = 'https' if settings.certificate else 'http'
        print(
            f'Dashboard of {site.queries.store}: {scheme}://{shown}:{port} (Ctrl-C ends it)',
            flush=True,
        )
        if password:
            print(
                f'First start: log in as "admin" with the password {password}\n'
                'It is shown only now. The page "Account" changes it, "Admin" adds users.',
                flush=True,
            )
        gc.collect()
        gc.freeze()  # the modules stay; looking through them again and again would halt the pages
        gc.set_threshold(*COLLECT)
        Server(app, site.feed.close, settings.certificate, settings.key).run(sockets=[taken])


def leave_quickly() -> None:
    """
    Let the process end at once, when all that it had has been closed.

    Python would look through every object of a few hundred modules a last time, which takes a
    second or more on a busy machine; whoever ended the process would wait for nothing.
    """
    gc.freeze()
    gc.disable()


def _not_ours_to_tell(record: logging.LogRecord) -> bool:
    # Open pages and streams are cut when the server ends; uvicorn reports that as an error.
    return 'timeout graceful shutdown exceeded' not in record.getMessage()
