# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""SVG through an XML tree, so that text from outside cannot become markup."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree.ElementTree import Element, SubElement, tostring

Point = tuple[float, float]


def number(value: float) -> str:
    """Return a coordinate with as many digits as a screen can show."""
    return f'{value:.1f}'.rstrip('0').rstrip('.')


def points(corners: Iterable[Point]) -> str:
    """Return corners as a polygon's points."""
    return ' '.join(f'{number(x)},{number(y)}' for x, y in corners)


def canvas(left: float, top: float, width: float, height: float, label: str, css: str) -> Element:
    """Return an empty drawing whose units are centimetres."""
    box = ' '.join(number(v) for v in (left, top, width, height))
    return Element(
        'svg',
        {
            'viewBox': box,
            'class': css,
            'role': 'img',
            'aria-label': label,
            'xmlns': 'http://www.w3.org/2000/svg',
        },
    )


def add(
    parent: Element, tag: str, css: str = '', text: str = '', **attributes: float | str
) -> Element:
    """Add a shape; numbers are coordinates, an underscore in a name stands for a hyphen."""
    plain = {
        name.replace('_', '-'): number(value) if isinstance(value, (int, float)) else value
        for name, value in attributes.items()
    }
    element = SubElement(parent, tag, {**({'class': css} if css else {}), **plain})
    element.text = text or None
    return element


def text_of(svg: Element) -> str:
    """Return the drawing as text."""
    return tostring(svg, encoding='unicode')
