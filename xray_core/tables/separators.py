"""How the lines of a table divide into cells: which sign stands between them."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from xray_core.tables.decoding import HEAD, MAX_TABLE_BYTES, Decoded

SIGNS = (",", ";", "\t", "|")
BLANKS = " "  # any number of them, as in the lists of files that scripts write
SAMPLE_ROWS = 100
MIN_SHARE = 0.8  # of the rows that are alike, before a text file is called a table
# What Excel writes and obeys: the first line names the separator.
SEPARATOR_LINE = re.compile(r"\s*\"?sep=(\\t|[^\s\w]|\t)?\"?[,;\t| ]*(\r\n|\r|\n|$)", re.IGNORECASE)
# A cell that is a whole: a number, also with a decimal comma, or the name of a file.
WHOLE = re.compile(r"[-+]?\d+([.,]\d+)?|[^,;|\t]+\.[A-Za-z]{3,5}")
MIXED = re.compile("[,;|\t]")

csv.field_size_limit(MAX_TABLE_BYTES)  # the run lengths of a mask may be longer than 131,072 signs


def divide(decoded: Decoded, blanks: bool = False) -> tuple[Decoded, str]:
    r"""Return a table without a first line that names the separator, and the separator.

    >>> table, separator = divide(Decoded(b"sep=;\na;b,c", "utf-8"))
    >>> table.text, separator
    ('a;b,c', ';')
    """
    head = decoded.head
    if match := SEPARATOR_LINE.match(head):
        decoded, head = decoded.without_start(match[0]), head[match.end() :]
        if match[1]:
            return decoded, match[1].replace("\\t", "\t")
    return decoded, find_separator(head, blanks)


def find_separator(text: str, blanks: bool = False) -> str:
    r"""Return the sign that divides the first lines into the same number of cells, if any.

    Quoted cells may hold any sign. Of two signs that divide all lines alike, the one counts that
    leaves fewer others within the cells, but for those of numbers and names of files: "a.png;0,5"
    has a semicolon and a decimal comma.

    >>> find_separator("file;label;age, years\na.png;normal;50,5\n")
    ';'

    Args:
        text: the table.
        blanks: whether `BLANKS` may divide it, too.

    Returns:
        "" if each line is one cell.
    """
    best, most = "", (0.0, -1.0, 0.0)
    headed, widest = "", 1  # by the first row alone, where the rows below are one cell each
    for sign in SIGNS:
        if sign not in text[:HEAD]:
            continue
        rows = split_sample(text, sign)
        share, width = measure_rows(rows)
        if rows and len(rows[0]) > widest:
            headed, widest = sign, len(rows[0])
        if width > 1 and share >= most[0]:
            score = (share, *_measure_cells(rows))
            if score > most:
                best, most = sign, score
    if blanks and not best:
        share, width = measure_rows(split_sample(text, BLANKS))
        return BLANKS if width > 1 and share >= MIN_SHARE else ""
    return best or headed


def _measure_cells(rows: Sequence[Sequence[str]]) -> tuple[float, float]:
    """Return less than 0 for cells that hold a separator, and the share of those that are whole."""
    cells = [cell.strip() for row in rows for cell in row if cell.strip()]
    n_whole = sum(map(bool, map(WHOLE.fullmatch, cells)))
    mixed = [cell for cell in cells if MIXED.search(cell) and not WHOLE.fullmatch(cell)]
    return -len(mixed) / max(1, len(cells)), n_whole / max(1, len(cells))


def split_sample(text: str, separator: str, n_rows: int = SAMPLE_ROWS) -> list[list[str]]:
    """Return the cells of the first rows that are not blank, as far as they fit in `HEAD`."""
    sample = text[:HEAD]
    rows = list(islice(iterate_rows(sample, separator), n_rows + 1))
    if len(rows) > n_rows:
        rows.pop()
    elif len(sample) < len(text):
        rows = rows[:-1] or rows  # the last one may be cut
    return [row for row in rows if any(map(str.strip, row))]


def iterate_rows(text: str, separator: str) -> Iterator[list[str]]:
    """Yield the cells of all lines, blank ones included."""
    stream = io.StringIO(text, newline="")
    blanks = separator == BLANKS
    lines = (line.strip() for line in stream) if blanks else stream
    # No table has this sign: each line is then one cell, unless it is quoted.
    return csv.reader(lines, delimiter=separator or "\x01", skipinitialspace=blanks)


def measure_rows(rows: Sequence[Sequence[str | None]]) -> tuple[float, int]:
    """Return the share of rows that have the most frequent number of cells, and that number."""
    if not rows:
        return 0.0, 0
    [(width, n)] = Counter(map(len, rows)).most_common(1)
    return n / len(rows), width
