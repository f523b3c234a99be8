# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The REST interface, version 1. Other programs rely on it: fields are added, never changed."""

from __future__ import annotations

from fastapi import APIRouter

from ..site import Site
from . import actions, admin, alerts, reports, store
from .access import REFUSALS


def build_api(site: Site) -> APIRouter:
    """Return the routes of the interface, of the pictures and of the sign of life."""
    router = APIRouter(responses=REFUSALS)
    for part in (alerts, actions, reports, store, admin):
        router.include_router(part.build(site))
    return router
