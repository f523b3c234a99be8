# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
Things to lay into photos: drawn fruit, and pieces of photos in the outline of fruit.

No picture from elsewhere is needed: what a foreign thing looks like is not known beforehand, so
it is drawn in very many ways, that a detector may learn what all of them share. (Domain
randomisation, arXiv 1703.06907.)
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from shelf_anomaly.records import Float32Array, ImageArray

from .outlines import inside, light, outline, TURN

SIDE_PX = 128  # a thing is drawn larger than it is laid, so that its outline is clean


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that can be laid into a photo."""

    image: Float32Array
    """Shape ``(rows, cols, 3)``, BGR 0..255."""
    mask: Float32Array
    """Shape ``(rows, cols)``: 1 where it is."""


def drawn(rng: np.random.Generator, palette: ImageArray | None = None) -> Thing:
    """
    Draw a fruit: two colours, perhaps stripes, speckles, a cut face, a stem.

    :param palette: a photo from which colours may be taken, so that some differ little from goods
    """
    mask = outline(SIDE_PX, rng)
    bright, gloss = light(mask, rng)
    mix = _mixture(rng)[..., None]
    skin = _colour(rng, palette) * (1 - mix) + _colour(rng, palette) * mix
    if rng.random() < 0.25:
        skin = _cut_open(skin, inside(mask), rng)
        bright, gloss = 0.7 + 0.3 * bright, 0.2 * gloss  # a cut face is flat, and not polished
    if rng.random() < 0.4:
        skin = _speckled(skin, rng)
    skin = skin * (1 + noise(SIDE_PX, rng, 3, 6) * rng.uniform(0, 0.1))
    image = (skin * bright[..., None] + 255 * gloss[..., None]).astype(np.float32)
    if rng.random() < 0.35:
        _add_stem(image, mask, rng)
    return Thing(np.clip(image, 0, 255), mask)


def piece(photo: ImageArray, rng: np.random.Generator, lit: float) -> Thing:
    """
    Cut a piece out of a photo.

    :param photo: shape ``(rows, cols, 3)``, uint8 BGR
    :param lit: how often the piece is lit as one body
    """
    mask = outline(SIDE_PX, rng)
    rows, cols = photo.shape[:2]
    side = int(rng.uniform(0.1, 0.3) * min(rows, cols))
    top, left = (int(rng.uniform(0.1, 0.9) * (n - side)) for n in (rows, cols))
    image = cv2.resize(
        photo[top : top + side, left : left + side], mask.shape, interpolation=cv2.INTER_LINEAR
    ).astype(np.float32)
    if rng.random() < lit:
        bright, gloss = light(mask, rng)
        image = np.clip(image * bright[..., None] + 128 * gloss[..., None], 0, 255)
    return Thing(image, mask)


def noise(
    side_px: int, rng: np.random.Generator, first: int, last: int, bands: int = 1
) -> Float32Array:
    """
    Return smooth noise of several octaves, the finer the weaker.

    :param first: the coarsest octave has ``2 ** first`` waves across
    :return: shape ``(side_px, side_px, bands)``
    """
    value = np.zeros((side_px, side_px, bands), np.float32)
    for octave in range(first, last + 1):
        knots = rng.normal(size=(2**octave + 1, 2**octave + 1, bands)).astype(np.float32)
        grown = cv2.resize(knots, (side_px, side_px), interpolation=cv2.INTER_CUBIC)
        value += grown.reshape(value.shape) * 0.6 ** (octave - first)
    return value


def _mixture(rng: np.random.Generator) -> Float32Array:
    """Return how much of the second colour each pixel has, 0..1."""
    mix = noise(SIDE_PX, rng, 0, int(rng.integers(1, 4)))[..., 0] * rng.uniform(0.1, 0.5)
    mix += rng.uniform(-0.2, 0.6)
    if rng.random() < 0.3:  # stripes
        angle = rng.uniform(0, TURN)
        y, x = np.mgrid[:SIDE_PX, :SIDE_PX] / SIDE_PX
        phase = (x * np.cos(angle) + y * np.sin(angle)) * rng.uniform(5, 60)
        mix += rng.uniform(0.2, 0.6) * np.sin(phase + noise(SIDE_PX, rng, 1, 3)[..., 0])
    return np.asarray(np.clip(mix, 0, 1), np.float32)


def _cut_open(skin: Float32Array, depth: Float32Array, rng: np.random.Generator) -> Float32Array:
    """Show flesh behind a rim, and perhaps a stone in the middle."""
    half = float(depth.max())

    def within(start: float) -> Float32Array:
        return np.clip((depth - start * half) / (0.05 * half + 1), 0, 1)[..., None]

    flesh = within(rng.uniform(0.03, 0.25)) * (noise(SIDE_PX, rng, 0, 2) > rng.uniform(-2.5, 0.3))
    skin = skin * (1 - flesh) + _colour(rng) * flesh
    if rng.random() < 0.6:
        stone = within(rng.uniform(0.5, 0.8))
        skin = skin * (1 - stone) + _colour(rng) * stone
    return np.asarray(skin, np.float32)


def _speckled(skin: Float32Array, rng: np.random.Generator) -> Float32Array:
    spots = (noise(SIDE_PX, rng, 5, 6)[..., 0] > rng.uniform(1.2, 2)).astype(np.float32)
    share = cv2.GaussianBlur(spots, (0, 0), 0.7)[..., None] * rng.uniform(0.2, 0.8)
    return np.asarray(skin * (1 - share) + _colour(rng) * share)


def _add_stem(image: Float32Array, mask: Float32Array, rng: np.random.Generator) -> None:
    """Draw a stem that grows from the outline; it belongs to the thing."""
    rows, cols = np.nonzero(mask > 0.5)
    angle = rng.uniform(0, TURN)
    end = int((cols * np.cos(angle) + rows * np.sin(angle)).argmax())
    root = np.array([cols[end], rows[end]]) - 0.05 * SIDE_PX * np.array(
        [np.cos(angle), np.sin(angle)]
    )
    angle += rng.normal(0, 0.5)
    tip = root + rng.uniform(0.08, 0.22) * SIDE_PX * np.array([np.cos(angle), np.sin(angle)])
    colour = _bgr(rng.uniform(10, 60), rng.uniform(40, 200), rng.uniform(30, 170))
    width = int(rng.integers(2, 9))
    first, last = (tuple(int(v) for v in point) for point in (root, tip))
    cv2.line(image, first, last, colour.tolist(), width, cv2.LINE_AA)
    cv2.line(mask, first, last, 1.0, width, cv2.LINE_AA)


def _colour(rng: np.random.Generator, palette: ImageArray | None = None) -> Float32Array:
    """Return a colour of produce, or one near a photo's; BGR 0..255."""
    if palette is not None and rng.random() < 0.35:
        row, col = (int(rng.integers(n)) for n in palette.shape[:2])
        pixel = np.ascontiguousarray(palette[row : row + 1, col : col + 1])
        hue, strong, value = (float(v) for v in cv2.cvtColor(pixel, cv2.COLOR_BGR2HSV)[0, 0])
        return _bgr(
            hue + rng.normal(0, 6),
            strong * rng.uniform(0.7, 1.4),
            max(30.0, min(250.0, value * rng.uniform(0.7, 1.6) + 20)),
        )
    # red to yellow, yellow to green, wine red, any; in OpenCV's half degrees
    low, high = ((0, 45), (35, 85), (160, 180), (0, 180))[
        int(rng.choice(4, p=(0.45, 0.3, 0.15, 0.1)))
    ]
    return _bgr(rng.uniform(low, high), rng.uniform(40, 255), rng.uniform(60, 250))


def _bgr(hue: float, strong: float, value: float) -> Float32Array:
    pixel = np.array([[[int(hue) % 180, min(strong, 255), min(value, 255)]]]).astype(np.uint8)
    return np.asarray(cv2.cvtColor(pixel, cv2.COLOR_HSV2BGR)[0, 0], np.float32)
