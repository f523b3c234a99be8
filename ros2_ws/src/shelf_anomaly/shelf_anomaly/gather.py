# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
Views for a dataset: the quality gate, templates, and the files, for bags and for a robot alike.

``shelf-train collect`` reads bags with it, and the node gathers with it while it is being taught.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import cv2

from .dataset import JPEG_QUALITY, ViewEntry
from .locator import Locator
from .records import BayView, BoolArray, CameraPose, Float32Array, Frame
from .registration import build_templates, normalise, Template

FEW_PASSES = 3
GOOD_PASSES = 5
TEMPLATE_VIEWS = 80  # views of a bay that its template is made of; more change nothing


class TemplateLearner:
    """Learns from coarse views what does not move in each bay."""

    def __init__(self, locator: Locator, known: set[str]) -> None:
        """Leave the bays alone that are ``known``: they have their template."""
        self._locator = locator
        self._known = known
        self._seen: dict[str, list[tuple[Float32Array, BoolArray, tuple[float, float]]]] = (
            defaultdict(list)
        )

    @property
    def bays(self) -> int:
        """Number of bays that were seen well enough."""
        return len(self._seen)

    def add(self, frame: Frame, pose: CameraPose) -> None:
        """Take note of every bay that a frame shows well."""
        gate = self._locator.gate
        for sight in self._locator.sights(frame.camera, pose.pose):
            if (
                sight.bay.id not in self._known
                and sight.coverage >= gate.min_coverage
                and sight.px_per_m >= gate.min_px_per_m
                and sight.incidence_rad <= gate.max_incidence_rad
            ):
                pixels, mask, centre = self._locator.coarse(frame, sight)
                self._seen[sight.bay.id].append((normalise(pixels), mask, centre))

    def build(self, on_bay: Callable[[str], None] = lambda _: None) -> dict[str, Template]:
        """Return the template of each bay; ``on_bay`` is told of each that is done."""
        templates = {}
        for bay, views in self._seen.items():
            chosen = views[:: max(1, -(-len(views) // TEMPLATE_VIEWS))]
            templates[bay] = build_templates(
                [picture for picture, _, _ in chosen],
                [seen for _, seen, _ in chosen],
                [centre for _, _, centre in chosen],
            )
            on_bay(bay)
        return templates


def write_view(view: BayView, frame: Frame, patrol: str, index: int, out: Path) -> ViewEntry:
    """Write one registered view below the dataset ``out`` and return its entry."""
    file = f'{view.bay}/{patrol}_{index:04d}.jpg'
    (out / view.bay).mkdir(exist_ok=True)
    data = cv2.imencode('.jpg', view.image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1]
    (out / file).write_bytes(data.tobytes())
    return ViewEntry(
        file=file,
        bay=view.bay,
        patrol=patrol,
        stamp_ns=view.stamp_ns,
        offset_m=view.offset_m,
        homography=tuple(float(x) for x in view.homography.ravel()),
        source_size=(frame.image.shape[0], frame.image.shape[1]),
        quality=asdict(view.quality),
    )
