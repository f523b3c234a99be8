# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The cards of the list of alerts as one part of a page, however many they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
import json

from nicegui.element import Element
from nicegui.events import GenericEventArguments

from .alert_card import Card

NONE = '[]'


def text_of_cards(cards: Sequence[Card]) -> str:
    """Return what ``CardList.show`` takes; made once for all pages that show these cards."""
    return json.dumps([asdict(card) for card in cards])


class CardList(Element, component='../static/card_list.js'):
    """
    The cards of one open page.

    An element of its own for each card costs the server most of a millisecond, on each page: when
    many alerts come at once, fifty open pages would take the time in which robots are heard.
    """

    def __init__(self, pick: Callable[[str, bool], None]) -> None:
        """
        Build it empty.

        :param pick: called with the id of an alert that was chosen, or is no longer
        """
        super().__init__()
        self._props['cards'] = NONE
        self._props['choosing'] = False

        def picked(event: GenericEventArguments) -> None:
            match event.args:  # it comes from a browser
                case {'id': str(alert_id), 'on': bool(on)}:
                    pick(alert_id, on)

        self.on('pick', picked)

    def show(self, cards: str) -> None:
        """Show other cards, when they are others: a text of ``text_of_cards``."""
        if self._props['cards'] != cards:
            self._props['cards'] = cards

    def choose(self, on: bool) -> None:
        """Let cards be chosen, or no longer; either way none is chosen then."""
        self._props['choosing'] = on
        self.classes(add='choosing' if on else '', remove='' if on else 'choosing')
