# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
Pieces of a page as one text, through an XML tree, so that text from outside cannot become markup.

What people only look at is one element of a page then, instead of dozens that the server would
have to build, remember and compare for each open page.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from xml.etree.ElementTree import Element, fromstring, tostring

from .icons import icon

_SVG = ' xmlns="http://www.w3.org/2000/svg"'


def tag(name: str, css: str = '', *inside: Element | str, **attributes: str) -> Element:
    """
    Return an HTML element.

    :param css: its classes
    :param inside: elements and plain text
    :param attributes: an underscore in a name stands for a hyphen
    """
    named = {key.rstrip('_').replace('_', '-'): value for key, value in attributes.items()}
    element = Element(name, {**({'class': css} if css else {}), **named})
    last: Element | None = None
    for part in inside:
        if isinstance(part, Element):
            element.append(part)
            last = part
        elif last is None:
            element.text = (element.text or '') + part
        else:
            last.tail = (last.tail or '') + part
    return element


def sign(name: str, css: str = 'icon') -> Element:
    """Return one of our own icons."""
    return tag('span', css, _icon(name))


@lru_cache
def _icon(name: str) -> Element:
    # Inside a page the parser knows an svg without being told, and a prefix would be in its way.
    return fromstring(icon(name).replace(_SVG, '', 1))


def text_of(*elements: Element) -> str:
    """Return elements as HTML."""
    return ''.join(tostring(element, encoding='unicode', method='html') for element in elements)


def options_of(options: Mapping[str, str], chosen: str) -> str:
    """
    Return what is in a list to choose from, as HTML.

    :param options: text by value
    :param chosen: the value that is chosen at first
    """
    return text_of(
        *(
            tag('option', '', text, value=value, **({'selected': ''} if value == chosen else {}))
            for value, text in options.items()
        )
    )
