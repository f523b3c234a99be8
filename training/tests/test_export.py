# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""ONNX export: the contract that the robot stands on, and a parity check that can fail."""

import keras
import numpy as np
import onnx
import pytest

from shelf_anomaly.errors import ArtefactError
from shelf_training.export import check_parity, OPSET, to_onnx
from shelf_training.network import (
    build_extractor,
    build_head,
    build_network,
    FeatureSettings,
    fit_scaling,
)
from shelf_training.thesis import build_thesis, thesis_network


def picture(rows: int, cols: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0, 255, (1, rows, cols, 3)).astype(np.float32)


def small_network(seed: int = 0) -> keras.Model:
    """Return one with padding, enlarging, cropping: 's8' is coarser than the cell of 4."""
    keras.utils.set_random_seed(seed)
    shape = FeatureSettings(taps=('s4', 's8'), cell_px=4, code_dims=5, hidden=4, kernel=3)
    extractor = build_extractor(shape)
    features = np.asarray(extractor(picture(32, 32))).reshape(-1, shape.dims)
    return build_network(extractor, fit_scaling(features, shape), build_head(shape))


@pytest.fixture(scope='module')
def network() -> keras.Model:
    return small_network()


@pytest.fixture(scope='module')
def exported(network: keras.Model) -> bytes:
    return to_onnx(network)


def test_the_file_keeps_the_contract(exported: bytes) -> None:
    graph = onnx.load_from_string(exported).graph
    names = {value.name: value.type.tensor_type for value in (*graph.input, *graph.output)}
    assert list(names) == ['image', 'code', 'error']
    assert [len(t.shape.dim) for t in names.values()] == [4, 4, 3]
    assert all(t.elem_type == onnx.TensorProto.FLOAT for t in names.values())
    # height and width are free
    assert [d.dim_param or d.dim_value for d in names['image'].shape.dim] == [
        'n',
        'height',
        'width',
        3,
    ]
    assert {(o.domain, o.version) for o in onnx.load_from_string(exported).opset_import} >= {
        ('', OPSET)
    }
    assert not any(tensor.external_data for tensor in graph.initializer)


@pytest.mark.parametrize('make', ['features', 'thesis'])
def test_onnx_computes_what_keras_computes_at_several_sizes(
    make: str, network: keras.Model, exported: bytes
) -> None:
    if make == 'thesis':
        network = thesis_network(build_thesis())
        exported = to_onnx(network)
        sizes = [(96, 96), (64, 128)]
    else:
        sizes = [(32, 48), (20, 36), (44, 28)]  # multiples of the cell, not of the stride
    parity = check_parity(network, exported, [picture(*size) for size in sizes])
    assert parity.sizes == tuple(sizes)
    assert parity.max_rel < 1e-3
    assert parity.record()['sizes'] == [list(size) for size in sizes]


def test_a_file_that_computes_something_else_is_refused(
    network: keras.Model, exported: bytes
) -> None:
    other = small_network(seed=5)
    with pytest.raises(ArtefactError, match=r'differs from Keras by .* the model was not written'):
        check_parity(other, exported, [picture(32, 48), picture(16, 16)])


def test_one_size_proves_nothing(network: keras.Model, exported: bytes) -> None:
    with pytest.raises(ArtefactError, match='at least two sizes'):
        check_parity(network, exported, [picture(32, 32), picture(32, 32, seed=1)])
