# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
Small residual misalignment of a bay view, found and taken away.

Localisation is wrong by centimetres and tenths of a degree. Boards, price rails and uprights do
not move from patrol to patrol, so each bay has a *template*: the mean of its registered normal
views, with a weight per pixel that is high where the views agree. A view is fitted to it by
weighted Gauss-Newton steps (Lucas and Kanade 1981, Baker and Matthews 2004) over four parameters,
which are the first-order effects of a wrong pose on a plane: shift across, shift up, scale
(distance) and keystone (yaw).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .records import BoolArray, Float32Array, FloatArray, ImageArray

TEMPLATE_PX_PER_M = 96.0
PYRAMID = (0.5, 1.0)
STEPS = (6, 5)
# Standard deviations of a, b (metres), s and k (1/m): a prior that holds directions that the
# picture leaves open.
PRIOR = np.array([0.05, 0.02, 0.03, 0.03])
PRIOR_WEIGHT = 0.002
MAX_SHIFT_M = 0.12
MAX_SCALE = 0.15


@dataclass(frozen=True, slots=True)
class Template:
    """What of a bay does not move."""

    mean: Float32Array
    """Shape ``(rows, cols)``: locally normalised grey values at TEMPLATE_PX_PER_M."""
    weight: Float32Array
    """Shape ``(rows, cols)``, 0..1: how steady each pixel is from view to view."""


@dataclass(frozen=True, slots=True)
class Registration:
    """The result of fitting one view."""

    parameters: FloatArray
    """Shift across, shift up (metres), scale and keystone (1/m), shape ``(4,)``."""
    centre: tuple[float, float]
    """The point, metres from the view's top left corner, about which the parameters are."""
    shift_m: float
    """Length of the shift in the middle of the view, metres."""
    residual: float
    """Weighted RMS difference to the template after the fit; infinite when the fit ran away."""

    def correction(self, px_per_m: float) -> FloatArray:
        """Return the homography view pixel -> registered pixel at a resolution, ``(3, 3)``."""
        matrix = np.linalg.inv(_matrix(self.parameters, px_per_m, self.centre))
        return np.asarray(matrix / matrix[2, 2], np.float64)


def normalise(image: ImageArray) -> Float32Array:
    """
    Return grey values without local brightness and contrast.

    :param image: a view at TEMPLATE_PX_PER_M, shape ``(rows, cols, 3)``, uint8 BGR
    """
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).astype(np.float32)
    radius = 0.06 * TEMPLATE_PX_PER_M
    mean = cv2.GaussianBlur(grey, (0, 0), radius)
    spread = cv2.GaussianBlur(np.asarray((grey - mean) ** 2, np.float32), (0, 0), radius)
    return np.asarray((grey - mean) / np.sqrt(spread + 60.0), np.float32)


def build_template(views: list[Float32Array], seen: list[BoolArray]) -> Template:
    """Average normalised views, shape ``(rows, cols)`` each, where they were seen."""
    stack, mask = np.stack(views), np.stack(seen).astype(np.float32)
    count = np.maximum(mask.sum(0), 1e-6)
    mean = (stack * mask).sum(0) / count
    variance = (((stack - mean) ** 2) * mask).sum(0) / count
    steady = 1.0 / (variance + 0.15)
    strength = cv2.GaussianBlur(np.abs(cv2.Laplacian(mean, cv2.CV_32F)), (0, 0), 1.5)
    weight = steady * (0.05 + strength) * (count >= max(2.0, 0.15 * len(views)))
    weight /= max(1e-6, float(np.quantile(weight, 0.98)))
    return Template(np.asarray(mean, np.float32), np.clip(weight, 0, 1).astype(np.float32))


