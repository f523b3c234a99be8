# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Reports of robots that speak HTTP; the answer comes when they are safely kept."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from ..records import BadRecordError
from ..service import NotKeptError
from ..site import Site
from ..wire import AlertIn, InspectionIn, PlaceIn, Report, StatusIn
from .access import Problem, Reporter


class ReportsIn(BaseModel):
    """Several reports; each says which robot makes it."""

    model_config = ConfigDict(extra='forbid')

    alerts: Annotated[list[AlertIn], Field(max_length=100)] = []
    inspections: Annotated[list[InspectionIn], Field(max_length=100)] = []
    status: Annotated[list[StatusIn], Field(max_length=100)] = []
    place: Annotated[list[PlaceIn], Field(max_length=100)] = []


class Kept(BaseModel):
    """What became of the reports."""

    kept: int
    problems: list[str]
    """Why the others could not be used; sending them again does not help."""


def build(site: Site) -> APIRouter:
    """Return the route."""
    router = APIRouter(tags=['robots'])

    @router.post(
        '/api/v1/reports',
        responses={503: {'model': Problem, 'description': 'Not kept; send it again'}},
    )
    def report(said: ReportsIn, _who: Reporter) -> Kept:
        """Keep reports; once this answers, they are on the disk. The same report twice is one."""
        records: list[Any] = []
        problems: list[str] = []
        told: list[Report] = [*said.alerts, *said.inspections, *said.status, *said.place]
        for one in told:
            try:
                if not one.robot.strip():
                    raise BadRecordError('a report says no robot')
                records.append(one.record(site.queries.store, one.robot))  # type: ignore[attr-defined]
            except BadRecordError as error:
                problems.append(str(error))
                site.service.note_problem(f'reports: {error}')
        try:
            kept = site.service.keep(records)
        except NotKeptError as error:
            raise HTTPException(503, str(error), {'retry-after': '2'}) from None
        return Kept(kept=kept, problems=problems)

    return router
