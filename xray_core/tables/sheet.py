"""A table as a person's program saved it, read whole: any separator, encoding or workbook."""

import io
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from xray_core.errors import DatasetError
from xray_core.tables.columns import name_rows
from xray_core.tables.decoding import HEAD, Decoded, read_text
from xray_core.tables.header import IMAGE_NAME, NamesImage
from xray_core.tables.limits import PORTION, check_cells, check_columns, check_first_lines
from xray_core.tables.separators import (
    BLANKS,
    MIN_SHARE,
    divide,
    iterate_rows,
    measure_rows,
    split_sample,
)
from xray_core.tables.workbooks import read_sheets

WORKBOOK_SUFFIXES = (".xlsx", ".xlsm")
SUFFIXES = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", *WORKBOOK_SUFFIXES)  # of tables
OTHER_SUFFIXES = (".xls", ".xlsb", ".ods", ".numbers")  # of spreadsheets that are refused
# How programs write that a cell is empty. Not "none" in small letters: that is a word of people,
# with which datasets say that there is no finding or no box, while Python writes "None".
MISSING_WORDS = frozenset(
    ("nan", "NaN", "NAN", "Nan", "NA", "N/A", "n/a", "#N/A", "#NA", "<NA>", "NaT")
    + ("null", "NULL", "Null", "None", "-", "--", "–", "—", "?")
)
BLANK_BYTES = b",;\t| \r\n"  # a file of nothing else is empty
MIN_SWALLOWED = 2  # rows within a quoted cell


@dataclass(frozen=True)
class Sheet:
    """A table as a person's program saved it.

    Attributes:
        rows: "string" columns, outer blanks stripped, <NA> where a cell is empty or says in words
            that it is missing; blank rows are left out. Names of columns are stripped and unique;
            "Column 3" is one without a name.
        encoding: "utf-8", "utf-16", "utf-32", "windows-1252", "latin-1"; "" for a workbook.
        separator: "," ";" tab "|" " "; "" for a workbook, and where each row is one cell.
        has_header: whether the first row named the columns; else they are "Column 1", …
        missing_words: word -> cells that held it, and are <NA> in `rows`.
        notes: sentences on what was odd, and what was done about it.
    """

    rows: pd.DataFrame
    encoding: str
    separator: str
    has_header: bool
    missing_words: dict[str, int]
    notes: tuple[str, ...]


def _names_none(cell: str) -> bool:
    return False


def read_sheet(path: Path, sheet_name: str = "", names_image: NamesImage = _names_none) -> Sheet:
    """Read all of a table as text.

    Args:
        path: a CSV or text file in whatever encoding, or an .xlsx workbook.
        sheet_name: the sheet of a workbook; "" for the first that holds a table.
        names_image: whether a cell names an image of the folder, which no header does.

    Raises:
        DatasetError: the file is missing, too large, damaged, or no table; the message says what
            to do.
    """
    suffix = path.suffix.lower()
    if suffix in OTHER_SUFFIXES:
        raise DatasetError(
            f"{path} is a spreadsheet of a kind that is not read ({suffix}). Open it in a "
            "spreadsheet program and save it as .xlsx or as CSV."
        )
    if suffix in WORKBOOK_SUFFIXES:
        frame, notes = _read_workbook(path, sheet_name)
        lengths: list[int] = []
        encoding = separator = ""
    else:
        decoded, separator = divide(read_text(path), blanks=suffix == ".txt")
        if not decoded.content.strip(BLANK_BYTES):
            raise DatasetError(f"{path} is empty. A table has a row for each image.")
        if suffix == ".txt":
            separator = _check_lines(path, decoded, separator, names_image)
        _check_size(path, decoded, separator)
        frame = _parse(path, decoded, separator)
        if b'"' in decoded.content:
            _refuse_swallowed_rows(path, frame, decoded, separator)
        lengths = _measure_lengths(frame, decoded, separator)
        encoding, notes = decoded.encoding, list(decoded.notes)
    rows, is_headed = name_rows(path, frame, lengths, names_image, notes)
    missing_words = _blank_missing(rows)
    return Sheet(rows, encoding, separator, is_headed, missing_words, tuple(notes))


def read_header(path: Path) -> list[str]:
    """Return the cells of a text table's first line, stripped; little of the file is read.

    Raises:
        DatasetError: the file is missing, may not be read, or is no text.
    """
    decoded, separator = divide(read_text(path, HEAD))
    rows = split_sample(decoded.head, separator, 1)
    return [cell.strip() for cell in rows[0]] if rows else []


def _read_workbook(path: Path, sheet_name: str) -> tuple[pd.DataFrame, list[str]]:
    """Return the cells of a sheet, and which others are there."""
    sheets = read_sheets(path)
    if sheet_name and sheet_name not in sheets:
        raise DatasetError(
            f"{path} has no sheet {sheet_name!r}; it has: {', '.join(map(repr, sheets))}."
        )
    tables = [name for name, rows in sheets.items() if measure_rows(rows)[1] > 1 and len(rows) > 1]
    chosen = sheet_name or next(iter([*tables, *(name for name in sheets if sheets[name])]), "")
    rows = sheets.get(chosen, [])
    others = [name for name in sheets if name != chosen and sheets[name]]
    notes = []
    if others:
        notes.append(f"Read is the sheet {chosen!r}; not read: {', '.join(map(repr, others))}.")
    width = max(map(len, rows), default=0)
    padded = [row + [None] * (width - len(row)) for row in rows]
    frame = pd.DataFrame(padded, columns=range(width), dtype="object").astype("string")
    return frame, notes


