# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
Reads the tensors of a PyTorch state dict without PyTorch, and without running anything in it.

A ``.pth`` file of PyTorch before 1.6 is a row of pickles followed by raw numbers: a magic number,
the protocol, facts about the machine, the state dict (tensors refer to storages by a persistent
id), the list of storage keys, and then for each key a count and its numbers. A pickle can name
any callable; this reader knows four names and builds only its own values for them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
import io
from pathlib import Path
import pickle
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from shelf_anomaly.errors import DatasetError

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
MAX_NUMBERS = 200_000_000  # more than any network that this project could run


@dataclass(frozen=True, slots=True)
class _Storage:
    """A row of numbers that tensors are views of; the numbers come later in the file."""

    key: str
    dtype: np.dtype[Any]
    count: int


@dataclass(frozen=True, slots=True)
class _Tensor:
    """A strided view of a storage, not yet read."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class _Dtype:
    """Stands for a storage class of PyTorch: the kind of number, nothing that can be called."""

    def __init__(self, dtype: str) -> None:
        self.dtype = np.dtype(dtype)


def _rebuild_tensor(
    storage: _Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: object
) -> _Tensor:
    return _Tensor(storage, offset, tuple(shape), tuple(strides))


KNOWN: Mapping[tuple[str, str], object] = {
    ('collections', 'OrderedDict'): OrderedDict,
    ('torch._utils', '_rebuild_tensor_v2'): _rebuild_tensor,
    ('torch', 'FloatStorage'): _Dtype('<f4'),
    ('torch', 'LongStorage'): _Dtype('<i8'),
}


class _Reader(pickle.Unpickler):  # noqa: S301  it can name nothing but KNOWN
    """An unpickler that can name nothing but the four things of :data:`KNOWN`."""

    def find_class(self, module: str, name: str) -> Any:
        """Return our own stand-in for a known name, and refuse every other."""
        try:
            return KNOWN[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f'names {module}.{name}, which no weights need') from None

    def persistent_load(self, pid: Any) -> _Storage:
        """Return the storage that a tensor refers to."""
        kind, dtype, key, _, count, *rest = pid
        if kind != 'storage' or not isinstance(dtype, _Dtype) or rest not in ([], [None]):
            raise pickle.UnpicklingError(f'refers to {kind!r}, expected a plain storage')
        return _Storage(str(key), dtype.dtype, int(count))


def read_state_dict(path: str | Path) -> dict[str, npt.NDArray[Any]]:
    """
    Read the tensors of a state dict.

    :param path: a ``.pth`` file in the format of PyTorch before 1.6
    :return: name -> array, own memory
    :raises DatasetError: if the file is missing, cut off, of another format, or names anything
        but tensors
    """
    path = Path(path)
    try:
        with path.open('rb') as file:
            return _read(file)
    except OSError as error:
        raise DatasetError(f'{path}: weights cannot be read: {error}') from None
    except (
        pickle.UnpicklingError,
        EOFError,
        ValueError,
        TypeError,
        LookupError,
        AttributeError,
    ) as error:
        raise DatasetError(f'{path}: is not a usable weights file: {error}') from None


def _read(file: BinaryIO) -> dict[str, npt.NDArray[Any]]:
    if _Reader(file).load() != MAGIC or _Reader(file).load() != PROTOCOL:
        raise ValueError('it does not begin as a PyTorch file of protocol 1001 does')
    _Reader(file).load()  # byte order and integer sizes of the machine that wrote it
    state = _Reader(file).load()
    keys = _Reader(file).load()
    if not isinstance(state, dict) or not isinstance(keys, list):
        raise ValueError('it holds no state dict')
    tensors = {str(name): value for name, value in state.items()}
    for name, value in tensors.items():
        if not isinstance(value, _Tensor):
            raise ValueError(f'entry {name} is no tensor')
    storages = {tensor.storage.key: tensor.storage for tensor in tensors.values()}
    numbers = {str(key): _read_numbers(file, storages[str(key)]) for key in keys}
    return {name: _view(tensor, numbers[tensor.storage.key]) for name, tensor in tensors.items()}


def _read_numbers(file: BinaryIO, storage: _Storage) -> npt.NDArray[Any]:
    count = int(np.frombuffer(_exactly(file, 8), '<i8')[0])
    if count != storage.count or not 0 <= count <= MAX_NUMBERS:
        raise ValueError(f'storage {storage.key} has {count} numbers, expected {storage.count}')
    return np.frombuffer(_exactly(file, count * storage.dtype.itemsize), storage.dtype)


def _exactly(file: BinaryIO, count: int) -> bytes:
    data = file.read(count)
    if len(data) != count:
        raise EOFError('the file ends early; install the package again')
    return data


def _view(tensor: _Tensor, numbers: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a copy of the strided view, after checking that it lies inside its storage."""
    if (
        len(tensor.shape) != len(tensor.strides)
        or min((0, tensor.offset, *tensor.shape, *tensor.strides)) < 0
    ):
        raise ValueError('a tensor has an impossible shape')
    last = tensor.offset + sum(
        (n - 1) * s for n, s in zip(tensor.shape, tensor.strides, strict=True)
    )
    if 0 not in tensor.shape and last >= numbers.size:
        raise ValueError('a tensor lies outside its storage')
    strides = [s * numbers.itemsize for s in tensor.strides]
    window = np.lib.stride_tricks.as_strided(numbers[tensor.offset :], tensor.shape, strides)
    return np.array(window)


def unpickle_only_known(data: bytes) -> object:
    """Unpickle ``data`` as the reader does; for tests that feed it something hostile."""
    return _Reader(io.BytesIO(data)).load()
