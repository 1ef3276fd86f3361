"""Reading the Excel workbooks that come with datasets, and that nobody vouches for."""

import re
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, time
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from xray_core.errors import DatasetError
from xray_core.files import format_bytes
from xray_core.paths import open_file
from xray_core.tables.limits import MAX_WORKBOOK_CELLS, PORTION, check_cells
from xray_core.tables.lookup import match_columns

MAX_BYTES = 100_000_000  # unpacked; a table of 10,000 rows has about 2 MB
MAX_ROWS, MAX_COLUMNS = 200_000, 50
MAX_SHEET_COLUMNS = 1_000  # of a table that is read whole
MAX_SHEET_ROWS = 2**20  # that a sheet can have; those behind `MAX_ROWS` must be empty
MAX_OTHER_BYTES = 8 * 2**20  # of styles and the like
LONG_MEMBER = re.compile(r"worksheets/|sharedStrings", re.IGNORECASE)

Content = TypeVar("Content")


def read_workbook(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """Read `columns` of a workbook's first sheet as text; all other columns are ignored.

    Args:
        path: an .xlsx file with a header in its first row; what lies beyond `MAX_ROWS` and
            `MAX_COLUMNS` is not read.
        columns: the columns that must be there, in whatever case.

    Returns:
        A DataFrame of str with exactly `columns`, outer blanks stripped, "" where a cell is
        empty; blank rows are left out.

    Raises:
        DatasetError: the file is no workbook, unpacks to too much, or lacks a column.
    """
    rows = _read_rows(path)
    header = rows[0] if rows else []
    spelt = match_columns(header, columns, path)
    missing = [column for column in columns if column not in spelt]
    if missing:
        has = ", ".join(repr(name) for row in rows[:1] for name in row if name) or "none"
        raise DatasetError(
            f"{path} has no column {' or '.join(map(repr, missing))}; it has: {has}."
        )
    places = [header.index(spelt[column]) for column in columns]
    cells = ([row[place] for place in places] for row in rows[1:])
    return pd.DataFrame((row for row in cells if any(row)), columns=list(columns))


def read_sheets(path: Path) -> dict[str, list[list[str | None]]]:
    """Read all cells of a workbook's visible sheets as text.

    Returns:
        Name -> its rows but for blank ones, all of one length, in the order of the workbook; None
        where a cell is empty. A day without a time is written as 2020-01-31, and a whole number
        without a point.

    Raises:
        DatasetError: the file is no workbook, unpacks to too much, or has a sheet of more than
            `MAX_ROWS` rows or `MAX_SHEET_COLUMNS` columns.
    """

    def read(workbook: Any) -> dict[str, list[list[str | None]]]:
        sheets: dict[str, list[list[str | None]]] = {}
        n_cells = 0
        for sheet in workbook.worksheets:
            if sheet.sheet_state != "visible":
                continue
            rows = []
            for cells in _iterate_rows(path, sheet):
                row = [_to_text(cell) for cell in cells]
                if any(row):
                    rows.append(row)
                n_cells += len(cells)
                if n_cells > MAX_WORKBOOK_CELLS:
                    raise _too_large(path, f"{MAX_WORKBOOK_CELLS:,} cells", sheet)
            width = max((place for row in rows for place, cell in enumerate(row, 1) if cell),
                        default=0)  # fmt: skip
            if width > MAX_SHEET_COLUMNS:
                raise _too_large(path, f"{MAX_SHEET_COLUMNS:,} columns", sheet)
            check_cells(path, len(rows) * width)
            sheets[sheet.title] = [[*row, *[None] * (width - len(row))][:width] for row in rows]
        return sheets

    return _use_workbook(path, read)


def _iterate_rows(path: Path, sheet: Any) -> Iterator[tuple[object, ...]]:
    """Yield the cells of each row up to its last; raises a DatasetError after `MAX_ROWS`.

    The sheet's own word on its size is not heard: a cell in the last corner would else be read as
    millions of empty ones.
    """
    sheet.reset_dimensions()
    for n_rows, row in enumerate(sheet.iter_rows(values_only=True), 1):
        if n_rows > MAX_ROWS and any(cell is not None for cell in row):
            raise _too_large(path, f"{MAX_ROWS:,} rows", sheet)
        if n_rows > MAX_SHEET_ROWS:
            return
        end = len(row)
        while end and row[end - 1] is None:
            end -= 1
        yield row[:end]


def _too_large(path: Path, what: str, sheet: Any) -> DatasetError:
    return DatasetError(f"{path} has a sheet {sheet.title!r} of more than {what}. Save it as CSV.")


def _to_text(cell: object) -> str | None:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date().isoformat()
    return None if cell is None else str(cell).strip() or None


def _read_rows(path: Path) -> list[list[str]]:
    def read(workbook: Any) -> list[list[str]]:
        rows = []
        for cells in islice(_iterate_rows(path, workbook.worksheets[0]), MAX_ROWS):
            row = ["" if cell is None else str(cell).strip() for cell in cells[:MAX_COLUMNS]]
            if any(row):
                rows.append(row + [""] * (MAX_COLUMNS - len(row)))
        return rows

    return _use_workbook(path, read)


def _check_members(archive: zipfile.ZipFile) -> None:
    """Raise ValueError if a workbook unpacks to too much, or declares a document type.

    An entity of a document type may unpack to gigabytes, or name a file of this machine; no
    program writes one into a workbook.
    """
    members = archive.infolist()
    size = sum(member.file_size for member in members)
    if size > MAX_BYTES:
        raise ValueError(f"it unpacks to {format_bytes(size)}")
    n_cells = 0
    for member in members:
        if not member.filename.lower().endswith((".xml", ".rels")):
            continue
        # What is neither a sheet nor its texts is taken into memory as a whole.
        if member.file_size > MAX_OTHER_BYTES and not LONG_MEMBER.search(member.filename):
            raise ValueError(f"its {member.filename[:80]} has {format_bytes(member.file_size)}")
        with archive.open(member) as content:
            start = True
            while portion := content.read(PORTION):
                if start and b"<!DOCTYPE" in portion.replace(b"\0", b""):
                    raise ValueError("it declares a document type, which no workbook does")
                n_cells, start = n_cells + portion.count(b"<v>"), False
        if n_cells > MAX_WORKBOOK_CELLS:
            raise ValueError(f"it has more than {MAX_WORKBOOK_CELLS:,} cells; save it as CSV")


def _use_workbook(path: Path, read: Callable[[Any], Content]) -> Content:
    """Return what `read` makes of a workbook, which is open only then."""
    import openpyxl  # few datasets come with a workbook, and the rest need not wait for it

    try:
        with open_file(path) as file, warnings.catch_warnings():
            with zipfile.ZipFile(file) as archive:
                _check_members(archive)
            warnings.simplefilter("ignore")  # on missing styles, unknown extensions, ...
            workbook = openpyxl.load_workbook(file, read_only=True, data_only=True)
            try:
                return read(workbook)
            finally:
                workbook.close()
    except (MemoryError, DatasetError):
        raise  # the first says nothing about the file, the second all
    except Exception as error:  # parsers of damaged bytes raise almost anything
        raise DatasetError(f"{path} is not a readable workbook: {error}.") from error