def _check_lines(path: Path, decoded: Decoded, separator: str, names_image: NamesImage) -> str:
    """Return the separator of a text file; raise a DatasetError if its lines are sentences."""
    lines = [row[0].strip() for row in split_sample(decoded.head, "") if row]
    if separator == BLANKS and sum(map(names_image, lines)) > len(lines) / 2:
        return ""  # of names with blanks in them, as "COVID (1).png"
    rows = split_sample(decoded.head, separator)
    sentences = not separator and any(
        len(line.split()) > 1 and not IMAGE_NAME.fullmatch(line) for line in lines
    )
    if sentences or measure_rows(rows)[0] < MIN_SHARE:
        raise DatasetError(
            f"{path} is no table: its lines do not divide into the same number of cells. "
            "If it is one, save it as CSV."
        )
    return separator


def _check_size(path: Path, decoded: Decoded, separator: str) -> None:
    """Raise a DatasetError if a table is larger than any that is read; see `limits`."""
    if separator:
        check_cells(path, decoded.content.count(separator.encode()))
        check_first_lines(path, decoded.content[: 2 * PORTION], separator)
    first = decoded.text if len(decoded.content) < HEAD else decoded.head[: HEAD + 1]
    if len(first) > HEAD and not {"\n", "\r"} & set(first.strip()):
        raise DatasetError(
            f"{path} has a first line of more than {HEAD:,} characters, which no table has. Save "
            "it as CSV again, with the names of the columns in its first row."
        )


def _parse(path: Path, decoded: Decoded, separator: str) -> pd.DataFrame:
    """Return all cells, "" where a row ends before. Columns are numbered from 0."""
    sample = split_sample(decoded.head, separator)
    width = max(map(len, sample), default=1)
    try:
        return _parse_width(decoded, separator, width)
    except pd.errors.ParserError as error:
        if "Expected" not in str(error):  # a row that is longer than all of the sample
            raise _unreadable(path, error) from error
    try:
        width = max(map(len, iterate_rows(decoded.text, separator)), default=1)
        check_columns(path, width)
        return _parse_width(decoded, separator, width)
    except ValueError as error:
        raise _unreadable(path, error) from error


def _parse_width(decoded: Decoded, separator: str, width: int) -> pd.DataFrame:
    return pd.read_csv(
        io.BytesIO(decoded.content),
        sep=r"\s+" if separator == BLANKS else separator or "\x01",
        header=None,
        names=range(width),
        index_col=False,
        dtype="string",
        keep_default_na=False,
    )


def _measure_lengths(frame: pd.DataFrame, decoded: Decoded, separator: str) -> list[int]:
    """Return how many cells each row has that is not blank; nothing where all have the same."""
    if not separator:
        return []
    n_separators = decoded.content.count(separator.encode())
    if b'"' not in decoded.content and n_separators == len(frame) * (frame.shape[1] - 1):
        return []
    rows = iterate_rows(decoded.text, separator)
    return [len(row) for row in rows if any(cell and not cell.isspace() for cell in row)]


def _unreadable(path: Path, error: Exception) -> DatasetError:
    reason = str(error).removeprefix("Error tokenizing data. C error: ").strip()
    if "EOF inside string" in reason:
        reason = f"a quotation mark is never closed ({reason})"
    return DatasetError(
        f"{path} is not a readable table: {reason}. Open it in a spreadsheet program, check "
        "that row, and save it as CSV again."
    )


def _refuse_swallowed_rows(
    path: Path, frame: pd.DataFrame, decoded: Decoded, separator: str
) -> None:
    """Raise a DatasetError if a quoted cell holds rows: its mark was meant to close before."""
    width = max(map(len, split_sample(decoded.head, separator, 1)), default=0)
    if width < 2:
        return
    for place in frame:
        cells = frame[place].dropna()
        for cell in cells[cells.str.contains("\n", regex=False)]:
            lines = iterate_rows(cell.replace('"', ""), separator)
            inner = [row for row in list(lines)[1:-1] if row]
            whole = [row for row in inner if len(row) >= width]
            named = any(IMAGE_NAME.fullmatch(text.strip()) for row in whole for text in row)
            if len(whole) >= max(MIN_SWALLOWED, 0.8 * len(inner)) and (width > 2 or named):
                raise DatasetError(
                    f"{path} is not a readable table: a quotation mark opens before "
                    f"{cell[:60]!r} and closes {len(inner) + 1:,} rows later. Remove it there, "
                    "and save the table again."
                )


def _blank_missing(rows: pd.DataFrame) -> dict[str, int]:
    """Replace the words for missing cells by <NA>, in place; return how many had each."""
    counts: Counter[str] = Counter()
    for column in rows.columns:
        cells = rows[column]
        missing = cells.isin(MISSING_WORDS)
        if missing.any():
            counts.update(cells[missing].tolist())
            rows[column] = cells.mask(missing)
    return dict(counts.most_common())
