# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The places of an item for people: pictures of the shelves with the place marked, and a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
import re

import cv2
import numpy as np

from .errors import SettingsError
from .locate import ItemLocator, Place
from .places import encode_picture
from .records import ImageArray
from .store_layout import StoreLayout

AROUND_M = 0.35  # shelf that is shown around the place
MIN_HEIGHT_PX = 360
COLOUR = (60, 160, 40)  # BGR
PAGE = 'index.html'
STYLE = """body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem}
section{margin-bottom:3rem}img{max-height:20rem;border-radius:.5rem}
ol{display:flex;flex-wrap:wrap;gap:1.5rem;padding:0;list-style:none}
figcaption b{font-size:1.1em}"""


def place_picture(place: Place, locator: ItemLocator, store: StoreLayout) -> ImageArray:
    """Return the piece of the normal bay around a place, the place marked, uint8 BGR."""
    bay, box = store.bay(place.bay), place.box
    picture, px_per_m = locator.picture(place.bay)
    margin = locator.margin_m

    def pixel(x: float, y: float) -> tuple[int, int]:
        return round((x + margin) * px_per_m), round((bay.height + margin - y) * px_per_m)

    left, top = pixel(
        box.x - box.width / 2 - AROUND_M,
        box.y + box.height / 2 + AROUND_M,
    )
    right, low = pixel(
        box.x + box.width / 2 + AROUND_M,
        box.y - box.height / 2 - AROUND_M,
    )
    left, top = max(0, left), max(0, top)
    part = picture[top : min(low, picture.shape[0]), left : min(right, picture.shape[1])]
    scale = max(1.0, MIN_HEIGHT_PX / part.shape[0])
    shown = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    corners = [
        (round((u - left) * scale), round((v - top) * scale))
        for u, v in (
            pixel(box.x - box.width / 2, box.y + box.height / 2),
            pixel(box.x + box.width / 2, box.y - box.height / 2),
        )
    ]
    cv2.rectangle(shown, corners[0], corners[1], (255, 255, 255), 6, cv2.LINE_AA)
    cv2.rectangle(shown, corners[0], corners[1], COLOUR, 3, cv2.LINE_AA)
    return np.asarray(shown, np.uint8)


def prepare_folder(out: str | Path) -> Path:
    """Make the folder of the page; :raises SettingsError: if it holds something else already."""
    out = Path(out)
    if out.exists() and not out.is_dir():
        raise SettingsError(f'--out {out}: is no folder')
    if out.is_dir() and any(out.iterdir()) and not (out / PAGE).is_file():
        raise SettingsError(f'--out {out}: holds other files; name an empty or new folder')
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f'--out {out}: cannot be made: {error.strerror}') from None
    return out


def write_page(
    found: Mapping[str, tuple[ImageArray, Sequence[Place]]],
    locator: ItemLocator,
    store: StoreLayout,
    out: Path,
) -> Path:
    """
    Write a page with each photo, the places of its item and pictures of them.

    :param found: photo and places by the photo's name
    :return: the page
    """
    sections = []
    for number, (name, (photo, places)) in enumerate(found.items(), start=1):
        stem = f'{number:02d}_{re.sub(r"[^A-Za-z0-9._-]", "_", Path(name).stem)}'
        (out / f'{stem}.jpg').write_bytes(encode_picture(photo))
        items = []
        for rank, place in enumerate(places, start=1):
            file = f'{stem}_place{rank}.jpg'
            (out / file).write_bytes(encode_picture(place_picture(place, locator, store)))
            items.append(
                f'<li><figure><img src="{file}" alt="{escape(place.bay)}">'
                f'<figcaption><b>{rank}. {escape(place.bay)}</b>, {escape(describe(place))}'
                '</figcaption></figure></li>'
            )
        sections.append(
            f'<section><h2>{escape(name)}</h2><img src="{stem}.jpg" alt="the photo">'
            f'<ol>{"".join(items)}</ol></section>'
        )
    page = out / PAGE
    page.write_text(
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width"><title>Where it belongs</title><style>{STYLE}</style>'
        f'<h1>Where it belongs, store {escape(store.store)}</h1>{"".join(sections)}</html>\n',
        encoding='utf-8',
    )
    return page


def describe(place: Place) -> str:
    """Return level, distance from the left edge, confidence and SKU in words."""
    sku = f', {place.sku} by the planogram' if place.sku else ''
    return (
        f'level {place.level}, {place.box.x:.2f} m from the left, '
        f'confidence {place.confidence:.0%}{sku}'
    )
