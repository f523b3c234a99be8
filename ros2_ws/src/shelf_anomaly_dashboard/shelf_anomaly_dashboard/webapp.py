# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The web application: guard, interface and pages put together."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from fastapi import FastAPI
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.staticfiles import StaticFiles

from .api import build_api
from .gate import Gate
from .login import build_login
from .security import Guard
from .settings import Settings
from .site import Site
from .timing import Timing

STATIC = Path(__file__).parent / 'static'


def build_app(site: Site, settings: Settings) -> FastAPI:
    """Return the application with the interface, without the pages."""
    app = FastAPI(
        title='Shelf Anomaly dashboard',
        summary='What stands wrong on which shelf.',
        version=_version(),
        openapi_url='/api/v1/openapi.json',
        docs_url=None,  # the usual page of documentation is fetched from the internet
        redoc_url=None,
    )
    app.include_router(build_api(site))
    app.include_router(build_login(site, settings))
    app.mount('/static', StaticFiles(directory=STATIC), name='static')
    app.add_middleware(Gate, site=site)
    app.add_middleware(
        Guard,
        any_address=settings.allow_network,
        hostnames=settings.hostnames,
        https=settings.https,
    )
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)
    app.add_middleware(Timing)
    return app


def add_pages(app: FastAPI, site: Site) -> None:
    """Add the pages; at most once a process, as NiceGUI has one set of pages."""
    from nicegui import ui

    from .pages import (
        account,
        admin,
        alert,
        alerts,
        coverage,
        export,
        find,
        more,
        robots,
        store,
        trends,
    )

    shown = (alerts, alert, store, coverage, trends, find, robots, more, account, admin)
    for page in (*shown, export):
        page.build(site)
    ui.run_with(
        app,
        title=site.title,
        favicon=STATIC / 'icon.svg',
        language='en-US',
        tailwind=False,
        reconnect_timeout=20.0,
        gzip_middleware_factory=None,  # the whole application has one already
        show_welcome_message=False,
    )


def _version() -> str:
    try:
        return version('shelf_anomaly_dashboard')
    except PackageNotFoundError:
        return '0'
