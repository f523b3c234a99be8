# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Users, tokens and webhooks, for admins. A secret is told in the answer that makes it alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Path
from pydantic import BaseModel, ConfigDict, Field

from ..passwords import make_password
from ..roles import AccessError, ConflictError, MissingError, role
from ..site import Site
from ..text import INT64_MAX, NAME_LIMIT
from ..views_access import TokenView, UserView, WebhookView
from .access import Admin, MISSING, Problem, unusable

Number = Annotated[int, Path(ge=1, le=INT64_MAX)]
Name = Annotated[str, Path(min_length=1, max_length=NAME_LIMIT)]
Kind = Literal['viewer', 'staff', 'admin']
CONFLICT: dict[int | str, dict[str, Any]] = {
    409: {'model': Problem, 'description': 'It is there already, or it is the last admin'}
}


class _In(BaseModel):
    model_config = ConfigDict(extra='forbid')


class UserIn(_In):
    """A user to make."""

    name: str = Field(min_length=1, max_length=64)
    role: Kind
    password: str | None = Field(
        default=None, max_length=200, description='Left out: one is made, and told once.'
    )


class RoleIn(_In):
    """What a user may do from now on."""

    role: Kind


class PasswordOut(BaseModel):
    """A password that cannot be shown again."""

    name: str
    password: str | None
    """Null when whoever asks has chosen it."""


class TokenIn(_In):
    """A token to make."""

    name: str = Field(min_length=1, max_length=NAME_LIMIT, description='What it is for.')
    scopes: Annotated[list[Literal['read', 'write', 'ingest']], Field(min_length=1, max_length=3)]
    days: int | None = Field(default=None, ge=1, le=3650, description='Left out: it never ends.')


class TokenOut(BaseModel):
    """A token that cannot be shown again."""

    token: str


class WebhookIn(_In):
    """An address to tell of changes."""

    url: str = Field(max_length=500)
    events: Annotated[list[str], Field(max_length=20)] = []
    """Which changes; none is all."""


class ActiveIn(_In):
    """Whether an address is told of changes."""

    active: bool


class SecretOut(BaseModel):
    """The key of a webhook's signatures, which cannot be shown again."""

    secret: str


def build(site: Site) -> APIRouter:
    """Return the routes."""
    router = APIRouter(tags=['admin'])
    _add_users(router, site)
    _add_tokens(router, site)
    _add_webhooks(router, site)
    return router


def _add_users(router: APIRouter, site: Site) -> None:
    accounts = site.accounts

    @router.get('/api/v1/users')
    def list_users(_who: Admin) -> list[UserView]:
        """List the users."""
        return accounts.users()

    @router.post('/api/v1/users', status_code=201, responses=CONFLICT)
    def add_user(said: UserIn, who: Admin) -> PasswordOut:
        """Make a user; without a password one is made and told once."""
        password = make_password() if said.password is None else said.password
        with _answered('name'):
            name = accounts.add(said.name, role(said.role), password, who.name)
        return PasswordOut(name=name, password=password if said.password is None else None)

    @router.put('/api/v1/users/{name}/role', status_code=204, responses=MISSING | CONFLICT)
    def set_role(name: Name, said: RoleIn, who: Admin) -> None:
        """Change what a user may do."""
        with _answered('role'):
            accounts.set_role(name, role(said.role), who.name)

    @router.post('/api/v1/users/{name}/password', responses=MISSING)
    def new_password(name: Name, who: Admin) -> PasswordOut:
        """Make another password for a user, told once; all logins of the user end."""
        password = make_password()
        with _answered('name'):
            accounts.set_password(name, password, who.name)
        return PasswordOut(name=name, password=password)

    @router.delete('/api/v1/users/{name}', status_code=204, responses=MISSING | CONFLICT)
    def remove_user(name: Name, who: Admin) -> None:
        """Remove a user with all logins."""
        with _answered('name'):
            accounts.remove(name, who.name)


def _add_tokens(router: APIRouter, site: Site) -> None:
    tokens = site.tokens

    @router.get('/api/v1/tokens')
    def list_tokens(_who: Admin) -> list[TokenView]:
        """List the tokens of other programs, without what they are."""
        return tokens.tokens()

    @router.post('/api/v1/tokens', status_code=201)
    def make_token(said: TokenIn, who: Admin) -> TokenOut:
        """Make a token, told once."""
        with _answered('name'):
            return TokenOut(token=tokens.make(said.name, said.scopes, who.name, said.days))

    @router.delete('/api/v1/tokens/{number}', status_code=204, responses=MISSING)
    def remove_token(number: Number, who: Admin) -> None:
        """Take a token back."""
        with _answered('number'):
            tokens.remove(number, who.name)


def _add_webhooks(router: APIRouter, site: Site) -> None:
    webhooks = site.webhooks

    @router.get('/api/v1/webhooks')
    def list_webhooks(_who: Admin) -> list[WebhookView]:
        """List the addresses that are told of changes, and how they do."""
        return webhooks.webhooks()

    @router.post('/api/v1/webhooks', status_code=201)
    def add_webhook(said: WebhookIn, who: Admin) -> SecretOut:
        """Tell an address of changes; the key of the signatures is told once."""
        with _answered('url'):
            return SecretOut(secret=webhooks.add(said.url, said.events, who.name))

    @router.put('/api/v1/webhooks/{number}/active', status_code=204, responses=MISSING)
    def set_active(number: Number, said: ActiveIn, who: Admin) -> None:
        """Stop to tell an address, or go on; what happened between is not told."""
        with _answered('number'):
            webhooks.set_active(number, said.active, who.name)

    @router.delete('/api/v1/webhooks/{number}', status_code=204, responses=MISSING)
    def remove_webhook(number: Number, who: Admin) -> None:
        """Tell an address no more."""
        with _answered('number'):
            webhooks.remove(number, who.name)


@contextmanager
def _answered(field: str) -> Iterator[None]:
    """Turn what is refused into an answer; ``field`` is what it is about."""
    try:
        yield
    except MissingError as error:
        raise HTTPException(404, str(error)) from None
    except ConflictError as error:
        raise HTTPException(409, str(error)) from None
    except AccessError as error:
        raise unusable('body', field, error) from None
