# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What people and other programs do with alerts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from ..actions import MAX_ALERTS
from ..records import Verdict
from ..roles import Who
from ..service import BadActionError, UnknownAlertError
from ..site import Site
from ..text import NAME_LIMIT, SENTENCE_LIMIT
from ..views import AlertDetail
from .access import MISSING, Staff, unusable

Note = Annotated[str, Field(max_length=SENTENCE_LIMIT)]
Id = Annotated[str, Field(max_length=40)]


class _In(BaseModel):
    model_config = ConfigDict(extra='forbid')


class NoteIn(_In):
    """A note that goes with an action."""

    note: Note = ''
    author: str = Field(
        default='',
        max_length=NAME_LIMIT,
        description='On whose behalf a program acts; a person acts under the own name.',
    )


class VerdictIn(NoteIn):
    """What a person says about an alert."""

    verdict: Verdict


class AssignIn(NoteIn):
    """Who is to put it right."""

    assignee: str = Field(default='', max_length=NAME_LIMIT, description='Empty takes it back.')


class BulkIn(AssignIn):
    """One action about several alerts, about all or none."""

    ids: Annotated[list[Id], Field(min_length=1, max_length=MAX_ALERTS)]
    action: Literal[
        'acknowledge', 'assign', 'note', 'confirmed', 'false_alarm', 'resolved', 'reopened'
    ]


class Done(BaseModel):
    """How many alerts an action was about."""

    alerts: int


def build(site: Site) -> APIRouter:
    """Return the routes."""
    router = APIRouter(tags=['actions'], responses=MISSING)
    store, service = site.queries.store, site.service

    def act(action: Callable[..., object], *arguments: object, **named: object) -> None:
        try:
            action(store, *arguments, **named)
        except UnknownAlertError as error:
            raise HTTPException(404, str(error)) from None
        except BadActionError as error:
            raise unusable('body', 'note', error) from None

    def result(alert_id: str) -> AlertDetail:
        if (detail := site.queries.alert(alert_id)) is None:
            raise HTTPException(404, 'no such alert')
        return detail

    @router.post('/api/v1/alerts/{alert_id}/verdict')
    def judge(alert_id: str, said: VerdictIn, who: Staff) -> AlertDetail:
        """Say what is true of an alert; the robot is told."""
        act(service.judge_all, [alert_id], said.verdict, name(who, said), said.note)
        return result(alert_id)

    @router.post('/api/v1/alerts/{alert_id}/acknowledge')
    def acknowledge(alert_id: str, said: NoteIn, who: Staff) -> AlertDetail:
        """Take note of an alert; a second time changes nothing."""
        act(service.acknowledge, [alert_id], name(who, said), said.note)
        return result(alert_id)

    @router.post('/api/v1/alerts/{alert_id}/assign')
    def assign(alert_id: str, said: AssignIn, who: Staff) -> AlertDetail:
        """Hand an alert to somebody."""
        act(service.assign, [alert_id], name(who, said), said.assignee, said.note)
        return result(alert_id)

    @router.post('/api/v1/alerts/{alert_id}/notes')
    def note(alert_id: str, said: NoteIn, who: Staff) -> AlertDetail:
        """Write a note into the time line."""
        act(service.note, [alert_id], name(who, said), said.note)
        return result(alert_id)

    @router.post('/api/v1/actions')
    def bulk(said: BulkIn, who: Staff) -> Done:
        """Do one thing with several alerts, with all or none."""
        by = name(who, said)
        named: dict[str, Any] = {'note': said.note}
        if said.action == 'acknowledge':
            act(service.acknowledge, said.ids, by, **named)
        elif said.action == 'assign':
            act(service.assign, said.ids, by, said.assignee, **named)
        elif said.action == 'note':
            act(service.note, said.ids, by, **named)
        else:
            act(service.judge_all, said.ids, Verdict(said.action), by, **named)
        return Done(alerts=len(set(said.ids)))

    return router


def name(who: Who, said: NoteIn) -> str:
    """Return who did it: a person under the own name, a program for whom it says."""
    return who.name if who.session else said.author or who.name
