# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
From a Keras network to ONNX, proven to compute the same.

The contract that the robot stands on: input ``image`` float32 ``(n, height, width, 3)``, RGB
0..255, height and width any multiples of the stride; outputs ``code`` float32
``(n, height / stride, width / stride, dims)`` and ``error`` float32 ``(n, height / stride,
width / stride)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
import time
from typing import Any

import keras
import numpy as np
import onnx
import onnx.numpy_helper
import onnxruntime as ort
import tensorflow as tf
import tf2onnx

from shelf_anomaly.errors import ArtefactError
from shelf_anomaly.records import Float32Array

from .runtime import quiet

OPSET = 17
INPUT, OUTPUTS = 'image', ('code', 'error')
MIN_HALVES = 1024  # numbers; smaller weights are not worth a Cast
TOLERANCE = 2e-3
"""Largest difference between Keras and ONNX that passes, as a share of an output's spread."""


@dataclass(frozen=True, slots=True)
class Parity:
    """How far ONNX Runtime was from Keras on the pictures that were compared."""

    pictures: int
    sizes: tuple[tuple[int, int], ...]
    """Heights and widths that were run through one and the same file."""
    max_abs_code: float
    max_abs_error: float
    max_rel: float
    """Largest difference as a share of the standard deviation of that output."""
    tolerance: float
    ms_per_picture: float
    """Median time of ONNX Runtime for the first size, milliseconds."""
    threads: int

    def record(self) -> dict[str, Any]:
        """Return it for the manifest."""
        return {**asdict(self), 'sizes': [list(size) for size in self.sizes]}


def to_onnx(network: keras.Model) -> bytes:
    """
    Convert a network.

    :param network: from ``image`` to a dictionary of ``code`` and ``error``
    :return: the ONNX file
    """
    quiet()
    signature = [tf.TensorSpec([None, None, None, 3], tf.float32, name=INPUT)]

    def run(image: Any) -> list[Any]:
        out = network(image, training=False)
        return [tf.identity(out[name], name=name) for name in OUTPUTS]

    model, _ = tf2onnx.convert.from_function(
        tf.function(run), input_signature=signature, opset=OPSET
    )
    _rename(model.graph)
    _store_halves(model.graph)
    model.producer_name, model.doc_string = 'shelf-train', ''
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def _store_halves(graph: onnx.GraphProto) -> None:
    """
    Store large weights that half precision holds exactly in half precision.

    A Cast brings each back when the file is loaded (ONNX Runtime folds it), so nothing is computed
    with fewer digits.
    """
    for weights in graph.initializer:
        values = onnx.numpy_helper.to_array(weights)
        if values.dtype != np.float32 or values.size < MIN_HALVES:
            continue
        halves = values.astype(np.float16)
        if not np.array_equal(halves.astype(np.float32), values):
            continue
        name = weights.name
        weights.CopyFrom(onnx.numpy_helper.from_array(halves, f'{name}_half'))
        cast = onnx.helper.make_node(
            'Cast', [f'{name}_half'], [name], f'{name}_cast', to=onnx.TensorProto.FLOAT
        )
        graph.node.insert(0, cast)


def _rename(graph: onnx.GraphProto) -> None:
    """Give input and outputs their names and tell their free dimensions."""
    names = {old.name: new for old, new in zip(graph.output, OUTPUTS, strict=True)}
    names[graph.input[0].name] = INPUT
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    dims = {
        INPUT: ('n', 'height', 'width'),
        'code': ('n', 'rows', 'cols'),
        'error': ('n', 'rows', 'cols'),
    }
    for value in (graph.input[0], *graph.output):
        value.name = names[value.name]
        free = zip(value.type.tensor_type.shape.dim, dims[value.name], strict=False)
        for axis, name in free:  # a last one, the channels, keeps its number
            axis.dim_param = name


def open_session(model: bytes, threads: int = 2) -> ort.InferenceSession:
    """Return a session on the CPU; it stops rather than guesses when a shape is wrong."""
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3
    return ort.InferenceSession(model, options, providers=['CPUExecutionProvider'])


def check_parity(
    network: keras.Model,
    model: bytes,
    pictures: Sequence[Float32Array],
    *,
    threads: int = 2,
    tolerance: float = TOLERANCE,
) -> Parity:
    """
    Run Keras and ONNX Runtime on the same pictures and compare.

    :param pictures: real views, each ``(1, height, width, 3)``, of at least two sizes
    :raises ArtefactError: if an output differs by more than the tolerance
    """
    sizes = tuple(dict.fromkeys((int(p.shape[1]), int(p.shape[2])) for p in pictures))
    if len(sizes) < 2:
        raise ArtefactError(f'parity: pictures of at least two sizes are needed, got {sizes}')
    session = open_session(model, threads)
    worst = dict.fromkeys(OUTPUTS, 0.0)
    spread = {name: [0.0] for name in OUTPUTS}
    for picture in pictures:
        wanted = network(picture, training=False)
        for name, got in zip(OUTPUTS, session.run(list(OUTPUTS), {INPUT: picture}), strict=True):
            expected = np.asarray(wanted[name])
            if got.shape != expected.shape:
                raise ArtefactError(
                    f'parity: {name} is {got.shape} in ONNX Runtime, {expected.shape} in Keras'
                )
            worst[name] = max(worst[name], float(np.abs(got - expected).max()))
            spread[name].append(float(expected.std()))
    relative = max(worst[name] / max(*spread[name], 1e-6) for name in OUTPUTS)
    if not relative <= tolerance:
        raise ArtefactError(
            f'parity: ONNX Runtime differs from Keras by {relative:.2g} of the spread '
            f'(code {worst["code"]:.2g}, error {worst["error"]:.2g}), tolerance {tolerance:g}; '
            'the model was not written'
        )
    milliseconds = _time(session, pictures[0])
    return Parity(
        len(pictures),
        sizes,
        worst['code'],
        worst['error'],
        relative,
        tolerance,
        round(milliseconds, 2),
        threads,
    )


def _time(session: ort.InferenceSession, picture: Float32Array, repeats: int = 15) -> float:
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        session.run(None, {INPUT: picture})
        times.append(time.perf_counter() - started)
    return float(np.median(times)) * 1e3
