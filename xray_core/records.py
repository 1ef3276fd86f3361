"""Records: what was stored as plain data, checked against its types as it is read back.

JSON says nothing of types, and a file may have been cut, edited or exchanged. Whatever is wrong is
a ValueError here, whose words name the field; the reader of the file says which file it is.
"""

import dataclasses
import types
import typing
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, BinaryIO, TypeVar

import pandas as pd
from pyarrow.parquet import read_metadata

SHOWN_CHARACTERS = 60  # characters of an odd value that a message repeats

MAX_VALUES = 100_000_000  # of a table: kilobytes may unpack to billions of them

T = TypeVar("T")


def build_record(kind: type[T], values: Any, where: str, *, known_only: bool = False) -> T:
    """Return plain data as a dataclass or a TypedDict, its types checked all the way down.

    Args:
        kind: the class.
        values: as `files.read_json` returns them.
        where: what the data is, for messages, e.g. "recipe".
        known_only: whether a field that `kind` does not have is refused; otherwise it is passed
            over, as a later version may have written it.

    Raises:
        ValueError: a field is missing, unknown or not of its type; the message names it.
    """
    if not isinstance(values, dict):
        raise ValueError(f"{where} must be a JSON object, not {_shown(values)}")
    of: Any = kind
    hints = _hints(of)
    if known_only and (unknown := sorted(set(values) - set(hints))):
        raise ValueError(f"{where} has unknown fields: {', '.join(unknown)}")
    fields = {
        name: _convert(hints[name], value, f"{where}.{name}", known_only)
        for name, value in values.items()
        if name in hints
    }
    if missing := sorted(_required(of) - set(fields)):
        raise ValueError(f"{where} is incomplete: it lacks {', '.join(missing)}")
    if dataclasses.is_dataclass(kind):
        return kind(**fields)
    return typing.cast("T", {**values, **fields})


def fits(kind: type[Any], values: Any) -> bool:
    """Whether `values` is an object with the fields of `kind`, each of its type."""
    try:
        build_record(kind, values, "")
    except ValueError:
        return False
    return True


def read_table(
    file: BinaryIO,
    text: Sequence[str],
    gaps: Sequence[str] = (),
    numbers: str = "",
    *,
    alone: bool = False,
) -> pd.DataFrame:
    """Return a Parquet table that has the columns asked for.

    Args:
        file: open for reading.
        text: columns of text that must be there, none of them with a gap.
        gaps: columns of text that must be there, in which values may be missing.
        numbers: what the names of columns of numbers begin with, of which there must be one;
            empty where none is needed.
        alone: whether columns of text are all that is read, which takes a fraction of the time.

    Raises:
        ValueError: it is damaged, or lacks a column.
    """
    try:
        shape = read_metadata(file)
        if shape.num_rows * shape.num_columns > MAX_VALUES:
            raise ValueError(f"it has {shape.num_rows:,} rows, which no table of a run has")
        file.seek(0)
        wanted = [*text, *gaps] if alone else None
        table = pd.read_parquet(file, columns=wanted)
        names = list(map(str, table.columns))
    except MemoryError:
        raise  # it says nothing about the file
    except Exception as error:  # the decoders of damaged bytes raise almost anything
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise ValueError(f"it is no Parquet table that can be read: {reason}") from error
    if missing := [name for name in (*text, *gaps) if names.count(name) != 1]:
        raise ValueError(f"it lacks the column {', '.join(missing)}")
    of_numbers = [name for name in names if numbers and name.startswith(numbers)]
    if numbers and not of_numbers:
        raise ValueError(f"it lacks columns called {numbers}…")
    for name in (*text, *gaps):
        known = table[name].dropna()
        if not pd.api.types.is_string_dtype(known) or (name in text and len(known) < len(table)):
            raise ValueError(f"its column {name} holds something else than text")
    for name in of_numbers:
        if names.count(name) != 1 or not pd.api.types.is_float_dtype(table[name]):
            raise ValueError(f"its column {name} holds something else than numbers")
    return table


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)


@cache
def _required(kind: Any) -> frozenset[str]:
    if typing.is_typeddict(kind):
        return frozenset(kind.__required_keys__)
    return frozenset(
        field.name
        for field in dataclasses.fields(kind)
        if field.default is field.default_factory is dataclasses.MISSING
    )


def _convert(kind: Any, value: Any, where: str, known_only: bool) -> Any:
    if kind is Any:
        return value
    if kind is float:
        if type(value) not in (int, float):
            raise _wrong(value, where)
        return float(value)
    if kind in (str, int, bool, types.NoneType):
        if type(value) is not kind:  # exactly: a bool is no int here
            raise _wrong(value, where)
        return value
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin is types.UnionType:
        return _convert_one_of(inner, value, where, known_only)
    if origin in (tuple, list) and isinstance(value, list):
        if inner[0] is float and {float, int}.issuperset(map(type, value)):
            return origin(value)  # a curve may have many thousand points
        return origin(
            _convert(inner[0], item, f"{where}[{number}]", known_only)
            for number, item in enumerate(value)
        )
    if origin in (Mapping, dict) and isinstance(value, dict):
        return {
            name: _convert(inner[1], item, f"{where}.{name}", known_only)
            for name, item in value.items()
        }
    if dataclasses.is_dataclass(kind) or typing.is_typeddict(kind):
        return build_record(kind, value, where, known_only=known_only)
    raise _wrong(value, where)


def _convert_one_of(kinds: Sequence[Any], value: Any, where: str, known_only: bool) -> Any:
    if type(value) in kinds:
        return value
    for kind in kinds:
        try:
            return _convert(kind, value, where, known_only)
        except ValueError:
            continue
    raise _wrong(value, where)


def _wrong(value: Any, where: str) -> ValueError:
    return ValueError(f"{where} is {_shown(value)}, which is not of its type")


def _shown(value: Any) -> str:
    words = repr(value)
    return words if len(words) <= SHOWN_CHARACTERS else f"{words[:SHOWN_CHARACTERS]}…"
