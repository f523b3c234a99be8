# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The model card: what a model was made from, how good its parts are, and what it cannot do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol


class Picture(Protocol):
    """A picture of the model folder."""

    @property
    def file(self) -> str:
        """Path below the model folder."""

    @property
    def caption(self) -> str:
        """What it shows."""


BAY_LIMITS = """\
- It knows the shelves as they stood on the patrols above. A shelf that was rearranged on purpose \
needs new normal passes.
- Everything that was there on the training patrols counts as normal, faults too: check the \
shelves before they are taught.
- A place that the camera sees only from the side, or behind a rail, is judged less well; the bay \
reports say what was not seen.
- Scores are calibrated on normal passes only: how many faults it finds is not promised by this \
card, how many false alarms it raises is.
"""
PHOTO_LIMITS = """\
- It answers for the products above and no others, photographed as they were: free-hand, a \
product area filling the picture.
- One photo is a weak witness: light, distance and stock change more than a fault does. On a \
robot that knows where it is, use shelf-train fit.
- Everything on the training photos counts as normal, faults too.
- A foreign item of the same look (an orange among mandarins) is not found, and a hand or a tag \
among the goods may be taken for one.
"""


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table."""
    lines = [f'| {" | ".join(heads)} |', '|' + ' --- |' * len(heads)]
    lines += [f'| {" | ".join(str(cell) for cell in row)} |' for row in rows]
    return '\n'.join(lines)


def bay_card(manifest: Mapping[str, Any], plots: Sequence[Picture]) -> str:
    """Return the card of a model for the shelves of a store."""
    rows = [
        (bay, data['passes'], data['views'], _remark(data['passes']))
        for bay, data in manifest['data'].items()
    ]
    kernel = [
        (
            name,
            f'{scale["bandwidth"]:.3g}',
            f'+-{scale["rows"]} x +-{scale["cols"]} cells',
            f'{scale["offset_m"]} m',
        )
        for name, scale in zip(('cells', 'patches', 'colours'), manifest['scales'], strict=True)
    ]
    parts = [
        f'# {manifest["name"]}',
        (
            f'What stands normally on {len(rows)} bays of store *{manifest["store"]}*, '
            'learnt from normal patrols.'
        ),
        '## Use',
        (
            '```\nshelf-anomaly replay BAG... --model THIS_FOLDER --store store.yaml --out OUT\n'
            'ros2 launch shelf_anomaly patrol.launch.py model:=THIS_FOLDER store:=store.yaml\n```'
        ),
        '## Data',
        table(('bay', 'normal passes', 'views', 'remark'), rows),
        '## Network',
        _network(manifest),
        '## Density and threshold',
        table(('scale', 'bandwidth', 'counts as the same place', 'camera within'), kernel),
        (
            'The threshold follows from the false-alarm budget (`false_alarms_per_aisle_patrol`) '
            f'at run time, by the scores of {manifest["aisle_patrols"]:g} normal passes of an '
            'aisle, each left out of its own normal.'
        ),
        '## Export',
        _parity(manifest),
        *_pictures(plots),
        '## Limits',
        BAY_LIMITS,
        '## Made with',
        _versions(manifest),
    ]
    return '\n\n'.join(parts) + '\n'


def photo_card(manifest: Mapping[str, Any], plots: Sequence[Picture]) -> str:
    """Return the card of a model for free-hand photos."""
    rows = [
        (name, said['photos'], f'{said["threshold"]:.3g}', f'{said["normal_above"]:.0%}')
        for name, said in manifest['products'].items()
    ]
    parts = [
        f'# {manifest["name"]}',
        f'What {len(rows)} product areas look like normally, learnt from photos.',
        '## Use',
        '```\nshelf-anomaly check PHOTO... --model THIS_FOLDER --product NAME\n```',
        '## Data and thresholds',
        table(
            (
                'product',
                'normal photos',
                'threshold of the score',
                'normal photos above, left out',
            ),
            rows,
        ),
        'Thresholds come from normal photos only, each scored by a model that did not see it.',
        '## Network',
        _network(manifest),
        '## Export',
        _parity(manifest),
        *_pictures(plots),
        '## Limits',
        PHOTO_LIMITS,
        '## Made with',
        _versions(manifest),
    ]
    return '\n\n'.join(parts) + '\n'


def _remark(passes: int) -> str:
    return '' if passes >= 5 else 'few passes: thresholds are rough'


def _kind_of(manifest: Mapping[str, Any]) -> str:
    """Return which of the networks it is: the default one differs for bays and for photos."""
    network, mode = manifest['network'], manifest['mode']
    return 'photos' if (network, mode) == ('features', 'photos') else str(network)


def _network(manifest: Mapping[str, Any]) -> str:
    words = {
        'features': (
            'Autoencoder of EfficientNet-Lite0 features (feature reconstruction error, '
            'arXiv 2012.04250), trained as a denoiser.'
        ),
        'photos': (
            'A detector of things that do not belong, on EfficientNet-Lite0 features, trained on '
            'drawn fruit and on pieces of photos laid into the normal photos; and linear axes of '
            'the look of the whole.'
        ),
        'thesis': (
            'The autoencoder of the thesis (96x96, code 3x3x3, Adadelta, MSE): the baseline.'
        ),
    }[_kind_of(manifest)]
    training = {
        k: v for k, v in manifest['training'].items() if not isinstance(v, (list, dict, tuple))
    }
    return words + '\n\n' + table(('training', ''), training.items())


def _parity(manifest: Mapping[str, Any]) -> str:
    parity = manifest['parity']
    sizes = ', '.join(f'{h}x{w}' for h, w in parity['sizes'])
    return (
        f'ONNX Runtime against Keras on {parity["pictures"]} real views ({sizes}): code differs '
        f'by at most {parity["max_abs_code"]:.2g}, error by {parity["max_abs_error"]:.2g}; '
        f'{parity["max_rel"]:.2g} of the spread (tolerance {parity["tolerance"]:g}). '
        f'{parity["ms_per_picture"]:.1f} ms a view on {parity["threads"]} threads '
        'where it was made.'
    )


def _pictures(plots: Sequence[Picture]) -> list[str]:
    return [
        '## Pictures',
        *(f'![{plot.caption}]({plot.file})\n\n{plot.caption}.' for plot in plots),
    ]


def _versions(manifest: Mapping[str, Any]) -> str:
    return table(('package', 'version'), manifest['versions'].items())
