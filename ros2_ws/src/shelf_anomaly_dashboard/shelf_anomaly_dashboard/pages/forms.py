# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Small forms: labelled fields, and actions that say why they did not happen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
import itertools

from nicegui import html, ui
from nicegui.events import GenericEventArguments

from shelf_anomaly.errors import ShelfAnomalyError

Values = dict[str, str]
_NUMBERS = itertools.count()


def field(values: Values, name: str, text: str, **attributes: str) -> None:
    """Add a field with its label; what is typed is in ``values[name]``."""
    mark = f'field-{name}-{next(_NUMBERS)}'
    html.label(text, **{'for': mark}).classes('field-label')
    values.setdefault(name, str(attributes.get('value', '')))
    box = html.input_(id=mark, maxlength='500', **attributes).classes('field')
    _keep(box, values, name)


def choice(values: Values, name: str, text: str, options: tuple[str, ...], chosen: str) -> None:
    """Add a choice with its label."""
    mark = f'field-{name}-{next(_NUMBERS)}'
    html.label(text, **{'for': mark}).classes('field-label')
    values[name] = chosen
    with html.select(id=mark).classes('field') as box:
        for option in options:
            html.option(option, value=option, **({'selected': ''} if option == chosen else {}))
    _keep(box, values, name)


def _keep(box: ui.element, values: Values, name: str) -> None:
    def keep(event: GenericEventArguments) -> None:
        values[name] = str(event.args)[:1000]

    box.on('input', keep, js_handler='(event) => emit(event.target.value)')


def guarded(action: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    """Return the action; what it refuses is said on the page instead of raised."""

    async def run() -> None:
        try:
            await action()
        except (ShelfAnomalyError, ValueError) as error:
            ui.notify(str(error), type='negative', timeout=6000)

    return run
