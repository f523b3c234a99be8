# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The weights reader: right numbers from a right file, one clear error from any other."""

from collections import OrderedDict
import os
from pathlib import Path
import pickle
import struct

import numpy as np
import pytest

from shelf_anomaly.errors import DatasetError
from shelf_training.backbone import pretrained, weights_path
from shelf_training.torch_weights import MAGIC, PROTOCOL, read_state_dict, unpickle_only_known


class _Global:
    """Pickles as the bare name ``module.name``, as PyTorch's own classes do."""

    def __init__(self, name: str, *args: object) -> None:
        self.name, self.args = name, args


class _Pickler(pickle._Pickler):  # the Python one: its persistent ids may be any object
    """Writes a state dict in the old format, so that tests need no PyTorch."""

    def persistent_id(self, obj: object) -> object:
        return obj.args if isinstance(obj, _Global) and obj.name == 'storage' else None

    def save(self, obj: object, save_persistent_id: bool = True) -> None:
        if isinstance(obj, _Global) and obj.name != 'storage':
            module, name = obj.name.rsplit(' ', 1)
            self.write(f'c{module}\n{name}\n'.encode())
            if obj.args:
                self.save(tuple(obj.args))
                self.write(b'R')
            return
        super().save(obj, save_persistent_id)


def old_format(
    tensors: dict[str, tuple[int, tuple[int, ...], tuple[int, ...]]], numbers: np.ndarray
) -> bytes:
    """Return the bytes of a file whose tensors (offset, shape, strides) share one storage '7'."""
    storage = ('storage', _Global('torch FloatStorage'), '7', 'cpu', numbers.size, None)
    state = OrderedDict(
        (
            name,
            _Global(
                'torch._utils _rebuild_tensor_v2',
                _Global('storage', *storage),
                *view,
                False,
                OrderedDict(),
            ),
        )
        for name, view in tensors.items()
    )
    import io

    out = io.BytesIO()
    for value in (MAGIC, PROTOCOL, {'little_endian': True}, state, ['7']):
        _Pickler(out, 2).dump(value)
    out.write(struct.pack('<q', numbers.size) + numbers.astype('<f4').tobytes())
    return out.getvalue()


def test_pretrained_weights_are_read() -> None:
    state = pretrained()
    assert state['_conv_stem.weight'].shape == (32, 3, 3, 3)
    assert state['_fc.weight'].shape == (1000, 1280)
    assert all(np.isfinite(value).all() for value in state.values())


def test_views_of_a_shared_storage(tmp_path: Path) -> None:
    path = tmp_path / 'w.pth'
    # numbers 0..11; a: rows of 4; b: the transpose of the first 2x3 block from offset 5
    path.write_bytes(
        old_format({'a': (0, (3, 4), (4, 1)), 'b': (5, (3, 2), (1, 3))}, np.arange(12.0))
    )

    state = read_state_dict(path)

    assert state['a'].tolist() == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]
    assert state['b'].tolist() == [[5, 8], [6, 9], [7, 10]]


@pytest.mark.parametrize(
    'view',
    [
        (0, (3, 5), (4, 1)),  # last number would be 12, one behind the end
        (12, (1,), (1,)),  # begins behind the end
        (-1, (1,), (1,)),  # begins before the start
        (0, (2,), (-1,)),  # walks backwards
    ],
)
def test_a_view_outside_its_storage_is_refused(tmp_path: Path, view: tuple) -> None:
    path = tmp_path / 'w.pth'
    path.write_bytes(old_format({'a': view}, np.arange(12.0)))
    with pytest.raises(DatasetError, match=r'w\.pth: is not a usable weights file'):
        read_state_dict(path)


class Hostile:
    """Runs a command when a plain unpickler loads it."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple:
        return os.system, (self.command,)


def test_a_hostile_pickle_runs_nothing(tmp_path: Path) -> None:
    trace = tmp_path / 'was_here'
    path = tmp_path / 'w.pth'
    path.write_bytes(
        pickle.dumps(MAGIC) + pickle.dumps(PROTOCOL) + pickle.dumps(Hostile(f'touch {trace}'))
    )
    with pytest.raises(DatasetError, match=r'names (posix|nt)\.system, which no weights need'):
        read_state_dict(path)
    assert not trace.exists()


@pytest.mark.parametrize(
    'name',
    [
        b'cbuiltins\neval\n.',
        b'cbuiltins\ngetattr\n.',
        b'ctorch\nload\n.',
        b'ccollections\ndefaultdict\n.',
    ],
)
def test_no_other_name_can_be_reached(name: bytes) -> None:
    with pytest.raises(pickle.UnpicklingError, match='which no weights need'):
        unpickle_only_known(name)


def test_a_file_cut_off_says_so(tmp_path: Path) -> None:
    path = tmp_path / 'w.pth'
    path.write_bytes(weights_path().read_bytes()[:1_000_000])
    with pytest.raises(DatasetError, match='ends early; install the package again'):
        read_state_dict(path)


@pytest.mark.parametrize(
    'content', [b'', b'PK\x03\x04 a newer zip file', b'hello', pickle.dumps(5)]
)
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / 'w.pth'
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=r'w\.pth: is not a usable weights file'):
        read_state_dict(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r'nothing\.pth: weights cannot be read'):
        read_state_dict(tmp_path / 'nothing.pth')
