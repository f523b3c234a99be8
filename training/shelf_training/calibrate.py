# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
From encoded normal views to densities, place statistics and the false-alarm budget.

Every pass is scored against all the others (leave one pass out), so that what is calibrated is
what a new pass will meet. Anomalies are never needed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from shelf_anomaly.density import Neighbourhood, References
from shelf_anomaly.emptiness import most_frontal
from shelf_anomaly.errors import DatasetError
from shelf_anomaly.finder import APART_M
from shelf_anomaly.inspector import BayDensity, Encoded, InspectorSettings, SCALES, ScaleSettings
from shelf_anomaly.places import (
    as_packed,
    as_packed_colours,
    encode_normal_picture,
    NormalBay,
    PRINT_PX_PER_M,
)
from shelf_anomaly.records import BayView, BoolArray, Float32Array, FloatArray, ImageArray
from shelf_anomaly.registration import Template
from shelf_anomaly.scoring import (
    channels,
    fit_statistics,
    highest,
    PassMap,
    peaks,
    standard_scores,
)
from shelf_anomaly.store_layout import Bay

LOWEST_PEAK = 1.0  # standard scores below this are never an alert
PICTURE_PX_PER_M = 256.0
WHOLE = 0.1  # of a column may be out of sight where another view shows it
REFERENCE_STEP_M = 0.3
"""Between views of one pass that are kept. 0.45 m would take a fifth less space, but found six
faults less of 492 in twelve stores of our own, and named kinds and homes worse."""
CODE_STEP = 2.0  # of the bandwidth; rounding errs by 0.6 of the kernel's width, root mean square
SAMPLE_VIEWS = 4  # views of a bay that the bandwidth is fitted on
UNIT = 5.0
LEAST = (0.0, 0.0, 0.0, 1.0)
"""Smallest distance that counts 1, by channel. Goods that hardly moved between the normal passes
have the same colour each time, to less than a camera's compression changes it."""
SHARES = (1.0, 1.0, 1.0, 0.5)
"""Of the false-alarm budget, by channel. Of 1, 0.5 and 0.25 for colours 0.5 found most on five
stores of our own."""
SHARP = 1e-3  # a kernel so narrow that the soft minimum is the minimum
FINE = Neighbourhood(rows=1, cols=2, offset_m=0.35)
PATCH = Neighbourhood(rows=1, cols=1, offset_m=0.35)
COLOUR = Neighbourhood(rows=1, cols=2, offset_m=0.35)


@dataclass(frozen=True, slots=True)
class EncodedView:
    """A view after the network, with what calibration needs of it."""

    encoded: Encoded
    edges: Float32Array
    """Shape ``(levels, columns)``; see :func:`shelf_anomaly.emptiness.edge_shares_of`."""
    offset_m: float
    pass_index: int


@dataclass(frozen=True, slots=True)
class CalibratedBay:
    """A bay's normal state, and how its normal passes score."""

    normal: NormalBay
    maxima: FloatArray
    """Scores of the local maxima of all normal passes; empty until :func:`balance`."""
    bay_maxima: FloatArray
    """Highest score of each normal pass; empty until :func:`balance`."""
    patch_distances: FloatArray
    """Sample of distances of normal patches to the other passes."""
    left_out: Float32Array
    """Each normal pass scored by the others, shape ``(passes, channels, rows, cols)``; channels
    are comparable after :func:`balance`."""
    score_maps: Float32Array
    """Score of each normal pass, shape ``(passes, rows, cols)``; empty until :func:`balance`."""


def thin(views: list[EncodedView]) -> list[EncodedView]:
    """Return views of each pass REFERENCE_STEP_M apart: nearer ones say nearly the same."""
    kept: list[EncodedView] = []
    for view in sorted(views, key=lambda v: (v.pass_index, v.offset_m)):
        last = kept[-1] if kept else None
        if (
            last is None
            or last.pass_index != view.pass_index
            or view.offset_m - last.offset_m >= REFERENCE_STEP_M
        ):
            kept.append(view)
    return kept


def gather(views: list[EncodedView], bay: str) -> References:
    """
    Stack a bay's views.

    :raises DatasetError: with fewer than two passes, which cannot be calibrated
    """
    passes = {view.pass_index for view in views}
    if len(passes) < 2:
        raise DatasetError(
            f'bay {bay}: {len(passes)} pass(es); at least 2 are needed to calibrate, '
            '5 or more are better'
        )
    return References(
        codes=np.stack([v.encoded.code for v in views]),
        seen=np.stack([v.encoded.seen for v in views]),
        offsets_m=np.array([v.offset_m for v in views]),
        passes=np.array([v.pass_index for v in views], np.int64),
    )


def colours_of(references: References, views: list[EncodedView]) -> References:
    """Return references of the same views with their colours in place of codes, rounded."""
    return as_packed_colours(
        replace(references, codes=np.stack([v.encoded.colour for v in views]))
    )