def register(
    picture: Float32Array,
    seen: BoolArray,
    template: Template,
    centre: tuple[float, float],
    *,
    max_shift_m: float = MAX_SHIFT_M,
) -> Registration:
    """
    Fit a view to the template of its bay.

    :param picture: the view at TEMPLATE_PX_PER_M after :func:`normalise`, shape ``(rows, cols)``
    :param seen: where it has pixels, shape ``(rows, cols)``
    :param centre: the foot of the camera on the face, metres from the view's top left corner
    :param max_shift_m: a longer shift is no small misalignment: the fit counts as run away
    """
    parameters = _search(_level(picture, seen, template, PYRAMID[0]), max_shift_m)
    for scale, steps in zip(PYRAMID, STEPS, strict=True):
        level = _level(picture, seen, template, scale)
        parameters = _fit(level, parameters, scale * TEMPLATE_PX_PER_M, centre, steps)
    shift = float(np.hypot(parameters[0], parameters[1]))
    if not np.isfinite(parameters).all() or shift > max_shift_m or abs(parameters[2]) > MAX_SCALE:
        return Registration(np.zeros(4), centre, shift, float('inf'))
    return Registration(
        parameters,
        centre,
        shift,
        _residual(_level(picture, seen, template, 1.0), parameters, centre),
    )


def build_templates(
    pictures: list[Float32Array],
    seen: list[BoolArray],
    centres: list[tuple[float, float]],
    *,
    rounds: int = 4,
) -> Template:
    """
    Register a bay's normal views to each other and return the template.

    The mean of all corrections is kept at zero, so that the template stays where the layout says
    the bay is, on average.
    """
    template = build_template(pictures, seen)
    for _ in range(rounds):
        fits = [
            register(p, s, template, c) for p, s, c in zip(pictures, seen, centres, strict=True)
        ]
        mean = np.mean([fit.parameters for fit in fits], axis=0)
        moved = [_apply(p, s, fit, mean) for p, s, fit in zip(pictures, seen, fits, strict=True)]
        template = build_template([p for p, _ in moved], [s for _, s in moved])
    return template


def _apply(
    picture: Float32Array, seen: BoolArray, fit: Registration, mean: FloatArray
) -> tuple[Float32Array, BoolArray]:
    matrix = _matrix(fit.parameters - mean, TEMPLATE_PX_PER_M, fit.centre)
    size, flags = (picture.shape[1], picture.shape[0]), cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    moved = cv2.warpPerspective(picture, matrix, size, flags=flags)
    mask = cv2.warpPerspective(seen.astype(np.float32), matrix, size, flags=flags)
    return np.asarray(moved, np.float32), np.asarray(mask > 0.99)


@dataclass(frozen=True, slots=True)
class _Level:
    picture: Float32Array
    seen: Float32Array
    mean: Float32Array
    weight: Float32Array


def _matrix(p: FloatArray, px_per_m: float, centre: tuple[float, float]) -> FloatArray:
    """Return the homography template pixel -> picture pixel for parameters a, b, s, k."""
    metric = np.array([[1 + p[2], 0, p[0]], [0, 1 + p[2], p[1]], [p[3], 0, 1.0]])
    half = 0.5 / px_per_m  # pixel centres
    to = np.array(
        [[1 / px_per_m, 0, half - centre[0]], [0, 1 / px_per_m, half - centre[1]], [0, 0, 1.0]]
    )
    return np.asarray(np.linalg.inv(to) @ metric @ to, np.float64)


def _level(picture: Float32Array, seen: BoolArray, template: Template, scale: float) -> _Level:
    if scale == 1.0:
        return _Level(picture, seen.astype(np.float32), template.mean, template.weight)
    size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))

    def small(a: Float32Array) -> Float32Array:
        return np.asarray(cv2.resize(a, size, interpolation=cv2.INTER_AREA), np.float32)

    return _Level(
        small(picture),
        small(seen.astype(np.float32)),
        small(template.mean),
        small(template.weight),
    )


