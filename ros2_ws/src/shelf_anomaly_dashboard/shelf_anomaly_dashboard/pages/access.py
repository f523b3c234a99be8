# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Who is in front of a page: asked anew at each action, as a login may have ended since."""

from __future__ import annotations

from nicegui import context

from ..roles import AccessError, ANYBODY, Role, Who
from ..site import Site


def current_user(site: Site) -> Who:
    """
    Return who is in front of the present page; call it in a page or in an event of it.

    :raises AccessError: when the login has ended
    """
    if not site.login:
        return ANYBODY
    state: dict[str, object] = context.client.request.scope.get('state', {})
    who = state.get('who')
    if isinstance(who, Who) and not who.session:  # a program with a token looks at a page
        return who
    found = site.accounts.who_of(who.session) if isinstance(who, Who) else None
    if found is None:
        raise AccessError('the login has ended; please log in again')
    return found


def require(site: Site, role: Role) -> Who:
    """
    Return who is in front of the present page, when they have at least this role.

    :raises AccessError: saying what it takes
    """
    who = current_user(site)
    who.must(role)
    return who
