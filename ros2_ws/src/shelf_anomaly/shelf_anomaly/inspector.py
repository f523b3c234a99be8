# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Bay view -> scores per cell: the network's code, and how normal it is at that place."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import cv2
import numpy as np

from .artefact import Artefact
from .colours import cell_colours, ColourDensity
from .density import Neighbourhood, patch_codes, PlaceDensity, References
from .errors import ArtefactError
from .network import Network
from .places import NormalBay, unpack
from .preprocess import cells_seen, padded_size
from .records import BayView, BoolArray, CellScores, Float32Array
from .scoring import PATCH_M

EDGE_M = 0.01  # cells whose middle is farther outside the face are not judged
CONTEXT_CELLS = 4  # columns beside the judged ones that the network gets to see
SCALES = 3  # codes of cells, codes of patches, colours of cells
KEPT_BAYS = 8  # bays whose references are kept unpacked; a robot sees two or three at a time


@dataclass(frozen=True, slots=True)
class ScaleSettings:
    """How one scale asks its density."""

    bandwidth: float
    neighbourhood: Neighbourhood


@dataclass(frozen=True, slots=True)
class InspectorSettings:
    """What of the inspection is fitted and stored in the manifest."""

    cell_m: float
    view_limit_m: float
    """Cells farther along the shelf than this from the camera are not judged: too much
    parallax."""
    scales: tuple[ScaleSettings, ScaleSettings, ScaleSettings]
    """Codes of cells, codes of patches of about one facing, and colours of cells."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A view after the network."""

    code: Float32Array
    """Shape ``(rows, cols, dims)``; zero where not judged."""
    error: Float32Array
    """Shape ``(rows, cols)``."""
    seen: BoolArray
    """Shape ``(rows, cols)``: cells that can be judged."""
    activity: Float32Array
    """Shape ``(rows, cols)``."""
    colour: Float32Array
    """Shape ``(rows, cols, 2)``; see :func:`cell_colours`."""


def encode_view(view: BayView, network: Network, view_limit_m: float) -> Encoded:
    """Run the network over the columns of a view that can be judged from where the camera was."""
    stride = network.stride
    seen = cells_seen(view.seen, stride)
    cell_m = stride / view.px_per_m
    x = (np.arange(seen.shape[1]) + 0.5) * cell_m - view.margin_m
    down = (np.arange(seen.shape[0]) + 0.5) * cell_m - view.margin_m
    width, height = (
        side / view.px_per_m - 2 * view.margin_m
        for side in (view.image.shape[1], view.image.shape[0])
    )
    # The margin shows the neighbours, and their faults are theirs; only the network looks at it.
    seen &= ((x >= -EDGE_M) & (x <= width + EDGE_M) & (np.abs(x - view.offset_m) <= view_limit_m))[
        None, :
    ]
    seen &= ((down >= -EDGE_M) & (down <= height + EDGE_M))[:, None]
    columns = np.flatnonzero(seen.any(axis=0))
    rows, cols = seen.shape
    if columns.size == 0:
        empty = np.zeros((rows, cols), np.float32)
        blank = np.zeros((rows, cols, 2), np.float32)
        return Encoded(np.zeros((rows, cols, 1), np.float32), empty, seen, empty, blank)
    start = max(0, int(columns[0]) - CONTEXT_CELLS)
    stop = min(cols, int(columns[-1]) + 1 + CONTEXT_CELLS)
    part_code, part_error = network(view.image[:, start * stride : stop * stride])
    code = np.zeros((rows, cols, part_code.shape[2]), np.float32)
    error = np.zeros((rows, cols), np.float32)
    code[:, start:stop], error[:, start:stop] = part_code, part_error
    return Encoded(code, error, seen, activity(view, stride), cell_colours(view, stride))


