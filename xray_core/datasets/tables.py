"""Reading the CSV files that come with datasets, whatever program saved them last."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from xray_core.errors import DatasetError

ENCODINGS = ("utf-8", "latin-1")  # the second accepts any bytes


def read_table(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """Read `columns` of a CSV file as text; all other columns are ignored.

    A byte order mark, Latin-1, Windows line ends, blank rows, stray columns, and blanks or
    capitals in the header do no harm.

    Args:
        path: the CSV file, comma separated, with a header.
        columns: the columns that must be there.

    Returns:
        A DataFrame of strings with exactly `columns`, outer blanks stripped, <NA> where a
        cell is empty.

    Raises:
        DatasetError: the file is missing, no CSV, or lacks a column.
    """
    if not path.is_file():
        raise DatasetError(f"{path} is missing. It must hold the columns {', '.join(columns)}.")
    table = _read_text_cells(path)
    found = {str(name).strip().lower(): name for name in reversed(table.columns)}
    missing = [column for column in columns if column.lower() not in found]
    if missing:
        raise DatasetError(
            f"{path} has no column {' or '.join(map(repr, missing))}; "
            f"it has: {', '.join(map(repr, table.columns))}."
        )
    cells = {column: table[found[column.lower()]].str.strip() for column in columns}
    return pd.DataFrame(cells).replace("", pd.NA).dropna(how="all").reset_index(drop=True)


def _read_text_cells(path: Path) -> pd.DataFrame:
    for encoding in ENCODINGS:
        try:
            return pd.read_csv(path, dtype="string", encoding=encoding, keep_default_na=False)
        except UnicodeDecodeError:
            continue
        except (pd.errors.EmptyDataError, pd.errors.ParserError) as error:
            raise DatasetError(f"{path} is not a readable CSV file: {error}.") from error
    raise DatasetError(f"{path} is not text.")
