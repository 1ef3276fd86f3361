"""How a process and its decoding children talk: plain values and arrays, over two pipes.

    4 bytes     length of the head, big-endian
    head        JSON: the value, with bytes and arrays as {"$": place, ...}; their lengths
    bodies      the bytes of each, one after the other

No pickle: a child that a hostile file has taken over can send wrong pixels, and no code.
"""

import json
import struct
from typing import Any

import numpy as np

LENGTH = struct.Struct(">I")
MARK = "$"  # the key of what stands for a body
MAX_HEAD = 64_000_000  # bytes
MAX_BODIES = 500_000_000  # bytes; the largest image has 50 million pixels of 16 bits


class ChildGone(Exception):
    """The other end closed its pipe, or sends what is no message."""


def write_message(stream: Any, value: object) -> None:
    """Send a value: None, numbers, text, lists and dicts of such, bytes, and NumPy arrays.

    Args:
        stream: a pipe, open for writing, without a buffer.
        value: what is sent.

    Raises:
        OSError: the other end is gone.
    """
    bodies: list[bytes | memoryview] = []
    lengths: list[int] = []
    head = json.dumps({"value": _pack(value, bodies, lengths), "lengths": lengths}).encode()
    for part in (LENGTH.pack(len(head)) + head, *bodies):
        left = memoryview(part)
        while left:  # a pipe may take a part
            left = left[stream.write(left) :]


def read_message(stream: Any) -> Any:
    """Return the next value, tuples as lists.

    Raises:
        ChildGone: there is none any more, or it is none.
    """
    size = LENGTH.unpack(_read(stream, LENGTH.size))[0]
    if size > MAX_HEAD:
        raise ChildGone(f"a head of {size:,} bytes")
    try:
        head = json.loads(_read(stream, size))
        lengths = [int(length) for length in head["lengths"]]
        if min(lengths, default=0) < 0 or sum(lengths) > MAX_BODIES:
            raise ChildGone(f"bodies of {lengths[:5]} bytes")
        return _unpack(head["value"], [_read(stream, length) for length in lengths])
    except (ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
        raise ChildGone(f"no message: {error}") from error


def _pack(value: object, bodies: list[bytes | memoryview], lengths: list[int]) -> object:
    match value:
        case np.ndarray():
            bodies.append(np.ascontiguousarray(value).data.cast("B"))
            lengths.append(value.nbytes)
            return {MARK: len(bodies) - 1, "kind": value.dtype.str, "shape": value.shape}
        case bytes():
            bodies.append(value)
            lengths.append(len(value))
            return {MARK: len(bodies) - 1}
        case dict():
            return {key: _pack(inner, bodies, lengths) for key, inner in value.items()}
        case list() | tuple():
            return [_pack(inner, bodies, lengths) for inner in value]
        case _:
            return value


def _unpack(value: Any, bodies: list[bytearray]) -> Any:
    match value:
        case {"$": place, "kind": kind, "shape": shape}:
            if np.dtype(kind).kind not in "biuf":
                raise ValueError(f"an array of {kind}")
            return np.frombuffer(bodies[place], kind).reshape(shape)
        case {"$": place}:
            return bytes(bodies[place])
        case dict():
            return {key: _unpack(inner, bodies) for key, inner in value.items()}
        case list():
            return [_unpack(inner, bodies) for inner in value]
        case _:
            return value


def _read(stream: Any, size: int) -> bytearray:
    """Return exactly `size` bytes."""
    content = bytearray(size)
    left = memoryview(content)
    while left:
        n_read = stream.readinto(left)
        if not n_read:
            raise ChildGone("its pipe was closed")
        left = left[n_read:]
    return content
