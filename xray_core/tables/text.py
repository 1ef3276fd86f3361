"""Reading the CSV files that come with datasets, whatever program saved them last."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import pandas as pd

from xray_core.errors import DatasetError
from xray_core.paths import open_file
from xray_core.tables.decoding import HEAD, Decoded, read_text, refuse_other_kinds
from xray_core.tables.limits import PORTION, check_first_lines, check_lines
from xray_core.tables.lookup import find_column
from xray_core.tables.separators import divide


def read_table(
    path: Path,
    columns: Sequence[str],
    optional: Sequence[str] = (),
    aliases: Mapping[str, Sequence[str]] | None = None,
) -> pd.DataFrame:
    """Read `columns` of a CSV file as text; all other columns are ignored.

    Any encoding and separator that `sheet.read_sheet` knows, Windows line ends, blank rows, stray
    columns and surplus separators do no harm; words for missing cells stay as they are. In a
    header only letters and digits count, whatever their case: "Patient_ID" is "Patient ID". A
    header with a comma in brackets, as in `Size[Width,Height]`, makes two columns, quoted or not.

    Args:
        path: the CSV file, with a header.
        columns: the columns that must be there.
        optional: columns that may be absent.
        aliases: column -> what else it may be called, tried in this order.

    Returns:
        A DataFrame of strings with exactly `columns` and `optional`, outer blanks stripped,
        <NA> where a cell is empty or its column is absent.

    Raises:
        DatasetError: the file is missing, no CSV, or lacks one of `columns`.
    """
    if not path.exists():
        raise DatasetError(f"{path} is missing. It must hold the columns {', '.join(columns)}.")
    table = _read_text_cells(path)
    name_of = _find_columns(path, table, [*columns, *optional], aliases or {})
    missing = [column for column in columns if column not in name_of]
    if missing:
        raise DatasetError(
            f"{path} has no column {' or '.join(map(repr, missing))}; "
            f"it has: {', '.join(map(repr, table.columns))}."
        )
    cells = {column: table[name].str.strip() for column, name in name_of.items()}
    rows = pd.DataFrame(cells, index=table.index).replace("", pd.NA)
    rows = rows.dropna(how="all").reset_index(drop=True)
    return rows.reindex(columns=[*columns, *optional]).astype("string")


def _find_columns(
    path: Path, table: pd.DataFrame, wanted: Sequence[str], aliases: Mapping[str, Sequence[str]]
) -> dict[str, str]:
    """Return column -> its name in `table`, for those that are there."""
    loosely = {_stretch(name): name for name in reversed(table.columns)}
    names: dict[str, str] = {}
    for column in wanted:
        for spelling in (column, *aliases.get(column, ())):
            # A name that fits to the letter goes before one that differs in its punctuation.
            exact = find_column(table.columns, spelling, path)
            if name := exact or loosely.get(_stretch(spelling)):
                names[column] = name
                break
    return names


def _stretch(name: str) -> str:
    """Return what counts of a header: its letters and digits, or all of it if it has none."""
    name = name.strip().lower()
    return "".join(filter(str.isalnum, name)) or name


def _read_text_cells(path: Path) -> pd.DataFrame:
    with open_file(path) as file:
        head = file.read(4 * HEAD)
        if head.isascii() and b"\0" not in head:
            # As nearly all are: a large one is then not held in memory beside its cells.
            refuse_other_kinds(path, head)
            start, separator = divide(Decoded(head, "utf-8"))
            file.seek(0)
            check_lines(path, file, separator)
            check_first_lines(path, file.read(2 * PORTION), separator or ",")
            try:
                return _read_cells(path, file, len(head) - len(start.content), separator or ",")
            except UnicodeDecodeError:
                pass  # further down it is no UTF-8
    decoded, separator = divide(read_text(path))
    check_first_lines(path, decoded.content[: 2 * PORTION], separator or ",")
    return _read_cells(path, io.BytesIO(decoded.content), 0, separator or ",")


def _read_cells(path: Path, file: BinaryIO, start: int, separator: str) -> pd.DataFrame:
    """Return all cells, from byte `start` of a text in UTF-8 on; raises UnicodeDecodeError."""
    try:
        file.seek(start)
        table = _read_csv(file, separator)
        header, width = table.columns.tolist(), len(table.columns)
        if isinstance(table.index, pd.RangeIndex):
            return table.set_axis(_split_header(header, width), axis=1)
        # Rows are longer than the header, and pandas took their first cells for an index.
        width += table.index.nlevels
        file.seek(start)
        return _read_csv(file, separator, _split_header(header, width))
    except UnicodeDecodeError:
        raise
    except ValueError as error:  # of pandas' parser
        raise DatasetError(f"{path} is not a readable CSV file: {error}.") from error


def _split_header(header: Sequence[str], width: int) -> list[str]:
    """Return `width` names, those with a comma in them as several if there is room for them."""
    names = ",".join(header).split(",")
    while len(names) > width and names[-1].startswith("Unnamed: "):
        names.pop()
    if len(names) > width or len(set(names)) < len(names):
        names = list(header)
    return names + [f"Surplus: {number}" for number in range(len(names), width)]


def _read_csv(file: BinaryIO, separator: str, names: Sequence[str] | None = None) -> pd.DataFrame:
    """Read all columns as text; `names`, if given, replace those of the header."""
    return pd.read_csv(
        file,
        sep=separator,
        encoding="utf-8",
        dtype="string",
        keep_default_na=False,
        header=0,
        names=None if names is None else list(names),
    )
