"""Reading the Excel workbooks that come with datasets, and that nobody vouches for."""

import warnings
import zipfile
from collections.abc import Callable, Sequence
from datetime import datetime, time
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from xray_core.errors import DatasetError
from xray_core.files import format_bytes
from xray_core.paths import open_file

MAX_BYTES = 100_000_000  # unpacked; a table of 10,000 rows has about 2 MB
MAX_ROWS, MAX_COLUMNS = 200_000, 50
MAX_SHEET_COLUMNS = 1_000  # of a table that is read whole

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
    header = [name.lower() for name in rows[0]] if rows else []
    missing = [column for column in columns if column.lower() not in header]
    if missing:
        has = ", ".join(repr(name) for row in rows[:1] for name in row if name) or "none"
        raise DatasetError(
            f"{path} has no column {' or '.join(map(repr, missing))}; it has: {has}."
        )
    places = [header.index(column.lower()) for column in columns]
    cells = ([row[place] for place in places] for row in rows[1:])
    return pd.DataFrame((row for row in cells if any(row)), columns=list(columns))


def read_sheets(path: Path) -> dict[str, list[list[str | None]]]:
    """Read all cells of a workbook's visible sheets as text.

    Returns:
        Name -> its rows, in the order of the workbook; None where a cell is empty. A day without
        a time is written as 2020-01-31, and a whole number without a point.

    Raises:
        DatasetError: the file is no workbook, unpacks to too much, or has a sheet of more than
            `MAX_ROWS` rows or `MAX_SHEET_COLUMNS` columns.
    """

    def read(workbook: Any) -> dict[str, list[list[str | None]]]:
        sheets = {}
        for sheet in workbook.worksheets:
            if sheet.sheet_state != "visible":
                continue
            cells = sheet.iter_rows(
                max_row=MAX_ROWS + 1, max_col=MAX_SHEET_COLUMNS + 1, values_only=True
            )
            rows = [[_to_text(cell) for cell in row] for row in cells]
            while rows and not any(rows[-1]):
                rows.pop()
            width = max((place for row in rows for place, cell in enumerate(row, 1) if cell),
                        default=0)  # fmt: skip
            if len(rows) > MAX_ROWS or width > MAX_SHEET_COLUMNS:
                raise DatasetError(
                    f"{path} has a sheet {sheet.title!r} of more than {MAX_ROWS:,} rows or "
                    f"{MAX_SHEET_COLUMNS:,} columns. Save it as CSV."
                )
            sheets[sheet.title] = [row[:width] for row in rows]
        return sheets

    return _use_workbook(path, read)


def _to_text(cell: object) -> str | None:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date().isoformat()
    return None if cell is None else str(cell).strip() or None


def _read_rows(path: Path) -> list[list[str]]:
    def read(workbook: Any) -> list[list[str]]:
        # With limits of our own: the sheet's word on its size may be wrong.
        cells = workbook.worksheets[0].iter_rows(
            max_row=MAX_ROWS, max_col=MAX_COLUMNS, values_only=True
        )
        texts = (["" if cell is None else str(cell).strip() for cell in row] for row in cells)
        return [row for row in texts if any(row)]

    return _use_workbook(path, read)


def _use_workbook(path: Path, read: Callable[[Any], Content]) -> Content:
    """Return what `read` makes of a workbook, which is open only then."""
    import openpyxl  # few datasets come with a workbook, and the rest need not wait for it

    try:
        with open_file(path) as file, warnings.catch_warnings():
            with zipfile.ZipFile(file) as archive:
                size = sum(subset.file_size for subset in archive.infolist())
            if size > MAX_BYTES:
                raise ValueError(f"it unpacks to {format_bytes(size)}")
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
