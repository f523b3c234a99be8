# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
Login and logout: one plain page without a script.

A stranger so gets no websocket and none of NiceGUI; password managers know such a form.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, select_autoescape

from .accounts import LIFE_NS, TooManyAttemptsError
from .gate import COOKIE, read_cookie
from .passwords import derive, make_secret, same
from .roles import AccessError, Who
from .settings import Settings
from .site import Site
from .text import clean

FORM_COOKIE = 'shelf_login'
TEMPLATES = Path(__file__).parent / 'templates'


def build_login(site: Site, settings: Settings) -> APIRouter:
    """Return the routes of login and logout."""
    router = APIRouter(include_in_schema=False)
    template = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=select_autoescape()
    ).get_template('login.html')

    def secure(request: Request) -> bool:
        return settings.https or request.scope.get('scheme') == 'https'

    def form(
        request: Request, status: int = 200, problem: str = '', name: str = '', aim: str = '/'
    ) -> Response:
        mark = read_cookie(request.headers.get('cookie', ''), FORM_COOKIE) or make_secret()
        page = template.render(
            title=site.title,
            problem=problem,
            name=name,
            next=aim,
            form=derive(mark, 'login'),
        )
        answer = HTMLResponse(page, status)
        answer.set_cookie(
            FORM_COOKIE,
            mark,
            max_age=3600,
            path='/login',
            httponly=True,
            samesite='strict',
            secure=secure(request),
        )
        return answer

    @router.get('/login')
    def show(request: Request) -> Response:
        aim = inside(request.query_params.get('next', '/'))
        if not site.login or request.scope['state'].get('who') is not None:
            return RedirectResponse(aim, 303)
        return form(request, aim=aim)

    @router.post('/login')
    async def log_in(request: Request) -> Response:
        sent = await request.form(max_files=0, max_fields=8)
        name, password, aim = (_text(sent.get(n)) for n in ('name', 'password', 'next'))
        shown = clean(name, 64)
        mark = read_cookie(request.headers.get('cookie', ''), FORM_COOKIE)
        if not mark or not same(derive(mark, 'login'), _text(sent.get('form'))):
            return form(
                request,
                403,
                'This page was open for too long, or cookies are switched off. Please try again.',
                shown,
                inside(aim),
            )
        address = request.client.host if request.client else ''
        agent = request.headers.get('user-agent', '')
        try:
            secret = await asyncio.to_thread(site.accounts.log_in, name, password, address, agent)
        except TooManyAttemptsError as error:
            answer = form(request, 429, str(error), shown, inside(aim))
            answer.headers['retry-after'] = str(error.wait_s)
            return answer
        except AccessError as error:
            return form(request, 401, str(error), shown, inside(aim))
        answer = RedirectResponse(inside(aim), 303)
        answer.set_cookie(
            COOKIE,
            secret,
            max_age=LIFE_NS // 10**9,
            path='/',
            httponly=True,
            samesite='lax',
            secure=secure(request),
        )
        answer.delete_cookie(FORM_COOKIE, path='/login')
        return answer

    @router.post('/logout')
    async def log_out(request: Request) -> Response:
        who = request.scope['state'].get('who')
        sent = await request.form(max_files=0, max_fields=4)
        if not isinstance(who, Who) or not who.session:
            return RedirectResponse('/login', 303)
        if not same(_text(sent.get('csrf')), who.csrf) and 'origin' not in request.headers:
            return HTMLResponse('Please log out on the account page.', 403)
        await asyncio.to_thread(site.accounts.log_out, who.session)
        answer = RedirectResponse('/login', 303)
        answer.delete_cookie(COOKIE, path='/')
        return answer

    return router


def inside(path: str) -> str:
    """Return where to go after the login: a path of this dashboard, never another site."""
    good = path.startswith('/') and not path.startswith(('//', '/login', '/logout'))
    return path if good and path.isprintable() and '\\' not in path else '/'


def _text(value: object) -> str:
    return value[:1000] if isinstance(value, str) else ''
