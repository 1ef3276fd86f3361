"""The first rows of a table: what is a title, what the header, and how columns are called."""

import re
from collections.abc import Callable, Sequence

import pandas as pd

IMAGE_NAME = re.compile(r".+\.(png|jpe?g|jpe|jfif|webp|bmp|tiff?|gif|dcm|dicom)", re.IGNORECASE)
# What no column is called: numbers, days, unique and DICOM identifiers.
VALUE = re.compile(
    r"[-+]?\d+([.,]\d+)?|\d{1,4}[-/.]\d\d?[-/.]\d{1,4}|[\d.]{12,}|(?=.*\d)[0-9a-f-]{12,}",
    re.IGNORECASE,
)
UNNAMED = re.compile(r"(unnamed: \d+(_level_\d+)?)?", re.IGNORECASE)
SAMPLE_ROWS = 200
ID_DIGITS = 5  # a cell of so many digits, and the shape of the single one below it, is an id
MAX_TITLES = 5  # lines above a header
FEW = 2  # a column whose values each stand in so many rows, or more, is one of categories

Cells = Sequence[str | None]
NamesImage = Callable[[str], bool]


def count_titles(rows: Sequence[Cells], names_image: NamesImage) -> int:
    """Count the first rows that are a title or a remark: text in the first cell alone.

    Args:
        rows: the first rows that are not blank; None where a cell is blank or absent.
        names_image: whether a cell names an image of the folder.
    """
    for n_titles, row in enumerate(rows[: MAX_TITLES + 1]):
        title = row[0] or ""
        is_title = (
            title
            and len(row) > 1
            and not any(row[1:])
            and not VALUE.fullmatch(title)
            and not is_image(title, names_image)
        )
        if not is_title:
            # What follows a title is a header: else it is itself one, with one name.
            is_headed = len(rows) > n_titles and sum(map(bool, row)) > 1
            return n_titles if is_headed and has_header(rows[n_titles:], names_image) else 0
    return 0


def has_header(rows: Sequence[Cells], names_image: NamesImage) -> bool:
    """Whether the first row names the columns, rather than being like the rows below it.

    It does if only the rows below name images. It does not if it names one itself, if a cell is a
    number, a day or an identifier as all below it are, if it repeats a category of its column, or
    has the shape of all cells below ("p001" above "p002" and "p003").
    """
    first = [cell or "" for cell in rows[0]]
    below = [row for row in rows[1 : SAMPLE_ROWS + 1] if [cell or "" for cell in row] != first]
    if any(is_image(cell, names_image) for cell in first):
        return False
    names = [cell for cell in first if cell]
    if names in ([str(number + start) for number in range(len(names))] for start in (0, 1)):
        return len(names) > 1 or not first[0]  # as pandas writes columns without names
    for place, cell in enumerate(first):
        n_images = sum(is_image(row[place] or "", names_image) for row in below)
        if cell and n_images > len(below) / 2:
            return True
    for place, cell in enumerate(first):
        cells = [row[place] or "" for row in below if row[place]]
        if not cell:
            continue
        if VALUE.fullmatch(cell) and all(map(VALUE.fullmatch, cells)):
            return False
        if cell in cells and len(cells) + 1 >= FEW * len(set(cells)):
            return False
        shape = _shape(cell)
        is_id = len(cell) > 2 and "9" in shape and (len(cells) > 1 or shape.count("9") >= ID_DIGITS)
        if is_id and cells and {shape} == set(map(_shape, cells)):
            return False
    return True


def is_image(cell: str, names_image: NamesImage) -> bool:
    """Whether a cell names an image; one without a suffix holds a digit, as headers seldom do."""
    return bool(IMAGE_NAME.fullmatch(cell)) or (any(map(str.isdigit, cell)) and names_image(cell))


def expand_brackets(header: Sequence[str], n_columns: int) -> list[str]:
    """Return a header with a comma in brackets as the names of several columns, if they are there.

    >>> expand_brackets(["id", "Bbox [x,y]", ""], 3), expand_brackets(["id", "Bbox [x,y]"], 2)
    (['id', 'Bbox [x', 'y]'], ['id', 'Bbox [x,y]'])
    """
    names = list(header)
    while names and not names[-1]:
        names.pop()
    parts = [part.strip() for name in names for part in name.split(",")]
    if len(names) < len(parts) == n_columns and len(set(parts)) == len(parts):
        return parts
    return [*names, *[""] * (n_columns - len(names))]


def is_index(cells: pd.Series) -> bool:
    """Whether a column without a name numbers the rows: whole numbers, each once, none "007"."""
    if cells.isna().any() or not len(cells) or not cells.str.fullmatch(r"0|[1-9]\d{0,17}").all():
        return False
    return bool(cells.is_unique)


def name_columns(header: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return a name for each column, none twice, and those names that were there before.

    >>> name_columns(["id", "", "id"])
    (['id', 'Column 2', 'id (2)'], ['id'])
    """
    names: dict[str, None] = {}
    repeated = []
    wanted = {name for name in header if name}
    for place, name in enumerate(header):
        unique = name or f"Column {place + 1}"
        number = 2
        while unique in names or (unique in wanted and unique != name):
            unique = f"{name or f'Column {place + 1}'} ({number})"
            number += 1
        if name and unique != name:
            repeated.append(name)
        names[unique] = None
    return list(names), repeated


def _shape(cell: str) -> str:
    """Return a cell with 9 for each digit and a for each letter."""
    return re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "9", cell))
