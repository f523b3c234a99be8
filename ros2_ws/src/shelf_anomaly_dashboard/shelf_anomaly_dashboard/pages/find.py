# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The page *Find*: a photo of an item tells where it belongs."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Sequence
import logging

from nicegui import Client, html, ui
from nicegui.events import GenericEventArguments

from .. import words
from ..bay_svg import draw_bay
from ..finder import FindError, FoundPlace, picture_type
from ..map_svg import draw_map
from ..site import Site
from .frame import page, picture, route

LOG = logging.getLogger(__name__)
PLACES = 4
UNREADABLE = 'This browser cannot read that picture. Please take a photo, or choose a JPEG.'
# A phone's photo has many megabytes; 1024 pixels show an item well and are sent at once.
SHRINK = """
async (event) => {
  const file = event.target.files[0];
  if (!file) return;
  emit('busy');
  try {
    const image = await createImageBitmap(file, {imageOrientation: 'from-image'});
    const scale = Math.min(1, 1024 / Math.max(image.width, image.height));
    const canvas = document.createElement('canvas');
    canvas.width = Math.max(1, Math.round(image.width * scale));
    canvas.height = Math.max(1, Math.round(image.height * scale));
    canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
    emit(canvas.toDataURL('image/jpeg', 0.85));
  } catch (error) {
    emit('unreadable');
  }
  event.target.value = '';
}
"""


def build(site: Site) -> None:
    """Register the page."""

    @route('/find', f'Find a place · {site.title}')
    def find_page(client: Client) -> None:
        with page(site, client, 'Find', heading='Find a place'):
            _FindPage(site).build()


class _FindPage:
    """Asks for a photo and shows the answer; one for each open page."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._busy = False

    def build(self) -> None:
        with html.section(**{'aria-label': 'Photo'}).classes('box find-ask'):
            html.p('Photograph an item from near, upright, to see on which shelf it belongs.')
            with html.div().classes('bar'):
                self._input('Take a photo', 'camera', 'primary', capture=True)
                self._input('Choose a picture', 'picture', '', capture=False)
        self._answer = html.div(role='status', **{'aria-live': 'polite'}).classes('find-answer')

    def _input(self, text: str, sign: str, css: str, *, capture: bool) -> None:
        with html.label().classes(f'button file {css}'):
            picture(sign)
            html.span(text)
            more = {'capture': 'environment'} if capture else {}
            box = html.input_(type='file', accept='image/*', **more)
        box.on('change', self._take, js_handler=SHRINK)

    async def _take(self, event: GenericEventArguments) -> None:
        told = str(event.args)
        if told == 'unreadable':
            self._say(UNREADABLE)
        elif told == 'busy':
            self._wait()
        elif not self._busy:
            self._busy = True
            try:
                await self._ask(told)
            finally:
                self._busy = False

    async def _ask(self, address: str) -> None:
        try:
            photo = base64.b64decode(address.partition(',')[2], validate=True)
            found = await asyncio.to_thread(self._site.finder.find, photo, PLACES)
        except (binascii.Error, ValueError):
            self._say(UNREADABLE)
        except FindError as error:
            self._say(str(error))
        except Exception:  # the page must go on, whatever a locator does
            LOG.exception('the place of an item could not be found')
            self._say('That did not work. Please try again.')
        else:
            self._show(photo, found)

    def _wait(self) -> None:
        self._answer.clear()
        with self._answer, html.div().classes('empty'):
            html.span().classes('spinner')
            html.p('Looking for its place …').classes('empty-title')

    def _say(self, text: str) -> None:
        self._answer.clear()
        with self._answer, html.div().classes('empty'):
            picture('unknown', 'big-icon')
            html.p(text).classes('empty-title')

    def _show(self, photo: bytes, found: Sequence[FoundPlace]) -> None:
        self._answer.clear()
        with self._answer:
            if not found:
                self._say('No shelf has an item like this one.')
                return
            with html.div().classes('yours'):
                html.img(src=_data(photo), alt='Your photo')
                html.p('Belongs here').classes('strong')
            with html.ol().classes('found'):
                for i, place in enumerate(found):
                    with html.li().classes(
                        'box found-place first' if i == 0 else 'box found-place'
                    ):
                        self._draw(place, first=i == 0)

    def _draw(self, place: FoundPlace, *, first: bool) -> None:
        layout = self._site.queries.layout
        bay = layout.bays.get(place.bay)
        boards = len(bay.levels) if bay else 0
        with html.div().classes('found-head'):
            with html.div():
                html.bdi(place.bay or 'place not known').classes('found-bay')
                aisle = place.aisle or (bay.aisle if bay else '')
                shelf = words.level(place.level, boards)
                parts = (f'Aisle {aisle}' if aisle else '', shelf)
                html.bdi(' · '.join(part for part in parts if part)).classes('soft')
                if place.sku:
                    html.bdi(place.sku).classes('soft')
            html.span(words.sure(place.confidence)).classes('badge')
        with html.div().classes('drawings'):
            if place.picture:
                html.img(src=_data(place.picture), alt='What normally stands there').classes(
                    'found-picture'
                )
            if bay is not None:
                ui.html(draw_bay(bay, place), sanitize=False).classes('bay-holder')
                if first:
                    drawing = draw_map(
                        layout,
                        (),
                        (),
                        self._site.clock(),
                        highlight=('',),
                        home=bay.id,
                        linked=False,
                    )
                    with html.div().classes('mini'):
                        ui.html(drawing, sanitize=False)
            else:
                html.p('This bay is not on the map of the store.').classes('soft')


def _data(data: bytes) -> str:
    return f'data:{picture_type(data)};base64,{base64.b64encode(data).decode()}'
