# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The page *Admin*: users, tokens of other programs, webhooks, what is kept how long."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import fields
from functools import partial
from typing import Any

from nicegui import Client, html

from .. import words
from ..passwords import make_password
from ..retention import Policy
from ..roles import AccessError, Role, role
from ..site import Site
from ..tokens import SCOPES
from .access import require
from .forms import choice, field, guarded, Values
from .frame import page, route

ROLES = ('viewer', 'staff', 'admin')
KEPT = {
    'resolved_days': 'Resolved alerts',
    'sightings_days': 'Sightings',
    'inspections_days': 'Inspections',
    'audit_days': 'Changes on this page',
}


def build(site: Site) -> None:
    """Register the page."""

    @route('/admin', f'Admin · {site.title}')
    async def admin_page(client: Client) -> None:
        with page(site, client, 'Admin', back=True):
            html.h1('Admin')
            try:
                require(site, Role.ADMIN)
            except AccessError as error:
                html.p(str(error)).classes('empty-title')
                return
            await _Part(site, 'Users', _users).build()
            await _Part(site, 'Tokens of other programs', _tokens).build()
            await _Part(site, 'Webhooks', _webhooks).build()
            await _Part(site, 'What is kept how long', _retention).build()
            await _Part(site, 'What happened here', _audit).build()


class _Part:
    """One box of the page, drawn anew after each change."""

    def __init__(self, site: Site, title: str, draw: Callable[[_Part], Awaitable[None]]) -> None:
        self.site = site
        self._title = title
        self._draw = draw

    async def build(self) -> None:
        with html.section(**{'aria-label': self._title}).classes('box'):
            html.h2(self._title)
            self._secret = html.div()
            self._body = html.div()
        await self.refresh()

    async def refresh(self) -> None:
        self._body.clear()
        with self._body:
            await self._draw(self)

    def show(self, text: str, secret: str) -> None:
        """Show a secret, once."""
        self._secret.clear()
        with self._secret, html.p(role='status').classes('strong'):
            html.span(text)
            html.code(secret)

    def button(self, text: str, act: Callable[[str], Any], css: str = 'button') -> None:
        """Add a button that does something as an admin, off the event loop."""

        async def run() -> None:
            who = require(self.site, Role.ADMIN)
            await asyncio.to_thread(act, who.name)
            await self.refresh()

        html.button(text, type='button').classes(css).on('click', guarded(run))

    def ask(
        self, text: str, make: Callable[[str], str], said: str, css: str = 'button primary'
    ) -> None:
        """Add a button that makes a secret and shows it."""

        async def run() -> None:
            who = require(self.site, Role.ADMIN)
            secret = await asyncio.to_thread(make, who.name)
            self.show(said, secret)
            await self.refresh()

        html.button(text, type='button').classes(css).on('click', guarded(run))


async def _users(part: _Part) -> None:
    site, values = part.site, Values()
    for user in await asyncio.to_thread(site.accounts.users):
        with html.div().classes('row'):
            html.bdi(user.name).classes('strong')
            last = words.age(user.last_login_ns, site.clock()) if user.last_login_ns else 'never'
            html.span(f' {user.role} · last login {last} ').classes('soft')
            for word in ROLES:
                if word != user.role:
                    part.button(
                        f'Make {word}', partial(site.accounts.set_role, user.name, role(word))
                    )
            part.ask(
                'New password',
                partial(_reset, site, user.name),
                f'New password of {user.name}, shown only now: ',
                'button',
            )
            part.button('Remove', partial(site.accounts.remove, user.name))
    field(values, 'name', 'Name', autocomplete='off', autocapitalize='none')
    choice(values, 'role', 'Role', ROLES, 'staff')
    part.ask('Add user', partial(_add, site, values), 'Password, shown only now: ')


def _add(site: Site, values: Values, by: str) -> str:
    password = make_password()
    site.accounts.add(values['name'], role(values['role']), password, by)
    return password


def _reset(site: Site, name: str, by: str) -> str:
    password = make_password()
    site.accounts.set_password(name, password, by)
    return password


async def _tokens(part: _Part) -> None:
    site, values = part.site, Values()
    for token in await asyncio.to_thread(site.tokens.tokens):
        with html.div().classes('row'):
            html.bdi(token.name).classes('strong')
            used = words.age(token.used_ns, site.clock()) if token.used_ns else 'never'
            html.span(f' {token.start}… · {", ".join(token.scopes)} · used {used} ').classes(
                'soft'
            )
            part.button('Take back', partial(site.tokens.remove, token.id))
    field(values, 'name', 'What it is for', autocomplete='off')
    choice(values, 'scope', 'It may', SCOPES, 'read')
    field(values, 'days', 'Days until it ends (empty: never)', inputmode='numeric')
    part.ask(
        'Make token',
        lambda by: site.tokens.make(
            values['name'],
            [values['scope']],
            by,
            int(values['days']) if values['days'] else None,
        ),
        'Token, shown only now: ',
    )


async def _webhooks(part: _Part) -> None:
    site, values = part.site, Values()
    for hook in await asyncio.to_thread(site.webhooks.webhooks):
        with html.div().classes('row'):
            html.bdi(hook.url).classes('strong')
            state = 'active' if hook.active else 'stopped'
            told = f' {state} · {hook.waiting} waiting · {hook.given_up} given up '
            html.span(told).classes('soft')
            if hook.problem:
                html.bdi(hook.problem).classes('soft')
            part.button(
                'Stop' if hook.active else 'Start',
                partial(site.webhooks.set_active, hook.id, not hook.active),
            )
            part.button('Remove', partial(site.webhooks.remove, hook.id))
    field(values, 'url', 'Address', type='url', placeholder='https://erp.example/shelf')
    field(values, 'events', 'Which changes (empty: all)', placeholder='opened, resolved')
    part.ask(
        'Add webhook',
        lambda by: site.webhooks.add(
            values['url'], values['events'].replace(',', ' ').split(), by
        ),
        'Secret of its signatures, shown only now: ',
    )


async def _retention(part: _Part) -> None:
    site, values = part.site, Values()
    policy = await asyncio.to_thread(site.retention.policy)
    html.p('Days; 0 keeps it for ever. Open alerts are always kept.').classes('soft')
    for one in fields(Policy):
        field(
            values,
            one.name,
            KEPT[one.name],
            inputmode='numeric',
            value=str(getattr(policy, one.name)),
        )
    part.button(
        'Keep so',
        lambda _by: site.retention.set_policy(
            Policy(**{one.name: int(values[one.name]) for one in fields(Policy)})
        ),
        'button primary',
    )


async def _audit(part: _Part) -> None:
    site = part.site
    with html.ul():
        for line in await asyncio.to_thread(site.audit):
            with html.li():
                html.bdi(line.who).classes('strong')
                html.span(f' {line.what.replace("_", " ")} ')
                html.bdi(line.note)
                html.span(f' {words.age(line.at_ns, site.clock())}').classes('soft')
