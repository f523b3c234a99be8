# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""A known misalignment of a drawn shelf is found."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from shelf_anomaly.registration import build_template, normalise, register, TEMPLATE_PX_PER_M

CENTRE = (0.6, 0.75)


def _shelf(matrix: np.ndarray | None = None) -> np.ndarray:
    image = np.full((150, 125, 3), 90, np.uint8)
    for row in (30, 70, 110, 145):
        cv2.rectangle(image, (5, row), (120, row + 4), (200, 220, 180), -1)
        for col in range(10, 115, 22):
            cv2.rectangle(image, (col, row), (col + 8, row + 3), (30, 30, 30), -1)
    cv2.rectangle(image, (3, 0), (6, 149), (160, 160, 160), -1)
    cv2.rectangle(image, (118, 0), (121, 149), (160, 160, 160), -1)
    if matrix is None:
        return image
    return cv2.warpAffine(image, matrix, (125, 150), borderMode=cv2.BORDER_REPLICATE)


@pytest.mark.parametrize(('across_m', 'up_m'), [(0.0, 0.0), (0.03, 0.0), (-0.02, 0.012)])
def test_a_shift_is_found_to_three_millimetres(across_m: float, up_m: float) -> None:
    """The picture is moved by a known amount."""
    scale = TEMPLATE_PX_PER_M
    moved = _shelf(np.array([[1, 0, across_m * scale], [0, 1, up_m * scale]], np.float64))
    seen = np.ones((150, 125), bool)
    template = build_template([normalise(_shelf())] * 2, [seen, seen])

    fit = register(normalise(moved), seen, template, CENTRE)

    assert fit.parameters[:2] == pytest.approx([across_m, up_m], abs=0.003)
    back = fit.correction(scale) @ np.array([60 + across_m * scale, 75 + up_m * scale, 1])
    assert back[:2] / back[2] == pytest.approx([60, 75], abs=0.3)


@pytest.mark.parametrize('across_m', [0.05, 0.07, -0.06])
def test_facings_that_repeat_do_not_pull_it_one_beside(across_m: float) -> None:
    """Packages stand every 9 cm; the uprights alone say which of them is which."""

    def full(shift_m: float) -> np.ndarray:
        image = np.full((150, 125, 3), 90, np.uint8)
        for row in (10, 60, 110):
            for col in np.arange(6.0, 116.0, 0.09 * TEMPLATE_PX_PER_M):
                cv2.rectangle(image, (int(col), row), (int(col) + 6, row + 30), (60, 60, 220), -1)
                cv2.rectangle(image, (int(col) + 2, row + 8), (int(col) + 4, row + 14), 255, -1)
        cv2.rectangle(image, (1, 0), (4, 149), (200, 200, 200), -1)
        cv2.rectangle(image, (119, 0), (122, 149), (200, 200, 200), -1)
        move = np.array([[1, 0, shift_m * TEMPLATE_PX_PER_M], [0, 1, 0]], np.float64)
        return cv2.warpAffine(image, move, (125, 150), borderMode=cv2.BORDER_REPLICATE)

    seen = np.ones((150, 125), bool)
    template = build_template([normalise(full(0.0))] * 2, [seen, seen])
    fit = register(normalise(full(across_m)), seen, template, CENTRE)
    assert fit.parameters[:2] == pytest.approx([across_m, 0.0], abs=0.005)


def test_another_picture_does_not_fit() -> None:
    """The residual tells a shelf from something else."""
    rng = np.random.default_rng(0)
    other = cv2.GaussianBlur(rng.integers(0, 255, (150, 125, 3), np.uint8), (0, 0), 2)
    seen = np.ones((150, 125), bool)
    template = build_template([normalise(_shelf())] * 2, [seen, seen])

    good = register(normalise(_shelf()), seen, template, CENTRE)
    bad = register(normalise(other), seen, template, CENTRE)

    assert good.residual < 0.2 < bad.residual
