# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What should stand where, when ``store.yaml`` has ``products``; without them nothing is known."""

from __future__ import annotations

from .records import Alert
from .store_layout import Bay, StoreLayout

SLACK_M = 0.03
"""A place counts as a facing's up to this far beside it: goods are never put to the centimetre."""


def sku_at(bay: Bay, x: float, y: float) -> str:
    """
    Return the SKU that belongs at a place of a bay.

    :param x: metres right of the bay's origin
    :param y: metres above it
    :return: the SKU; empty where the planogram has none
    """
    return sku_on(bay, bay.level_at(y), x)


def sku_on(bay: Bay, level: int, x: float) -> str:
    """Return the SKU that belongs on a board of a bay, ``x`` metres right of the bay's origin."""
    near = [
        (max(product.x - x, x - product.x - product.width, 0.0), product.sku)
        for product in bay.products
        if product.level == level
    ]
    apart, sku = min(near, default=(SLACK_M + 1, ''))
    return sku if apart <= SLACK_M else ''


def expected_sku(alert: Alert, store: StoreLayout) -> str:
    """Return the SKU that belongs where a fault is; empty where the planogram has none."""
    bay = store.bays.get(alert.bay)
    return sku_on(bay, alert.level, alert.box.x) if bay is not None else ''


def reason_with_sku(alert: Alert, store: StoreLayout) -> str:
    """Return an alert's sentence for people, with what belongs there."""
    sku = expected_sku(alert, store)
    if not sku:
        return alert.reason
    return f'{alert.reason}; {sku} belongs here' if alert.reason else f'{sku} belongs here'