def _warped(level: _Level, matrix: FloatArray) -> tuple[Float32Array, Float32Array]:
    size = (level.mean.shape[1], level.mean.shape[0])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    picture = cv2.warpPerspective(level.picture, matrix, size, flags=flags)
    mask = cv2.warpPerspective(level.seen, matrix, size, flags=flags)
    return np.asarray(picture, np.float32), np.asarray(level.weight * (mask > 0.99), np.float32)


def _search(level: _Level, max_shift_m: float) -> FloatArray:
    """
    Return the shift with the least weighted difference to the template, as a start for the fit.

    Facings of one product repeat every few centimetres; a fit that starts farther away than half
    of that ends one facing beside. All shifts are compared at once, as products of spectra.
    """
    px_per_m = PYRAMID[0] * TEMPLATE_PX_PER_M
    reach = round(max_shift_m * px_per_m)
    edge = ((reach, reach), (reach, reach))
    picture, seen = np.pad(level.picture * level.seen, edge), np.pad(level.seen, edge)

    def summed(image: Float32Array, kernel: Float32Array) -> Float32Array:
        found = cv2.matchTemplate(image, kernel.astype(np.float32), cv2.TM_CCORR)
        return np.asarray(found, np.float32)

    weight = summed(seen, level.weight)
    difference = (
        summed(seen, level.weight * level.mean**2)
        - 2 * summed(picture, level.weight * level.mean)
        + summed(np.asarray(picture**2, np.float32), level.weight)
    )
    shifts = np.arange(-reach, reach + 1) / px_per_m
    prior = (shifts[None, :] / PRIOR[0]) ** 2 + (shifts[:, None] / PRIOR[1]) ** 2
    enough = weight >= 0.5 * weight[reach, reach]
    cost = difference / np.maximum(weight, 1e-6) + PRIOR_WEIGHT * prior
    if not enough.any():
        return np.zeros(4)
    row, col = np.unravel_index(int(np.where(enough, cost, np.inf).argmin()), cost.shape)
    return np.array([shifts[col], shifts[row], 0.0, 0.0])


def _fit(
    level: _Level, start: FloatArray, px_per_m: float, centre: tuple[float, float], steps: int
) -> FloatArray:
    rows, cols = level.mean.shape
    x = (np.arange(cols, dtype=np.float32) / px_per_m - centre[0])[None, :]
    y = (np.arange(rows, dtype=np.float32) / px_per_m - centre[1])[:, None]
    p = start.copy()
    for _ in range(steps):
        picture, weight = _warped(level, _matrix(p, px_per_m, centre))
        gx = cv2.Sobel(picture, cv2.CV_32F, 1, 0, ksize=3, scale=px_per_m / 8)
        gy = cv2.Sobel(picture, cv2.CV_32F, 0, 1, ksize=3, scale=px_per_m / 8)
        difference = level.mean - picture
        robust = weight / (1.0 + difference**2)
        flow = gx * x + gy * y
        jacobian = np.stack([gx, gy, flow, -x * flow]).reshape(4, -1)
        weighted = jacobian * robust.ravel()
        total = float(robust.sum()) + 1e-6
        normal = weighted @ jacobian.T / total + np.diag(PRIOR_WEIGHT / PRIOR**2)
        gradient = weighted @ difference.ravel() / total - PRIOR_WEIGHT * p / PRIOR**2
        step = np.linalg.solve(normal.astype(np.float64), gradient.astype(np.float64))
        p = p + np.clip(step, -PRIOR, PRIOR)
        if float(np.abs(step[:2]).max()) < 2e-4:
            break
    return p


def _residual(level: _Level, p: FloatArray, centre: tuple[float, float]) -> float:
    picture, weight = _warped(level, _matrix(p, TEMPLATE_PX_PER_M, centre))
    total = float(weight.sum())
    return (
        float(np.sqrt((weight * (level.mean - picture) ** 2).sum() / total))
        if total > 0
        else float('inf')
    )
