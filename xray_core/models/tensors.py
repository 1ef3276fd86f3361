"""Tensors in files of other libraries, read as numbers: nothing that stands in them is run.

A `.pth` file, as PyTorch wrote it before 1.6, is five pickles and then the numbers. A pickle is a
program, and whoever loads it runs it; so its instructions are listed, and of them only those are
followed that describe a tensor: of which storage, from where, of what shape and strides. All
others refuse the file. A `.npz` file holds NumPy arrays.

Format: torch/serialization.py (`_legacy_save`), https://github.com/pytorch/pytorch
"""

import io
import math
import pickletools
import re
import struct
import zipfile
from collections.abc import Mapping
from typing import Any, BinaryIO, NamedTuple

import keras
import numpy as np
from keras import layers

from xray_core.files import format_bytes

MOST_BYTES = 512 * 2**20  # of all numbers; the largest network here has 230 MB
MAGIC = 0x1950A86A20F9469CFC6C
NAMES = {"OrderedDict": "collections OrderedDict", "tensor": "torch._utils _rebuild_tensor_v2"}
TYPES: Mapping[str, np.dtype[Any]] = {
    "torch FloatStorage": np.dtype("<f4"),
    "torch LongStorage": np.dtype("<i8"),
}
# Instruction of a pickle -> what it puts on the stack, from its argument.
VALUES = ("BININT", "BININT1", "BININT2", "LONG1", "BINUNICODE", "GLOBAL")
CONSTANTS: Mapping[str, Any] = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
TUPLES = {"EMPTY_TUPLE": 0, "TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
MARK = object()
NORM_TENSORS = ("weight", "bias", "running_mean", "running_var")


class Storage(NamedTuple):
    """A row of numbers that tensors are views of."""

    key: str
    dtype: np.dtype[Any]


class View(NamedTuple):
    """A tensor: `shape` numbers of a storage from `offset` on, `strides` numbers apart."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read_tensors(file: BinaryIO, suffix: str) -> dict[str, np.ndarray]:
    """Return the tensors in a file, name -> array of its own shape and dtype.

    Args:
        file: open for reading, at its beginning.
        suffix: one of `SUFFIXES`.

    Raises:
        ValueError: it is damaged, too large, or holds what is no tensor.
    """
    return _read_npz(file) if suffix == ".npz" else _read_pth(file)


def set_tensors(base: keras.Model, tensors: Mapping[str, np.ndarray]) -> None:
    """Give `base` the tensors of PyTorch's layers; those that no layer of it has are left.

    Args:
        base: whose layers are called as those of PyTorch, but for dots and the first "_": the
            layer blocks0_bn1 has the tensors _blocks.0._bn1.weight and so on; changed in place.
        tensors: name -> float32 array; kernels are (out, in, height, width), and those of
            depthwise convolutions (channels, 1, height, width).

    Raises:
        ValueError: a tensor is missing or has another shape.
    """
    for layer in base.layers:
        if not layer.weights:
            continue
        norm = isinstance(layer, layers.BatchNormalization)
        owner = "_" + re.sub(r"^blocks(\d+)_", r"blocks.\1._", layer.name)
        names = [f"{owner}.{kind}" for kind in (NORM_TENSORS if norm else ("weight",))]
        if missing := [name for name in names if name not in tensors]:
            raise ValueError(f"it has no tensor {missing[0]!r}")
        values = [tensors[name] for name in names]
        if isinstance(layer, layers.Conv2D | layers.DepthwiseConv2D):
            if values[0].ndim != 4:
                raise ValueError(f"its tensor {names[0]!r} is no kernel, but {values[0].shape}")
            by_channel = isinstance(layer, layers.DepthwiseConv2D)
            values = [values[0].transpose(2, 3, *((0, 1) if by_channel else (1, 0)))]
        layer.set_weights(values)


def _read_npz(file: BinaryIO) -> dict[str, np.ndarray]:
    with zipfile.ZipFile(file) as archive:
        _check_size(sum(info.file_size for info in archive.infolist()))
    file.seek(0)
    with np.load(file, allow_pickle=False) as arrays:
        return dict(arrays)


def _read_pth(file: BinaryIO) -> dict[str, np.ndarray]:
    content = file.read(MOST_BYTES + 1)
    _check_size(len(content))
    stream = io.BytesIO(content)
    if _read_pickle(stream) != MAGIC:
        raise ValueError("it does not begin as PyTorch's files before version 1.6 do")
    _read_pickle(stream)  # the version of the format
    _read_pickle(stream)  # the sizes of numbers on the machine that wrote it
    views, keys = _read_pickle(stream), _read_pickle(stream)
    if not isinstance(views, dict) or not isinstance(keys, list):
        raise ValueError("it is no table of tensors")
    views = {str(name): view for name, view in views.items() if isinstance(view, View)}
    dtypes = {view.storage.key: view.storage.dtype for view in views.values()}
    numbers: dict[str, np.ndarray] = {}
    for key in keys:
        if key not in dtypes:
            raise ValueError(f"it holds the numbers {str(key)[:40]!r}, which no tensor uses")
        (count,) = struct.unpack("<q", stream.read(8))
        if not 0 <= count <= len(content) // dtypes[key].itemsize:
            raise ValueError(f"it says that a tensor has {count:,} numbers")
        numbers[key] = np.frombuffer(stream.read(count * dtypes[key].itemsize), dtypes[key], count)
    return {name: _look_at(view, numbers[view.storage.key]) for name, view in views.items()}


def _look_at(view: View, numbers: np.ndarray) -> np.ndarray:
    """Return a tensor as an array of its own; the numbers of a storage need not be in its order."""
    sizes = (view.offset, *view.shape, *view.strides)
    if len(view.shape) != len(view.strides) or any(type(n) is not int or n < 0 for n in sizes):
        raise ValueError(f"it describes a tensor as {view.shape} with strides {view.strides}")
    last = view.offset + sum(
        (size - 1) * stride for size, stride in zip(view.shape, view.strides, strict=True)
    )
    if 0 in view.shape or last >= len(numbers) or math.prod(view.shape) > len(numbers):
        raise ValueError(
            f"it has {len(numbers):,} numbers for a tensor of {view.shape} with strides "
            f"{view.strides}"
        )
    steps = [stride * numbers.itemsize for stride in view.strides]
    return np.lib.stride_tricks.as_strided(numbers[view.offset :], view.shape, steps).copy()


def _read_pickle(stream: BinaryIO) -> Any:
    """Return what a pickle describes, as far as it is plain data, storages and views."""
    stack: list[Any] = []
    memo: dict[Any, Any] = {}
    for instruction, argument, _ in pickletools.genops(stream):
        name = instruction.name
        try:
            if name in ("BINPUT", "LONG_BINPUT"):
                memo[argument] = stack[-1]
            elif name in ("BINGET", "LONG_BINGET"):
                stack.append(memo[argument])
            elif name in VALUES:
                stack.append(argument)
            elif name not in ("PROTO", "STOP"):
                _follow(name, stack)
        except (IndexError, KeyError, TypeError) as error:
            raise ValueError(f"it is damaged at {name}: {error!r}") from error
    return stack[-1] if stack else None


def _follow(name: str, stack: list[Any]) -> None:
    """Do to the stack what the instruction `name` says. Raises ValueError on any other."""
    if name in CONSTANTS:
        stack.append(CONSTANTS[name])
    elif name in TUPLES:
        n = TUPLES[name]
        stack[len(stack) - n :] = [tuple(stack[len(stack) - n :])]
    elif name in ("EMPTY_DICT", "EMPTY_LIST"):
        stack.append({} if name == "EMPTY_DICT" else [])
    elif name == "MARK":
        stack.append(MARK)
    elif name == "TUPLE":
        stack.append(tuple(_pop_marked(stack)))
    elif name == "APPENDS":
        items = _pop_marked(stack)
        stack[-1] += items
    elif name in ("SETITEM", "SETITEMS"):
        items = _pop_marked(stack) if name == "SETITEMS" else [stack.pop(-2), stack.pop()]
        stack[-1] |= dict(zip(items[::2], items[1::2], strict=True))
    elif name == "BUILD":
        stack.pop()  # more about the table, such as the versions of its layers
    elif name == "BINPERSID":
        _, kind, key, _, _, _ = stack.pop()
        stack.append(Storage(str(key), TYPES[kind]))
    elif name == "REDUCE":
        arguments = stack.pop()
        stack.append(_describe(stack.pop(), arguments))
    else:
        raise ValueError(f"it has the instruction {name}, which no table of tensors needs")


def _describe(function: Any, arguments: tuple[Any, ...]) -> Any:
    """Return what a call of `function` would make, without calling it. Raises ValueError."""
    if function == NAMES["OrderedDict"] and not arguments:
        return {}
    if function == NAMES["tensor"] and isinstance(arguments[0], Storage):
        return View(*arguments[:4])
    raise ValueError(f"it asks for {str(function)[:80]!r}, which makes no tensor")


def _pop_marked(stack: list[Any]) -> list[Any]:
    """Take what was put on the stack after the last mark off it, and the mark."""
    place = max(number for number, item in enumerate(stack) if item is MARK)
    items = stack[place + 1 :]
    del stack[place:]
    return items


def _check_size(n_bytes: int) -> None:
    if n_bytes > MOST_BYTES:
        raise ValueError(f"it unpacks to more than {format_bytes(MOST_BYTES)}")
