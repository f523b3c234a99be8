# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Who asks, and whether a route is theirs to use."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request
from pydantic import BaseModel

from ..roles import Role, Who


class Problem(BaseModel):
    """Why something was refused, and what would help."""

    detail: str


REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {'model': Problem, 'description': 'A body that cannot be read'},
    401: {'model': Problem, 'description': 'No login and no valid token'},
    403: {'model': Problem, 'description': 'Not with this role or scope, or a forged request'},
    411: {'model': Problem, 'description': 'No content-length'},
    413: {'model': Problem, 'description': 'Too large'},
    421: {'model': Problem, 'description': 'Not known under that host name'},
}
MISSING: dict[int | str, dict[str, Any]] = {
    404: {'model': Problem, 'description': 'No such thing'}
}


def unusable(place: str, name: str, problem: object) -> HTTPException:
    """Return the answer to a value that is of the right sort and all the same of no use."""
    told = {'loc': [place, name], 'msg': str(problem), 'type': 'value_error'}
    return HTTPException(422, [told])


def asking(request: Request) -> Who:
    """Return who asks; the gate has let nobody else through."""
    who = request.scope.get('state', {}).get('who')
    if not isinstance(who, Who):
        raise HTTPException(401, 'log in, or send a token: Authorization: Bearer TOKEN')
    return who


def viewer(request: Request) -> Who:
    """Return who asks, when they may see the store."""
    return _at_least(request, Role.VIEWER, 'read')


def staff(request: Request) -> Who:
    """Return who asks, when they may judge alerts."""
    return _at_least(request, Role.STAFF, 'write')


def admin(request: Request) -> Who:
    """Return who asks, when they rule over access; no token does."""
    who = asking(request)
    if not who.may(Role.ADMIN):
        raise HTTPException(403, 'that takes the role admin')
    return who


def reporter(request: Request) -> Who:
    """Return who asks, when reports of robots are taken from them."""
    who = asking(request)
    if not who.ingest:
        raise HTTPException(403, 'that takes a token with the scope ingest')
    return who


def _at_least(request: Request, role: Role, scope: str) -> Who:
    who = asking(request)
    if not who.may(role):
        raise HTTPException(403, f'that takes the role {role.word}, or a token with {scope}')
    return who


Asking = Annotated[Who, Depends(asking)]
Viewer = Annotated[Who, Depends(viewer)]
Staff = Annotated[Who, Depends(staff)]
Admin = Annotated[Who, Depends(admin)]
Reporter = Annotated[Who, Depends(reporter)]
