"""How large a table may be, so that none fills the memory or keeps a page waiting for minutes.

The tables of all known datasets are far below: the longest has 400,000 rows of 40 columns.
"""

import io
from pathlib import Path
from typing import BinaryIO

from xray_core.errors import DatasetError
from xray_core.files import format_bytes

MAX_LINE_BYTES = 16 * 2**20  # a mask in run lengths has some kilobytes
MAX_COLUMNS = 1_000
MAX_CELLS = 50_000_000  # of a table of text
MAX_WORKBOOK_CELLS = 1_000_000  # reading them takes ten times as long as from text
PORTION = 2**20  # bytes
LOOKED_AT = 100  # lines, of which the columns are counted before any is read


def check_lines(path: Path, file: BinaryIO, separator: str = "") -> None:
    """Refuse a table with a line, or with more cells, than anybody reads; `file` is rewound.

    Raises:
        DatasetError: the message says what the limit is.
    """
    length = n_cells = 0
    sign = separator.strip().encode()
    while portion := file.read(PORTION):
        end = max(portion.rfind(b"\n"), portion.rfind(b"\r"))
        length = length + len(portion) if end < 0 else len(portion) - end - 1
        if length > MAX_LINE_BYTES:
            raise DatasetError(
                f"{path} has a line of more than {format_bytes(MAX_LINE_BYTES)}, which no table "
                "has. Save it as CSV again, with a row for each image."
            )
        n_cells += portion.count(sign) if sign else 0
        check_cells(path, n_cells)
    file.seek(0)


def check_cells(path: Path, n_cells: int) -> None:
    """Refuse a table of more than `MAX_CELLS` cells. Raises DatasetError."""
    if n_cells > MAX_CELLS:
        raise DatasetError(
            f"{path} has more than {MAX_CELLS:,} cells. Leave columns out that say nothing of the "
            "images, or divide it into several tables."
        )


def check_columns(path: Path, n_columns: int) -> None:
    """Refuse a table of more than `MAX_COLUMNS` columns. Raises DatasetError."""
    if n_columns > MAX_COLUMNS:
        raise DatasetError(
            f"{path} has {n_columns:,} columns; at most {MAX_COLUMNS:,} are read. Save it "
            "without those that say nothing of the images."
        )


def check_first_lines(path: Path, content: bytes, separator: str) -> None:
    """Refuse a table of which one of the first lines has too many cells. Raises DatasetError."""
    stream = io.BytesIO(content)
    for _ in range(LOOKED_AT):
        if not (line := stream.readline()):
            return
        sign = separator.encode()
        check_columns(path, len(line.split()) if separator == " " else line.count(sign) + 1)
        if stream.tell() > PORTION:
            return
