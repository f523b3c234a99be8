# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The few line icons of the pages, drawn here so that nothing is fetched. 24 x 24 units."""

from __future__ import annotations

_PATHS = {
    'misplaced': '<path d="M4 8h13l-3.5-3.5M20 16H7l3.5 3.5"/>',
    'foreign': '<circle cx="12" cy="12" r="8.5"/><path d="M6 6l12 12"/>',
    'gap': '<rect x="5" y="5" width="14" height="14" rx="2" stroke-dasharray="3.2 2.6"/>',
    'fallen': (
        '<path d="M3 19h18"/>'
        '<rect x="4" y="9.5" width="11" height="6.5" rx="1.5"/>'
        '<path d="M15 11.2h4v3h-4"/>'
    ),
    'unknown': '<path d="M12 4l9 15.5H3z"/><path d="M12 10v4.2M12 16.8v.2"/>',
    'resolved': '<path d="M4.5 12.5l5 5L19.5 7"/>',
    'false_alarm': '<path d="M6 6l12 12M18 6L6 18"/>',
    'confirmed': '<path d="M5 21V4M5 5h12l-2.5 4L17 13H5"/>',
    'reopened': '<path d="M4 12a8 8 0 1 0 2.6-5.9L4 8.5M4 4v4.5h4.5"/>',
    'home': '<path d="M4 11l8-7 8 7M6 9.5V20h12V9.5"/>',
    'clock': '<circle cx="12" cy="12" r="8.5"/><path d="M12 7v5.2l3.2 2"/>',
    'pin': (
        '<path d="M12 21s-6.5-6.2-6.5-11a6.5 6.5 0 0 1 13 0c0 4.8-6.5 11-6.5 11z"/>'
        '<circle cx="12" cy="10" r="2.3"/>'
    ),
    'list': '<path d="M9 6h11M9 12h11M9 18h11M4.5 6h.1M4.5 12h.1M4.5 18h.1"/>',
    'map': '<path d="M3.5 6l5.7-2 5.6 2 5.7-2v14l-5.7 2-5.6-2-5.7 2zM9.2 4v14M14.8 6v14"/>',
    'back': '<path d="M14.5 5l-7 7 7 7"/>',
    'note': '<path d="M4 20l1-4.5L16 4.5l3.5 3.5L8.5 19z"/>',
    'search': '<circle cx="10.5" cy="10.5" r="6.5"/><path d="M15.5 15.5L21 21"/>',
    'camera': (
        '<path d="M4 8h3.5L9 5.5h6L16.5 8H20a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V9'
        'a1 1 0 0 1 1-1z"/><circle cx="12" cy="13.2" r="3.6"/>'
    ),
    'eye': (
        '<path d="M2.5 12S6 5.8 12 5.8 21.5 12 21.5 12 18 18.2 12 18.2 2.5 12 2.5 12z"/>'
        '<circle cx="12" cy="12" r="2.8"/>'
    ),
    'chart': '<path d="M4 20h16M7 16.5v-5M12 16.5V5M17 16.5v-8"/>',
    'more': '<path d="M5 12h.1M12 12h.1M19 12h.1" stroke-width="3.4"/>',
    'person': '<circle cx="12" cy="8" r="3.8"/><path d="M4.5 20c.6-4 3.6-6 7.5-6s6.9 2 7.5 6"/>',
    'check': '<rect x="4" y="4" width="16" height="16" rx="4"/><path d="M8 12.3l3 3 5.2-6"/>',
    'download': '<path d="M12 4v11M7.5 10.5L12 15l4.5-4.5M4.5 19.5h15"/>',
    'filter': '<path d="M4 6h16M7 12h10M10.5 18h3"/>',
    'hand': '<path d="M12 4v9M12 13l-3.5-3.5M12 13l3.5-3.5M4.5 15v4.5h15V15"/>',
    'robot': (
        '<rect x="5" y="8" width="14" height="11" rx="3"/><path d="M12 8V4.5M9.5 13v1M14.5 13v1"/>'
    ),
    'picture': (
        '<rect x="4" y="5" width="16" height="14" rx="2"/><path d="M4 16l5-5 4 4 3-2.5 4 3.5"/>'
    ),
}


def icon(name: str) -> str:
    """Return an icon as SVG text; it takes the colour of the text around it."""
    shape = _PATHS.get(name, _PATHS['unknown'])
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" '
        'stroke="currentColor" stroke-width="1.9" '
        f'stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">{shape}</svg>'
    )