def fit_bandwidths(
    bays: Mapping[str, list[EncodedView]], cell_m: float, view_limit_m: float
) -> InspectorSettings:
    """
    Choose the kernels' bandwidths.

    For codes that lie as far from their nearest neighbour as ``r`` in ``d`` dimensions the
    likelihood of left-out codes is highest near ``h = r / sqrt(d)``; ``r`` is their root mean
    square.
    """
    near = (FINE, PATCH, COLOUR)
    sharp = InspectorSettings(
        cell_m,
        view_limit_m,
        (ScaleSettings(SHARP, FINE), ScaleSettings(SHARP, PATCH), ScaleSettings(SHARP, COLOUR)),
    )
    squares: list[list[float]] = [[] for _ in near]
    dims = [1] * len(near)
    for bay, views in bays.items():
        kept = thin(views)
        references = gather(kept, bay)
        density = BayDensity(references, colours_of(references, kept), sharp)
        code, colour = views[0].encoded.code, views[0].encoded.colour
        dims = [code.shape[2], code.shape[2], colour.shape[2]]
        for view in views[:: max(1, len(views) // SAMPLE_VIEWS)]:
            found = density.distance(view.encoded, view.offset_m, without_pass=view.pass_index)
            for scale in range(len(near)):
                squares[scale].extend((found[scale][np.isfinite(found[scale])] ** 2).tolist())
    fine, patch, colour_width = (
        float(np.sqrt(np.mean(s) / d)) if s else 1.0 for s, d in zip(squares, dims, strict=True)
    )
    return InspectorSettings(
        cell_m,
        view_limit_m,
        (
            ScaleSettings(fine, FINE),
            ScaleSettings(patch, PATCH),
            ScaleSettings(colour_width, COLOUR),
        ),
    )


def code_step(settings: InspectorSettings) -> float:
    """Return the step to which codes are rounded."""
    return CODE_STEP * settings.scales[0].bandwidth


def calibrate_bay(
    bay: Bay,
    margin_m: float,
    views: list[EncodedView],
    settings: InspectorSettings,
    template: Template,
    picture: ImageArray,
    on_view: Callable[[], None] = lambda: None,
    *,
    others: Sequence[ImageArray] = (),
) -> CalibratedBay:
    """
    Learn how a bay scores when all is normal.

    What lies beside its face is another bay's, and gets no score.

    :param margin_m: how far the views reach beyond the face
    :param views: encoded views of all normal passes
    :param picture: the bay in its normal state, at PICTURE_PX_PER_M
    :param on_view: called after each view, for progress
    :param others: the same of other passes
    """
    kept = thin(views)
    references = as_packed(gather(kept, bay.id), code_step(settings))
    colours = colours_of(references, kept)
    density = BayDensity(references, colours, settings)
    indices = sorted({v.pass_index for v in views})
    rows, cols = references.seen.shape[1:]
    maps = {p: PassMap(SCALES, rows, cols) for p in indices}
    for view in views:
        maps[view.pass_index].add(
            density.distance(view.encoded, view.offset_m, without_pass=view.pass_index)
        )
        on_view()
    face = bay.face((rows, cols), settings.cell_m, margin_m)
    each = np.stack([channels(maps[p].mean, settings.cell_m) for p in indices])
    scored = np.where(face, each, np.nan).astype(np.float32)
    statistics = fit_statistics(scored, settings.cell_m)
    patches = np.concatenate([maps[p].mean[1][np.isfinite(maps[p].mean[1])] for p in indices])
    normal = NormalBay(
        references=references,
        colours=colours,
        statistics=statistics,
        template=template,
        activity=_mean([v.encoded.activity for v in views], [v.encoded.seen for v in views]),
        error=_error(views),
        edges=np.stack([_edges([v for v in views if v.pass_index == p]) for p in indices]),
        picture=encode_normal_picture(picture),
        picture_px_per_m=PICTURE_PX_PER_M,
        prints=tuple(
            encode_normal_picture(_resized(o, PRINT_PX_PER_M / PICTURE_PX_PER_M)) for o in others
        ),
    )
    return CalibratedBay(
        normal=normal,
        maxima=np.zeros(0),
        bay_maxima=np.zeros(0),
        patch_distances=patches[:: max(1, patches.size // 2000)].astype(np.float64),
        left_out=_left_out_scores(scored, settings.cell_m),
        score_maps=np.zeros((0, rows, cols), np.float32),
    )


def _edges(views: list[EncodedView]) -> Float32Array:
    return most_frontal([view.edges for view in views], [view.offset_m for view in views])


def _left_out_scores(scored: Float32Array, cell_m: float) -> Float32Array:
    """
    Score each pass against statistics of the others alone.

    :return: shape ``(passes, channels, rows, cols)``
    """
    return np.stack(
        [
            standard_scores(one, fit_statistics(np.delete(scored, i, axis=0), cell_m), cell_m)
            for i, one in enumerate(scored)
        ]
    )


def balance(
    bays: Mapping[str, CalibratedBay], cell_m: float, aisle_patrols: float
) -> tuple[dict[str, CalibratedBay], FloatArray]:
    """
    Bring the channels to one scale, so that none alone spends the false-alarm budget.

    The score that so many normal maxima per aisle and patrol reach as the channel's SHARE becomes
    UNIT.

    :return: the bays with their statistics scaled and their maxima found, and by what the scores
        of each channel were divided, shape ``(channels,)``
    """
    count = next(iter(bays.values())).left_out.shape[1]
    factors = np.empty(count)
    for channel in range(count):
        tops = np.sort(
            [
                s
                for b in bays.values()
                for m in b.left_out
                for s, _, _ in peaks(m[channel], cell_m, LOWEST_PEAK, APART_M)
            ]
        )
        rank = min(len(tops) - 1, int(SHARES[channel] * aisle_patrols))
        factors[channel] = max(0.2, tops[::-1][rank] / UNIT) if len(tops) else 1.0
    return {name: balanced(bay, factors, cell_m) for name, bay in bays.items()}, factors


def balanced(bay: CalibratedBay, factors: FloatArray, cell_m: float) -> CalibratedBay:
    """Return a bay whose scores are comparable with those of the store, with its maxima."""
    spreads = _spreads(bay, factors)
    statistics = replace(bay.normal.statistics, std=spreads)
    scaled = replace(
        bay,
        normal=replace(bay.normal, statistics=statistics),
        left_out=np.asarray(bay.left_out * (bay.normal.statistics.std / spreads), np.float32),
    )
    return with_maxima(scaled, np.stack([highest(one) for one in scaled.left_out]), cell_m)


def _spreads(bay: CalibratedBay, factors: FloatArray) -> Float32Array:
    """Return the distance that counts 1 at each place, shape ``(channels, rows, cols)``."""
    spreads = bay.normal.statistics.std * factors[:, None, None]
    return np.asarray(np.maximum(spreads, np.array(LEAST)[:, None, None]), np.float32)


def with_maxima(bay: CalibratedBay, score_maps: Float32Array, cell_m: float) -> CalibratedBay:
    """
    Return a bay with the scores of its normal passes, and with the maxima that they have.

    :param score_maps: shape ``(passes, rows, cols)``
    """
    found = [[s for s, _, _ in peaks(one, cell_m, LOWEST_PEAK, APART_M)] for one in score_maps]
    return replace(
        bay,
        maxima=np.array(sorted((s for f in found for s in f), reverse=True)),
        bay_maxima=np.array([f[0] if f else 0.0 for f in found]),
        score_maps=score_maps,
    )


def _mean(values: list[Float32Array], masks: list[npt.NDArray[np.bool_]]) -> Float32Array:
    stack, mask = np.stack(values), np.stack(masks)
    count = np.maximum(mask.sum(axis=0), 1)
    return np.asarray((stack * mask).sum(axis=0) / count, np.float32)


def _error(views: list[EncodedView]) -> Float32Array:
    errors, masks = [v.encoded.error for v in views], [v.encoded.seen for v in views]
    mean = _mean(errors, masks)
    spread = np.sqrt(_mean([(e - mean) ** 2 for e in errors], masks))
    return np.stack([mean, spread]).astype(np.float32)


def composite(views: list[BayView]) -> ImageArray:
    """
    Return one picture of a bay at PICTURE_PX_PER_M.

    :param views: views of one pass; as few of them as show the bay are joined, because parallax
        makes each join visible
    """
    cols = views[0].image.shape[1]
    scale = PICTURE_PX_PER_M / views[0].px_per_m
    x = (np.arange(cols) + 0.5) / views[0].px_per_m - views[0].margin_m
    whole = _whole_columns(views)
    middle = float(x.mean())
    order = sorted(
        range(len(views)), key=lambda i: (-int(whole[i].sum()), abs(views[i].offset_m - middle))
    )
    picture, shown = views[order[0]].image.copy(), whole[order[0]].copy()
    for i in order[1:]:
        new = whole[i] & ~shown
        picture[:, new] = views[i].image[:, new]
        shown |= new
    return _resized(picture, scale)


def _whole_columns(views: list[BayView]) -> list[BoolArray]:
    """
    Return which columns each view shows as far as any of them does.

    A bay that is higher than the picture is never seen from top to bottom.
    """
    parts = np.stack([view.seen.mean(axis=0) for view in views])
    most = parts.max(axis=0)
    return list((parts >= most - WHOLE) & (most > WHOLE))


def _resized(image: ImageArray, scale: float) -> ImageArray:
    size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
