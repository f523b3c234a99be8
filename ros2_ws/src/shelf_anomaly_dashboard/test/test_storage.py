# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What is kept how long, users and webhooks, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
import os
from pathlib import Path
from typing import Any

import pytest

from shelf_anomaly.errors import SettingsError
from shelf_anomaly_dashboard.records import (
    AlertRecord,
    InspectionRecord,
    InspectionResult,
    State,
    Verdict,
)
from shelf_anomaly_dashboard.retention import CHUNK, Policy
from shelf_anomaly_dashboard.roles import AccessError, Role
from shelf_anomaly_dashboard.site import Site
from shelf_anomaly_dashboard.views import AlertFilter

Maker = Callable[..., AlertRecord]
STORE = 'Test shop'
DAY = 24 * 3600


def test_old_and_closed_alerts_go_the_others_stay(
    site: Site, clock: Any, make_alert: Maker, tmp_path: Path, jpeg: bytes
) -> None:
    shown = b'\xff\xd8\xff' + b'other picture'
    closed = make_alert(evidence=jpeg, state=State.RESOLVED)
    still_open = make_alert(evidence=shown)
    foreign = make_alert(store='Other', state=State.RESOLVED)
    site.service.write([closed, still_open, foreign])
    look = InspectionRecord(STORE, 'rover', 'A1-R01', InspectionResult.NORMAL, end_ns=1)
    site.service.write([look])
    clock.advance(400 * DAY)
    new = make_alert(state=State.DISMISSED, id='7f1c2a9e-3a40-4d0e-9a53-2f8f1e0f6f11')
    site.service.write([new])
    for path in tmp_path.rglob('*.jpg'):
        os.utime(path, (1, 1))
    removed = site.retention.purge()

    assert (removed.alerts, removed.inspections, removed.pictures) == (1, 1, 1)
    assert removed.sightings == 1  # of the one that is open; the closed one's went with it
    assert site.queries.alert(closed.id) is None
    assert {a.id for a in site.queries.alerts(AlertFilter()).items} == {still_open.id, new.id}
    detail = site.queries.alert(still_open.id)
    assert detail is not None
    assert detail.alert.evidence is not None
    assert site.evidence.path(detail.alert.evidence.removeprefix('/evidence/')) is not None
    assert site.retention.purge().alerts == 0


def test_more_than_one_bite(site: Site, clock: Any, make_alert: Maker) -> None:
    site.service.write([make_alert(state=State.RESOLVED) for _ in range(CHUNK + 3)])
    clock.advance(2 * DAY)

    assert site.retention.purge(Policy(resolved_days=1)).alerts == CHUNK + 3


def test_zero_keeps_for_ever(site: Site, clock: Any, make_alert: Maker) -> None:
    site.service.write([make_alert(state=State.RESOLVED)])
    clock.advance(9000 * DAY)
    removed = site.retention.purge(Policy(0, 0, 0, 0))

    assert (removed.alerts, removed.sightings) == (0, 0)


def test_a_picture_that_just_came_stays(site: Site, clock: Any, jpeg: bytes) -> None:
    name = site.evidence.keep(jpeg)
    os.utime(site.evidence.path(name) or '', (clock() / 1e9, clock() / 1e9))
    assert site.retention.purge().pictures == 0
    os.utime(site.evidence.path(name) or '', (1, 1))
    assert site.evidence.keep(jpeg) == name  # it came again and is young
    clock.advance(2 * DAY)


def test_the_policy_is_kept(site: Site) -> None:
    assert site.retention.policy() == Policy()
    site.retention.set_policy(Policy(resolved_days=7))
    assert site.retention.policy() == Policy(resolved_days=7)


@pytest.mark.parametrize('days', [-1, 36_501, 'x'])
def test_a_policy_that_makes_no_sense(days: Any) -> None:
    with pytest.raises(SettingsError, match='resolved_days'):
        Policy(resolved_days=days)


def test_users_tokens_and_webhooks(site: Site, make_alert: Maker) -> None:
    site.accounts.add('sam', Role.STAFF, 'four blue words here', 'ada')
    secret = site.accounts.log_in('sam', 'four blue words here', 'here')
    who = site.accounts.who(secret)
    assert who is not None
    assert (who.name, who.role) == ('sam', Role.STAFF)
    token = site.tokens.make('erp', ['read', 'ingest'], 'ada', days=3)
    found = site.tokens.who(token)
    assert found is not None
    assert (found.role, found.ingest) == (Role.VIEWER, True)
    site.webhooks.add('https://erp.example/', ['opened'], 'ada')
    alert = make_alert()
    site.service.write([alert])
    site.service.judge(STORE, alert.id, Verdict.RESOLVED, 'sam')
    assert (site.webhooks.lay_out(), site.webhooks.lay_out()) == (1, 0)
    ((hook, (parcel,)),) = site.webhooks.due(set()).items()
    assert site.webhooks.due({hook}) == {}
    site.webhooks.delivered(parcel, 200)
    assert site.webhooks.due(set()) == {}
    assert [line.what for line in site.audit()] == [
        'webhook_added',
        'token_made',
        'login',
        'user_added',
    ]
    site.accounts.remove('sam')
    assert site.accounts.who(secret) is None
    with pytest.raises(AccessError):
        site.accounts.log_in('sam', 'four blue words here', 'here')


def test_the_tail_tells_what_the_database_would(site: Site, make_alert: Maker) -> None:
    alerts = [make_alert() for _ in range(30)]
    seen = []
    for alert in alerts:
        site.service.write([alert])
        seen += site.tail.after(seen[-1].id if seen else 0)
    site.service.write([replace(a, state=State.RESOLVED) for a in alerts])
    seen += site.tail.after(seen[-1].id)

    assert seen == site.queries.events_after(0)
    assert site.tail.last() == seen[-1].id
    assert site.tail.after(0) == seen
