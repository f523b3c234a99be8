# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Carries changes to webhooks: each has its own worker, so that a slow one holds up no other."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from datetime import datetime, timezone
import json
import logging
import threading

import httpx

from .site import Site
from .webhooks import MAX_HOOKS, Parcel, sign

LOG = logging.getLogger(__name__)
LOOK_S = 0.2
TIMEOUT_S = 10.0


class Courier:
    """A thread that looks what is due, and workers that deliver it."""

    def __init__(self, site: Site) -> None:
        """Build it; nothing is delivered before ``start``."""
        self._site = site
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name='courier', daemon=True)
        self._pool = ThreadPoolExecutor(MAX_HOOKS, thread_name_prefix='webhook')
        self._flying: dict[int, Future[None]] = {}
        # No redirect is followed: an address is told what an admin has entered, and no other.
        self._client = httpx.Client(timeout=TIMEOUT_S, follow_redirects=False, trust_env=False)

    def start(self) -> None:
        """Begin to deliver."""
        self._thread.start()

    def stop(self) -> None:
        """End; what is on its way is tried again at the next start."""
        self._ending.set()
        self._thread.join(2.0)
        self._client.close()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _run(self) -> None:
        while not self._ending.wait(LOOK_S):
            try:
                self._round()
            except Exception:  # the database may be away; the next round may find it
                LOG.exception('the webhooks could not be looked after')
                self._ending.wait(5.0)

    def _round(self) -> None:
        self._site.webhooks.lay_out()
        self._flying = {hook: work for hook, work in self._flying.items() if not work.done()}
        for hook, parcels in self._site.webhooks.due(set(self._flying)).items():
            self._flying[hook] = self._pool.submit(self._deliver, parcels)

    def _deliver(self, parcels: list[Parcel]) -> None:
        for parcel in parcels:
            if self._ending.is_set() or not self._deliver_one(parcel):
                return  # where one does not arrive, the next would not either

    def _deliver_one(self, parcel: Parcel) -> bool:
        hooks = self._site.webhooks
        body = message(self._site, parcel.event_id)
        stamp_s = self._site.clock() // 10**9
        number = f'{self._site.queries.store}/{parcel.webhook}/{parcel.event_id}'
        name = ''.join(c if c.isascii() and c.isprintable() else '?' for c in number)
        headers = {
            'content-type': 'application/json',
            'user-agent': 'shelf-anomaly-dashboard',
            'webhook-id': name,
            'webhook-timestamp': str(stamp_s),
            'webhook-signature': sign(parcel.secret, name, stamp_s, body),
        }
        try:
            with self._client.stream('POST', parcel.url, content=body, headers=headers) as answer:
                status = answer.status_code  # what it says beyond that is not read
        except (httpx.HTTPError, httpx.InvalidURL, RuntimeError, ValueError) as error:
            if not self._ending.is_set():
                hooks.failed(parcel, None, f'{type(error).__name__}: {error}')
            return False
        if 200 <= status < 300:
            hooks.delivered(parcel, status)
            return True
        hooks.failed(parcel, status, f'answered {status}')
        return False


def message(site: Site, event_id: int) -> bytes:
    """Return what is told of a change: the change, and the alert as it is now."""
    told = site.tail.after(event_id - 1)
    event = told[0] if told and told[0].id == event_id else None
    detail = site.queries.alert(event.alert_id) if event else None
    at = datetime.fromtimestamp((event.at_ns if event else 0) / 1e9, timezone.utc)
    content = {
        'type': f'alert.{event.what}' if event else 'alert.gone',
        'timestamp': at.isoformat(),
        'data': {
            'event': asdict(event) if event else None,
            'alert': asdict(detail.alert) if detail else None,
        },
    }
    return json.dumps(content).encode()
