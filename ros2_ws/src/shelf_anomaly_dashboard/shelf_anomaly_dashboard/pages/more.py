# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The page *More*: on a phone, the way to the pages that have no place under the thumb."""

from __future__ import annotations

from nicegui import Client, html

from ..site import Site
from .frame import NAVIGATION, ON_PHONE, page, picture, route

ABOUT = {
    'Coverage': 'Shelves that the robots do not see, and why',
    'Trends': 'How many alerts, where, and how fast they are put right',
    'Robots': 'How the robots are doing',
}


def build(site: Site) -> None:
    """Register the page."""

    @route('/more', f'More · {site.title}')
    def more_page(client: Client) -> None:
        with page(site, client, 'More', heading='More'), html.ul().classes('box rows'):
            for name, target, sign in NAVIGATION[ON_PHONE:]:
                _row(name, ABOUT[name], target, sign)
            if site.login:
                _row('Account', 'Password, open logins, log out', '/account', 'person')


def _row(name: str, about: str, target: str, sign: str) -> None:
    with html.li(), html.a(href=target).classes('row'):
        picture(sign)
        with html.span().classes('row-text'):
            html.span(name).classes('strong')
            html.span(about).classes('soft')
