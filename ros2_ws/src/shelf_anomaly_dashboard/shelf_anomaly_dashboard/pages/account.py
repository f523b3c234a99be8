# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The page *Account*: who is logged in where, the own password, the way out."""

from __future__ import annotations

import asyncio

from nicegui import Client, html, ui

from .. import words
from ..browsers import browser
from ..roles import AccessError
from ..site import Site
from .access import current_user
from .forms import field, guarded, Values
from .frame import page, route


def build(site: Site) -> None:
    """Register the page."""

    @route('/account', f'Account · {site.title}')
    async def account_page(client: Client) -> None:
        with page(site, client, 'Account', back=True):
            html.h1('Account')
            if not site.login:
                html.p('This dashboard asks for no login: everybody on this machine may do all.')
                return
            try:
                who = current_user(site)
            except AccessError as error:
                html.p(str(error))
                return
            _way_out(client, who.name, who.role.word if who.role else '')
            if who.session:
                _password(site)
                await _logins(site)


def _way_out(client: Client, name: str, role: str) -> None:
    state = client.request.scope.get('state', {})
    with html.section().classes('box'):
        with html.p():
            html.span('Logged in as ')
            html.bdi(name).classes('strong')
            html.span(f' ({role})')
        with html.form(method='post', action='/logout'):
            html.input_(type='hidden', name='csrf', value=getattr(state.get('who'), 'csrf', ''))
            html.button('Log out', type='submit').classes('button')
        if role == 'admin':
            html.a('Users, tokens, webhooks', href='/admin').classes('button')


def _password(site: Site) -> None:
    values: Values = {}
    with html.section(**{'aria-label': 'Password'}).classes('box'):
        html.h2('Change the password')
        field(values, 'old', 'Old password', type='password', autocomplete='current-password')
        field(values, 'new', 'New password', type='password', autocomplete='new-password')
        field(values, 'again', 'Once more', type='password', autocomplete='new-password')
        button = html.button('Change', type='button').classes('button primary')

    async def change() -> None:
        if values.get('new') != values.get('again'):
            raise AccessError('these are two different new passwords')
        await asyncio.to_thread(
            site.accounts.change_password,
            current_user(site),
            values.get('old', ''),
            values.get('new', ''),
        )
        ui.notify('The password is changed; other browsers are logged out.', type='positive')

    button.on('click', guarded(change))


async def _logins(site: Site) -> None:
    who = current_user(site)
    with html.section().classes('box'):
        html.h2('Where you are logged in')
        with html.ul():
            for login in await asyncio.to_thread(site.accounts.sessions, who.name):
                with html.li():
                    html.bdi(browser(login.agent), title=login.agent)
                    html.span(f' · used {words.age(login.used_ns, site.clock())}').classes('soft')
                    if login.id_hash == who.session:
                        html.span(' · this one').classes('soft')
        button = html.button('Log out all others', type='button').classes('button')

    async def end() -> None:
        await asyncio.to_thread(site.accounts.log_out_others, current_user(site))
        ui.notify('All other browsers are logged out.', type='positive')

    button.on('click', guarded(end))
