# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What somebody chooses above the list of alerts: state, order, aisle, age, whose, kind."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from nicegui import html, ui
from nicegui.element import Element
from nicegui.events import GenericEventArguments

from .. import words
from ..choice import AGES, Choice, NOBODY, ORDERS, STATES
from ..markup import options_of
from ..text import clean
from .frame import draw, picture


class Filters:
    """The controls; tells each new choice."""

    def __init__(self, choice: Choice, apply: Callable[[Choice], Awaitable[None]]) -> None:
        self.choice = choice
        self._apply = apply
        self._chips: list[tuple[Element, str, str]] = []
        self._only: Element | None = None

    def build(self, aisles: Mapping[str, str], robots: list[str], people: list[str]) -> None:
        """Draw them; names are those that one can choose from."""
        with html.section(**{'aria-label': 'Filter'}).classes('filters'):
            with html.div(role='group', **{'aria-label': 'State'}).classes('segments'):
                for value, text in STATES.items():
                    with self._chip('state', value, 'segment'):
                        html.span(text)
                        if value == 'open':
                            self.count = ui.label('').classes('pill')
            with html.div(role='group', **{'aria-label': 'Order and filter'}).classes('chips'):
                self._select('order', 'Order', ORDERS)
                if len(aisles) > 1:
                    self._select('aisle', 'Aisle', {'': 'All aisles', **aisles})
                self._select('age', 'Age', {'': 'Any age', **AGES})
                names = {name: name for name in people}
                self._select('who', 'Assigned to', {'': 'Anyone', NOBODY: 'Nobody yet', **names})
                if len(robots) > 1:
                    self._select(
                        'robot', 'Robot', {'': 'All robots', **{name: name for name in robots}}
                    )
            with html.div(role='group', **{'aria-label': 'Kind'}).classes('chips'):
                for value, text in words.KINDS.items():
                    with self._chip('kind', value, f'chip kind-{value}'):
                        picture(value)
                        html.span(text)
            if self.choice.bay:
                self._build_bay(self.choice.bay)
        self._mark()

    def _build_bay(self, bay: str) -> None:
        with html.button(
            type='button', **{'aria-label': f'Show all bays, not only {bay}'}
        ).classes('chip chosen') as only:
            html.bdi(bay)
            picture('false_alarm')
        only.on('click', self._forget_bay)
        self._only = only

    def _select(self, field: str, label: str, options: Mapping[str, str]) -> None:
        chosen = getattr(self.choice, field)
        if chosen and chosen not in options:
            options = {**options, chosen: chosen}
        select = draw(options_of(options, chosen), 'select', **{'aria-label': label})
        select.classes('select')

        async def choose(event: GenericEventArguments) -> None:
            await self._change(**{field: clean(event.args)})

        select.on('change', choose, js_handler='(event) => emit(event.target.value)')

    def _chip(self, field: str, value: str, css: str) -> Element:
        chip: Element = html.button(type='button').classes(css)

        async def choose() -> None:
            same = getattr(self.choice, field) == value
            await self._change(**{field: '' if same and field != 'state' else value})

        chip.on('click', choose)
        self._chips.append((chip, field, value))
        return chip

    async def _forget_bay(self) -> None:
        if self._only is not None:
            self._only.delete()
            self._only = None
        await self._change(bay='')

    async def _change(self, **changes: Any) -> None:
        self.choice = replace(self.choice, **changes)
        self._mark()
        await self._apply(self.choice)

    def _mark(self) -> None:
        for chip, field, value in self._chips:
            chosen = getattr(self.choice, field) == value
            chip.classes(add='chosen' if chosen else '', remove='' if chosen else 'chosen')
            chip.props['aria-pressed'] = 'true' if chosen else 'false'