def activity(view: BayView, stride: int) -> Float32Array:
    """
    Return the mean absolute Laplacian of each cell over that of the whole view.

    :return: shape ``(rows, cols)``
    """
    grey = cv2.cvtColor(view.image, cv2.COLOR_BGR2GRAY)
    structure = np.abs(cv2.Laplacian(cv2.GaussianBlur(grey, (0, 0), 1.0), cv2.CV_32F))
    usual = float(structure[view.seen].mean()) + 1e-3 if view.seen.any() else 1.0
    rows, cols = padded_size(grey.shape[0], grey.shape[1], stride)
    padded = cv2.copyMakeBorder(
        structure, 0, rows - grey.shape[0], 0, cols - grey.shape[1], cv2.BORDER_REPLICATE
    )
    cells = cv2.resize(padded, (cols // stride, rows // stride), interpolation=cv2.INTER_AREA)
    return np.asarray(cells / usual, np.float32)


class BayDensity:
    """The densities of one bay at all scales."""

    def __init__(
        self, references: References, colours: References, settings: InspectorSettings
    ) -> None:
        """
        Pool the references to patches and lay all scales out.

        :param references: codes of the bay's normal views
        :param colours: colours of them, in place of codes
        """
        self._settings = settings
        fine, patch, colour = settings.scales
        pooled = [
            patch_codes(c, s, settings.cell_m, PATCH_M)
            for c, s in zip(references.codes, references.seen, strict=True)
        ]
        patches = References(
            np.stack([c for c, _ in pooled]),
            np.stack([s for _, s in pooled]),
            references.offsets_m,
            references.passes,
        )
        self.patches = patches
        self._fine = PlaceDensity(references, fine.bandwidth, fine.neighbourhood)
        self._patch = PlaceDensity(patches, patch.bandwidth, patch.neighbourhood)
        self._colour = ColourDensity(colours, colour.bandwidth, colour.neighbourhood)

    def distance(
        self, encoded: Encoded, offset_m: float, *, without_pass: int | None = None
    ) -> Float32Array:
        """Return the distances at all scales, shape ``(3, rows, cols)``; NaN where not judged."""
        patch, enough = patch_codes(encoded.code, encoded.seen, self._settings.cell_m, PATCH_M)
        return np.stack(
            [
                self._fine.distance(
                    encoded.code, encoded.seen, offset_m, without_pass=without_pass
                ),
                self._patch.distance(patch, enough, offset_m, without_pass=without_pass),
                self._colour.distance(
                    encoded.colour, encoded.seen, offset_m, without_pass=without_pass
                ),
            ]
        )


def read_settings(artefact: Artefact) -> InspectorSettings:
    """Return the inspection's settings; :raises ArtefactError: if the manifest lacks one."""
    scales = artefact.manifest.get('scales')
    if not isinstance(scales, list) or len(scales) != SCALES:
        raise ArtefactError(
            f'{artefact.folder}: the manifest has no {SCALES} scales; fit the model again'
        )
    try:
        fine, patch, colour = (
            ScaleSettings(
                float(s['bandwidth']),
                Neighbourhood(int(s['rows']), int(s['cols']), float(s['offset_m'])),
            )
            for s in scales
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ArtefactError(
            f'{artefact.folder}: scales of the manifest: {error!r}; fit the model again'
        ) from None
    return InspectorSettings(
        cell_m=artefact.stride / artefact.number('px_per_m'),
        view_limit_m=artefact.number('view_limit_m'),
        scales=(fine, patch, colour),
    )


class Inspector:
    """Scores bay views with one artefact."""

    def __init__(self, artefact: Artefact, *, threads: int = 2) -> None:
        """
        Load the network.

        :raises ArtefactError: if the artefact is no model for bays or is damaged
        """
        artefact.require('bays')
        self.settings = read_settings(artefact)
        self._artefact = artefact
        self.network = Network(
            artefact.network_onnx,
            artefact.stride,
            threads=threads,
            name=str(artefact.folder / 'network.onnx'),
        )
        self._kept: OrderedDict[str, tuple[NormalBay, BayDensity]] = OrderedDict()

    def normal(self, bay: str) -> NormalBay:
        """Return what is normal in a bay."""
        return self._bay(bay)[0]

    def same(self, other: Inspector, bay: str) -> bool:
        """Return whether another model has the same network and the same normal state of a bay."""
        mine, theirs = self._artefact, other._artefact
        names = {k for k in (*mine.arrays, *theirs.arrays) if k.rpartition('/')[0] == bay}
        return (
            mine.network_onnx == theirs.network_onnx
            and self.settings == other.settings
            and all(
                key in mine.arrays
                and key in theirs.arrays
                and mine.arrays[key].tobytes() == theirs.arrays[key].tobytes()
                for key in names
            )
        )

    def inspect(self, view: BayView) -> CellScores:
        """
        Score every cell of a view.

        :raises ArtefactError: if the network's output is not finite
        """
        encoded = encode_view(view, self.network, self.settings.view_limit_m)
        rows, cols = encoded.seen.shape
        if encoded.seen.any():
            distance = self._bay(view.bay)[1].distance(encoded, view.offset_m)
        else:
            distance = np.full((SCALES, rows, cols), np.nan, np.float32)
        return CellScores(
            view.bay,
            view.stamp_ns,
            self.settings.cell_m,
            encoded.code,
            encoded.error,
            distance,
            encoded.activity,
        )

    def _bay(self, bay: str) -> tuple[NormalBay, BayDensity]:
        if bay not in self._kept:
            normal = unpack(self._artefact, bay)
            self._kept[bay] = (
                normal,
                BayDensity(normal.references, normal.colours, self.settings),
            )
            if len(self._kept) > KEPT_BAYS:
                self._kept.popitem(last=False)
        self._kept.move_to_end(bay)
        return self._kept[bay]
